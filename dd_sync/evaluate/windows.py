"""Windows that begin anew each hour, day or month, and schedules of evaluations."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from dd_sync.evaluate.series import Ints
from dd_sync.evaluate.unsupported import Unsupported

# The longest each can be: the hour a clock is put back by stretches a day and a month.
_SCHEDULING = ("options", "scheduling_options")
_WINDOW = (*_SCHEDULING, "evaluation_window")
_CUSTOM = (*_SCHEDULING, "custom_schedule")
_LONGEST = {"h": 3600, "d": 25 * 3600, "mo": 31 * 86400 + 3600}


@dataclass(frozen=True, slots=True)
class Cumulative:
    """`current_1h`, `current_1d` or `current_1mo`: from the last beginning in the zone on.

    unit: h, d or mo. minute: of the hour each begins at; hour, day: of the day and the month, where these
    apply.
    """

    unit: str
    zone: ZoneInfo
    minute: int = 0
    hour: int = 0
    day: int = 1

    @property
    def longest(self) -> int:
        """Seconds."""
        return _LONGEST[self.unit]

    def starts(self, ends: Ints) -> Ints:
        """The last beginning before each of `ends`, int64 epoch seconds, ascending.

        An evaluation right at a beginning still looks at what has just ended: it has seen nothing else.
        """
        begins = np.array(list(self._beginnings(int(ends[0]), int(ends[-1]))), dtype=np.int64)
        return np.asarray(begins[np.searchsorted(begins, ends, side="left") - 1])

    def _beginnings(self, first: int, last: int) -> Iterator[int]:
        """Those around first to last, ascending, at least one of them before `first`."""
        if self.unit == "h":
            yield from self._hours(first, last)
            return
        day = datetime.fromtimestamp(first - 2 * self.longest, self.zone).date()
        end = datetime.fromtimestamp(last, self.zone).date()
        while day <= end + timedelta(days=1):
            if self.unit == "d" or day.day == self.day:
                yield self._moment(day)
            day += timedelta(days=1)

    def _moment(self, day: date) -> int:
        local = datetime.combine(day, time_of_day(self.hour, self.minute), self.zone)
        return int(local.timestamp())

    def _hours(self, first: int, last: int) -> Iterator[int]:
        for hour in range((first - 2 * 3600) // 3600 * 3600, last + 1, 3600):
            offset = datetime.fromtimestamp(hour, self.zone).utcoffset() or timedelta()
            yield hour + (60 * self.minute - int(offset.total_seconds())) % 3600


def empty_for(window: int, cumulative: Cumulative | None) -> int:
    """How long data has been missing, at least, when a window of `window` seconds is first without any.

    One that has just begun anew may be empty right after data was seen.
    """
    return window if cumulative is None else 0


def read_cumulative(unit: str, options: Mapping[str, Any]) -> Cumulative:
    """`scheduling_options.evaluation_window` of a window `current_1<unit>`; without it, UTC and from 0.

    Raises Unsupported for values that are none.
    """
    given = evaluation_window(options)
    minute, hour = _hour_starts(given.get("hour_starts")), 0
    if unit != "h":
        hour, minute = _day_starts(given.get("day_starts"))
    return Cumulative(
        unit, read_zone(given.get("timezone")), minute, hour, _month_starts(given.get("month_starts"))
    )


def read_zone(name: object) -> ZoneInfo:
    """UTC where there is none. Raises Unsupported for a zone that does not exist."""
    if name is None:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(str(name))
    except (KeyError, OSError, ValueError):
        raise Unsupported(
            "the timezone of scheduling_options does not exist",
            hint="write one such as Europe/Paris",
            path=_SCHEDULING,
        ) from None


def evaluation_window(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """`scheduling_options.evaluation_window`, empty if there is none."""
    scheduling = options.get("scheduling_options")
    given = scheduling.get("evaluation_window") if isinstance(scheduling, Mapping) else None
    return given if isinstance(given, Mapping) else {}


def _hour_starts(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 59:
        raise Unsupported("hour_starts is not a minute", hint="write 0 to 59", path=(*_WINDOW, "hour_starts"))
    return value


def _day_starts(value: object) -> tuple[int, int]:
    if value is None:
        return 0, 0
    try:
        moment = time_of_day.fromisoformat(str(value))
    except ValueError:
        path = (*_WINDOW, "day_starts")
        raise Unsupported("day_starts is not a time of day", hint='write it as "04:00"', path=path) from None
    return moment.hour, moment.minute


def _month_starts(value: object) -> int:
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 28:
        path = (*_WINDOW, "month_starts")
        raise Unsupported("month_starts is not a day that every month has", hint="write 1 to 28", path=path)
    return value


@dataclass(frozen=True, slots=True)
class Schedule:
    """A custom schedule: a recurrence rule of RFC 5545 in a time zone, from `start` on (local time)."""

    rule: str
    zone: ZoneInfo
    start: datetime

    def between(self, start: int, end: int) -> Ints:
        """Its occurrences, start <= time < end in epoch seconds."""
        from dateutil.rrule import rrulestr  # only scheduled monitors pay for the import

        recurrence = rrulestr(self.rule, dtstart=self.start)
        first = datetime.fromtimestamp(start, self.zone).replace(tzinfo=None) - timedelta(hours=2)
        last = datetime.fromtimestamp(end, self.zone).replace(tzinfo=None) + timedelta(hours=2)
        moments = sorted(
            int(local.replace(tzinfo=self.zone).timestamp())
            for local in recurrence.between(first, last, inc=True)
        )
        return np.array(moments[bisect_left(moments, start) : bisect_left(moments, end)], dtype=np.int64)


def read_schedule(options: Mapping[str, Any]) -> Schedule | None:
    """`scheduling_options.custom_schedule`, None if there is none. Raises Unsupported."""
    scheduling = options.get("scheduling_options")
    custom = scheduling.get("custom_schedule") if isinstance(scheduling, Mapping) else None
    if not custom:
        return None
    recurrences = custom.get("recurrences") if isinstance(custom, Mapping) else None
    if not isinstance(recurrences, list | tuple) or len(recurrences) != 1:
        hint = "write one under `recurrences`"
        raise Unsupported("a custom schedule has one recurrence", hint=hint, path=_CUSTOM)
    given = recurrences[0] if isinstance(recurrences[0], Mapping) else {}
    rule = str(given.get("rrule") or "").removeprefix("RRULE:")
    zone = read_zone(given.get("timezone"))
    return Schedule(_checked(rule), zone, _start(given.get("start"), rule, zone))


def _checked(rule: str) -> str:
    from dateutil.rrule import rrulestr  # only scheduled monitors pay for the import

    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    if parts.get("FREQ") not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise Unsupported(
            "a custom schedule is daily or slower",
            hint="write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY",
            path=_CUSTOM,
        )
    # An end in UTC does not go with a start in local time; only its date and time are compared.
    rule = ";".join(
        part.rstrip("Zz") if part.upper().startswith("UNTIL=") else part for part in rule.split(";")
    )
    try:
        rrulestr(rule, dtstart=datetime(2000, 1, 1))
    except (ValueError, TypeError, KeyError, OverflowError):
        raise Unsupported(
            "the rrule of the custom schedule is no recurrence rule",
            hint="write one as in FREQ=DAILY;BYHOUR=6;BYMINUTE=0",
            path=_CUSTOM,
        ) from None
    return rule


def _start(value: object, rule: str, zone: ZoneInfo) -> datetime:
    if value is None:
        parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
        fixed = "BYHOUR" in parts and "BYMINUTE" in parts and parts.get("INTERVAL", "1") == "1"
        if not fixed or "COUNT" in parts:
            raise Unsupported(
                "a custom schedule without `start` begins when the monitor was created",
                hint="add `start`, as in 2026-03-02T06:00:00, or BYHOUR and BYMINUTE to the rrule",
                path=_CUSTOM,
            )
        return datetime(2000, 1, 1)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise Unsupported(
            "the start of the custom schedule is not a time",
            hint="write it as in 2026-03-02T06:00:00",
            path=_CUSTOM,
        ) from None
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)
