"""Each kind of query has windows of its own."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import Lint, metric, of, other


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("avg(last_40d):avg:a{*} > 1", "a window of 40d is longer than a month @ last_40d"),
        ("avg(next_1w):avg:a{*} > 1", "only a forecast looks ahead @ next_1w"),
        ("max(last_1w):forecast(avg:a{*}, 'linear', 1) > 1", "a forecast looks ahead @ last_1w"),
        (
            "avg(current_7d):avg:a{*} > 1",
            "Datadog's cumulative windows are an hour, a day or a month @ current_7d",
        ),
        ("avg(last_2d):outliers(avg:a{*} by {host}, 'dbscan', 3) > 0", "outliers over 2d @ last_2d"),
        (
            "avg(last_10m):anomalies(avg:a{*}, 'basic', 2, alert_window='last_15m') >= 1",
            "the window is shorter than the alert_window, last_15m @ last_10m",
        ),
    ],
)
def test_a_window_a_metric_query_does_not_have_is_told(lint: Lint, query: str, expected: str) -> None:
    assert of("window-for-type", lint(metric(query))) == [expected]


@pytest.mark.parametrize(
    "query",
    [
        "avg(last_1mo):avg:a{*} > 1",
        "avg(last_730h):avg:a{*} > 1",
        "sum(current_1mo):sum:a{*}.as_count() > 1",
        "max(next_1w):forecast(avg:a{*}, 'linear', 1) >= 1",
        "change(avg(last_5m),last_1h):avg:a{*} > 1",
        "avg(last_1d):outliers(avg:a{*} by {host}, 'dbscan', 3) > 0",
        "avg(last_4h):anomalies(avg:a{*}, 'basic', 2) >= 1",
    ],
)
def test_windows_that_datadog_has_are_left_alone(lint: Lint, query: str) -> None:
    assert lint(metric(query)) == ()


def test_what_datadog_refuses_is_an_error(lint: Lint) -> None:
    assert lint(metric("avg(last_40d):avg:a{*} > 1"))[0].severity is Severity.ERROR
    assert lint(metric("avg(current_7d):avg:a{*} > 1"))[0].severity is Severity.WARNING


ANOMALY = "avg(last_4h):anomalies(avg:a{*}, 'basic', 2, alert_window='last_15m') >= 1"


def test_an_anomaly_is_triggered_by_the_window_it_is_judged_by(lint: Lint) -> None:
    windows = "{threshold_windows: {trigger_window: last_%s, recovery_window: last_15m}}"
    assert of("window-for-type", lint(metric(ANOMALY, windows % "30m"))) == [
        "the trigger_window is last_30m, and the query's alert_window last_15m @ last_30m"
    ]
    assert lint(metric(ANOMALY, windows % "15m")) == ()


def test_windows_of_anomalies_are_for_anomalies(lint: Lint) -> None:
    options = "{threshold_windows: {trigger_window: last_15m, recovery_window: last_15m}}"
    assert of("window-for-type", lint(metric("avg(last_4h):avg:a{*} > 1", options))) == [
        "trigger and recovery windows without anomalies @ threshold_windows"
    ]


@pytest.mark.parametrize(
    ("last", "expected"),
    [("7d", ['a window of 7d over events @ "7d"']), ("2d", []), ("2880m", []), ("48h", [])],
)
def test_events_are_judged_over_two_days_at_most(lint: Lint, last: str, expected: list[str]) -> None:
    query = f'logs("x").index("*").rollup("count").last("{last}") > 10'
    assert of("window-for-type", lint(other("log alert", query))) == expected


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ('over("30d").long_window("1h").short_window("5m")', []),
        ('over("30d").long_window("30m").short_window("5m")', ['a long window of 30m @ "30m"']),
        ('over("30d").long_window("3d").short_window("5m")', ['a long window of 3d @ "3d"']),
        (
            'over("7d").long_window("1h").short_window("1h")',
            ['the short window, 1h, is not shorter than the long one @ "1h"'],
        ),
        ('over("14d").long_window("1h").short_window("5m")', ['a budget over 14d @ "14d"']),
    ],
)
def test_a_burn_rate_has_a_long_and_a_short_window(lint: Lint, windows: str, expected: list[str]) -> None:
    assert of("window-for-type", lint(other("slo alert", f'burn_rate("x").{windows} > 14.4'))) == expected
