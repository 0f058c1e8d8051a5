"""A level may ask for a link to what to do."""

from __future__ import annotations

import pytest

from tests.checks.conftest import RATE, Lint, of

POLICY = """\
policy: {runbook_levels: [2, 3]}
levels: {1: {}, 2: {handles: ["@slack-https://x"]}, 3: {}}
"""


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        (
            "    level: 2\n    message: look at it\n",
            ["a monitor of level 2 without a link to a runbook @ message"],
        ),
        ("    level: 3\n", ["a monitor of level 3 without a link to a runbook @ key: stream-rate"]),
        ("    level: 3\n    message: see https://runbooks.example/streams\n", []),
        (
            "    level: 3\n    message: see https:// or ask\n",
            ["a monitor of level 3 without a link to a runbook @ message"],
        ),
        ("    level: 1\n    message: look at it\n", []),
        ("    message: look at it\n", []),
    ],
)
def test_a_message_without_a_link_is_told_at_the_levels_that_ask(
    lint: Lint, more: str, missing: list[str]
) -> None:
    assert of("runbook-link", lint(RATE + more, policy=POLICY)) == missing


def test_no_policy_asks_for_nothing(lint: Lint) -> None:
    assert lint(RATE + "    level: 3\n", policy="levels: {3: {}}\n") == ()
