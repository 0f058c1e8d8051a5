"""No threshold asks for more runs than are looked at."""

from __future__ import annotations

import pytest

from tests.checks.conftest import Lint, of, other


@pytest.mark.parametrize(
    ("end", "options", "expected"),
    [
        (
            "last(3).count_by_status()",
            "{thresholds: {critical: 5, warning: 2}}",
            ["critical asks for 5 runs, and .last(3) looks at 3 @ 5"],
        ),
        (
            "last(3).count_by_status()",
            "{thresholds: {critical: 2, ok: 4}}",
            ["ok asks for 4 runs, and .last(3) looks at 3 @ 4"],
        ),
        ("last(3).count_by_status()", "{thresholds: {critical: 3, ok: 1}}", []),
        ("last(3).count_by_status()", "{}", []),
        ("last(3).pct_by_status()", "{thresholds: {critical: 50}}", []),
    ],
)
def test_a_threshold_above_the_runs_is_told(lint: Lint, end: str, options: str, expected: list[str]) -> None:
    assert (
        of("service-check-last", lint(other("service check", '"a".over("*").by("host").' + end, options)))
        == expected
    )
