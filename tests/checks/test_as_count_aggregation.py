"""Counts are summed."""

from __future__ import annotations

import pytest

from tests.checks.conftest import Lint, metric, of


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        (
            "avg(last_5m):sum:a.b{*}.as_count() > 1",
            "{}",
            ["avg over the window of a metric with .as_count() @ avg(last_5m)"],
        ),
        (
            "max(last_5m):2 * abs(-sum:a.b{*}.as_count()) > 1",
            "{}",
            ["max over the window of a metric with .as_count() @ max(last_5m)"],
        ),
        (
            "change(avg(last_5m),last_1h):sum:a.b{*}.as_count() > 1",
            "{}",
            ["avg over the window of a metric with .as_count() @ change(avg(last_5m),last_1h)"],
        ),
        ("sum(last_5m):sum:a.b{*}.as_count() > 1", "{}", []),
        ("avg(last_5m):sum:a.b{*}.as_rate() > 1", "{}", []),
        ("avg(last_4h):anomalies(sum:a.b{*}.as_count(), 'basic', 2) >= 1", "{}", []),
    ],
)
def test_a_count_under_another_aggregation_is_told_at_the_aggregation(
    lint: Lint, query: str, options: str, expected: list[str]
) -> None:
    assert of("as-count-aggregation", lint(metric(query, options))) == expected
