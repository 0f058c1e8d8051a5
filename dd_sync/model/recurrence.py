"""Recurrences of a downtime: rules of RFC 5545 in local wall time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dd_sync.errors import Unfit
from dd_sync.text import within_line

if TYPE_CHECKING:
    from dateutil.rrule import rrule

_PARTS = ("FREQ", "INTERVAL", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_INSTEAD = {
    "DTSTART": "write it as `start:`",
    "DTEND": "write how long it lasts as `duration:`",
    "DURATION": "write it as `duration:`",
    "COUNT": "a downtime made anew would begin to count again; write UNTIL",
}
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_LARGEST_INTERVAL = 1000
# The calendar repeats itself after 400 years, days of the week included. Close to the last year there is, a
# rule that never comes is found out at once.
_CYCLE = 400
_LAST_YEARS = 9999 - _CYCLE
_LOOKED_AT = 400
_DURATION = re.compile(r"([1-9]\d{0,5})([mhdw])")
# Beyond these, a year is a slip of the pen.
YEARS = range(2000, 2200)
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """rule: text of RFC 5545; start: local, naive, the first time it can come; duration: of each."""

    rule: str
    start: datetime
    duration: timedelta

    def occurrences(self, zone: ZoneInfo, start: datetime | None = None) -> Iterator[datetime]:
        """Local naive times at which it comes, in order. Raises Unfit where the rule is none."""
        return iter(_parsed(self.rule, start or self.start, zone))

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Recurrence:
        """From a recurrence as Datadog writes it. Raises ValueError."""
        minutes = minutes_of(body["duration"])
        return cls(body["rrule"], datetime.fromisoformat(body["start"]), timedelta(minutes=minutes))

    def spans(self, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Each time it lasts, in UTC and in order, that ends after `start` and begins before `end`, aware."""
        first, last = (moment.astimezone(zone).replace(tzinfo=None) for moment in (start, end))
        # Clocks may be changed meanwhile, by a day at most.
        day = timedelta(days=1)
        for local in _parsed(self.rule, self.start, zone).between(
            first - self.duration - day, last + day, inc=True
        ):
            begins = _utc(local, zone)
            if begins < end and begins + self.duration > start:
                yield begins, begins + self.duration

    def next(self, zone: ZoneInfo, now: datetime) -> datetime | None:
        """The local naive time at which it comes next after `now`, an aware time."""
        local = now.astimezone(zone).replace(tzinfo=None)
        found = _parsed(self.rule, self.start, zone).after(local)
        return found if isinstance(found, datetime) else None

    def comes_at(self, zone: ZoneInfo, local: datetime) -> bool:
        """Whether that local naive time is one at which it comes."""
        rule = _parsed(self.rule, self.start, zone)
        return local >= self.start and rule.after(local, inc=True) == local

    def is_over(self, zone: ZoneInfo, now: datetime) -> bool:
        """Whether the last time it comes has ended before `now`, an aware time."""
        until = _until(self.rule, zone)
        if until is None or _utc(until, zone) + self.duration > now:
            return False
        last = _parsed(self.rule, self.start, zone).before(until, inc=True)
        return not isinstance(last, datetime) or _utc(last, zone) + self.duration <= now


