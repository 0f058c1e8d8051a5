"""The rules that concern downtimes, dashboards and webhooks too."""

from __future__ import annotations

import pytest

from tests.checks.conftest import RATE, Lint, said

POLICY = "policy: {personal_tags: [email, ip], handles: ['@slack-risk']}\n"


def downtime(lines: str) -> str:
    return (
        f"{RATE}downtimes:\n  - key: window\n    monitors: [stream-rate]\n"
        f"    schedule: {{end: 2026-11-22T04:00:00Z}}\n    {lines}\n"
    )


def dashboard(widget: str, more: str = "") -> str:
    return f"{RATE}dashboards:\n  - key: board\n    title: Board\n    widgets: [{widget}]\n{more}"


def webhook(lines: str) -> str:
    return f"webhooks:\n  - key: hold\n    url: https://hold.example.com\n    {lines}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            downtime("message: move @slack-ops"),
            "handles: the policy does not allow the handle @slack-ops @ @slack-ops",
        ),
        (
            downtime("scope: tenant:a AND email:x"),
            "personal-data: 'email' points at a person, and the downtime uses it @ email",
        ),
        (
            dashboard('{timeseries: "avg:a{*} by {tenant,ip}"}'),
            "personal-data: 'ip' points at a person, and the dashboard uses it @ ip",
        ),
        (
            dashboard('{toplist: "avg:a{ip:1.2.3.4}"}'),
            "personal-data: 'ip' points at a person, and the dashboard uses it @ ip",
        ),
        (
            dashboard(
                "{definition: {type: toplist, requests: [{queries: [{group_by: [{facet: '@usr.email'}]}]}]}}"
            ),
            "personal-data: 'email' points at a person, and the dashboard uses it @ email",
        ),
        (
            dashboard("{note: hi}", "    template_variables: [{name: who, prefix: email}]\n"),
            "personal-data: 'email' points at a person, and the dashboard uses it @ email",
        ),
        (
            webhook("payload: {who: $USERNAME}"),
            "personal-data: $USERNAME is a person, and the webhook sends it @ $USERNAME",
        ),
    ],
)
def test_a_rule_finds_it_where_it_stands(lint: Lint, text: str, expected: str) -> None:
    assert said(lint(text, policy=POLICY)) == [expected]


def test_a_freeze_is_not_asked_for_by_a_downtime(lint: Lint) -> None:
    (problem,) = lint(downtime("message: '@webhook-freeze-payouts'"))
    assert (problem.rule, problem.is_error) == ("freeze-handle", True)


@pytest.mark.parametrize(
    "text",
    [
        downtime("message: move @slack-risk"),
        downtime("message: no handle at all"),
        downtime("message: '{{broken @slack-ops'"),
        dashboard('{note: "mail us: email: x"}'),
        dashboard('{timeseries: "avg:email.sent{*}"}'),
        webhook("payload: {who: $USERS, at: $ALERT_SCOPE}"),
    ],
)
def test_what_points_at_nobody_passes(lint: Lint, text: str) -> None:
    assert lint(text, policy=POLICY) == ()


def test_without_personal_tags_nothing_is_personal(lint: Lint) -> None:
    assert lint(webhook("payload: {who: $EMAIL}")) == ()


def test_a_downtime_of_several_monitors_is_judged_once(lint: Lint) -> None:
    text = downtime("message: move @slack-ops").replace("[stream-rate]", "[stream-rate, other]")
    guard = "{rate: {metric: a, by: [t], window: 1h, above: 3}}"
    text = text.replace("monitors:\n", f"monitors:\n  - {{key: other, name: o, guard: {guard}}}\n", 1)
    assert len(lint(text, policy=POLICY)) == 1


def test_a_finding_can_be_let_pass_with_a_reason(lint: Lint) -> None:
    text = downtime("# dd-sync: ignore[handles] they asked for it\n    message: move @slack-ops")
    assert lint(text, policy=POLICY) == ()
    assert [one.rule for one in lint(text)] == ["unused-ignore"]


def test_places_are_found_behind_tunables(lint: Lint) -> None:
    text = "tunables: {env: {env: E, default: production}}\n" + dashboard(
        "{timeseries: 'avg:a{env:${env}} by {ip}'}"
    )
    assert said(lint(text, policy=POLICY)) == [
        "personal-data: 'ip' points at a person, and the dashboard uses it @ ip"
    ]
