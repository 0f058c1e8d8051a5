"""Anomalies, outliers and forecasts do what each is for, and every result says what it is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.bands import _apart
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.replay import Replay, Sources, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import Floats, MetricType, Series, SeriesSet
from dd_sync.evaluate.steps import explain_value
from dd_sync.model.monitor import Monitor

START = 1772409600  # a Monday, 00:00 UTC
DAY = 86400
DAYS = 9


def wave(host: str, *, spike: int | None = None, level: int | None = None, extra: float = 0.0) -> Series:
    """A gauge with a daily rhythm around 50; a spike of half an hour at a minute, or a level from one on."""
    noise = np.random.default_rng(sum(host.encode())).normal(0, 1, DAYS * 1440)
    times = START - (DAYS - 1) * DAY + 60 * np.arange(DAYS * 1440)
    values = 50 + 20 * np.sin(2 * np.pi * (times % DAY) / DAY) + noise + extra
    minutes = (times - START) // 60
    if spike is not None:
        values[(minutes >= spike) & (minutes < spike + 30)] += 30
    if level is not None:
        values[minutes >= level] += 30
    return Series.of("m", MetricType.GAUGE, [f"h:{host}"], interval=60, times=times, values=values)


def run(query: str, found: list[Series], hours: int = 24, first: int = 0, **options: Any) -> Replay:
    rule = compile_rule(
        "k", Monitor(type="query alert", query=query, options={"new_group_delay": 0, **options})
    )
    times = evaluation_times(rule, START + 3600 * first, START + 3600 * hours)
    return replay(rule, Sources(series=SeriesSet(found)), times)


def anomalies(method: str, **words: str) -> str:
    given = {"direction": "'both'", "alert_window": "'last_15m'", "interval": "60", **words}
    if method != "basic":
        given.setdefault("seasonality", "'daily'")
    asked = ", ".join(f"{name}={value}" for name, value in given.items())
    return f"avg(last_4h):anomalies(avg:m{{*}} by {{h}}, '{method}', 4, {asked}) >= 0.9"


def moves(done: Replay) -> list[tuple[int, str, str]]:
    return [((one.at - START) // 60, one.group, one.after.value) for one in done.transitions]


@pytest.mark.parametrize("method", ["basic", "agile", "robust"])
def test_a_spike_out_of_the_rhythm_is_anomalous_and_only_that(method: str) -> None:
    done = run(anomalies(method), [wave("a"), wave("b", spike=600)])
    alerts = moves(done)
    assert [one[1:] for one in alerts] == [("h:b", "Alert"), ("h:b", "OK")]
    assert 610 < alerts[0][0] <= 616
    assert done.notes[0].startswith("approximation: Datadog does not publish how anomalies() counts")


def test_agile_follows_a_new_level_and_robust_does_not() -> None:
    found = [wave("a", level=300)]
    at = START + 15 * 3600
    assert run(anomalies("agile"), found).value_at("h:a", at) == 0
    assert run(anomalies("robust"), found).value_at("h:a", at) == 1


def test_a_direction_looks_at_one_side() -> None:
    found = [wave("a", spike=600)]
    assert moves(run(anomalies("basic", direction="'below'"), found)) == []
    assert len(moves(run(anomalies("basic", direction="'above'"), found))) == 2


def test_recovery_has_a_window_and_a_threshold_of_its_own() -> None:
    query, found = anomalies("basic"), [wave("a", spike=600)]
    windows = {"trigger_window": "last_15m", "recovery_window": "last_20m"}
    slow = run(query, found, threshold_windows=windows, thresholds={"critical": 0.9, "critical_recovery": 0})
    quick = run(query, found)
    assert moves(quick)[0] == moves(slow)[0]
    # The spike's last anomalous minute has to leave the window of twenty minutes.
    assert moves(quick)[1][0] < moves(slow)[1][0] <= 630 + 20


@pytest.mark.parametrize(
    ("options", "minute"),
    [
        ({"notify_no_data": True, "no_data_timeframe": 60}, 360),
        ({"notify_no_data": True, "no_data_timeframe": 10}, 315),
        ({"notify_no_data": True}, 330),
        ({"on_missing_data": "show_no_data"}, 315),
    ],
)
def test_missing_data_is_counted_by_the_window_that_triggers(options: dict[str, Any], minute: int) -> None:
    whole = wave("a")
    seen = whole.times < START + 60 * 300
    ended = Series.of(
        "m", MetricType.GAUGE, ["h:a"], interval=60, times=whole.times[seen], values=whole.values[seen]
    )
    assert moves(run(anomalies("basic"), [ended], hours=9, **options)) == [(minute, "h:a", "No Data")]


def test_without_a_season_of_history_nothing_is_anomalous() -> None:
    late = Series.of(
        "m",
        MetricType.GAUGE,
        ["h:a"],
        interval=60,
        times=START + 60 * np.arange(900),
        values=np.arange(900.0),
    )
    done = run(anomalies("robust"), [late], hours=12)
    assert set(done.values[0][2:].tolist()) == {0.0}


def test_missing_counts_can_be_zero() -> None:
    times = START - DAY + 60 * np.arange(1440 + 600)
    found = [
        Series.of("m", MetricType.COUNT, ["h:a"], interval=60, times=times, values=np.full(times.size, 9.0))
    ]
    words = "'basic', 2, direction='below', alert_window='last_15m', interval=60, count_default_zero="
    for zero, alerts in (("true", 1), ("false", 0)):
        query = f"avg(last_4h):anomalies(sum:m{{*}} by {{h}}.as_count(), {words}'{zero}') >= 1"
        assert len([one for one in moves(run(query, found, hours=11)) if one[2] == "Alert"]) == alerts


@pytest.mark.parametrize("method", ["dbscan", "mad", "scaleddbscan", "scaledmad"])
def test_the_one_far_from_its_peers_is_an_outlier(method: str) -> None:
    found = [wave(name) for name in "abce"] + [wave("d", extra=25)]
    done = run(f"avg(last_30m):outliers(avg:m{{*}} by {{h}}, '{method}', 3, 50) > 0", found, hours=2)
    assert done.values[:, -1].tolist() == [0, 0, 0, 1, 0]
    assert done.notes[0].startswith("approximation")


@pytest.mark.parametrize("method", ["dbscan", "mad"])
def test_groups_that_are_gone_have_no_say_in_who_is_an_outlier(method: str) -> None:
    found = [wave(name, extra=at) for at, name in enumerate("abcd")]
    gone = [wave(name).between(START - 3 * DAY, START) for name in "efghijk"]
    query = f"avg(last_30m):outliers(avg:m{{*}} by {{h}}, '{method}', 3) > 0"
    alone, after = (run(query, those, hours=4) for those in (found, found + gone))
    assert np.array_equal(after.values[:4, 60:], alone.values[:, 60:])


@pytest.mark.parametrize("method", ["dbscan", "mad"])
def test_peers_that_are_close_together_are_one_when_scaled(method: str) -> None:
    found = [wave(name) for name in "abce"] + [wave("d", extra=4)]
    plain, scaled = (
        run(f"avg(last_30m):outliers(avg:m{{*}} by {{h}}, '{name}', 2.5, 50) > 0", found, hours=2)
        for name in (method, f"scaled{method}")
    )
    assert plain.values[3, -1] == 1
    assert scaled.values[3, -1] == 0


def test_two_are_no_crowd_to_be_an_outlier_of() -> None:
    done = run(
        "avg(last_30m):outliers(avg:m{*} by {h}, 'mad', 3) > 0", [wave("a"), wave("b", extra=99)], hours=1
    )
    assert not done.values[:, -1].any()


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=1, max_size=9), st.integers(0, 4)
)
def test_clusters_are_those_found_by_walking_from_point_to_point(points: list[list[int]], near: int) -> None:
    clusters: list[set[int]] = []
    for one in range(len(points)):
        touched = [
            known
            for known in clusters
            if any(
                sum((a - b) ** 2 for a, b in zip(points[one], points[other], strict=True)) <= near**2
                for other in known
            )
        ]
        clusters = [known for known in clusters if known not in touched] + [{one}.union(*touched)]
    largest = max(clusters, key=lambda cluster: (len(cluster), -min(cluster)))
    given_: Floats = np.array(points, dtype=np.float64)
    apart = _apart(given_, float(near), np.ones(len(points), dtype=np.bool_))
    assert {at for at, flag in enumerate(apart.tolist()) if not flag} == largest


def rising(rise: float) -> Series:
    times = START - 4 * DAY + 600 * np.arange(5 * 144)
    return Series.of(
        "m",
        MetricType.GAUGE,
        ["h:a"],
        interval=600,
        times=times,
        values=[rise * at for at in range(times.size)],
    )


@pytest.mark.parametrize("model", ["default", "simple", "reactive"])
def test_a_line_is_continued(model: str) -> None:
    words = f"interval='60m', history='3d', model='{model}'"
    query = f"max(next_1d):forecast(avg:m{{*}} by {{h}}, 'linear', 1, {words}) >= 900"
    done = run(query, [rising(1.0)], hours=1)
    # At midnight 576 points lie behind, and 24 hours of six lie ahead; an hour's mean is 2.5 above its first.
    assert done.value_at("h:a", START) == pytest.approx(576 + 23 * 6 + 2.5)
    assert done.times[1] - done.times[0] == 600


def test_the_lower_edge_is_looked_at_where_the_least_is_asked_for() -> None:
    query = "min(next_1d):forecast(avg:m{*} by {h}, 'linear', 1, interval='60m', history='3d') <= 0"
    assert run(query, [rising(-1.0)], hours=1).value_at("h:a", START) == pytest.approx(-576 - 23 * 6 - 2.5)


def test_one_wild_day_bends_the_simple_line_but_not_the_default_one() -> None:
    values = np.arange(5 * 144.0)
    values[300:330] = 5000
    times = START - 4 * DAY + 600 * np.arange(values.size)
    wild = Series.of("m", MetricType.GAUGE, ["h:a"], interval=600, times=times, values=values)
    start = "max(next_1d):forecast(avg:m{*} by {h}, 'linear', 1, interval='60m', history='3d'"
    default = run(f"{start}) >= 9000", [wild], hours=1).value_at("h:a", START)
    simple = run(f"{start}, model='simple') >= 9000", [wild], hours=1).value_at("h:a", START)
    assert default == pytest.approx(576 + 23 * 6 + 2.5, rel=0.02)
    assert simple is not None
    assert abs(simple - 716.5) > 50


@pytest.mark.parametrize(("outer", "expected"), [("max", 70), ("min", 30)])
def test_a_season_is_expected_again(outer: str, expected: float) -> None:
    sign = ">= 900" if outer == "max" else "<= -900"
    query = f"{outer}(next_1d):forecast(avg:m{{*}} by {{h}}, 'seasonal', 1, seasonality='daily') {sign}"
    assert run(query, [wave("a")], hours=1).value_at("h:a", START) == pytest.approx(expected, abs=1.5)


@pytest.mark.parametrize(
    "query",
    [
        anomalies("basic"),
        anomalies("agile"),
        anomalies("robust"),
        "avg(last_30m):outliers(avg:m{*} by {h}, 'dbscan', 3) > 0",
        "max(next_1d):forecast(avg:m{*} by {h}, 'linear', 1, history='3d') >= 90",
    ],
)
def test_a_value_does_not_depend_on_the_other_times_asked_for(query: str) -> None:
    found = [wave("a"), wave("b", spike=600), wave("c")]
    whole, late = run(query, found, hours=13), run(query, found, hours=13, first=9)
    assert np.array_equal(whole.values[:, -late.times.size :], late.values)


def test_what_is_asked_for_is_explained_by_the_same_numbers() -> None:
    found, at = [wave("a"), wave("b", spike=600), wave("c")], START + 620 * 60
    for query in (anomalies("basic"), "avg(last_30m):outliers(avg:m{*} by {h}, 'mad', 3) > 0"):
        done = run(query, found)
        assert isinstance(done.rule, MetricRule)
        steps = explain_value(done.rule, SeriesSet(found), ("b",), at)
        assert steps.value == done.value_at("h:b", at)
        assert steps.notes == done.notes
        assert steps.steps[0].text == "avg:m{*} by {h}"
        assert len(steps.steps[0].values) == len(steps.steps[0].buckets) > 5
