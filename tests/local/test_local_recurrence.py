"""Recurrences, with the field's own library as the oracle where it is installed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.local.http import Refused
from dd_sync.local.recurrence import occurrences, parse_rule, spans

UTC_ZONE = ZoneInfo("UTC")


def first(rule: str, start: str, number: int = 4, zone: str = "UTC") -> list[str]:
    found = occurrences(parse_rule(rule), datetime.fromisoformat(start), ZoneInfo(zone))
    return [f"{moment:%m-%d %H:%M}" for moment in islice(found, number)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", ["03-04 09:00", "03-05 09:00", "03-06 09:00", "03-07 09:00"]),
        ("FREQ=DAILY;INTERVAL=3", ["03-04 09:00", "03-07 09:00", "03-10 09:00", "03-13 09:00"]),
        ("FREQ=DAILY;BYDAY=SA,SU", ["03-07 09:00", "03-08 09:00", "03-14 09:00", "03-15 09:00"]),
        ("FREQ=WEEKLY", ["03-04 09:00", "03-11 09:00", "03-18 09:00", "03-25 09:00"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", ["03-06 09:00", "03-16 09:00", "03-20 09:00", "03-30 09:00"]),
        ("FREQ=MONTHLY", ["03-04 09:00", "04-04 09:00", "05-04 09:00", "06-04 09:00"]),
        ("FREQ=MONTHLY;BYDAY=1MO", ["04-06 09:00", "05-04 09:00", "06-01 09:00", "07-06 09:00"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["03-27 09:00", "04-24 09:00", "05-29 09:00", "06-26 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["03-31 09:00", "04-30 09:00", "05-31 09:00", "06-30 09:00"]),
        ("FREQ=DAILY;COUNT=2", ["03-04 09:00", "03-05 09:00"]),
        ("FREQ=DAILY;UNTIL=20260305", ["03-04 09:00", "03-05 09:00"]),
        ("FREQ=DAILY;UNTIL=20260305T090000Z", ["03-04 09:00", "03-05 09:00"]),
        ("FREQ=DAILY;UNTIL=20260305T085959Z", ["03-04 09:00"]),
    ],
)
def test_a_rule_names_its_days(rule: str, expected: list[str]) -> None:
    assert first(rule, "2026-03-04T09:00:00") == expected


def test_a_month_without_the_day_is_passed_over() -> None:
    assert first("FREQ=MONTHLY", "2026-01-31T00:00:00", 3) == ["01-31 00:00", "03-31 00:00", "05-31 00:00"]


def test_a_rule_that_never_comes_true_ends() -> None:
    assert first("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30", "2026-02-01T00:00:00") == []
    assert first("FREQ=DAILY;INTERVAL=1000", "9999-12-01T00:00:00") == ["12-01 00:00"]


def test_wall_time_stays_when_clocks_change() -> None:
    zone = ZoneInfo("Europe/Paris")
    rule = parse_rule("FREQ=DAILY")
    found = spans(rule, datetime(2026, 3, 28, 9), timedelta(hours=1), zone, datetime(2026, 3, 1, tzinfo=UTC))
    assert [begin.hour for begin, _ in islice(found, 3)] == [8, 7, 7]


def test_spans_that_are_over_are_left_out() -> None:
    rule = parse_rule("FREQ=DAILY")
    after = datetime(2026, 3, 10, 1, tzinfo=UTC)
    begin, end = next(spans(rule, datetime(2026, 3, 1), timedelta(hours=2), UTC_ZONE, after))
    assert (begin, end) == (datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 10, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("", "''"),
        ("FREQ", "'FREQ'"),
        ("FREQ=DAILY;FREQ=DAILY", "'FREQ=DAILY'"),
        ("FREQ=HOURLY", "FREQ must be DAILY, WEEKLY or MONTHLY"),
        ("FREQ=DAILY;BYHOUR=3", "BYHOUR is not supported"),
        ("FREQ=DAILY;DTSTART=20260101T000000Z", "DTSTART is not allowed"),
        ("FREQ=DAILY;WKST=SU", "weeks start on Monday"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "only one of COUNT and UNTIL"),
        ("FREQ=DAILY;INTERVAL=0", "'0'"),
        ("FREQ=DAILY;INTERVAL=x", "'x'"),
        ("FREQ=DAILY;COUNT=10001", "'10001'"),
        ("FREQ=WEEKLY;BYDAY=1MO", "'1MO'"),
        ("FREQ=WEEKLY;BYDAY=XX", "'XX'"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "'32'"),
        ("FREQ=DAILY;UNTIL=soon", "'UNTIL=soon'"),
        ("FREQ=DAILY;UNTIL=20261399", "'UNTIL=20261399'"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(rule: str, error: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_rule(rule)
    assert refused.value.errors[0].startswith("Invalid recurrence rrule: ")
    assert error in refused.value.errors[0]


days = st.lists(
    st.sampled_from(("MO", "TU", "WE", "TH", "FR", "SA", "SU")), min_size=1, max_size=3, unique=True
)
month_days = st.lists(st.integers(-31, 31).filter(bool), min_size=1, max_size=3, unique=True)
ordinals = st.integers(-4, 4).filter(bool)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY")))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}"]
    if draw(st.booleans()):
        numbered = frequency == "MONTHLY" and draw(st.booleans())
        chosen = draw(days)
        parts.append("BYDAY=" + ",".join(f"{draw(ordinals)}{day}" if numbered else day for day in chosen))
    if frequency != "WEEKLY" and draw(st.booleans()):
        parts.append("BYMONTHDAY=" + ",".join(map(str, draw(month_days))))
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 6))}")
    return ";".join(parts)


@settings(max_examples=60)
@given(
    rules(),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(lambda d: d.replace(microsecond=0)),
)
def test_occurrences_are_those_of_rfc_5545(rule: str, start: datetime) -> None:
    oracle: Any = pytest.importorskip("dateutil.rrule")
    horizon = start + timedelta(days=800)
    expected = list(islice(oracle.rrulestr(rule, dtstart=start).xafter(start, inc=True), 12))
    found = list(islice(occurrences(parse_rule(rule), start, UTC_ZONE), 12))
    assert [day for day in found if day < horizon] == [day for day in expected if day < horizon]
