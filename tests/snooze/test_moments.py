"""Points of time as people write them, on clocks that go forward and back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.timeframe import parse_moment

# A Saturday.
NOW = datetime(2026, 3, 28, 12, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, now: datetime = NOW, *, after: datetime | None = None, zone: tzinfo | None = UTC) -> str:
    return parse_moment(text, now, after=after, zone=zone).at.isoformat()[:16]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12:31", "2026-03-28T12:31"),
        ("12:30", "2026-03-29T12:30"),
        ("6:00", "2026-03-29T06:00"),
        ("06:00Z", "2026-03-29T06:00"),
        ("06:00 UTC", "2026-03-29T06:00"),
        ("06:00+05:30", "2026-03-29T00:30"),
        ("today 13:00", "2026-03-28T13:00"),
        ("tomorrow 6:30", "2026-03-29T06:30"),
        ("Monday 9:00 Europe/Berlin", "2026-03-30T07:00"),
        ("sat 12:31", "2026-03-28T12:31"),
        ("sat 12:30", "2026-04-04T12:30"),
        ("2026-04-01 14:30", "2026-04-01T14:30"),
        ("2026-04-01T14:30:59Z", "2026-04-01T14:30"),
        ("2026-04-01T14:30-03:00", "2026-04-01T17:30"),
        ("2028-02-29 00:00", "2028-02-29T00:00"),
        ("  in   2h30m ", "2026-03-28T15:00"),
    ],
)
def test_times_are_read_as_people_write_them(text: str, moment: str) -> None:
    assert at(text) == moment


def test_month_and_year_ends_are_crossed() -> None:
    assert at("06:00", datetime(2026, 4, 30, 23, tzinfo=UTC)) == "2026-05-01T06:00"
    assert at("06:00", datetime(2027, 12, 31, 23, tzinfo=UTC)) == "2028-01-01T06:00"
    assert at("tue 06:00", datetime(2028, 2, 28, 23, tzinfo=UTC)) == "2028-02-29T06:00"


def test_the_next_such_time_is_after_a_later_start() -> None:
    assert at("06:00", after=NOW + timedelta(days=2)) == "2026-03-31T06:00"
    assert at("monday 06:00", after=NOW + timedelta(days=2)) == "2026-04-06T06:00"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not a time"),
        ("6", "is not a time"),
        ("25:00", "is not a time"),
        ("12:60", "is not a time"),
        ("mont 9:00", "is not a time"),
        ("monday", "is not a time"),
        ("9:00 " + "x" * 200, "is not a time"),
        ("9999-12-31 23:59 America/New_York", "is not a time"),
        ("0001-01-01 00:00 Asia/Tokyo", "is not a time"),
        ("2026-02-29 10:00", "there is no day 2026-02-29"),
        ("today 06:00", "is over: it was 2026-03-28 06:00 UTC"),
        ("2026-03-28T12:30Z", "is over"),
        ("9:00 Europe", "'Europe' is not a time zone"),
        ("9:00 Europe/Berln", "'Europe/Berln' is not a time zone"),
        ("9:00 UTC+3", "is not a time zone"),
        ("9:00+15:00", "is not an offset of any zone"),
        ("in a while", "is not a duration"),
        ("in 4000d", "longer than ten years"),
    ],
)
def test_what_is_no_time_or_over_is_told(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        at(text)


def test_a_time_that_the_clock_leaps_over_is_told() -> None:
    moment = parse_moment("02:30", NOW, zone=BERLIN)
    assert moment.at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert moment.note == (
        "02:30 does not exist on 2026-03-29, when the clock goes forward; 03:30 is meant, 01:30 UTC"
    )


def test_a_time_that_comes_twice_is_the_first_that_is_still_to_come() -> None:
    day = datetime(2026, 10, 25, tzinfo=UTC)
    first = parse_moment("02:30", day, zone=BERLIN)
    assert first.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert first.note is not None
    assert "comes twice on 2026-10-25" in first.note
    assert "the second is 2026-10-25T01:30Z" in first.note
    second = parse_moment("02:30", day + timedelta(minutes=30), zone=BERLIN)
    assert (second.at, second.note) == (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), None)
    later = parse_moment("02:30", day + timedelta(minutes=90), zone=BERLIN)
    assert later.at == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_new_york")
def test_without_a_zone_it_is_this_machines_time() -> None:
    assert at("09:00", zone=None) == "2026-03-28T13:00"
    assert at("09:00 local", zone=None) == "2026-03-28T13:00"
    assert at("2026-11-01 01:30", zone=None) == "2026-11-01T05:30"


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)), ZONES, st.integers(0, 23), st.integers(0, 59)
)
def test_a_bare_time_is_shown_by_the_clock_within_a_day_or_so(
    now: datetime, zone: str, hour: int, minute: int
) -> None:
    now = now.replace(tzinfo=UTC)
    moment = parse_moment(f"{hour}:{minute:02} {zone}", now)
    shown = moment.at.astimezone(ZoneInfo(zone))
    assert timedelta() < moment.at - now <= timedelta(hours=25)
    assert (shown.hour, shown.minute) == (hour, minute) or (moment.note and "does not exist" in moment.note)


TYPED = st.from_regex(r"[a-z]{3,9} [0-9]{1,2}:[0-9]{2} [A-Za-z/]{2,12}", fullmatch=True)


@given(st.text(max_size=40) | TYPED)
def test_any_text_is_a_time_to_come_or_an_error_for_people(text: str) -> None:
    try:
        moment = parse_moment(text, NOW)
    except ValueError:
        return
    assert moment.at > NOW
