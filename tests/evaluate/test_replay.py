"""Replays as their readers use them: states, values, transitions, and pieces that make a whole."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.replay import (
    GroupState,
    Replay,
    Silence,
    compile_rule,
    evaluation_times,
    replay,
)
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.evaluate.sources import Sources
from dd_sync.model.monitor import Monitor
from dd_sync.model.state import State
from dd_sync.query.nodes import Everything, Tag

START = 1772409600
RATE = "sum(last_1h):sum:streams.created{env:prod} by {tenant}.as_count() > 500"
SHORT = "sum(last_1m):sum:m{*} by {tenant}.as_count() > 30"

MakeSeries = Callable[..., Series]
Play = Callable[..., Replay]


def moves(done: Replay) -> list[tuple[int, str, str]]:
    """Minute, group and new state of every transition."""
    return [((one.at - START) // 60, one.group, one.after.value) for one in done.transitions]


def test_a_flood_alerts_its_tenant_and_nobody_else(series: MakeSeries, play: Play) -> None:
    done = play(
        RATE,
        [
            series("streams.created", "5x59 20x60 5x60", "env:prod", "tenant:acme"),
            series("streams.created", "5x180", "env:prod", "tenant:beta"),
            series("streams.created", "99x180", "env:dev", "tenant:beta"),
            series("streams.created", "99x180", "env:prod"),
        ],
        180,
    )
    assert done.groups == ("tenant:acme", "tenant:beta")
    assert moves(done) == [(74, "tenant:acme", "Alert"), (168, "tenant:acme", "OK")]
    assert done.value_at("tenant:acme", START + 74 * 60) == 510
    assert done.transitions[0].value == 510
    assert done.state_at("tenant:beta", START + 180 * 60) is State.OK


def test_the_window_ends_before_the_evaluation_and_begins_its_length_earlier(
    series: MakeSeries, play: Play
) -> None:
    done = play("sum(last_5m):sum:m{*}.as_count() > 0", [series("m", "1 10 100 1000 10000 100000")], 8)
    assert [done.value_at("*", START + 60 * minute) for minute in (1, 5, 6, 8)] == [1, 11111, 111110, 111000]


def test_an_evaluation_delay_moves_the_window_into_the_past(series: MakeSeries, play: Play) -> None:
    query = "sum(last_5m):sum:m{*}.as_count() > 0"
    late = play(query, [series("m", "1 2 4 8 16 32")], 8, evaluation_delay=120)
    assert late.value_at("*", START + 60 * 7) == 31


@pytest.mark.parametrize(
    ("window", "seconds"), [("23h", 60), ("24h", 600), ("1d", 600), ("47h", 600), ("2d", 1800), ("1w", 1800)]
)
def test_longer_windows_are_evaluated_less_often(window: str, seconds: int) -> None:
    rule = compile_rule(
        "k", Monitor(type="metric alert", query=f"sum(last_{window}):sum:m{{*}}.as_count() > 1")
    )
    times = evaluation_times(rule, START + 1, START + 4 * 3600)
    assert set(np.diff(times)) == {seconds}
    assert times[0] == START + seconds
    assert times[-1] < START + 4 * 3600


def test_a_simple_alert_has_one_group_whatever_the_tags(series: MakeSeries, play: Play) -> None:
    done = play(
        "sum(last_1m):sum:m{*}.as_count() > 5", [series("m", "3x3", "a:1"), series("m", "4x3", "a:2")], 3
    )
    assert done.groups == ("*",)
    assert done.value_at("*", START + 60) == 7


def test_groups_of_several_keys_are_named_in_the_order_of_the_query(series: MakeSeries, play: Play) -> None:
    done = play("sum(last_1m):sum:m{*} by {b,a}.as_count() > 5", [series("m", "3x3", "a:1", "b:2")], 3)
    assert done.groups == ("b:2,a:1",)
    again = replay(done.rule, Sources(series=SeriesSet([])), done.times + 300, previous=done.final)
    assert again.groups == ("b:2,a:1",)


def test_a_series_with_two_values_of_a_key_is_in_both_groups(series: MakeSeries, play: Play) -> None:
    done = play("sum(last_1m):sum:m{*} by {a}.as_count() > 5", [series("m", "3", "a:1", "a:2")], 1)
    assert done.groups == ("a:1", "a:2")


def test_a_time_between_evaluations_has_the_state_of_the_last_one(series: MakeSeries, play: Play) -> None:
    done = play(SHORT, [series("m", "40 0 40", "tenant:a")], 3)
    assert done.state_at("tenant:a", START + 60) is State.ALERT
    assert done.state_at("tenant:a", START + 119) is State.ALERT
    assert done.state_at("tenant:a", START + 120) is State.OK
    assert done.state_at("tenant:a", START - 1) is None
    assert done.state_at("tenant:b", START + 60) is None
    assert done.value_at("tenant:a", START) is None
    assert done.value_at("tenant:a", START - 1) is None
    assert done.value_at("tenant:b", START + 60) is None


def test_no_evaluation_time_leaves_everything_as_it_was(series: MakeSeries, play: Play) -> None:
    done = play(SHORT, [series("m", "40", "tenant:a")], 1)
    nothing = replay(
        done.rule, Sources(series=SeriesSet([])), np.empty(0, dtype=np.int64), previous=done.final
    )
    assert nothing.final == done.final
    assert nothing.groups == ()


def test_a_source_without_series_has_no_groups_and_no_alerts(play: Play) -> None:
    for query in (SHORT, "avg(last_5m):avg:cpu{*} > 1", "avg(last_5m):avg:cpu{*} / avg:mem{*} > 1"):
        done = play(query, [], 5)
        assert done.transitions == ()
        assert done.final == {}


# --- missing data ------------------------------------------------------------------------------


def test_a_count_without_data_is_zero_and_recovers(series: MakeSeries, play: Play) -> None:
    done = play(SHORT, [series("m", "40 40", "tenant:a")], 6, on_missing_data="default")
    assert moves(done) == [(1, "tenant:a", "Alert"), (3, "tenant:a", "OK")]
    assert done.value_at("tenant:a", START + 300) == 0


def test_a_gauge_without_data_keeps_its_state(series: MakeSeries, play: Play) -> None:
    query = "avg(last_1m):avg:m{*} by {tenant} > 30"
    gauge = series("m", "40 40", "tenant:a", type=MetricType.GAUGE)
    assert moves(play(query, [gauge], 60, on_missing_data="default")) == [(1, "tenant:a", "Alert")]
    assert moves(play(query, [gauge], 60)) == [(1, "tenant:a", "Alert")]


def test_a_group_is_forgotten_a_day_after_its_data_stopped_without_a_word(
    series: MakeSeries, play: Play
) -> None:
    done = play(SHORT, [series("m", "40 40", "tenant:a")], 1500)
    assert done.state_at("tenant:a", START + 60 * (3 + 1439)) is State.ALERT
    assert done.state_at("tenant:a", START + 60 * (3 + 1440)) is None
    assert moves(done) == [(1, "tenant:a", "Alert")]
    assert done.final == {}


def test_a_forgotten_group_that_comes_back_is_new(series: MakeSeries, play: Play) -> None:
    found = [series("m", "40 40", "tenant:a"), series("m", "40x5", "tenant:a", since=60 * 1500)]
    done = play(SHORT, found, 1506, new_group_delay=120)
    assert moves(done)[-1] == (1503, "tenant:a", "Alert")
    assert done.final["tenant:a"].first_seen == START + 60 * 1501


def test_a_new_group_is_not_judged_for_a_minute_unless_told_otherwise(series: MakeSeries, play: Play) -> None:
    found = [series("m", "40x9", "tenant:a")]
    assert moves(play(SHORT, found, 9, new_group_delay=None)) == [(2, "tenant:a", "Alert")]
    assert moves(play(SHORT, found, 9, new_group_delay=0)) == [(1, "tenant:a", "Alert")]


def test_a_new_host_is_not_judged_for_five_minutes(series: MakeSeries, play: Play) -> None:
    query = SHORT.replace("tenant", "host")
    found = [series("m", "40x9", "host:a")]
    assert moves(play(query, found, 9, new_group_delay=None)) == [(6, "host:a", "Alert")]
    assert moves(play(query, found, 9, new_group_delay=None, new_host_delay=120)) == [(3, "host:a", "Alert")]


def test_no_data_by_the_older_option_comes_after_its_time_frame(series: MakeSeries, play: Play) -> None:
    found = [series("m", "1 1", "tenant:a")]
    done = play(SHORT, found, 20, notify_no_data=True, no_data_timeframe=10)
    assert moves(done) == [(12, "tenant:a", "No Data")]
    assert [one.kind for one in done.notifications] == ["no data"]


def test_missing_data_can_resolve(series: MakeSeries, play: Play) -> None:
    done = play(SHORT, [series("m", "40 40", "tenant:a")], 6, on_missing_data="resolve")
    assert moves(done) == [(1, "tenant:a", "Alert"), (3, "tenant:a", "OK")]
    assert done.value_at("tenant:a", START + 300) is None


def test_missing_data_that_is_shown_is_told_to_nobody(series: MakeSeries, play: Play) -> None:
    done = play(SHORT, [series("m", "1 1 _ _ 1", "tenant:a")], 6, on_missing_data="show_no_data")
    assert moves(done) == [(3, "tenant:a", "No Data"), (5, "tenant:a", "OK"), (6, "tenant:a", "No Data")]
    assert done.notifications == ()
    assert {one.reason for one in done.suppressed} == {
        "missing data is shown, not notified",
        "nobody was told of the trouble",
    }


def test_an_alert_without_data_resolves_by_itself_and_comes_back_with_bad_data(
    series: MakeSeries, play: Play
) -> None:
    found = [series("m", "40 40", "tenant:a"), series("m", "40", "tenant:a", since=7200)]
    done = play(SHORT, found, 130, timeout_h=1)
    assert moves(done) == [(1, "tenant:a", "Alert"), (63, "tenant:a", "OK"), (121, "tenant:a", "Alert")]


def test_default_zero_is_never_without_data(series: MakeSeries, play: Play) -> None:
    gauge = series("m", "40 40", "tenant:a", type=MetricType.GAUGE)
    query = "max(last_1m):default_zero(max:m{*} by {tenant}) > 30"
    assert moves(play(query, [gauge], 9)) == [(1, "tenant:a", "Alert"), (3, "tenant:a", "OK")]
    simple = play("max(last_1m):default_zero(max:m{*}) < 1", [], 2)
    assert moves(simple) == [(0, "*", "Alert")]


def test_a_default_is_compared_where_nothing_is(series: MakeSeries, play: Play) -> None:
    gauge = series("m", "1 1", "tenant:a", type=MetricType.GAUGE)
    grouped = play("max(last_1m):default(max:m{*} by {tenant}, 40) > 30", [gauge], 9)
    assert moves(grouped) == [(3, "tenant:a", "Alert")]
    assert moves(play("max(last_1m):default(max:m{*}, 40) > 30", [], 2)) == [(0, "*", "Alert")]
    assert moves(play("max(last_1m):default(max:m{*}, -1) > 30", [], 2)) == []


def test_a_share_of_counts_with_defaults_has_a_value_where_either_is_missing(
    series: MakeSeries, play: Play
) -> None:
    errors, requests = (f"sum:{name}{{*}} by {{tenant}}.as_count()" for name in ("errors", "requests"))
    query = f"sum(last_5m):default({errors}, 0) / (default({requests}, 0) + 5) * 100 > 50"
    found = [series("requests", "_ 10x4 5", "tenant:a"), series("errors", "_ _ 45 9x2", "tenant:a")]
    done = play(query, found, 9)
    assert [done.value_at("tenant:a", START + 60 * minute) for minute in (2, 5)] == [0, 63 / 45 * 100]


def test_default_zero_neither_brings_a_group_before_its_data_nor_keeps_it_for_ever(
    series: MakeSeries, play: Play
) -> None:
    found = [series("m", "1 1", "tenant:a", type=MetricType.GAUGE, since=600)]
    query = "max(last_1m):{}(max:m{{*}} by {{tenant}}) < 1"
    done = play(query.format("default_zero"), found, 1500, timeout_h=1)
    assert moves(done) == [(13, "tenant:a", "Alert")]
    plain = play(query.format("abs"), found, 1500)
    assert (done.states > 0).tolist() == (plain.states > 0).tolist()
    early, late = (evaluation_times(done.rule, START, at) for at in (START + 1200, START + 90060))
    first = replay(done.rule, Sources(series=SeriesSet(found)), early)
    rest = replay(done.rule, Sources(series=SeriesSet([])), late[early.size :], previous=first.final)
    assert (first.transitions, rest.transitions) == (done.transitions, ())
    assert rest.states[0].tolist() == done.states[0, early.size :].tolist()
    ranked = play("max(last_1m):top5(default_zero(max:m{*} by {tenant})) < 1", found, 20)
    assert moves(ranked) == [(13, "tenant:a", "Alert")]


def test_default_zero_of_a_part_leaves_the_rest_to_be_missing(series: MakeSeries, play: Play) -> None:
    found = [series(name, "1 1", type=MetricType.GAUGE) for name in ("a", "b")]
    query = "avg(last_1m):default_zero(avg:a{*}) / avg:b{*} > 9"
    assert moves(play(query, found, 9, on_missing_data="show_no_data")) == [(3, "*", "No Data")]


@pytest.mark.parametrize(
    "function",
    [
        "ewma_5({q})",
        "median_3({q})",
        "diff({q})",
        "per_second({q})",
        "moving_rollup({q}, 120, 'sum')",
        "cumsum({q})",
        "trend_line({q})",
        "top5({q})",
        "throughput({q})",
    ],
)
def test_a_function_of_counts_without_data_is_zero_as_they_are(
    series: MakeSeries, play: Play, function: str
) -> None:
    query = f"max(last_2m):{function.format(q='sum:m{*} by {tenant}.as_count().rollup(sum, 60)')} > 0.1"
    found = [series("m", "9 30 60", "tenant:a")]
    assert moves(play(query, found, 9, on_missing_data="default"))[-1][2] == "OK"
    assert moves(play(query, found, 9))[-1][2] == "Alert"


# --- full windows ------------------------------------------------------------------------------


def test_a_window_that_has_to_be_full_waits_for_data_at_its_beginning(series: MakeSeries, play: Play) -> None:
    query = "sum(last_5m):sum:m{*} by {tenant}.as_count() > 30"
    found = [series("m", "40x20", "tenant:a")]
    assert moves(play(query, found, 9, require_full_window=True)) == [(5, "tenant:a", "Alert")]
    assert moves(play(query, found, 9, require_full_window=False)) == [(1, "tenant:a", "Alert")]


def test_a_full_window_may_miss_three_pieces_but_not_four(series: MakeSeries, play: Play) -> None:
    query = "sum(last_10m):sum:m{*} by {tenant}.as_count() > 30"
    three, four = series("m", "40 _x3 1x9", "tenant:a"), series("m", "40 _x4 1x9", "tenant:b")
    done = play(query, [three, four], 10, require_full_window=True)
    assert moves(done) == [(10, "tenant:a", "Alert")]


def test_a_window_that_is_only_read_earlier_is_full_by_what_was_there_then(
    series: MakeSeries, play: Play
) -> None:
    found = [series("m", "1x20", type=MetricType.GAUGE)]
    done = play("avg(last_5m):hour_before(avg:m{*}) > 0", found, 80, require_full_window=True)
    assert moves(done) == [(65, "*", "Alert")]


def test_the_pieces_of_a_window_in_hours_are_ten_minutes(series: MakeSeries, play: Play) -> None:
    query = "sum(last_1h):sum:m{*} by {tenant}.as_count() > 30"
    sparse = series("m", "40x5", "tenant:a", interval=600)
    # The first sample is in the first ten minutes of the window from minute 51 on.
    assert moves(play(query, [sparse], 61, require_full_window=True)) == [(51, "tenant:a", "Alert")]


# --- pieces ------------------------------------------------------------------------------------

tenants = st.sampled_from(["a", "b"])
lines = st.dictionaries(tenants, st.lists(st.sampled_from([None, 5.0, 20.0, 27.0, 31.0, 50.0]), max_size=60))
silences = st.lists(
    st.builds(
        Silence,
        scope=st.sampled_from([Tag("tenant", "a"), Everything()]),
        start=st.integers(-10, 60).map(lambda minute: START + 60 * minute),
        end=st.integers(0, 80).map(lambda minute: START + 60 * minute),
        canceled_at=st.none() | st.integers(0, 80).map(lambda minute: START + 60 * minute + 20),
        notify_end_types=st.sampled_from([("expired",), ("canceled",), ("canceled", "expired"), ()]),
        mute_first_recovery=st.booleans(),
    ),
    max_size=3,
)
policies = st.sampled_from([None, "default", "show_no_data", "show_and_notify_no_data", "resolve"])


@settings(max_examples=settings().max_examples // 2)
@given(
    lines,
    silences,
    policies,
    st.lists(st.integers(0, 70), max_size=3),
    st.sampled_from([None, 3, 10]),
    st.sampled_from([None, 2]),
    st.booleans(),
)
def test_pieces_of_a_replay_give_what_the_whole_gives(
    found: dict[str, list[float | None]],
    downtimes: list[Silence],
    policy: str | None,
    cuts: list[int],
    interval: int | None,
    occurrences: int | None,
    recovery: bool,
) -> None:
    source = SeriesSet(
        Series.of(
            "m",
            MetricType.COUNT,
            [f"tenant:{tenant}"],
            interval=60,
            times=[START + 60 * at for at, value in enumerate(line) if value is not None],
            values=[value for value in line if value is not None],
        )
        for tenant, line in found.items()
    )
    thresholds = {"critical": 30, "warning": 25, **({"warning_recovery": 10} if recovery else {})}
    options = {
        "thresholds": thresholds,
        "on_missing_data": policy,
        "renotify_interval": interval,
        "renotify_occurrences": occurrences,
        "renotify_statuses": ["alert", "warn", "no data"],
    }
    monitor = Monitor(
        type="query alert", query=SHORT, options=options, message="{{value}} {{tenant.name}} @x"
    )
    rule = compile_rule("k", monitor)
    whole = replay(
        rule, Sources(series=source), evaluation_times(rule, START, START + 4200), downtimes=downtimes
    )
    state: dict[str, GroupState] = {}
    told: list[object] = []
    held: list[object] = []
    moved: list[object] = []
    edges = [START, *(START + 60 * cut for cut in sorted(cuts)), START + 4200]
    for first, last in itertools.pairwise(edges):
        times = evaluation_times(rule, first, last)
        part = replay(rule, Sources(series=source), times, previous=state, downtimes=downtimes)
        state = {name: GroupState.from_json(one.to_json()) for name, one in part.final.items()}
        told += part.notifications
        held += part.suppressed
        moved += part.transitions
    assert tuple(moved) == whole.transitions
    assert tuple(told) == whole.notifications
    assert tuple(held) == whole.suppressed
    assert state == whole.final


def test_more_than_fits_into_memory_at_once_gives_the_same(series: MakeSeries, play: Play) -> None:
    found = [
        series("m", f"0+{number}x3600", f"tenant:t{number}", interval=1, type=MetricType.GAUGE)
        for number in range(20)
    ]
    query = "avg(last_1h):avg:m{*} by {tenant}.rollup(max, 1) > 1e9"
    whole = play(query, found, 60)
    late = replay(whole.rule, Sources(series=SeriesSet(found)), whole.times[-2:])
    assert np.array_equal(whole.values[:, -2:], late.values)
    assert whole.value_at("tenant:t19", START + 3600) == pytest.approx(19 * 3599 / 2)


@pytest.mark.parametrize(
    "query", ["avg(last_1d):avg:m{*} by {tenant} > 9", "sum(last_1d):sum:m{*} by {tenant}.as_count() > 9"]
)
def test_windows_that_end_at_odd_seconds_take_no_more_memory_than_others(query: str) -> None:
    found = [
        Series.of("m", MetricType.COUNT, [f"tenant:{at}"], interval=60, times=[START + at], values=[8.0])
        for at in range(100)
    ]
    options = {"evaluation_delay": 7, "require_full_window": True}
    rule = compile_rule("k", Monitor(type="query alert", query=query, options=options))
    tracemalloc.start()
    done = replay(rule, Sources(series=SeriesSet(found)), np.array([START + 86400]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert done.values.tolist() == [[8.0]] * 100
    assert peak < 100e6


def test_the_order_of_the_series_has_no_meaning(series: MakeSeries, play: Play) -> None:
    found = [series("m", "0.1 0.2", f"host:{number}", "tenant:a") for number in range(7)]
    query = "sum(last_1h):avg:m{*} by {tenant}.as_count() > 30"
    one, other = play(query, found, 5), play(query, list(reversed(found)), 5)
    assert np.array_equal(one.values, other.values, equal_nan=True)


def test_a_stored_state_of_another_shape_is_refused() -> None:
    state = GroupState(state=State.WARN, since=1, evaluated_at=2, first_seen=1)
    assert GroupState.from_json(state.to_json()) == state
    assert replace(state, value=3.0).to_json()["value"] == 3.0
    with pytest.raises(ValueError, match="Bad"):
        GroupState.from_json({**state.to_json(), "state": "Bad"})
    with pytest.raises(TypeError):
        GroupState.from_json({**state.to_json(), "more": 1})