def check_rule(text: str, start: datetime, zone: ZoneInfo) -> None:
    """Raises Unfit, with the offset of the part that is wrong, unless the rule is one that comes."""
    at = 0
    seen: set[str] = set()
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            _refuse(
                part,
                at,
                f"'{within_line(part, 40)}' is not a part of a rule",
                "write FREQ=WEEKLY;BYDAY=MO,TU",
            )
        if name in seen:
            _refuse(part, at, f"{name} is there twice", "take one of them away")
        if name not in _PARTS:
            known = f"known here: {', '.join(_PARTS)}"
            _refuse(part, at, f"'{within_line(name, 40)}' cannot stand in a rule", _INSTEAD.get(name, known))
        if name == "FREQ" and value not in _FREQUENCIES:
            _refuse(
                part,
                at,
                f"'{within_line(value, 40)}' is not a frequency",
                f"one of {', '.join(_FREQUENCIES)}",
            )
        if name == "INTERVAL" and not (
            value.isdecimal() and value.isascii() and 1 <= int(value[:9]) <= _LARGEST_INTERVAL
        ):
            _refuse(part, at, f"'{value[:40]}' is not an interval", f"1 to {_LARGEST_INTERVAL}")
        if name == "UNTIL" and _moment(value) is None:
            _refuse(part, at, f"'{value[:40]}' is not a time", "write it as UNTIL=20271231T235959Z")
        seen.add(name)
        at += len(part) + 1
    if "FREQ" not in seen:
        raise Unfit("the rule has no FREQ", hint=f"one of {', '.join(_FREQUENCIES)}, as in FREQ=DAILY")
    try:
        rule = _parsed(text, start, zone)
        late = _shifted(text, start, zone)
    except ValueError as error:
        raise Unfit(f"not a rule of RFC 5545: {str(error)[:80]}", hint="as in FREQ=WEEKLY;BYDAY=MO") from None
    if next(iter(late), None) is None or ("UNTIL" in seen and next(iter(rule), None) is None):
        raise Unfit("the rule never comes", hint="name a day that there is, and an UNTIL after the start")


def overlap(recurrences: Sequence[Recurrence], zone: ZoneInfo) -> int | None:
    """The index of the first recurrence that begins while one of them lasts, None if none does.

    Times are compared as clocks on the wall show them: a day of 24 hours does not overlap the next.
    """
    first = min((one.start for one in recurrences), default=None)
    if first is None:
        return None

    def spans(index: int) -> Iterator[tuple[datetime, datetime, int]]:
        one = recurrences[index]
        for start in one.occurrences(zone):
            if start > datetime.max - one.duration:
                return
            yield start, start + one.duration, index

    every = merge(*(spans(index) for index in range(len(recurrences))))
    latest: datetime | None = None
    for start, end, index in islice(every, _LOOKED_AT):
        if latest is not None and start < latest:
            return index
        latest = end if latest is None else max(latest, end)
    return None


def duration_text(span: timedelta) -> str:
    """Whole minutes as Datadog writes the duration of a recurrence: a number and one unit."""
    minutes = span // timedelta(minutes=1)
    for unit in ("d", "h"):
        if minutes % _MINUTES[unit] == 0:
            return f"{minutes // _MINUTES[unit]}{unit}"
    return f"{minutes}m"


def minutes_of(duration: str) -> int:
    """`2h` as Datadog writes a recurrence's duration, in minutes. Raises ValueError."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(duration)
    return int(found[1]) * _MINUTES[found[2]]


def _refuse(part: str, at: int, problem: str, hint: str) -> None:
    raise Unfit(problem, hint=hint, offset=at, length=max(len(part), 1))


def _parsed(text: str, start: datetime, zone: ZoneInfo) -> rrule:
    """The rule in local naive time, UNTIL too. Raises ValueError."""
    from dateutil.rrule import rrule, rrulestr

    bare = ";".join(part for part in text.split(";") if not part.startswith("UNTIL="))
    until = _until(text, zone)
    made = rrulestr(bare, dtstart=start)
    if not isinstance(made, rrule):
        raise ValueError("more than one rule")
    return made if until is None else made.replace(until=until)


def _shifted(text: str, start: datetime, zone: ZoneInfo) -> rrule:
    """The rule without its end, as many times 400 years later as there are."""
    bare = ";".join(part for part in text.split(";") if not part.startswith("UNTIL="))
    cycles = (_LAST_YEARS - start.year) // _CYCLE + 1
    return _parsed(bare, start.replace(year=start.year + max(cycles, 0) * _CYCLE), zone)


def _until(text: str, zone: ZoneInfo) -> datetime | None:
    for part in text.split(";"):
        if part.startswith("UNTIL="):
            found = _moment(part[len("UNTIL=") :])
            if found is not None and found.tzinfo is not None:
                return found.astimezone(zone).replace(tzinfo=None)
            return found
    return None


def _moment(text: str) -> datetime | None:
    """A date, which means its end, or a time: local, or in UTC with a Z."""
    found = _UNTIL.fullmatch(text)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1] + (found[2] or "235959"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    return moment.replace(tzinfo=UTC) if found[3] else moment


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)
