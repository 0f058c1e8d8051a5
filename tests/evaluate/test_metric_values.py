"""Values of metric monitors: rankings, weights, pooled points, and ways to one value that have to agree."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.kernel import changes, held, rolling
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.replay import Replay, Sources, Unsupported, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.evaluate.steps import explain_value
from dd_sync.model.monitor import Monitor

START = 1772409600
MakeSeries = Callable[..., Series]
Play = Callable[..., Replay]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("top({q}, 5, 'mean', 'desc')", "cdefg"),
        ("top({q}, 5, 'max', 'asc')", "abcde"),
        ("top5({q})", "cdefg"),
        ("top5_min({q})", "cdefg"),
        ("top5_sum({q})", "cdefg"),
        ("top5_area({q})", "cdefg"),
        ("bottom5_last({q})", "abcde"),
        ("bottom5_norm({q})", "abcde"),
    ],
)
def test_ranked_functions_keep_the_groups_at_one_end(
    series: MakeSeries, play: Play, asked: str, kept: str
) -> None:
    found = [series("m", f"{at}x4", f"g:{name}", type=MetricType.GAUGE) for at, name in enumerate("abcdefg")]
    done = play(f"max(last_5m):{asked.format(q='max:m{*} by {g}')} > 99", found, 5)
    assert "".join(name for name in "abcdefg" if done.value_at(f"g:{name}", START + 300) is not None) == kept
    again = replay(done.rule, Sources(series=SeriesSet([])), done.times + 600, previous=done.final)
    assert again.value_at("g:g", START + 900) is None


def test_of_equal_groups_the_first_ones_are_kept(series: MakeSeries, play: Play) -> None:
    found = [series("m", "1x4", f"g:{name}", type=MetricType.GAUGE) for name in "abcdefg"]
    query = "max(last_5m):top(max:m{*} by {g}, 5, 'mean', 'desc') > 99"
    done = play(query, found, 5, require_full_window=True)
    assert [group for group in done.groups if done.value_at(group, START + 300) == 1] == [
        f"g:{x}" for x in "abcde"
    ]


def test_a_weighted_sum_counts_a_series_for_as_long_as_it_lived(series: MakeSeries, play: Play) -> None:
    found = [
        series("m", values, f"pod:{values}", type=MetricType.GAUGE) for values in ("4 4 4 4 4", "4 4", "_ 5")
    ]
    done = play("sum(last_5m):sum:m{*}.rollup(300).weighted() > 99", found, 5)
    assert done.value_at("*", START + 300) == pytest.approx(4 + 4 * 2 / 5 + 5 / 5)


@pytest.mark.parametrize("query", ["avg(last_5m):p95:m{*} > 1", "sum(last_5m):sum:m{*}.weighted() > 1"])
def test_what_a_metrics_type_does_not_have_is_refused_at_its_place(
    series: MakeSeries, play: Play, query: str
) -> None:
    with pytest.raises(Unsupported, match="which was submitted as count") as refused:
        play(query, [series("m", "1")], 2)
    assert refused.value.where is not None


def test_points_of_a_distribution_may_share_a_time(play: Play) -> None:
    many = Series.of(
        "m", MetricType.DISTRIBUTION, [], interval=1, times=[START] * 4 + [START + 60], values=[5, 1, 3, 2, 9]
    )
    value = {
        space: play(f"{outer}(last_5m):{space}:m{{*}}{modifier} > 99", [many], 5).value_at("*", START + 300)
        for space, outer, modifier in [
            ("p50", "percentile", ""),
            ("count", "sum", ""),
            ("count", "max", ".as_count()"),
            ("avg", "min", ""),
            ("sum", "sum", ".as_rate().rollup(60)"),
        ]
    }
    assert value == {"p50": 3, "count": 4, "avg": 2.75, "sum": 20 / 60}
    assert play("sum(last_5m):count:m{*} > 99", [many], 5).value_at("*", START + 300) == 5


REDUCE: dict[str, Callable[[list[float]], float]] = {"sum": math.fsum, "min": min, "max": max}

# --- two ways to one value -----------------------------------------------------------------------

numbers = st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), min_size=40, max_size=40)


@settings(max_examples=settings().max_examples // 2)
@given(
    st.lists(numbers, min_size=1, max_size=3),
    st.sampled_from(["avg", "sum", "min", "max"]),
    st.sampled_from(
        [
            "{q}",
            "{q} * 2 - 1",
            "default_zero({q})",
            "default({q}, 3)",
            "abs({q}) / {q}",
            "min({q}, timeshift({q}, -300))",
        ]
    ),
    st.sampled_from([60, 120]),
)
def test_buckets_worked_out_once_give_the_same_bits_as_each_windows_own(
    lines: list[list[float]], outer: str, asked: str, step: int
) -> None:
    found = [
        Series.of(
            "m", MetricType.GAUGE, [f"h:{row}"], interval=60, times=START + 60 * np.arange(40), values=line
        )
        for row, line in enumerate(lines)
    ]
    query = f"{outer}(last_10m):{asked.format(q=f'sum:m{{*}}.rollup(avg, {step})')} > 1e99"
    rule = compile_rule("k", Monitor(type="query alert", query=query))
    assert isinstance(rule, MetricRule)
    sources = Sources(series=SeriesSet(found))
    done = replay(rule, sources, evaluation_times(rule, START, START + 2401))
    for at in done.times[::9].tolist():
        assert explain_value(rule, sources.series, (), at).value == done.value_at("*", at)


@settings(max_examples=settings().max_examples // 2)
@given(
    st.lists(numbers, min_size=1, max_size=3),
    st.integers(1, 40),
    st.sampled_from(["sum", "min", "max"]),
)
def test_rolling_windows_hold_what_is_in_them(lines: list[list[float]], width: int, method: str) -> None:
    grid = np.array(lines)
    found = rolling(grid, width, method)
    for row, line in enumerate(grid):
        for at in range(grid.shape[1] - width + 1):
            known = [value for value in line[at : at + width].tolist() if value == value]
            expected = REDUCE[method](known) if known else float("nan")
            assert found[row, at] == pytest.approx(expected, rel=1e-12, abs=1e-3, nan_ok=True)


@given(
    st.lists(st.lists(st.sampled_from("+-."), min_size=6, max_size=6), min_size=1, max_size=4), st.booleans()
)
def test_a_state_is_held_until_a_sample_decides(rows: list[list[str]], before: bool) -> None:
    signs = np.array(rows)
    found = held(signs == "+", signs == "-", np.full(len(rows), before))
    moved = changes(found.astype(np.int8), np.full(len(rows), before, dtype=np.int8))
    expected = []
    for row, line in enumerate(rows):
        state = before
        for column, sign in enumerate(line):
            after = state if sign == "." else sign == "+"
            assert found[row, column] == after
            expected += [(row, column)] if after != state else []
            state = after
    assert list(zip(*(part.tolist() for part in moved), strict=True)) == expected


# --- explained -------------------------------------------------------------------------------------


def test_a_value_is_explained_step_by_step(series: MakeSeries, play: Play) -> None:
    found = [series("m", "0+1x99", "g:a"), series("m", "5x99", "g:b")]
    query = "sum(last_5m):sum:m{*} by {g}.as_count() / (2 * hour_before(sum:m{*} by {g}.as_count())) > 9"
    rule = play(query, found, 1, evaluation_delay=60).rule
    assert isinstance(rule, MetricRule)
    steps = explain_value(rule, SeriesSet(found), ("a",), START + 5400)
    assert (steps.start, steps.end, steps.series, steps.method) == (START + 5040, START + 5340, 1, "sum")
    assert steps.value == pytest.approx((84 + 85 + 86 + 87 + 88) / (2 * (24 + 25 + 26 + 27 + 28)))
    metric = "sum:m{*} by {g}.as_count()"
    buckets, whole = steps.steps[0], steps.steps[1]
    assert (buckets.text, buckets.values[:5], whole.values) == (metric, (84, 85, 86, 87, 88), (430,))
    assert {step.earlier for step in steps.steps} == {0, 3600}
    nobody = explain_value(rule, SeriesSet(found), ("z",), START + 5400)
    assert (nobody.value, nobody.series) == (None, 0)
    assert all(value is None for step in nobody.steps for value in step.values)
