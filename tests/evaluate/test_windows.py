"""Windows that begin anew, and schedules: in every zone, across changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.replay import Replay, Sources, Unsupported, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.evaluate.sources import Event, Events
from dd_sync.model.monitor import Monitor
from dd_sync.model.state import State

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
# Around here clocks are changed in Europe and in America.
CHANGES = [
    datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 8), (3, 29), (4, 5), (10, 25), (11, 1))
]


def scheduling(**window: Any) -> dict[str, Any]:
    return {"scheduling_options": {"evaluation_window": window}}


def counted(query: str, start: datetime, hours: int, **options: Any) -> Replay:
    """One point of 1 every ten minutes from five weeks before on, evaluated over some hours."""
    begin = int(start.timestamp())
    times = begin - 35 * 86400 + 600 * np.arange((35 * 24 + hours) * 6 + 6)
    found = Series.of("m", MetricType.COUNT, [], interval=600, times=times, values=np.ones(times.size))
    rule = compile_rule("k", Monitor(type="query alert", query=query, options=options))
    sources = Sources(series=SeriesSet([found]))
    return replay(rule, sources, evaluation_times(rule, begin, begin + 3600 * hours))


def last_beginning(end: datetime, unit: str, zone: str, hour: int, minute: int) -> datetime:
    """Straight from the words: go back minute by minute until the local clock shows the beginning."""
    moment = end - timedelta(minutes=1)
    for _ in range(32 * 24 * 60):
        local = moment.astimezone(ZoneInfo(zone))
        if (
            local.minute == minute
            and (unit == "h" or local.hour == hour)
            and (unit != "mo" or local.day == 1)
        ):
            return moment
        moment -= timedelta(minutes=1)
    raise AssertionError("no beginning")


@settings(max_examples=25)
@given(
    st.sampled_from(CHANGES),
    st.sampled_from(ZONES),
    st.sampled_from(["h", "d"]),
    st.sampled_from([4, 12, 23]),
    st.sampled_from([0, 30]),
)
def test_a_cumulative_sum_holds_what_came_since_the_local_beginning(
    day: datetime, zone: str, unit: str, hour: int, minute: int
) -> None:
    window = {"hour_starts": minute} if unit == "h" else {"day_starts": f"{hour:02}:{minute:02}"}
    done = counted(
        f"sum(current_1{unit}):sum:m{{*}}.as_count() > 1", day, 30, **scheduling(timezone=zone, **window)
    )
    for at in done.times[:: 7 if unit == "d" else 97].tolist():
        begin = last_beginning(datetime.fromtimestamp(at, UTC), unit, zone, hour, minute)
        first = int(begin.timestamp())
        expected = len(range(-(-first // 600) * 600, at, 600))
        assert done.value_at("*", at) == (expected or None)


def test_a_month_begins_on_its_day() -> None:
    window = scheduling(day_starts="00:00", month_starts=1, timezone="Europe/Paris")
    start = datetime(2026, 4, 1, tzinfo=UTC)
    done = counted("sum(current_1mo):sum:m{*}.as_count() > 1", start - timedelta(hours=4), 4, **window)
    values = [done.value_at("*", int(start.timestamp()) - 60 * minute) for minute in (150, 120, 90)]
    # From March 1st, 00:00 in Paris: 31 days less the hour that the clock was put forward, less half an hour.
    assert values == [(31 * 24 - 1) * 6 - 3, (31 * 24 - 1) * 6, 3]


def test_buckets_of_a_cumulative_window_are_cut_at_its_beginning() -> None:
    start = datetime(2026, 3, 3, tzinfo=UTC)
    done = counted(
        "max(current_1d):sum:m{*}.as_count().rollup(sum, 7200) > 99",
        start,
        30,
        **scheduling(day_starts="01:00"),
    )
    values = [done.value_at("*", int((start + timedelta(hours=hour)).timestamp())) for hour in (2, 3, 4)]
    assert values == [6, 6, 12]


@pytest.mark.parametrize(
    ("options", "minutes"),
    [
        ({"notify_no_data": True, "no_data_timeframe": 30}, [90, 150]),
        ({"on_missing_data": "show_no_data"}, [60, 120]),
    ],
)
def test_a_window_that_has_just_begun_is_not_without_data_for_its_whole_length(
    options: dict[str, Any], minutes: list[int]
) -> None:
    begin = int(datetime(2026, 3, 2, 4, tzinfo=UTC).timestamp())
    times = begin + 60 * np.array([1, 59, 99, 100])
    found = Series.of("m", MetricType.COUNT, [], interval=60, times=times, values=[1.0] * 4)
    logs = [Event(int(at), "logs", (), {"took": 1}) for at in times]
    sources = Sources(series=SeriesSet([found]), events=Events(logs))
    for kind, query in (
        ("query alert", "sum(current_1h):sum:m{*}.as_count() > 99"),
        ("log alert", 'logs("*").index("*").rollup("avg", "@took").current("1h") > 99'),
    ):
        rule = compile_rule("k", Monitor(type=kind, query=query, options=options))
        done = replay(rule, sources, evaluation_times(rule, begin, begin + 3 * 3600))
        lost = [(one.at - begin - 60) // 60 for one in done.transitions if one.after is State.NO_DATA]
        assert lost == minutes


def test_a_cumulative_window_is_evaluated_as_often_as_its_length_asks() -> None:
    for unit, seconds in (("h", 60), ("d", 600), ("mo", 1800)):
        rule = compile_rule(
            "k", Monitor(type="query alert", query=f"sum(current_1{unit}):sum:m{{*}}.as_count() > 1")
        )
        assert rule.frequency == seconds


@pytest.mark.parametrize(
    ("query", "options", "said"),
    [
        ("sum(current_1d):sum:m{*}.as_count() > 1", scheduling(timezone="Mars/Olympus"), "timezone"),
        ("sum(current_1d):sum:m{*}.as_count() > 1", scheduling(timezone="../etc/passwd"), "timezone"),
        ("sum(current_1d):sum:m{*}.as_count() > 1", scheduling(day_starts="25:00"), "day_starts"),
        ("sum(current_1h):sum:m{*}.as_count() > 1", scheduling(hour_starts=60), "hour_starts"),
        ("sum(current_1mo):sum:m{*}.as_count() > 1", scheduling(month_starts=31), "month_starts"),
        ("sum(last_1d):sum:m{*}.as_count() > 1", scheduling(day_starts="01:00"), "evaluation_window"),
        ("change(sum(current_1d),last_1d):sum:m{*}.as_count() > 1", {}, "begins anew"),
    ],
)
def test_a_window_that_means_nothing_is_refused(query: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        compile_rule("k", Monitor(type="query alert", query=query, options=options))


# --- schedules -----------------------------------------------------------------------------------


def scheduled(recurrence: dict[str, Any]) -> dict[str, Any]:
    return {"scheduling_options": {"custom_schedule": {"recurrences": [recurrence]}}}


def occurrences(start: datetime, days: int, recurrence: dict[str, Any]) -> list[str]:
    query = "sum(last_4h):sum:m{*}.as_count() > 20"
    rule = compile_rule("k", Monitor(type="query alert", query=query, options=scheduled(recurrence)))
    begin = int(start.timestamp())
    times = evaluation_times(rule, begin, begin + 86400 * days)
    return [datetime.fromtimestamp(at, UTC).strftime("%d %H:%M") for at in times.tolist()]


def test_a_schedule_keeps_its_local_time_across_a_change_of_the_clock() -> None:
    found = occurrences(
        datetime(2026, 3, 28, tzinfo=UTC),
        3,
        {"rrule": "FREQ=DAILY;INTERVAL=1", "timezone": "Europe/Paris", "start": "2026-03-02T06:00:00"},
    )
    assert found == ["28 05:00", "29 04:00", "30 04:00"]


@pytest.mark.parametrize(
    ("rrule", "start", "found"),
    [
        ("FREQ=DAILY;BYHOUR=6;BYMINUTE=0", None, ["02 06:00", "03 06:00", "04 06:00"]),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU;BYHOUR=6;BYMINUTE=30", "2026-01-01T00:00:00", ["03 06:30"]),
        ("FREQ=DAILY;INTERVAL=2", "2026-03-01T09:00:00Z", ["03 09:00"]),
        ("FREQ=DAILY;UNTIL=20260303T000000Z", "2026-03-01T09:00:00", ["02 09:00"]),
    ],
)
def test_a_schedule_follows_its_rule(rrule: str, start: str | None, found: list[str]) -> None:
    given = {"rrule": rrule, **({"start": start} if start else {})}
    assert occurrences(datetime(2026, 3, 2, tzinfo=UTC), 3, given) == found


def test_scheduled_evaluations_are_each_told_that_are_not_ok() -> None:
    options = scheduled({"rrule": "FREQ=DAILY;BYHOUR=6;BYMINUTE=0"})
    done = counted(
        "sum(last_4h):sum:m{*}.as_count() > 20",
        datetime(2026, 3, 2, tzinfo=UTC),
        72,
        on_missing_data="default",
        **options,
    )
    assert done.times.size == 3
    assert [one.kind for one in done.notifications] == ["alert"] * 3
    assert {one.value for one in done.transitions} == {24.0}


@pytest.mark.parametrize(
    ("recurrence", "said"),
    [
        ({"rrule": "FREQ=HOURLY"}, "daily or slower"),
        ({"rrule": "FREQ=DAILY;BYHOUR=99", "start": "2026-03-01T09:00:00"}, "no recurrence rule"),
        ({"rrule": "FREQ=DAILY"}, "without `start`"),
        ({"rrule": "FREQ=DAILY", "start": "soon"}, "not a time"),
        ({"rrule": "FREQ=DAILY", "start": "2026-03-01T09:00:00", "timezone": "Nowhere"}, "timezone"),
        ({}, "daily or slower"),
    ],
)
def test_a_schedule_that_means_nothing_is_refused(recurrence: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        occurrences(datetime(2026, 3, 2, tzinfo=UTC), 1, recurrence)
