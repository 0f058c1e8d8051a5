"""What is not evaluated is refused with its place, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dd_sync.errors import QueryError, TemplateError
from dd_sync.evaluate.replay import Replay, Rule, Unsupported, compile_rule
from dd_sync.evaluate.series import MetricType, Series
from dd_sync.model.monitor import Monitor

FINE = "sum(last_1h):sum:m{*} by {tenant}.as_count() > 5"


def compiled(query: str = FINE, type: str = "query alert", **options: Any) -> Rule:
    return compile_rule("k", Monitor(type=type, query=query, options=options))


@pytest.mark.parametrize(
    ("query", "marked", "said"),
    [
        ("avg(last_5m):last:m{*} > 1", "last:m{*}", "'last'"),
        ("avg(last_5m):avg:m{*}.weighted() > 1", "avg:m{*}.weighted()", ".weighted()"),
        ("avg(last_5m):avg:m{*}.rollup(avg, monthly) > 1", None, ".rollup()"),
        ("avg(last_5m):avg:m{*}.as_count().as_rate() > 1", None, "no published meaning"),
        (
            "avg(last_5m):1 + anomalies(avg:m{*}, 'basic', 2) >= 1",
            "anomalies(avg:m{*}, 'basic', 2)",
            "inside",
        ),
        ("avg(last_5m):anomalies(avg:m{*}, 'other', 2) >= 1", None, "by 'other'"),
        ("sum(last_5m):anomalies(avg:m{*}, 'basic', 2) >= 1", None, "under this aggregation"),
        ("avg(last_5m):anomalies(diff(avg:m{*}), 'basic', 2) >= 1", "diff(avg:m{*})", "inside anomalies()"),
        (
            "avg(last_5m):anomalies(avg:m{*}.fill(last), 'basic', 2) >= 1",
            "avg:m{*}.fill(last)",
            ".fill(last)",
        ),
        ("avg(last_5m):anomalies(avg:m{*}, 'basic', -2) >= 1", "-2", "this bound"),
        ("avg(last_5m):anomalies(avg:m{*}, 'basic') >= 1", None, "so few arguments"),
        ("avg(last_5m):anomalies(avg:m{*}, 'basic', 2, direction='up') >= 1", "'up'", "this direction"),
        ("avg(last_5m):anomalies(avg:m{*}, 'basic', 2, interval='soon') >= 1", "'soon'", "this interval"),
        ("avg(last_5m):anomalies(avg:m{*}, 'basic', 2, other=1) >= 1", None, "with 'other'"),
        ("avg(last_5m):anomalies(avg:m{*}, 'robust', 2, interval=1) >= 1", None, "100,000 buckets"),
        ("avg(last_5m):forecast(avg:m{*}, 'linear', 2) >= 1", None, "under this aggregation"),
        ("avg(current_1h):outliers(avg:m{*} by {a}, 'mad', 2) >= 1", None, "this window"),
        ("avg(last_5m):outliers(avg:m{*} by {a}, 'mad', 2, 101) >= 1", None, "this share"),
        ("avg(last_5m):autosmooth(avg:m{*}) > 1", None, "autosmooth()"),
        ("avg(last_5m):top(avg:m{*}, 7, 'mean', 'desc') > 1", None, "top()"),
        ("avg(last_5m):max(avg:m{*}, 'x') > 1", "'x'", "'x' stands where"),
        ("avg(last_5m):avg:m{*}.rollup(0) > 1", None, ".rollup()"),
        ("avg(last_5m):avg:m{*}.fill(3) > 1", None, ".fill()"),
        ("avg(last_5m):abs(avg:m{*}, direction='above') > 1", None, "these arguments"),
        ("avg(last_5m):clamp_min(avg:m{*}) > 1", None, "clamp_min()"),
        ("avg(last_5m):clamp_min(avg:m{*}, avg:n{*}) > 1", None, "clamp_min()"),
        ("avg(last_5m):default(avg:m{*}) > 1", None, "default()"),
        ("avg(last_5m):default(avg:m{*}, avg:n{*}) > 1", None, "default()"),
        (
            "sum(last_5m):sum:a{*}.as_count() / default(sum:b{*}.as_count(), 1) > 1",
            "default(sum:b{*}.as_count(), 1)",
            "by another number than 0",
        ),
        ("avg(last_5m):timeshift(avg:m{*}, 60) > 1", None, "timeshift()"),
        ("avg(last_5m):moving_rollup(avg:m{*}, 60, 'p95') > 1", None, "moving_rollup()"),
        ("avg(last_5m):diff(avg:m{*} + avg:n{*}) > 1", None, "a plain metric only"),
        ("avg(last_5m):abs(1) > 1", "abs(1)", "of a plain number"),
        ("avg(last_5m):avg:m{*} by {a} / avg:n{*} by {b} > 1", None, "grouped by {a} and by {b}"),
        ("avg(last_5m):avg:m{*} by {a} / avg:n{*} > 1", None, "grouped by {a} and by nothing"),
        ("sum(last_5m):ewma_3(sum:a{*}.as_count() / sum:b{*}.as_count()) > 1", None, "order of evaluation"),
        ("avg(last_5m):avg:a{*}.rollup(avg, 30) / avg:b{*} > 1", "avg:b{*}", "different rollups"),
        ("avg(next_1d):avg:m{*} > 1", "next_1d", "looks ahead"),
        ("avg(last_5m):avg:m{*} > threshold", None, "query of its own"),
        ("percentile(last_5m):avg:m{*} > 1", "avg:m{*}", "a percentile over the window"),
        ("p95(last_5m):p95:m{*} > 1", None, "'p95'"),
        ("avg(last_5m):1 + 1 > 1", "1 + 1", "without a metric"),
    ],
)
def test_a_query_is_refused_where_it_cannot_be_evaluated(query: str, marked: str | None, said: str) -> None:
    with pytest.raises(Unsupported) as refused:
        compiled(query)
    assert said in refused.value.problem
    assert refused.value.hint
    where = refused.value.where
    assert where is not None
    shown = query[where.column - 1 : where.column - 1 + where.length]
    assert marked is None or shown == marked


def test_the_place_counts_lines() -> None:
    with pytest.raises(Unsupported) as refused:
        compiled("avg(last_5m):avg:m{*}\n  + last:n{*} > 1")
    assert refused.value.where is not None
    assert (refused.value.where.line, refused.value.where.column) == (2, 5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"notify_by": ["host"]}, "notify_by has 'host'"),
        ({"notify_by": "tenant"}, "not a list"),
        ({"scheduling_options": {"custom_schedule": {"recurrences": []}}}, "one recurrence"),
        ({"something_new": True}, "'something_new'"),
        ({"on_missing_data": "explode"}, "'explode'"),
        ({"thresholds": {"critical": 6}}, "alerts at 5"),
        ({"thresholds": {"critical": "5"}}, "not a number"),
        ({"thresholds": {"critical": 10**400}}, "not a number"),
        ({"thresholds": [5]}, "not an object"),
        ({"timeout_h": float("inf")}, "not a whole number"),
        ({"on_missing_data": ["resolve"]}, "on_missing_data"),
        ({"renotify_interval": 5, "renotify_statuses": 7}, "'7'"),
        ({"thresholds": {"ok": 1}}, "'ok'"),
        ({"evaluation_delay": "soon"}, "not a whole number"),
        ({"new_group_delay": 1.5}, "not a whole number"),
        ({"renotify_interval": 5, "renotify_statuses": ["ok"]}, "'ok'"),
    ],
)
def test_an_option_without_a_meaning_here_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsupported) as refused:
        compiled(**options)
    assert said in refused.value.problem


def test_options_that_change_nothing_are_accepted() -> None:
    compiled(
        notify_audit=True,
        silenced={},
        locked=False,
        notify_by=[],
        thresholds={"critical": 5, "warning": None},
    )


def test_a_warning_on_equality_has_no_meaning() -> None:
    with pytest.raises(Unsupported, match="no published meaning"):
        compiled("avg(last_5m):avg:m{*} == 1", thresholds={"critical": 1, "warning": 2})


@pytest.mark.parametrize(
    ("type", "query"),
    [
        ("process alert", 'processes("x").over("*").rollup("count").last("10m") < 1'),
        ("slo alert", 'error_budget("x").over("7d") > 75'),
        ("synthetics alert", "no_query"),
    ],
)
def test_other_types_of_monitors_are_refused(type: str, query: str) -> None:
    with pytest.raises(Unsupported, match=type) as refused:
        compiled(query, type)
    assert refused.value.where is not None
    assert refused.value.where.length == len(query)


def test_what_is_not_in_the_languages_at_all_is_said_as_such() -> None:
    with pytest.raises(QueryError):
        compiled("avg(last_5m)avg:m{*} > 1")
    with pytest.raises(TemplateError):
        compile_rule("k", Monitor(type="query alert", query=FINE, message="{{#is_alert}}"))


def test_a_metric_of_two_types_is_refused(series: Callable[..., Series], play: Callable[..., Replay]) -> None:
    found = [series("m", "1", "a:1"), series("m", "1", "a:2", type=MetricType.GAUGE)]
    with pytest.raises(Unsupported, match="as count and as gauge"):
        play("sum(last_5m):sum:m{*}.as_count() > 1", found, 2)
