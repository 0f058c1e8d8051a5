"""A warning comes before its alert."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import LOG, Lint, of, raw


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (raw(">", "{critical: 20, warning: 20}"), ["warning 20 is not below critical 20 @ 20"]),
        (raw("<", "{critical: 20, warning: 10}"), ["warning 10 is not above critical 20 @ 10"]),
        (
            LOG + "    options: {thresholds: {critical: 20, warning: 25}}\n",
            ["warning 25 is not below critical 20 @ 25"],
        ),
        (
            raw(">", "{critical: 20, warning: 9, critical_recovery: 5}"),
            ["a warning together with a recovery from critical @ 5"],
        ),
        (raw(">", "{critical: 20.0, warning: 9, warning_recovery: 5}"), []),
        (raw("<=", "{critical: 20, warning: 30}"), []),
        (raw("==", "{critical: 20, warning: 30}"), []),
        (raw(">", "{warning: 5}"), []),
        (raw(">", "{}"), []),
    ],
)
def test_a_warning_that_cannot_come_first_is_told(lint: Lint, monitors: str, expected: list[str]) -> None:
    assert of("warning-side", lint(monitors)) == expected


def test_only_what_is_unknown_about_thresholds_is_a_warning(lint: Lint) -> None:
    (problem,) = lint(raw(">", "{critical: 20, warning: 9, critical_recovery: 5}"))
    assert problem.severity is Severity.WARNING
    (problem,) = lint(raw(">", "{critical: 20, warning: 20}"))
    assert problem.severity is Severity.ERROR
