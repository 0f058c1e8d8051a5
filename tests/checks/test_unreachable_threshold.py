"""A threshold that some values cross and some do not."""

from __future__ import annotations

import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.checks.unreachable_threshold import largest_score
from dd_sync.errors import Severity
from tests.checks.conftest import RATE, Lint, metric, of, other

ANOMALIES = "avg(last_4h):anomalies(avg:a{*}, 'basic', 2)"
SHARE = "sum(last_1h):100 * sum:a{env:prod,code:500}.as_count() / sum:a{env:prod}.as_count()"
SCORE = (
    "avg(last_1h):(avg:a{*}.rollup(avg, 300) - moving_rollup(avg:a{*}.rollup(avg, 300), 3600, 'avg'))"
    " / moving_rollup(avg:a{*}.rollup(avg, 300), 3600, 'stddev')"
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"{ANOMALIES} > 1", "it never alerts: the value lies between 0 and 1 @ 1"),
        (f"{ANOMALIES} >= 1.5", "it never alerts: the value lies between 0 and 1 @ 1.5"),
        (f"{ANOMALIES} >= 0", "every value alerts: the value lies between 0 and 1 @ 0"),
        ("avg(last_5m):abs(avg:a{*}) < 0", "it never alerts: the value is 0 or more @ 0"),
        ("avg(last_5m):-abs(avg:a{*}) > 0", "it never alerts: the value is -0 or less @ 0"),
        ("avg(last_5m):clamp_max(avg:a{*}, 100) > 100", "it never alerts: the value is 100 or less @ 100"),
        ("max(last_5m):cutoff_min(avg:a{*}, 5) > 4", "every value alerts: the value is 5 or more @ 4"),
        ("avg(last_5m):default_zero(clamp_max(a{*}, 3)) == 4", "it never alerts: the value is 3 or less @ 4"),
        ("avg(last_5m):default(clamp_max(a{*}, 3), 4) == 5", "it never alerts: the value is 4 or less @ 5"),
        ("avg(last_5m):default(clamp_min(a{*}, 3), 2) < 2", "it never alerts: the value is 2 or more @ 2"),
        ("avg(last_5m):count_nonzero(avg:a{*} by {host}) < 0", "it never alerts: the value is 0 or more @ 0"),
        ("sum(last_5m):sum:a{*}.as_count() >= 0", "every value alerts: the value is 0 or more @ 0"),
        ("avg(last_5m):day_before(a{*}.as_count()) / 2 < 0", "it never alerts: the value is 0 or more @ 0"),
        (f"{SHARE} > 100", "it never alerts: the value lies between 0 and 100 @ 100"),
        ("avg(last_5m):2 - 1 > 5", "it never alerts: the value lies between 1 and 1 @ 5"),
        (
            f"{SHARE.replace('100 * ', '').replace('500}.as_count()', '500}.as_count() * 100')} > 100",
            "it never alerts: the value lies between 0 and 100 @ 100",
        ),
        (f"{SCORE} > 3.5", "it never alerts: the value lies between -3.175 and 3.175 @ 3.5"),
    ],
)  # fmt: skip
def test_a_threshold_out_of_reach_is_told_at_the_number(lint: Lint, query: str, expected: str) -> None:
    assert of("unreachable-threshold", lint(metric(query))) == [expected]


