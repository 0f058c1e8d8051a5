"""No data is told only when it is sure."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import Lint, metric, of, other


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        (
            "avg(last_1h):avg:a{*} > 1",
            "{notify_no_data: true, no_data_timeframe: 60}",
            ["60 minutes are less than twice the window of 1h @ 60"],
        ),
        (
            "avg(last_1h):avg:a{*} > 1",
            "{notify_no_data: true, no_data_timeframe: 2000}",
            ["2000 minutes are longer than the 24 hours Datadog remembers a group @ 2000"],
        ),
        ("avg(last_1h):avg:a{*} > 1", "{notify_no_data: true, no_data_timeframe: 120}", []),
        ("avg(last_1d):avg:a{*} > 1", "{notify_no_data: true, no_data_timeframe: 1440}", []),
        ("avg(last_1h):avg:a{*} > 1", "{notify_no_data: false, no_data_timeframe: 10}", []),
        ("avg(last_1h):avg:a{*} > 1", "{no_data_timeframe: 10}", []),
        ("avg(last_1h):avg:a{*} > 1", "{notify_no_data: true, no_data_timeframe: null}", []),
        ("avg(current_1d):avg:a{*} > 1", "{notify_no_data: true, no_data_timeframe: 10}", []),
        ('formula("a").last("1h") > 1', "{notify_no_data: true, no_data_timeframe: 10}", []),
    ],
)
def test_a_time_without_data_that_is_too_short_or_too_long_is_told(
    lint: Lint, query: str, options: str, expected: list[str]
) -> None:
    assert of("no-data-timeframe", lint(metric(query, options))) == expected


@pytest.mark.parametrize(
    ("word", "windows", "judged"),
    [
        (", alert_window='last_20m'", "", "20m"),
        ("", ", threshold_windows: {trigger_window: last_20m, recovery_window: last_20m}", "20m"),
        ("", "", "4h"),
        ("", ", threshold_windows: {}", "4h"),
    ],
)
def test_of_anomalies_the_window_that_is_judged_counts(
    lint: Lint, word: str, windows: str, judged: str
) -> None:
    query = f"avg(last_4h):anomalies(avg:a{{*}}, 'basic', 2, interval=60{word}) >= 1"
    options = f"{{notify_no_data: true, no_data_timeframe: %d{windows}}}"
    expected = [f"30 minutes are less than twice the window of {judged} @ 30"]
    assert of("no-data-timeframe", lint(metric(query, options % 30))) == expected
    enough = 40 if judged == "20m" else 480
    assert of("no-data-timeframe", lint(metric(query, options % enough))) == []
    assert of("no-data-timeframe", lint(metric(query, options % (enough - 1)))) != []


def test_a_log_alert_has_none(lint: Lint) -> None:
    query = 'logs("x").index("*").rollup("count").last("5m") > 1'
    problems = lint(other("log alert", query, "{no_data_timeframe: 10}"))
    assert of("no-data-timeframe", problems) == ["a log alert has no no_data_timeframe @ no_data_timeframe"]
    assert lint(other("log alert", query, "{no_data_timeframe: null}")) == ()


def test_only_what_datadog_refuses_is_an_error(lint: Lint) -> None:
    options = "{notify_no_data: true, no_data_timeframe: %s}"
    (short,) = lint(metric("avg(last_1h):avg:a{*} > 1", options % 60))
    (long,) = lint(metric("avg(last_1h):avg:a{*} > 1", options % 2000))
    assert (short.severity, long.severity) == (Severity.WARNING, Severity.ERROR)
