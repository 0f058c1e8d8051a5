"""Spans and points of time as people and Datadog write them: 90m, 2h30m, last_1h, monday 9:00."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"([0-9]+)([smhdw])")
_LARGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """`90m`, `2h30m`, `1d` as a timedelta.

    Units: s, m (minutes), h, d, w, each at most once and the larger first.
    Raises ValueError with a text for people on anything else, zero, or more than ten years.
    """
    parts = _PART.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text or len(text) > 40:
        raise ValueError(f"'{text}' is not a duration; write for example 90m, 2h30m or 1d")
    sizes = [SECONDS[unit] for _, unit in parts]
    if sizes != sorted(set(sizes), reverse=True):
        raise ValueError(f"'{text}' is not a duration: each unit once, the larger first, as in 2h30m")
    seconds = sum(int(number) * SECONDS[unit] for number, unit in parts)
    if seconds == 0:
        raise ValueError(f"'{text}' is no time at all; write for example 30m")
    if seconds > _LARGEST.total_seconds():
        raise ValueError(f"'{text}' is longer than ten years")
    return timedelta(seconds=seconds)


def format_duration(span: timedelta) -> str:
    """The shortest exact way to write a span: 1h30m, 2d, 45s. Days are the largest unit."""
    left = int(span.total_seconds())
    if left <= 0:
        return "0s"
    text = ""
    for unit in ("d", "h", "m", "s"):
        number, left = divmod(left, SECONDS[unit])
        if number:
            text += f"{number}{unit}"
    return text


def window_text(span: timedelta) -> str:
    """A rolling evaluation window in Datadog's words: one number and one unit.

    1 h gives `last_1h`, 90 min `last_90m`, 24 h `last_24h`, 2 days `last_2d`.
    Raises ValueError for spans that are not whole minutes.
    """
    seconds = int(span.total_seconds())
    if seconds <= 0 or seconds % 60 or span.microseconds:
        raise ValueError(f"a window is a whole number of minutes, not {format_duration(span)}")
    if seconds % 86400 == 0 and seconds > 86400:
        return f"last_{seconds // 86400}d"
    if seconds % 3600 == 0:
        return f"last_{seconds // 3600}h"
    return f"last_{seconds // 60}m"


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Compiled when it is first used: on-call waits for every millisecond, and mostly says `--for 2h`.
_TIME = (
    r"(?:(?P<day>[a-z]{3,9}|[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ ]|(?<=[0-9])t))?"
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
    r"(?:(?P<offset>[+-][0-9]{2}:[0-9]{2}|z)|[ ](?P<zone>[a-z][a-z0-9_+/-]{0,60}))?"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """at: in UTC. note: what a change of the clock made of it, for people; None where there was none."""

    at: datetime
    note: str | None = None


def parse_moment(
    text: str, now: datetime, *, after: datetime | None = None, zone: tzinfo | None = None
) -> Moment:
    """`06:00`, `monday 9:00 Europe/Berlin`, `tomorrow 6:30`, `2026-03-01 14:30` or with `T` and `Z`, `in 2h`.

    Without a day it is the next such time after `after`, which is `now` if not given; a weekday is the next
    one. Without a zone it is `zone`, None meaning this machine's. A time that comes twice is the first of
    the two that is still to come; one that the clock leaps over is as much later as the clock leaps.
    Raises ValueError with a text for people, also where the time is not after `after`.
    """
    after = after or now
    text = " ".join(text.split())
    if text.lower().startswith("in "):
        return Moment(now + parse_duration(text[3:]))
    found = re.fullmatch(_TIME, text, re.I) if len(text) <= 100 else None
    if found is None:
        raise _no_time(text)
    zone = _zone_of(found, zone)
    try:
        return _next_moment(found, text, now, after, zone)
    except (OverflowError, OSError):
        raise _no_time(text) from None


def _no_time(text: str) -> ValueError:
    shown = text if len(text) <= 60 else text[:59] + "…"
    return ValueError(
        f"'{shown}' is not a time; write for example 06:00, monday 9:00, 2026-03-01 14:30, "
        "each with a zone behind it if need be (UTC, Europe/Berlin), or 2026-03-01T14:30Z"
    )


def _zone_of(found: re.Match[str], zone: tzinfo | None) -> tzinfo | None:
    offset, name = found["offset"], found["zone"]
    if offset is not None:
        sign = -1 if offset[0] == "-" else 1
        hours, minutes = (0, 0) if offset in "zZ" else map(int, offset[1:].split(":"))
        if hours > 14 or minutes > 59:
            raise ValueError(f"'{offset}' is not an offset of any zone")
        return timezone(sign * timedelta(hours=hours, minutes=minutes))
    if name is None or name.lower() == "local":
        return zone if name is None else None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    # A folder of zones such as `Europe` is an OSError of its own kind.
    except (ValueError, OSError, KeyError):
        raise ValueError(f"'{name}' is not a time zone; write for example UTC or Europe/Berlin") from None


def _next_moment(
    found: re.Match[str], text: str, now: datetime, after: datetime, zone: tzinfo | None
) -> Moment:
    day, step = _first_day(found, text, now, after, zone)
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    try:
        clock = datetime(day.year, day.month, day.day, hour, minute, second)
        moment = _in_utc(clock, zone, after)
    except ValueError:
        raise _no_time(text) from None
    while moment.at <= after:
        if step is None:
            raise ValueError(f"'{text}' is over: it was {moment.at:%Y-%m-%d %H:%M} UTC")
        clock += step
        moment = _in_utc(clock, zone, after)
    return moment


def _first_day(
    found: re.Match[str], text: str, now: datetime, after: datetime, zone: tzinfo | None
) -> tuple[date, timedelta | None]:
    """The first day that can be meant, and how far to the next that can; None if it is that very day."""
    name = (found["day"] or "").lower()
    if not name:
        return after.astimezone(zone).date(), timedelta(days=1)
    if name in ("today", "tomorrow"):
        return now.astimezone(zone).date() + timedelta(days=name == "tomorrow"), None
    if name[0].isdigit():
        try:
            return date.fromisoformat(name), None
        except ValueError:
            raise ValueError(f"there is no day {name}") from None
    meant = [number for number, weekday in enumerate(_WEEKDAYS) if name in (weekday, weekday[:3])]
    if not meant:
        raise _no_time(text)
    first = after.astimezone(zone).date()
    return first + timedelta(days=(meant[0] - first.weekday()) % 7), timedelta(days=7)


def _in_utc(clock: datetime, zone: tzinfo | None, after: datetime) -> Moment:
    """What the clocks of a zone show, as a moment. A zone of None is this machine's."""
    first, second = (clock.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return Moment(first)
    shown = first.astimezone(zone).replace(tzinfo=None, fold=0)
    if shown != clock:
        return Moment(
            first,
            f"{clock:%H:%M} does not exist on {clock:%Y-%m-%d}, when the clock goes forward; "
            f"{shown:%H:%M} is meant, {first:%H:%M} UTC",
        )
    if first <= after:
        return Moment(second)
    return Moment(
        first,
        f"{clock:%H:%M} comes twice on {clock:%Y-%m-%d}, when the clock goes back; the first is meant, "
        f"{first:%H:%M} UTC, and the second is {second:%Y-%m-%dT%H:%M}Z",
    )
