"""Functions, scopes and conversions, each by a replay whose result can be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from dd_sync.evaluate.replay import Replay
from dd_sync.evaluate.series import MetricType, Series

START = 1772409600
MakeSeries = Callable[..., Series]
Play = Callable[..., Replay]


def value(done: Replay, minute: int, group: str = "*") -> float | None:
    return done.value_at(group, START + 60 * minute)


# Each is evaluated over five buckets of a minute, 4 1 _ 16 2, of a gauge.
@pytest.mark.parametrize(
    ("expression", "outer", "expected"),
    [
        ("{q}", "sum", 23),
        ("{q}", "avg", 23 / 4),
        ("-{q}", "min", -16),
        ("{q} * 2 + 1", "max", 33),
        ("10 - {q}", "sum", 17),
        ("{q} / {q}", "sum", 4),
        ("1 / ({q} - 4)", "sum", -1 / 3 + 1 / 12 - 1 / 2),
        ("abs({q} - 5)", "sum", 1 + 4 + 11 + 3),
        ("log2({q})", "sum", 2 + 0 + 4 + 1),
        ("log10({q} - 4)", "sum", math.log10(12)),
        ("clamp_min({q}, 3)", "sum", 4 + 3 + 16 + 3),
        ("clamp_max({q}, 3)", "sum", 3 + 1 + 3 + 2),
        ("cutoff_min({q}, 2)", "sum", 4 + 16 + 2),
        ("cutoff_max({q}, 4)", "sum", 4 + 1 + 2),
        ("exclude_null({q})", "sum", 23),
        ("default_zero({q})", "avg", (23 + 8.5) / 5),
        ("default_zero(cutoff_max({q}, 10))", "min", 0),
        ("default(cutoff_max({q}, 10), 7)", "sum", 4 + 1 + 8.5 + 7 + 2),
        ("default(cutoff_max({q}, 10), -7)", "min", -7),
        ("diff({q})", "sum", -3 + 15 - 14),
        ("derivative({q})", "sum", -3 / 60 + 15 / 120 - 14 / 60),
        ("per_minute({q})", "sum", -3 + 7.5 - 14),
        ("per_hour({q})", "max", 450),
        ("cumsum({q})", "max", 23),
        ("throughput({q})", "max", 16 / 60),
        ("ewma_3({q})", "min", 2.5),
        ("ewma_3({q})", "max", 9.25),
        ("median_3({q})", "max", 9),
        ("moving_rollup({q}, 120, 'max')", "sum", 4 + 4 + 16 + 16),
        ("moving_rollup({q}, 180, 'avg')", "sum", 4 + 2.5 + 8.5 + 9),
        ("moving_rollup({q}, 180, 'sum')", "max", 18),
        ("moving_rollup({q}, 180, 'min')", "sum", 4 + 1 + 1 + 2),
        ("moving_rollup({q}, 180, 'count')", "sum", 1 + 2 + 2 + 2),
        ("min({q}, 3)", "sum", 3 + 1 + 3 + 2),
        ("max({q}, {q} * 2)", "sum", 46),
        ("count_not_null({q})", "sum", 4),
        ("count_nonzero({q} - 1)", "sum", 3),
        ("timeshift({q}, -60)", "sum", 21),
        ("timeshift({q}, -(60))", "sum", 21),
        ("max(timeshift({q}, -60), {q})", "sum", 4 + 16),
        ("max(timeshift({q}, 0), {q})", "sum", 23),
        ("abs(hour_before({q}))", "sum", None),
        ("hour_before({q})", "sum", None),
    ],
)
def test_functions_mean_what_is_published(
    series: MakeSeries, play: Play, expression: str, outer: str, expected: float | None
) -> None:
    found = [series("m", "4 1 _ 16 2", type=MetricType.GAUGE)]
    done = play(f"{outer}(last_5m):{expression.format(q='avg:m{*}')} > 1e9", found, 5)
    got = value(done, 5)
    assert got == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("hour_before", 3600), ("day_before", 86400), ("week_before", 604800), ("month_before", 28 * 86400)],
)
def test_shifts_look_back_as_far_as_they_say(series: MakeSeries, play: Play, name: str, seconds: int) -> None:
    found = [series("m", "7x4", since=-seconds), series("m", "1x4")]
    done = play(f"sum(last_5m):{name}(sum:m{{*}}.as_count()) > 99", found, 5)
    assert value(done, 5) == 35


def test_shifts_add_up(series: MakeSeries, play: Play) -> None:
    found = [series("m", "7x4", since=-7200), series("m", "1x4")]
    assert value(play("sum(last_5m):hour_before(hour_before(sum:m{*}.as_count())) > 99", found, 5), 5) == 35
    assert value(play("sum(last_5m):timeshift(2 * sum:m{*}.as_count(), -7200) + 1 > 99", found, 5), 5) == 71
    assert value(play("sum(last_5m):timeshift(sum:m{*}.as_count(), 0) > 99", found, 5), 5) == 5


@pytest.mark.parametrize(
    ("filling", "expected"),
    [
        ("linear", 4 + 3 + 2 + 1 + 1 + 1),
        ("last", 4 + 4 + 4 + 1 + 1 + 1),
        ("zero", 5),
        ("null", 5),
        ("linear, 60", 4 + 3 + 1 + 1),
        ("last, 60", 4 + 4 + 1 + 1),
    ],
)
def test_filling_closes_gaps_as_asked(series: MakeSeries, play: Play, filling: str, expected: float) -> None:
    found = [series("m", "4 _ _ 1", type=MetricType.GAUGE)]
    assert value(play(f"sum(last_6m):avg:m{{*}}.fill({filling}).rollup(60) > 99", found, 6), 6) == expected


def test_a_fill_with_zero_counts_in_a_mean(series: MakeSeries, play: Play) -> None:
    found = [series("m", "4 _ _ 1", type=MetricType.GAUGE)]
    assert value(play("avg(last_5m):avg:m{*}.fill(zero) > 99", found, 5), 5) == 1


def test_gauges_are_interpolated_only_to_be_put_together(series: MakeSeries, play: Play) -> None:
    one = series("m", "4 _ 8 _ _", "host:a", type=MetricType.GAUGE)
    two = series("m", "1 1 1 1 1", "host:b", type=MetricType.GAUGE)
    assert value(play("sum(last_5m):sum:m{*} > 999", [one], 5), 5) == 12
    assert value(play("sum(last_5m):sum:m{*} > 999", [one, two], 5), 5) == 4 + 6 + 8 + 8 + 8 + 5


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # One sample is carried 300 s, and what is still empty then is 0.
        ("avg(last_10m):default_zero(avg:m{*}.rollup(avg, 60)) > 99", 6),
        ("avg(last_10m):default_zero(avg:m{*}.fill(null).rollup(60)) > 99", 1),
        ("avg(last_10m):default_zero(sum:m{*} by {host}.rollup(60)) + 0 > 99", 6),
        ("avg(last_10m):default(avg:m{*}.rollup(avg, 60), 2) > 99", 6 + 4 * 0.2),
        ("avg(last_10m):default(avg:m{*}.fill(null).rollup(60), 2) > 99", 1 + 9 * 0.2),
        ("avg(last_10m):avg:m{*}.rollup(avg, 60) > 99", 10),
    ],
)
def test_a_default_comes_after_interpolation(
    series: MakeSeries, play: Play, query: str, expected: float
) -> None:
    done = play(query, [series("m", "10", "host:a", type=MetricType.GAUGE)], 10)
    assert value(done, 10, *(["host:a"] if "by {" in query else [])) == expected


def test_a_rate_has_the_default_where_it_has_no_points(series: MakeSeries, play: Play) -> None:
    query = "avg(last_10m):default(sum:m{*}.as_rate().rollup(sum, 60), 60) > 99"
    assert value(play(query, [series("m", "10")], 10), 10) == pytest.approx((10 / 60 + 9 * 60) / 10)


@pytest.mark.parametrize(
    ("type", "expected"), [(MetricType.GAUGE, 2.5), (MetricType.COUNT, 4), (MetricType.DISTRIBUTION, 4)]
)
def test_a_metric_without_a_space_aggregation_is_averaged_and_that_is_said(
    series: MakeSeries, play: Play, type: MetricType, expected: float
) -> None:
    found = [series("m", "4 4", "host:a", type=type), series("m", "1 _", "host:b", type=type)]
    bare = play("max(last_2m):m{*}.rollup(avg, 60) > 99", found, 2)
    averaged = play("max(last_2m):avg:m{*}.rollup(avg, 60) > 99", found, 2)
    assert value(bare, 2) == value(averaged, 2) == expected
    assert bare.notes == ("m has no space aggregation: its series are averaged",)
    assert averaged.notes == ()


@pytest.mark.parametrize(("change", "expected"), [("change", 5.0), ("pct_change", 50.0)])
def test_changes_are_taken_bucket_by_bucket(
    series: MakeSeries, play: Play, change: str, expected: float
) -> None:
    found = [series("m", "10x4 15x4", type=MetricType.GAUGE)]
    done = play(f"{change}(avg(last_5m),last_5m):avg:m{{*}} > 99", found, 10)
    assert value(done, 10) == expected
    assert value(done, 3) is None


def test_a_percentage_of_nothing_is_no_value(series: MakeSeries, play: Play) -> None:
    found = [series("m", "0x4 15x4")]
    assert value(play("pct_change(avg(last_5m),last_5m):sum:m{*}.as_count() > 99", found, 10), 10) is None
    assert value(play("change(avg(last_5m),last_5m):sum:m{*}.as_count() > 99", found, 10), 10) == 15


def test_the_order_of_aggregation_differs_with_counts(series: MakeSeries, play: Play) -> None:
    found = [series("err", "1 2 3 4 5"), series("req", "10x4")]
    split = play("sum(last_5m):sum:err{*}.as_count() / sum:req{*}.as_count() > 9", found, 5)
    classic = play("sum(last_5m):sum:err{*}.as_rate() / sum:req{*}.as_rate() > 9", found, 5)
    assert value(split, 5) == pytest.approx(0.3)
    assert value(classic, 5) == pytest.approx(1.5)


def test_functions_of_single_points_may_stand_around_arithmetic_with_counts(
    series: MakeSeries, play: Play
) -> None:
    found = [series("err", "1 2 3"), series("req", "10x2")]
    done = play("sum(last_5m):abs(sum:err{*}.as_count() - sum:req{*}.as_count()) * -1 < -99", found, 5)
    assert value(done, 5) == -24


def test_a_missing_operand_is_zero_for_counts_and_nothing_for_gauges(series: MakeSeries, play: Play) -> None:
    found = [series("a", "5", "t:x"), series("b", "7", "t:y")]
    counts = play("sum(last_5m):sum:a{*} by {t}.as_count() - (1 + sum:b{*} by {t}.as_count()) > 99", found, 5)
    assert (value(counts, 5, "t:x"), value(counts, 5, "t:y")) == (4, -8)
    gauges = [series(name, "5", "t:x", type=MetricType.GAUGE) for name in ("a",)]
    assert value(play("avg(last_5m):avg:a{*} by {t} - avg:b{*} by {t} > 99", gauges, 5), 5, "t:x") is None


@pytest.mark.parametrize("type", ["as_count", "as_rate"])
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{a} / {b} + {c}", None),
        ("{c} - {a} / {b}", None),
        ("{c} + abs({a} / {b}) * 2", None),
        ("{c} + ({a} + avg:nothing{{*}}.rollup(avg, 1))", None),
        ("{c} + ({a} + {nothing})", 8),
        ("{c} + abs({nothing} - 1)", 4),
    ],
)
def test_a_missing_quotient_or_gauge_is_not_taken_for_a_missing_count(
    series: MakeSeries, play: Play, type: str, expression: str, expected: float | None
) -> None:
    found = [series("a", "5"), series("b", "0"), series("c", "3")]
    metrics = {name: f"sum:{name}{{*}}.{type}().rollup(sum, 1)" for name in ("a", "b", "c", "nothing")}
    assert value(play(f"sum(last_1m):{expression.format(**metrics)} > 99", found, 1), 1) == expected


def test_a_division_by_zero_is_no_value_and_keeps_the_state(series: MakeSeries, play: Play) -> None:
    found = [series("a", "5 5 5"), series("b", "1 0 1")]
    query = "sum(last_1m):sum:a{*}.as_count() / sum:b{*}.as_count() > 4"
    done = play(query, found, 5, on_missing_data="default")
    assert [value(done, minute) for minute in (1, 2, 3, 4)] == [5, None, 5, None]
    assert len(done.transitions) == 1


def test_a_result_too_large_for_a_number_never_alerts(series: MakeSeries, play: Play) -> None:
    found = [series("a", "1e300x3")]
    assert play("sum(last_5m):sum:a{*}.as_count() * 1e10 > 4", found, 5).transitions == ()


@pytest.mark.parametrize(
    ("scope", "groups"),
    [
        ("*", "abc"),
        ("env:prod", "ab"),
        ("ENV:Prod", "ab"),
        ("!env:prod", "c"),
        ("env:prod,tier:1", "a"),
        ("env:pr*", "ab"),
        ("env:*", "abc"),
        ("tier:*", "a"),
        ("env:*v", "c"),
        ("canary", "b"),
        ("env IN (prod, dev)", "abc"),
        ("env NOT IN (prod)", "c"),
        ("tier:1 OR canary", "ab"),
        ("env:prod AND NOT canary", "a"),
        ("env:nothing", ""),
    ],
)
def test_scopes_choose_series_by_their_tags(series: MakeSeries, play: Play, scope: str, groups: str) -> None:
    found = [
        series("m", "1", "env:prod", "g:a", "tier:1"),
        series("m", "1", "Env:PROD", "g:b", "canary"),
        series("m", "1", "env:dev", "g:c"),
    ]
    done = play(f"sum(last_5m):sum:m{{{scope}}} by {{g}}.as_count() > 99", found, 2)
    assert done.groups == tuple(f"g:{group}" for group in groups)


def test_counting_groups_gives_one_series(series: MakeSeries, play: Play) -> None:
    found = [series("m", "1 0", "g:a"), series("m", "1 1", "g:b"), series("m", "1", "other:c")]
    done = play("max(last_1m):count_nonzero(sum:m{*} by {g}.as_count()) > 99", found, 2)
    assert done.groups == ("*",)
    assert [value(done, minute) for minute in (1, 2)] == [2, 1]


def test_a_window_of_counted_groups_is_full_by_any_of_them(series: MakeSeries, play: Play) -> None:
    found = [series("m", "1x9", "g:a"), series("m", "_ 1x8", "g:b")]
    query = "max(last_5m):count_not_null(sum:m{*} by {g}.as_count()) > 1"
    done = play(query, found, 9, require_full_window=True)
    assert [(one.at - START) // 60 for one in done.transitions] == [5]


def test_a_rollup_can_count_the_points(series: MakeSeries, play: Play) -> None:
    found = [series("m", "5 5 _ 5", type=MetricType.GAUGE)]
    assert value(play("sum(last_5m):sum:m{*}.rollup(count, 300) > 99", found, 5), 5) == 3


def test_a_minus_before_a_count_is_kept(series: MakeSeries, play: Play) -> None:
    assert value(play("sum(last_5m):-sum:m{*}.as_count() - -2 < -99", [series("m", "4")], 5), 5) == -2


def test_the_chosen_rollup_is_reported_where_it_matters(series: MakeSeries, play: Play) -> None:
    done = play("max(last_1h):avg:m{*} > 1", [], 1)
    assert done.step == 600
    assert done.notes == ("the query names no rollup: buckets of 600 s were chosen for its window of 3600 s",)
    assert play("sum(last_1h):sum:m{*}.as_count() - day_before(sum:m{*}.as_count()) > 1", [], 1).notes == ()
    assert play("max(last_1h):avg:m{*}.rollup(avg, 60) > 1", [], 1).notes == ()
    assert play("sum(last_1h):ewma_3(sum:m{*}.as_count()) > 1", [], 1).notes


@pytest.mark.parametrize(
    ("window", "step"),
    [
        ("1m", 10),
        ("5m", 60),
        ("10m", 120),
        ("15m", 180),
        ("30m", 300),
        ("1h", 600),
        ("2h", 1200),
        ("4h", 3600),
        ("1d", 14400),
        ("1w", 172800),
        ("1mo", 432000),
    ],
)
def test_the_rollup_follows_the_window(play: Play, window: str, step: int) -> None:
    assert play(f"max(last_{window}):avg:m{{*}} > 1", [], 1).step == step


@pytest.mark.parametrize("comparator", [">", ">=", "<", "<=", "==", "!="])
def test_every_comparator_compares(series: MakeSeries, play: Play, comparator: str) -> None:
    found = [series("m", "4 5 6")]
    done = play(f"sum(last_1m):sum:m{{*}}.as_count() {comparator} 5", found, 3)
    states = [done.state_at("*", START + 60 * minute) for minute in (1, 2, 3)]
    expected = {">": "..A", ">=": ".AA", "<": "A..", "<=": "AA.", "==": ".A.", "!=": "A.A"}[comparator]
    assert "".join("A" if state == "Alert" else "." for state in states) == expected
