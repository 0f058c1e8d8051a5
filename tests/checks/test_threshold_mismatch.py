"""The critical threshold is the number in the query."""

from __future__ import annotations

import pytest

from tests.checks.conftest import LOG, Lint, of, other, raw


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (raw(">", "{critical: 21}"), ["the critical threshold is 21, but the query compares with 20 @ 21"]),
        (raw(">", "{critical: 20.0}"), []),
        (raw(">", "{critical: -0.5}", "-0.5"), []),
        (raw(">", "{warning: 5}"), []),
        (
            LOG + "    options: {thresholds: {critical: 1}}\n",
            ["the critical threshold is 1, but the query compares with 20 @ 1"],
        ),
        (
            other(
                "process alert",
                'processes("nginx").over("*").rollup("count").last("10m") < 2',
                "{thresholds: {critical: 1}}",
            ),
            ["the critical threshold is 1, but the query compares with 2 @ 1"],
        ),
        (other("composite", "1 && 2", "{thresholds: {critical: 1}}"), []),
    ],
)
def test_two_numbers_that_should_be_one_are_told(lint: Lint, monitors: str, expected: list[str]) -> None:
    assert of("threshold-mismatch", lint(monitors)) == expected
