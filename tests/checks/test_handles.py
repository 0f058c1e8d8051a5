"""Only what the policy allows is told."""

from __future__ import annotations

import pytest

from dd_sync.checks.handles import is_allowed
from tests.checks.conftest import RATE, RAW, Lint, said

HANDLES = 'policy: {handles: ["@slack-risk-*", "@pagerduty-risk"]}\n'


@pytest.mark.parametrize(
    ("handle", "allowed"),
    [
        ("@slack-risk-alerts", True),
        ("@slack-risk-", True),
        ("@slack-risk", False),
        ("@pagerduty-risk", True),
        ("@pagerduty-riskier", False),
        ("@slack-risk-{{service.name}}", True),
        ("@slack-{{service.name}}", False),
        ("@slack-ris{{service.name}}", False),
        ("@pagerduty-{{service.name}}", False),
        ("@a?", False),
    ],
)
def test_a_handle_is_allowed_only_if_all_it_can_become_is(handle: str, allowed: bool) -> None:
    assert is_allowed(handle, ("@slack-risk-*", "@pagerduty-risk", "@[a]?")) is allowed


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (RATE + "    message: help @slack-other.\n", "@slack-other @ @slack-other"),
        (
            RATE + "    message: '{{#is_alert}}@slack-{{tenant.name}} {{/is_alert}}'\n",
            "@slack-{{tenant.name}} @ @slack-{{tenant.name}}",
        ),
        (RATE.replace("Streams", "to @all"), "@all @ @all"),
        (RAW + "    options: {renotify_interval: 9, escalation_message: 'again @all'}\n", "@all @ @all"),
    ],
)  # fmt: skip
def test_a_handle_outside_the_policy_is_found_in_every_text(lint: Lint, monitors: str, expected: str) -> None:
    problems = lint(monitors, policy=HANDLES)
    assert said(problems) == [f"handles: the policy does not allow the handle {expected}"]


def test_handles_of_the_levels_are_judged_where_they_are_written_and_only_there(lint: Lint) -> None:
    policy = (
        HANDLES
        + 'levels: {1: {handles: ["@slack-risk-a"]}, 2: {handles: ["@slack-risk-a", "@slck-risk-b"]}}\n'
    )
    problems = lint(RATE + "    level: 2\n    message: hello @slack-risk-z\n", policy=policy)
    assert said(problems) == ['handles: the policy does not allow the handle @slck-risk-b @ "@slck-risk-b"']
    assert problems[0].where is not None
    assert problems[0].where.file.endswith("catalog.yaml")


def test_a_near_handle_is_suggested_and_no_policy_allows_all(lint: Lint) -> None:
    text = RATE + "    message: help @pagerduty-rsk\n"
    assert "did you mean @pagerduty-risk?" in lint(text, policy=HANDLES)[0].hint
    assert lint(text) == ()
    assert lint(text, policy="policy: {handles: []}\n")[0].hint.endswith("allows none")
