"""A divisor that can be 0 is told."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import Lint, metric, of


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        (
            "sum(last_5m):sum:a{*}.as_count() / sum:b{*}.as_count() > 0.1",
            "{}",
            ["this divisor can be 0, and then there is nothing to compare @ sum:b{*}.as_count()"],
        ),
        (
            "avg(last_5m):(avg:a{*} - ewma_20(avg:a{*})) / ewma_20(avg:a{*}) > 0.5",
            "{}",
            ["this divisor can be 0, and then there is nothing to compare @ ewma_20(avg:a{*})"],
        ),
        (
            "avg(last_5m):avg:a{*} / (2 - 2) > 1",
            "{}",
            ["this divisor can be 0, and then there is nothing to compare @ 2 - 2"],
        ),
        ("avg(last_5m):avg:a{*} / 0 > 1", "{}", ["divided by 0 @ 0"]),
        ("avg(last_5m):avg:a{*} / 60 > 1", "{}", []),
        ("sum(last_5m):sum:a{*}.as_count() / clamp_min(sum:b{*}.as_count(), 1) > 0.1", "{}", []),
        ("sum(last_5m):sum:a{*}.as_count() / (sum:b{*}.as_count() + 1) > 0.1", "{}", []),
        ("avg(last_5m):avg:a{*} / -cutoff_min(avg:b{*}, 5) > 0.1", "{}", []),
        (
            "avg(last_5m):avg:a{*} / default_zero(clamp_min(b{*},1)) > 1",
            "{}",
            ["this divisor can be 0, and then there is nothing to compare @ default_zero(clamp_min(b{*},1))"],
        ),
    ],
)
def test_what_can_be_zero_is_told_where_it_divides(
    lint: Lint, query: str, options: str, expected: list[str]
) -> None:
    assert of("division-by-zero", lint(metric(query, options))) == expected


def test_only_a_zero_that_stands_there_is_an_error(lint: Lint) -> None:
    found = {
        p.severity for p in lint(metric("avg(last_5m):avg:a{*} / 0 > 1")) if p.rule == "division-by-zero"
    }
    assert found == {Severity.ERROR}
    found = {p.severity for p in lint(metric("avg(last_5m):avg:a{*} / avg:b{*} > 1"))}
    assert found == {Severity.WARNING}


def test_other_monitors_divide_nothing(lint: Lint) -> None:
    assert of("division-by-zero", lint(metric('formula("a / b").last("5m") > 1'))) == []
