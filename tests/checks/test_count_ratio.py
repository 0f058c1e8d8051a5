"""A ratio of counts is that of their totals."""

from __future__ import annotations

import pytest

from tests.checks.conftest import Lint, metric, of


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        (
            "sum(last_5m):sum:a{*} / sum:b{*} > 0.1",
            "{}",
            ["the sum of each bucket's ratio, not the ratio of the sums @ sum:a{*} / sum:b{*}"],
        ),
        (
            "sum(last_5m):sum:a{*} / (sum:a{*} + b{*}) > 1",
            "{}",
            ["the sum of each bucket's ratio, not the ratio of the sums @ sum:a{*} / (sum:a{*} + b{*})"],
        ),
        (
            "sum(last_5m):sum:a{*}.as_count() / sum:b{*} > 0.1",
            "{}",
            ["'b' has no .as_count(), and what it is divided with has @ sum:b{*}"],
        ),
        ("sum(last_5m):sum:a{*}.as_count() / clamp_min(sum:b{*}.as_count(), 1) > 0.1", "{}", []),
        ("sum(last_5m):sum:a{*} / 60 > 0.1", "{}", []),
        ("sum(last_5m):avg:a{*} / avg:b{*} > 0.1", "{}", []),
        ("avg(last_5m):sum:a{*} / sum:b{*} > 0.1", "{}", []),
        ("pct_change(avg(last_5m),last_1h):sum:a{*}.as_count() / sum:b{*} > 10", "{}", []),
    ],
)
def test_a_ratio_that_is_not_of_totals_is_told(
    lint: Lint, query: str, options: str, expected: list[str]
) -> None:
    assert of("count-ratio", lint(metric(query, options))) == expected
