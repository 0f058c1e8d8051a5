"""What is told again needs an interval."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import RATE, Lint, metric, of


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            "{renotify_occurrences: 3}",
            ["renotify_occurrences without a renotify_interval @ renotify_occurrences"],
        ),
        (
            "{renotify_interval: 0, renotify_statuses: [alert]}",
            ["renotify_statuses without a renotify_interval @ renotify_statuses"],
        ),
        (
            "{escalation_message: still}",
            ["escalation_message without a renotify_interval @ escalation_message"],
        ),
        ("{renotify_interval: 30, renotify_occurrences: 3, escalation_message: still}", []),
        (
            "{renotify_interval: 0, renotify_occurrences: null, escalation_message: ''}",
            [],
        ),
    ],
)
def test_options_without_an_interval_are_told(lint: Lint, options: str, expected: list[str]) -> None:
    assert of("renotify", lint(metric("avg(last_5m):avg:a{*} > 1", options))) == expected


def test_datadog_refuses_only_the_occurrences(lint: Lint) -> None:
    (problem,) = lint(metric("avg(last_5m):avg:a{*} > 1", "{renotify_occurrences: 3}"))
    assert problem.severity is Severity.ERROR
    (problem,) = lint(metric("avg(last_5m):avg:a{*} > 1", "{escalation_message: still}"))
    assert problem.severity is Severity.WARNING


def test_a_guard_that_renotifies_is_right(lint: Lint) -> None:
    assert lint(RATE + "    renotify: 30m\n") == ()
