"""A recovery lies on the other side of its trigger than the alert."""

from __future__ import annotations

import pytest

from tests.checks.conftest import LOG, Lint, of, raw


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (
            raw(">=", "{critical: 20, critical_recovery: 25}"),
            ["critical_recovery 25 is not below critical 20 @ 25"],
        ),
        (
            raw("<", "{critical: 20, critical_recovery: 15}"),
            ["critical_recovery 15 is not above critical 20 @ 15"],
        ),
        (
            raw(">", "{critical: 20, warning: 9, warning_recovery: 10}"),
            ["warning_recovery 10 is not below warning 9 @ 10"],
        ),
        (
            raw(">", "{critical: 20, warning_recovery: 10}"),
            ["a recovery from a warning that is not there @ 10"],
        ),
        (raw(">", "{critical: 20, critical_recovery: 15}"), []),
        (raw("<=", "{critical: 20, critical_recovery: 30}"), []),
        (raw("!=", "{critical: 20, critical_recovery: 30}"), []),
        (raw(">", "{critical_recovery: 30}"), []),
        (
            LOG + "    options: {thresholds: {critical: 20, critical_recovery: 30}}\n",
            ["critical_recovery 30 is not below critical 20 @ 30"],
        ),
    ],
)
def test_a_recovery_on_the_wrong_side_is_told(lint: Lint, monitors: str, expected: list[str]) -> None:
    assert of("recovery-side", lint(monitors)) == expected
