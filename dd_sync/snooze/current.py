"""The snoozes there are: listed, extended, ended. Other people's downtimes are neither shown nor touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dd_sync.errors import DatadogError, RequestError
from dd_sync.model.downtime import Downtime
from dd_sync.ports import Downtimes
from dd_sync.snooze.calls import Outcome, set_end
from dd_sync.snooze.request import Policy, Snooze, read_snooze
from dd_sync.snooze.tenants import SHOWN
from dd_sync.text import within_line

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which snoozes are meant: one by its id, a tenant's by its name or scope, or else all of an owner."""

    name: str | None = None
    owner: str = ""

    def means(self, one: Snooze) -> bool:
        if self.name is None:
            return one.owner == self.owner
        return self.name in (one.id, one.tenant, one.scope)

    def __str__(self) -> str:
        if self.name is None:
            return f"is by '{within_line(self.owner, SHOWN)}'"
        return f"is for '{within_line(self.name, SHOWN)}'"


@dataclass(frozen=True, slots=True)
class Ended:
    """failure: why it could not be ended, else None."""

    snooze: Snooze
    failure: DatadogError | None = None


def list_snoozes(downtimes: Downtimes, catalog: str, now: datetime) -> tuple[Snooze, ...]:
    """The catalog's snoozes that are active or to come, those that end first first."""
    found = [one for _, one in _current(downtimes, catalog)]
    live = [one for one in found if one.end is None or one.end > now]
    return tuple(sorted(live, key=lambda one: (one.end is None, one.end or now, one.tenant, one.id)))


def end(downtimes: Downtimes, wanted: Wanted, *, catalog: str) -> Iterator[Ended]:
    """Ends what is meant, one after the other, and tells of each what came of it.

    Raises RequestError if the catalog has none such.
    """
    for _, one in _chosen(downtimes, wanted, catalog):
        try:
            downtimes.cancel(one.id)
        except DatadogError as error:
            # What is not there any more is as ended as can be.
            yield Ended(one, None if error.status == 404 else error)
        else:
            yield Ended(one)


def extend(
    downtimes: Downtimes,
    wanted: Wanted,
    policy: Policy,
    *,
    catalog: str,
    longer: timedelta | None = None,
    until: datetime | None = None,
) -> Iterator[Outcome]:
    """Gives what is meant a later end: by so much, or a moment. All of it is judged before any is written.

    Raises RequestError if there is none such, or it would end no later, or be too long; DatadogError.
    """
    chosen = _chosen(downtimes, wanted, catalog)
    ends = [_later(one, longer, until) for _, one in chosen]
    for (downtime, _), later in zip(chosen, ends, strict=True):
        if downtime.start is not None:
            policy.exceeds(later - downtime.start)
    for (downtime, one), later in zip(chosen, ends, strict=True):
        after = read_snooze(set_end(downtimes, downtime, later, downtime.message, policy))
        yield Outcome("extended", after or one, one)


def _later(one: Snooze, longer: timedelta | None, until: datetime | None) -> datetime:
    if longer is not None and one.end is not None:
        return one.end + longer
    if until is None:
        raise RequestError(
            f"the snooze of {one.scope} has no end, since somebody took it away in Datadog",
            hint="give it one: --until TIME",
        )
    until = until.replace(microsecond=0)
    if one.end is not None and until <= one.end:
        raise RequestError(
            f"the snooze of {one.scope} lasts until {one.end:%Y-%m-%d %H:%M} UTC already",
            hint=f"to end it sooner: dd-sync snooze end {one.tenant}, and snooze again if need be",
        )
    return until


def _chosen(downtimes: Downtimes, wanted: Wanted, catalog: str) -> Sequence[tuple[Downtime, Snooze]]:
    current = list(_current(downtimes, catalog))
    chosen = [pair for pair in current if wanted.means(pair[1])]
    if not chosen:
        tenants = sorted({one.tenant for _, one in current})
        named = within_line(", ".join(tenants[:_MOST_NAMED])) + (", …" if len(tenants) > _MOST_NAMED else "")
        raise RequestError(
            f"no snooze of this catalog {wanted}",
            hint=f"snoozed now: {named}" if tenants else "nothing is snoozed now",
        )
    return chosen


def _current(downtimes: Downtimes, catalog: str) -> Iterator[tuple[Downtime, Snooze]]:
    for downtime in downtimes.list(current_only=True):
        one = read_snooze(downtime)
        if one is not None and one.catalog == catalog and downtime.is_live:
            yield downtime, one
