"""Events as Datadog gives them, read as alerts and reviews; and reviews as events to post."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dd_sync.holds.record import HELD, VERDICTS, About, Alert, Review, as_tag
from dd_sync.model.ownership import CATALOG, HOLD, KEY, MANAGED
from dd_sync.model.said import said
from dd_sync.text import within_line

Json = dict[str, Any]

REVIEW = f"{HOLD}review"
_EVENT = "event:"
# `[Triggered on {tenant:acme,region:eu}] Streams`
_GROUP = re.compile(r"\{([^{}]*)\}")
_LONGEST_NAME, _LONGEST_REASON = 80, 500
# Tags that every monitor of ours has, and which so say nothing about the group.
_OWN = (MANAGED, CATALOG, KEY, HOLD, "dd_sync_")
_WORDS = {"payment_released": "released", "hold_confirmed": "confirmed", HELD: "opened"}


def alert_query(catalog: str) -> str:
    """The search for what Datadog itself wrote about this catalog's monitors with a hold."""
    return f"source:alert {MANAGED} {CATALOG}{catalog} {REVIEW}"


def review_query(catalog: str) -> str:
    """The search for our own events. Whoever may post events may post such ones; docs/security.md says so."""
    events = " OR ".join(f"{_EVENT}{name}" for name in (*VERDICTS, HELD))
    return f"-source:alert {MANAGED} {CATALOG}{catalog} ({events})"


def alerts_in(events: Iterable[Mapping[str, Any]], groups: Mapping[str, tuple[str, ...]]) -> Iterator[Alert]:
    """The alerts among events. groups: by monitor's key, the tag keys it alerts by.

    Warnings, recoveries and No Data are no alerts. What is not about such a monitor is passed by.
    """
    for event in events:
        inner = _inner(event)
        title = within_line(str(inner.get("title") or ""), 300)
        about = _about(event, groups)
        at = _moment(event, inner)
        if about is None or at is None or str(inner.get("status")).lower() != "error":
            continue
        yield Alert(str(event.get("id")), at, about, title, again=title.startswith("[Re-Triggered"))


def reviews_in(
    events: Iterable[Mapping[str, Any]], groups: Mapping[str, tuple[str, ...]]
) -> Iterator[Review]:
    for event in events:
        inner = _inner(event)
        about, at = _about(event, groups), _moment(event, inner)
        names = [tag.removeprefix(_EVENT) for tag in _tags(event) if tag.startswith(_EVENT)]
        known = [name for name in names if name in _WORDS]
        if about is None or at is None or len(known) != 1:
            continue
        words = _said(str((event.get("attributes") or {}).get("message") or ""))
        yield Review(str(event.get("id")), at, about, known[0], words.get("by", ""), words.get("reason", ""))


def body(about: About, event: str, catalog: str, *, by: str, reason: str) -> Json:
    """The event to post. Raises RequestError for a reviewer or a reason that cannot stand in it."""
    by, reason = checked_review(by, reason)
    return {
        "title": f"Hold {_WORDS[event]}: {about.key} for {about.subject}",
        "text": f"by: {by}\nreason: {reason}",
        "alert_type": "info",
        "aggregation_key": f"dd-sync-hold-{catalog}"[:100],
        "tags": [MANAGED, f"{CATALOG}{catalog}", f"{KEY}{about.key}", *about.tags, f"{_EVENT}{event}"],
    }


def checked_review(by: str, reason: str) -> tuple[str, str]:
    """Both as they will stand in the record. Raises RequestError."""
    return said("name of the reviewer", by, _LONGEST_NAME), said("reason", reason, _LONGEST_REASON)


# --- reading -----------------------------------------------------------------------------------------


def _inner(event: Mapping[str, Any]) -> Mapping[str, Any]:
    outer = event.get("attributes")
    inner = outer.get("attributes") if isinstance(outer, dict) else None
    return inner if isinstance(inner, dict) else {}


def _tags(event: Mapping[str, Any]) -> tuple[str, ...]:
    outer = event.get("attributes")
    tags = outer.get("tags") if isinstance(outer, dict) else None
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _about(event: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]]) -> About | None:
    """The monitor and the group an event is about; None if its tags do not say."""
    tags = _tags(event)
    keys = [tag.removeprefix(KEY) for tag in tags if tag.startswith(KEY)]
    if len(keys) != 1 or keys[0] not in groups:
        return None
    by_key: dict[str, list[str]] = {}
    for tag in map(as_tag, tags):
        if not tag.startswith(_OWN):
            by_key.setdefault(tag.partition(":")[0], []).append(tag)
    by = [as_tag(key) for key in groups[keys[0]]]
    if not all(key in by_key for key in by):
        return None
    title = str(_inner(event).get("title") or "")
    return About(keys[0], ",".join(_of_group(by_key[key], title) for key in by) or "all")


def _of_group(tags: Sequence[str], title: str) -> str:
    """A monitor's own tags may have the same key as its group: the title names the group's.

    Where it does not, the last is meant, since the group's come after the monitor's.
    """
    named = {as_tag(tag) for group in _GROUP.findall(title) for tag in group.split(",")}
    return next((tag for tag in tags if tag in named), tags[-1])


def _moment(event: Mapping[str, Any], inner: Mapping[str, Any]) -> datetime | None:
    """When it happened: to the millisecond where that is told."""
    stamp = inner.get("timestamp")
    try:
        if isinstance(stamp, int) and not isinstance(stamp, bool):
            return datetime.fromtimestamp(stamp / 1000, UTC)
        outer = event.get("attributes")
        text = outer.get("timestamp") if isinstance(outer, dict) else None
        moment = datetime.fromisoformat(str(text))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _said(text: str) -> dict[str, str]:
    """`by` and `reason` from the text of an event of ours."""
    lines = (line.partition(": ") for line in text.splitlines()[:10])
    return {name: within_line(value, 500) for name, mark, value in lines if mark and name in ("by", "reason")}
