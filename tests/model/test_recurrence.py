"""Recurrences: rules that come, overlaps found as a naive look finds them, ends that have come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.errors import Unfit
from dd_sync.model.recurrence import Recurrence, check_rule, duration_text, minutes_of, overlap

START = datetime(2027, 1, 4, 9, 0)  # a Monday
ZONE = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=MO,TU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=31;INTERVAL=2",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;UNTIL=20270104",
        "FREQ=DAILY;UNTIL=20270104T090000",
        "FREQ=DAILY;UNTIL=20270104T080000Z",
    ],
)
def test_rules_that_come_pass(rule: str) -> None:
    check_rule(rule, START, ZONE)


@pytest.mark.parametrize(
    ("rule", "problem", "offset"),
    [
        ("", "'' is not a part of a rule", 0),
        ("FREQ=DAILY;", "'' is not a part of a rule", 11),
        ("DAILY", "'DAILY' is not a part of a rule", 0),
        ("DTSTART:1\nFREQ=DAILY", "'DTSTART:1\N{REPLACEMENT CHARACTER}FREQ' cannot stand in a rule", 0),
        ("RRULE:FREQ=DAILY", "'RRULE:FREQ' cannot stand in a rule", 0),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ is there twice", 11),
        ("FREQ=HOURLY", "'HOURLY' is not a frequency", 0),
        ("FREQ=DAILY;COUNT=3", "'COUNT' cannot stand in a rule", 11),
        ("FREQ=DAILY;DTSTART=20270101", "'DTSTART' cannot stand in a rule", 11),
        ("FREQ=DAILY;INTERVAL=0", "'0' is not an interval", 11),
        ("FREQ=DAILY;INTERVAL=99999999999999", "'99999999999999' is not an interval", 11),
        ("FREQ=DAILY;UNTIL=tomorrow", "'tomorrow' is not a time", 11),
        ("FREQ=DAILY;UNTIL=20271341", "'20271341' is not a time", 11),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", "'99991231T235959Z' is not a time", 11),
        ("INTERVAL=2", "the rule has no FREQ", None),
        ("FREQ=WEEKLY;BYDAY=XX", "not a rule of RFC 5545: invalid 'BYDAY': XX", None),
        ("FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2", "the rule never comes", None),
        ("FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2", "the rule never comes", None),
        ("FREQ=DAILY;UNTIL=20260101", "the rule never comes", None),
    ],
)
def test_a_rule_that_is_none_is_told_at_its_part(rule: str, problem: str, offset: int | None) -> None:
    with pytest.raises(Unfit) as told:
        check_rule(rule, START, ZONE)
    assert (told.value.problem, told.value.offset) == (problem, offset)
    assert told.value.hint


@settings(max_examples=200, deadline=None)
@given(st.text("FREQ=DAILYWK;BYONTHUI0123456789,-TZ", max_size=60))
def test_any_text_is_a_rule_or_told(text: str) -> None:
    told = _told(text)
    assert told is None or told.offset is None or 0 <= told.offset <= len(text)


def _told(text: str) -> Unfit | None:
    try:
        check_rule(text, START, ZONE)
    except Unfit as error:
        return error
    return None


RULES = st.builds(
    lambda frequency, interval, days, hour, hours: Recurrence(
        f"FREQ={frequency};INTERVAL={interval}" + (f";BYDAY={','.join(sorted(days))}" if days else ""),
        START.replace(hour=hour),
        timedelta(hours=hours),
    ),
    st.sampled_from(["DAILY", "WEEKLY"]),
    st.integers(1, 3),
    st.sets(st.sampled_from(["MO", "TU", "FR", "SU"]), max_size=3),
    st.integers(0, 23),
    st.integers(1, 80),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(RULES, min_size=1, max_size=3))
def test_an_overlap_is_found_as_by_looking_at_every_pair(rules: list[Recurrence]) -> None:
    until = START + timedelta(days=60)
    spans = [
        (start, start + rule.duration, rule)
        for rule in rules
        for start in islice(rule.occurrences(ZONE), 200)
        if start < until
    ]
    naive = any(
        one[0] < other[1] and other[0] < one[1]
        for number, one in enumerate(spans)
        for other in spans[number + 1 :]
    )
    assert (overlap(rules, ZONE) is not None) == naive


def test_a_day_long_window_each_day_does_not_overlap() -> None:
    assert overlap([Recurrence("FREQ=DAILY", START, timedelta(days=1))], ZONE) is None
    assert overlap([], ZONE) is None


def test_a_window_that_lasts_beyond_the_calendar_is_no_overlap() -> None:
    assert overlap([Recurrence("FREQ=YEARLY;INTERVAL=1000", START, timedelta(days=366))], ZONE) is None


def test_the_next_time_is_after_now() -> None:
    rule = Recurrence("FREQ=WEEKLY;BYDAY=MO", START, timedelta(hours=1))
    now = datetime(2027, 3, 29, 7, 30, tzinfo=UTC)  # summer time in Berlin: 9:30
    assert rule.next(ZONE, now) == datetime(2027, 4, 5, 9, 0)
    ended = Recurrence("FREQ=WEEKLY;BYDAY=MO;UNTIL=20270201", START, timedelta(hours=1))
    assert ended.next(ZONE, now) is None


def test_a_time_is_one_of_the_rules_or_not() -> None:
    rule = Recurrence("FREQ=WEEKLY;BYDAY=MO", START, timedelta(hours=1))
    assert rule.comes_at(ZONE, START + timedelta(weeks=3))
    assert not rule.comes_at(ZONE, START + timedelta(days=1))
    assert not rule.comes_at(ZONE, START - timedelta(weeks=1))


@pytest.mark.parametrize(
    ("until", "now", "over"),
    [
        ("", datetime(2099, 1, 1, tzinfo=UTC), False),
        (";UNTIL=20270110", datetime(2027, 1, 10, 8, 30, tzinfo=UTC), False),
        (";UNTIL=20270110", datetime(2027, 1, 10, 23, 30, tzinfo=UTC), False),
        (";UNTIL=20270110", datetime(2027, 1, 12, tzinfo=UTC), True),
        (";UNTIL=20270104T080000Z", datetime(2027, 1, 4, 8, 30, tzinfo=UTC), False),
        (";UNTIL=20270104T080000Z", datetime(2027, 1, 4, 10, 0, tzinfo=UTC), True),
    ],
)
def test_a_rule_is_over_once_its_last_time_has_ended(until: str, now: datetime, over: bool) -> None:
    assert Recurrence(f"FREQ=DAILY{until}", START, timedelta(hours=2)).is_over(ZONE, now) is over


@given(st.integers(1, 60 * 24 * 366))
def test_a_duration_reads_back_as_it_was_written(minutes: int) -> None:
    assert minutes_of(duration_text(timedelta(minutes=minutes))) == minutes


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "2s", "1h30m", "-1h"])
def test_what_datadog_does_not_write_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=text or "^$"):
        minutes_of(text)


@settings(max_examples=60, deadline=None)
@given(RULES, st.integers(-400, 2000), st.integers(0, 500))
def test_the_times_it_lasts_are_those_that_overlap(rule: Recurrence, hours: int, length: int) -> None:
    begins = START.replace(tzinfo=UTC) + timedelta(hours=hours)
    ends = begins + timedelta(hours=length)
    every = [
        (start.replace(tzinfo=ZONE).astimezone(UTC), rule.duration)
        for start in islice(rule.occurrences(ZONE), 300)
    ]
    expected = [(start, start + lasts) for start, lasts in every if start < ends and start + lasts > begins]
    assert list(rule.spans(ZONE, begins, ends)) == expected


def test_a_recurrence_reads_back_from_datadog_s_form() -> None:
    rule = Recurrence("FREQ=DAILY", START, timedelta(minutes=90))
    body = {"rrule": "FREQ=DAILY", "start": "2027-01-04T09:00:00", "duration": "90m"}
    assert Recurrence.of(body) == rule
    with pytest.raises(ValueError, match="soon"):
        Recurrence.of({**body, "duration": "soon"})
