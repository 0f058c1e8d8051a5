"""A bucket is full before it is judged."""

from __future__ import annotations

import pytest

from tests.checks.conftest import Lint, metric, of


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        (
            "avg(last_30m):avg:a{*}.rollup(avg, 300) > 1",
            "{}",
            ["buckets of 5m under an evaluation_delay of 0s @ avg:a{*}.rollup(avg, 300)"],
        ),
        (
            "avg(last_30m):avg:a{*}.rollup(avg, 300) > 1",
            "{evaluation_delay: 60}",
            ["buckets of 5m under an evaluation_delay of 1m @ avg:a{*}.rollup(avg, 300)"],
        ),
        ("avg(last_30m):avg:a{*}.rollup(avg, 300) > 1", "{evaluation_delay: 300}", []),
        (
            "avg(last_5m):avg:a{*}.rollup(600) > 1",
            "{evaluation_delay: 900}",
            ["buckets of 10m in a window of 5m @ avg:a{*}.rollup(600)"],
        ),
        ("sum(last_30m):sum:a{*}.as_count().rollup(sum, 300) > 1", "{}", []),
        ("max(last_30m):max:a{*}.rollup(max, 300) > 1", "{}", []),
        (
            "max(last_30m):sum:a{*}.rollup(sum, 300) > 1",
            "{}",
            ["buckets of 5m under an evaluation_delay of 0s @ sum:a{*}.rollup(sum, 300)"],
        ),
        (
            "avg(last_30m):abs(avg:a{*}).rollup(avg, 120) > 1",
            "{}",
            ["buckets of 2m under an evaluation_delay of 0s @ abs(avg:a{*}).rollup(avg, 120)"],
        ),
        ("avg(last_30m):avg:a{*}.rollup(avg) > 1", "{}", []),
        ("avg(last_30m):avg:a{*} > 1", "{}", []),
        ('formula("a").last("5m") > 1', "{}", []),
    ],
)
def test_a_bucket_judged_before_it_is_full_is_told(
    lint: Lint, query: str, options: str, expected: list[str]
) -> None:
    assert of("evaluation-delay", lint(metric(query, options))) == expected
