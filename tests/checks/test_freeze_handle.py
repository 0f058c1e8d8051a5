"""Nothing freezes or pauses by itself."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import RATE, RAW, Lint, of, under

LEVELS = "levels: {2: {}, 3: {may_request_pause: true}}\n"


@pytest.mark.parametrize(
    ("handle", "severity"),
    [
        ("@webhook-freeze-funds", Severity.ERROR),
        ("@webhook-pausePayouts", Severity.ERROR),
        ("@webhook-UNFREEZE", Severity.ERROR),
        ("@workflow-suspend-account(id=tenant.name)", Severity.ERROR),
        ("@sns-withhold", Severity.ERROR),
        ("@webhook-block-account", Severity.WARNING),
        ("@slack-pause-requests", Severity.WARNING),
    ],
)
def test_a_handle_that_sounds_like_a_freeze_is_told(lint: Lint, handle: str, severity: Severity) -> None:
    (problem,) = lint(RATE + f"    message: look {handle}\n    level: 2\n", policy=LEVELS)
    assert (problem.rule, problem.severity) == ("freeze-handle", severity)
    assert under(problem) == handle.partition("(")[0]


@pytest.mark.parametrize(
    "handle",
    [
        "@webhook-blockchain-alerts",
        "@slack-block-producers",
        "@webhook-hold-review",
        "@pagerduty-risk",
    ],
)
def test_other_handles_are_left_alone(lint: Lint, handle: str) -> None:
    assert lint(RATE + f"    message: look {handle}\n") == ()


def test_a_level_that_may_request_a_pause_may_tell_it(lint: Lint) -> None:
    assert lint(RATE + "    message: look @webhook-pause\n    level: 3\n", policy=LEVELS) == ()


def test_titles_escalations_and_levels_are_judged_too(lint: Lint) -> None:
    assert len(of("freeze-handle", lint(RATE.replace("Streams", "now @webhook-pause")))) == 1
    options = "    options: {renotify_interval: 9, escalation_message: again @webhook-pause}\n"
    assert of("freeze-handle", lint(RAW + options)) == [
        "@webhook-pause sounds like a pause or a freeze, and nothing here may request one @ @webhook-pause"
    ]
    levels = 'levels: {2: {handles: ["@sns-pause"]}, 3: {handles: ["@sns-pause"], may_request_pause: true}}\n'
    (problem,) = lint(RATE + "    level: 2\n", policy=levels)
    assert problem.where is not None
    assert problem.where.file.endswith("catalog.yaml")


def test_an_escalation_that_cannot_be_read_tells_nobody(lint: Lint) -> None:
    options = "    options: {renotify_interval: 9, escalation_message: '{{#is_alert}} @webhook-pause'}\n"
    assert of("freeze-handle", lint(RAW + options)) == []
