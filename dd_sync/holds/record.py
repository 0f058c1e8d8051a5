"""From events to holds. Pure: the events are all there is, in whatever order and however often they come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

HELD = "payment_held"
Verdict = Literal["payment_released", "hold_confirmed"]
VERDICTS: tuple[Verdict, ...] = ("payment_released", "hold_confirmed")
_LONGEST_TAG = 200
_ODD = re.compile(r"[^\w:./-]")
_LEADING = re.compile(r"^[^a-z]+(?=.)")


def as_tag(text: str) -> str:
    """A group as an event of ours can carry it: by Datadog's tag rules, which a log's facet need not follow.

    `@donor:Ann B` is posted as a tag, and found again, as `donor:ann_b`.
    """
    return _LEADING.sub("", _plain(text))[:_LONGEST_TAG]


def _plain(text: str) -> str:
    return _ODD.sub("_", text.strip().lower())


@dataclass(frozen=True, slots=True)
class About:
    """What is held: the monitor by its key, and the group it alerted for, as `tenant:acme`."""

    key: str
    subject: str

    @property
    def tags(self) -> tuple[str, ...]:
        """The group's tags, one by one."""
        return tuple(self.subject.split(","))

    def is_about(self, subject: str) -> bool:
        """subject: the whole of it, one of its tags, or one's value alone: `tenant:acme` or `acme`."""
        whole = ",".join(map(as_tag, subject.split(",")))
        values = {tag.partition(":")[2] for tag in self.tags} - {""}
        return whole == self.subject or as_tag(subject) in self.tags or _plain(subject) in values


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that Datadog wrote down for a monitor with a hold. again: only a reminder of one before."""

    id: str
    at: datetime
    about: About
    title: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """An event of ours about a hold: that it was told of, or how it ended, by whom and why."""

    id: str
    at: datetime
    about: About
    event: str
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """since: the alert that opened it; alerts: how many there were until now or its end.

    ended: the review that counts, None while it is open; told: whether `payment_held` was posted for it.
    """

    about: About
    since: datetime
    title: str
    alerts: int = 1
    told: bool = False
    ended: Review | None = None

    @property
    def is_open(self) -> bool:
        return self.ended is None


def holds_of(alerts: Iterable[Alert], reviews: Iterable[Review]) -> tuple[Hold, ...]:
    """All holds, newest first.

    An alert opens a hold, and it stays open, whatever the metric does next, until the first review after it
    that releases or confirms: the earliest by time, then by id, and later ones change nothing. From then on
    only a new alert opens another; a reminder of the old one does not. At the same moment a review comes
    before an alert, so that it can only end what it saw.
    """
    by_about: dict[About, dict[str, Alert | Review]] = {}
    everything: tuple[Alert | Review, ...] = (*alerts, *reviews)
    for event in everything:
        by_about.setdefault(event.about, {})[event.id] = event
    found = [hold for events in by_about.values() for hold in _course(events)]
    return tuple(
        sorted(found, key=lambda hold: (hold.since, hold.about.key, hold.about.subject), reverse=True)
    )


def _course(events: Mapping[str, Alert | Review]) -> list[Hold]:
    """The holds of one monitor and group, in the order of time."""
    holds: list[Hold] = []
    for event in sorted(events.values(), key=lambda one: (one.at, isinstance(one, Alert), one.id)):
        current = holds[-1] if holds and holds[-1].is_open else None
        if isinstance(event, Alert):
            if current is not None:
                holds[-1] = replace(current, alerts=current.alerts + (not event.again))
            elif not event.again or not holds:
                # A reminder whose alert is out of sight, since it is older than the search reaches.
                holds.append(Hold(event.about, event.at, event.title))
        elif current is not None:
            holds[-1] = _reviewed(current, event)
    return holds


def _reviewed(hold: Hold, review: Review) -> Hold:
    if review.event == HELD:
        return replace(hold, told=True)
    return replace(hold, ended=review) if review.event in VERDICTS else hold