@pytest.mark.parametrize(
    "query",
    [
        f"{ANOMALIES} >= 1",
        f"{SHARE} > 99",
        f"{SHARE.replace(',code:500', '').replace('prod}.as_count() /', 'dev}.as_count() /')} > 100",
        f"{SHARE.replace('sum:a{env:prod}', 'sum:b{env:prod}')} > 100",
        f"{SHARE.replace('100 *', '')} * 100 > 99",
        f"{SCORE} > 3",
        f"{SCORE.replace('avg(last_1h)', 'sum(last_1h)')} > 100",
        f"{SCORE.replace('rollup(avg, 300)', 'fill(zero)')} > 100",
        f"{SCORE.replace('stddev', 'avg')} > 100",
        "avg(last_5m):avg:a{*} > 1",
        "avg(last_5m):avg:a{*} * 0 + avg:b{*} > 1",
        "sum(last_5m):clamp_max(avg:a{*}, 1) > 0.5",
        "sum(last_1h):abs(avg:a{*}) > 1000",
        "change(sum(last_5m),last_1h):sum:a{*}.as_count() < 0",
        "avg(last_5m):top(avg:a{*} by {host}, 5, 'mean', 'desc') < 0",
        "avg(last_5m):clamp_min(avg:a{*}, avg:b{*}) < 0",
        "sum(last_5m):sum:a{*}.as_count() - sum:b{*}.as_count() < 0",
        "sum(last_5m):sum:a{*}.as_count() / -clamp_min(sum:b{*}.as_count(), 1) < 0",
        "avg(last_5m):avg:a{*} / sum:b{*}.as_count() < 0",
        "avg(last_5m):ewma_3(sum:a{*}.as_count()) < 0",
        "sum(last_5m):sum:a{*}.as_count() != 0",
    ],
)
def test_a_threshold_within_reach_is_left_alone(lint: Lint, query: str) -> None:
    assert of("unreachable-threshold", lint(metric(query))) == []


def test_an_absolute_score_is_never_negative(lint: Lint) -> None:
    score = SCORE.replace("avg(last_1h):", "avg(last_1h):abs(") + ")"
    assert of("unreachable-threshold", lint(metric(f"{score} > 4"))) == [
        "it never alerts: the value lies between 0 and 3.175 @ 4"
    ]


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ("{critical: 0.5, warning: 0}", "every value warns: the value lies between 0 and 1 @ 0"),
        ("{critical: 0.5, critical_recovery: -1}", "it never recovers: the value lies between 0 and 1 @ -1"),
        ("{critical: 0.5, warning: 2}", "it never warns: the value lies between 0 and 1 @ 2"),
    ],
)  # fmt: skip
def test_warnings_and_recoveries_are_judged_too(lint: Lint, thresholds: str, expected: str) -> None:
    problems = lint(metric(f"{ANOMALIES} >= 0.5", f"{{thresholds: {thresholds}}}"))
    assert of("unreachable-threshold", problems) == [expected]


def test_only_what_rests_on_counts_is_a_warning(lint: Lint) -> None:
    assert lint(metric(f"{ANOMALIES} > 1"))[0].severity is Severity.ERROR
    (problem,) = lint(metric("sum(last_5m):sum:a{*}.as_count() < 0"))
    assert problem.severity is Severity.WARNING


def test_a_percentage_of_checks_ends_at_a_hundred(lint: Lint) -> None:
    query = '"a".over("*").by("*").pct_by_status()'
    assert of(
        "unreachable-threshold", lint(other("service check", query, "{thresholds: {critical: 120}}"))
    ) == ["critical is never reached: the value lies between 0 and 100 @ 120"]
    assert lint(other("service check", query, "{thresholds: {critical: 100}}")) == ()


def test_a_count_of_events_is_never_negative(lint: Lint) -> None:
    query = 'logs("x").index("*").rollup("%s").last("5m") < 0'
    assert of("unreachable-threshold", lint(other("log alert", query % "count"))) == [
        "it never alerts: the value is 0 or more @ 0"
    ]
    assert lint(other("log alert", query % 'avg", "@x')) == ()


def test_a_guard_s_bound_is_within_reach(lint: Lint) -> None:
    assert lint(RATE) == ()


@settings(max_examples=50)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=40))
def test_no_point_is_further_from_the_mean_than_the_largest_score(values: list[int]) -> None:
    points = numpy.array(values, dtype=float)
    deviation = points.std(ddof=1)
    if deviation > 0:
        scores = numpy.abs(points - points.mean()) / deviation
        assert scores.max() <= largest_score(len(points)) + 1e-9


@pytest.mark.parametrize("count", [2, 12, 60])
def test_one_point_among_equals_has_the_largest_score(count: int) -> None:
    points = numpy.array([1.0] + [0.0] * (count - 1))
    assert math.isclose((1 - points.mean()) / points.std(ddof=1), largest_score(count))
