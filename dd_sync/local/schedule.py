"""When a downtime holds: once, or by recurrences; and its status at a given time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dd_sync.local.http import Refused, bad_request
from dd_sync.local.recurrence import parse_rule, spans
from dd_sync.timeframe import SECONDS

Span = tuple[datetime, datetime | None]

_DURATION = re.compile(r"([1-9]\d{0,5})([mhdw])")
_MOST_RECURRENCES = 5
# A client's "now" is older than ours by the way of the request; Datadog's own allowance is unknown.
_ALLOWANCE = timedelta(minutes=1)
# Recurrences are counted from their start; that is done anew at every look at them.
_OLDEST_START = timedelta(days=3660)


def normalised(
    sent: Mapping[str, Any] | None, now: datetime, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A schedule as Datadog keeps it; `before` is the one it replaces. Raises Refused 400.

    What a one-time schedule leaves out it takes from the one-time schedule before it.
    """
    sent = dict(sent or {})
    if "recurrences" in sent:
        return _recurring(sent, now)
    _only(sent, ("start", "end"))
    earlier = before if before is not None and "recurrences" not in before else None
    start = _start(sent, now, earlier)
    end = read_moment(sent["end"]) if "end" in sent else _kept(earlier, "end")
    if end is not None and end <= max(start, now):
        raise bad_request("Downtime end must be after its start and in the future")
    return {"start": start.isoformat(), "end": None if end is None else end.isoformat()}


def _start(sent: Mapping[str, Any], now: datetime, earlier: Mapping[str, Any] | None) -> datetime:
    kept = _kept(earlier, "start")
    if "start" not in sent and kept is not None:
        return kept
    start = read_moment(sent.get("start"))
    if start is None:
        return now
    if start < now - _ALLOWANCE and start != kept:
        raise bad_request("Downtime cannot be scheduled in the past")
    return start


def _kept(schedule: Mapping[str, Any] | None, name: str) -> datetime | None:
    return read_moment(schedule[name]) if schedule is not None else None


def read_moment(value: Any) -> datetime | None:
    """An ISO 8601 time with offset zero. Raises Refused 400 on anything else."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.utcoffset() != timedelta(0):
            raise ValueError(value)
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise bad_request(f"{str(value)[:60]!r} is not an ISO 8601 time in UTC") from None


def read_zone(name: Any) -> ZoneInfo:
    try:
        if not isinstance(name, str) or len(name) > 80:
            raise ValueError(name)
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise bad_request(f"Invalid timezone {str(name)[:60]!r}") from None


def _recurring(sent: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    _only(sent, ("timezone", "recurrences", "current_downtime"))
    recurrences = sent["recurrences"]
    if not isinstance(recurrences, list) or not 1 <= len(recurrences) <= _MOST_RECURRENCES:
        raise bad_request(f"A schedule has 1 to {_MOST_RECURRENCES} recurrences")
    timezone = sent.get("timezone") or "UTC"
    zone = read_zone(timezone)
    return {"timezone": timezone, "recurrences": [_recurrence(one, now, zone) for one in recurrences]}


def _recurrence(sent: Any, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise bad_request("A recurrence is an object with rrule, duration and start")
    _only(sent, ("rrule", "duration", "start"))
    rrule, duration = sent.get("rrule"), sent.get("duration")
    if not isinstance(rrule, str) or not isinstance(duration, str):
        raise bad_request("A recurrence needs rrule and duration")
    parse_rule(rrule)
    _length(duration)
    start = sent.get("start")
    if start is None:
        start = now.astimezone(zone).replace(tzinfo=None, microsecond=0).isoformat()
    if _local(start) < now.replace(tzinfo=None) - _OLDEST_START:
        raise bad_request("Downtime cannot be scheduled in the past")
    return {"rrule": rrule, "duration": duration, "start": start}


def _length(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise bad_request(f"Invalid recurrence duration {text[:40]!r}")
    return timedelta(seconds=int(found[1]) * SECONDS[found[2]])


def _local(text: Any) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
    except (TypeError, ValueError):
        raise bad_request(f"{str(text)[:60]!r} is not a local time YYYY-MM-DDTHH:MM:SS") from None


def _only(sent: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in sent:
        if name not in known:
            raise unknown_property(name)


def unknown_property(name: str) -> Refused:
    return bad_request(f"Additional properties are not allowed ('{name[:60]}' was unexpected)")


def spans_between(schedule: Mapping[str, Any], start: datetime, end: datetime) -> list[Span]:
    """The times of a kept schedule that overlap start..end; an end of None is for ever."""
    if "recurrences" not in schedule:
        begin, until = read_moment(schedule["start"]), read_moment(schedule["end"])
        overlaps = begin is not None and begin < end and (until is None or until > start)
        return [(begin, until)] if begin is not None and overlaps else []
    found: list[Span] = []
    for recurrence in schedule["recurrences"]:
        for span in _spans(recurrence, schedule, start):
            if span[0] >= end:
                break
            found.append(span)
    return sorted(found, key=lambda span: span[0])


def _spans(
    recurrence: Mapping[str, Any], schedule: Mapping[str, Any], after: datetime
) -> Iterator[tuple[datetime, datetime]]:
    return spans(
        parse_rule(recurrence["rrule"]),
        _local(recurrence["start"]),
        _length(recurrence["duration"]),
        read_zone(schedule["timezone"]),
        after,
    )


def current_span(schedule: Mapping[str, Any], now: datetime) -> Span | None:
    """The time that holds now or else the next one; None when there is none left."""
    if "recurrences" not in schedule:
        return next(iter(spans_between(schedule, now, datetime.max.replace(tzinfo=UTC))), None)
    upcoming = [
        span
        for recurrence in schedule["recurrences"]
        if (span := next(_spans(recurrence, schedule, now), None)) is not None
    ]
    return min(upcoming, default=None)


def status_of(schedule: Mapping[str, Any], canceled: bool, now: datetime) -> str:
    if canceled:
        return "canceled"
    span = current_span(schedule, now)
    if span is None:
        return "ended"
    return "active" if span[0] <= now else "scheduled"
