"""Recurring downtimes: the part of RFC 5545 rules that schedules are made of, in local wall time."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dd_sync.local.http import bad_request

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_READ = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "WKST")
# A rule may name a day that never comes, such as 30 February: no calendar has gaps longer than this.
_MOST_EMPTY_PERIODS = 500

Weekday = tuple[int | None, int]  # the n-th of the month (None: each), Monday is 0


@dataclass(frozen=True, slots=True)
class Rule:
    """until: local naive unless it was given in UTC, then aware. by_day: ordinals only when monthly."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    by_day: tuple[Weekday, ...] = ()
    by_month_day: tuple[int, ...] = ()


def parse_rule(text: str) -> Rule:
    """Raises Refused 400 naming the part that is wrong or that the local Datadog does not carry out."""
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise _wrong(part)
        if name in ("DTSTART", "DTEND", "DURATION"):
            raise bad_request(f"Invalid recurrence rrule: {name} is not allowed, use start and duration")
        if name not in _READ:
            raise bad_request(f"Invalid recurrence rrule: {name[:20]} is not supported by the local Datadog")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in ("DAILY", "WEEKLY", "MONTHLY"):
        raise bad_request(
            "Invalid recurrence rrule: FREQ must be DAILY, WEEKLY or MONTHLY in the local Datadog"
        )
    if parts.get("WKST", "MO") != "MO":
        raise bad_request("Invalid recurrence rrule: weeks start on Monday in the local Datadog")
    if "COUNT" in parts and "UNTIL" in parts:
        raise bad_request("Invalid recurrence rrule: give only one of COUNT and UNTIL")
    return Rule(
        frequency,
        _number(parts.get("INTERVAL", "1"), 1, 1000),
        _number(parts["COUNT"], 1, 10_000) if "COUNT" in parts else None,
        _until(parts["UNTIL"]) if "UNTIL" in parts else None,
        tuple(_weekday(word, frequency) for word in parts["BYDAY"].split(",")) if "BYDAY" in parts else (),
        tuple(_number(word, -31, 31) for word in parts["BYMONTHDAY"].split(","))
        if "BYMONTHDAY" in parts
        else (),
    )


def spans(
    rule: Rule, start: datetime, duration: timedelta, zone: ZoneInfo, after: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The occurrences that end after `after`, in UTC, in order. start: local naive."""
    for local in occurrences(rule, start, zone):
        begin = local.replace(tzinfo=zone).astimezone(UTC)
        if begin + duration > after:
            yield begin, begin + duration


def occurrences(rule: Rule, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Local wall times of the rule from `start` (local naive, counted only if the rule names it)."""
    number = 0
    for day in _days(rule, start.date()):
        moment = datetime.combine(day, start.time())
        if moment < start:
            continue
        number += 1
        if (rule.count is not None and number > rule.count) or _is_past(rule.until, moment, zone):
            return
        yield moment


def _is_past(until: datetime | None, moment: datetime, zone: ZoneInfo) -> bool:
    if until is None:
        return False
    return (moment if until.tzinfo is None else moment.replace(tzinfo=zone)) > until


def _days(rule: Rule, first: date) -> Iterator[date]:
    """The days of the rule by period, ascending; those of the first period may lie before `first`."""
    monday = first - timedelta(days=first.weekday())
    number = empty = 0
    while empty < _MOST_EMPTY_PERIODS:
        step = number * rule.interval
        try:
            if rule.frequency == "DAILY":
                days = [first + timedelta(days=step)]
            elif rule.frequency == "WEEKLY":
                wanted = {day for _, day in rule.by_day} or {first.weekday()}
                days = [monday + timedelta(weeks=step, days=day) for day in sorted(wanted)]
            else:
                days = _days_of_month(rule, first, step)
        except (OverflowError, ValueError):
            return
        named = [day for day in days if _is_named(rule, day)]
        yield from named
        number, empty = number + 1, 0 if named else empty + 1


def _days_of_month(rule: Rule, first: date, step: int) -> list[date]:
    years, month = divmod(first.month - 1 + step, 12)
    year, month = first.year + years, month + 1
    length = calendar.monthrange(year, month)[1]
    if not rule.by_day and not rule.by_month_day:
        return [date(year, month, first.day)] if first.day <= length else []
    return [date(year, month, day) for day in range(1, length + 1)]


def _is_named(rule: Rule, day: date) -> bool:
    """Whether BYDAY and BYMONTHDAY, where given, both name the day."""
    length = calendar.monthrange(day.year, day.month)[1]
    if rule.by_month_day and not {day.day, day.day - length - 1} & set(rule.by_month_day):
        return False
    ordinals = (None, (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1))
    return not rule.by_day or any((ordinal, day.weekday()) in rule.by_day for ordinal in ordinals)


def _wrong(part: str) -> Exception:
    return bad_request(f"Invalid recurrence rrule: '{part[:60]}'")


def _number(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[+-]?\d{1,5}", text, re.ASCII) or not least <= int(text) <= most or int(text) == 0:
        raise _wrong(text)
    return int(text)


def _weekday(word: str, frequency: str) -> Weekday:
    found = _DAY.fullmatch(word)
    if found is None or (found[1] and frequency != "MONTHLY"):
        raise _wrong(word)
    return int(found[1]) if found[1] else None, _DAYS.index(found[2])


def _until(text: str) -> datetime:
    found = _UNTIL.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        moment = datetime.strptime(found[1] + (found[2] or "235959"), "%Y%m%d%H%M%S")
    except ValueError:
        raise _wrong(f"UNTIL={text}") from None
    return moment.replace(tzinfo=UTC) if found[3] else moment
