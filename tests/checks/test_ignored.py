"""Ignores, as a whole check sees them."""

from __future__ import annotations

from tests.checks.conftest import RATE, Lint, said

POLICY = "policy: {handles: [], required_tags: [team]}\n"


def test_a_finding_is_silenced_where_it_is_shown(lint: Lint) -> None:
    text = RATE.replace(
        "- key: stream-rate", "- key: stream-rate   # dd-sync: ignore[untested, required-tags] a demo"
    )
    assert lint(text, policy="policy: {required_tags: [team]}\n", tested=set()) == ()
    message = "    message: |   # dd-sync: ignore[handles] a test channel\n      hello\n      @all\n"
    assert [p.rule for p in lint(RATE + message, policy=POLICY)] == ["required-tags"]


def test_a_rule_nobody_asked_is_not_missed(lint: Lint) -> None:
    text = RATE.replace("- key: stream-rate", "- key: stream-rate   # dd-sync: ignore[untested] a demo")
    assert lint(text) == ()
    assert said(lint(text, tested={"stream-rate"})) == [
        "unused-ignore: 'untested' finds nothing here @ untested"
    ]


def test_rules_about_queries_can_be_ignored_among_guards(lint: Lint) -> None:
    text = RATE.replace("- key: stream-rate", "- key: stream-rate   # dd-sync: ignore[division-by-zero] x")
    assert said(lint(text)) == ["unused-ignore: 'division-by-zero' finds nothing here @ division-by-zero"]


def test_the_settings_can_hold_ignores(lint: Lint) -> None:
    policy = (
        "policy: {handles: []}\nlevels:\n  2: {handles: ['@a']}   # dd-sync: ignore[handles] being moved\n"
    )
    assert lint(RATE, policy=policy) == ()
