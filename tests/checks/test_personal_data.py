"""A person is found wherever a monitor points at one."""

from __future__ import annotations

import pytest

from tests.checks.conftest import LOG, RATE, RAW, Lint, said

PERSONAL = "policy: {personal_tags: [user_id, email, ip]}\n"


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (
            RATE.replace("[tenant]", "[tenant, user_id]"),
            "'user_id' points at a person, and the query uses it @ user_id",
        ),
        (
            RATE.replace("env:prod", "env:prod,!email:x"),
            "'email' points at a person, and the query uses it @ email",
        ),
        (RATE.replace("env:prod", "ip:* OR env:prod"), "'ip' points at a person, and the query uses it @ ip"),
        (RAW.replace("{tenant}", "{tenant,ip}"), "'ip' points at a person, and the query uses it @ ip"),
        (
            RAW.replace("env:prod", "email IN (a, b)"),
            "'email' points at a person, and the query uses it @ email",
        ),
        (LOG, "'email' points at a person, and the query uses it @ email"),
        (
            LOG.replace(" @usr.email:x", "").replace('by("service")', 'by("service,@ip")'),
            "'ip' points at a person, and the query uses it @ ip",
        ),
        (
            RATE + "    tags: [a:b, 'user_id:7']\n",
            "'user_id' points at a person, and is a tag of the monitor @ 'user_id:7'",
        ),
        (
            RAW + "    options: {thresholds: {critical: 20}, escalation_message: 'still {{email.name}}'}\n",
            "'email' points at a person, and the escalation_message shows it @ {{email.name}}",
        ),
        (
            RAW + "    options: {thresholds: {critical: 20}, notify_by: [tenant, email]}\n",
            "'email' points at a person, and notifications are sent by it @ email",
        ),
        (
            RATE + "    message: hello {{ip.name}} there\n",
            "'ip' points at a person, and the message shows it @ {{ip.name}}",
        ),
        (
            RATE.replace("name: Streams", "name: 'by {{user_id.name}}'"),
            "'user_id' points at a person, and the name shows it @ {{user_id.name}}",
        ),
        (
            LOG.replace("@usr.email:x", "") + "    message: '{{log.attributes.[usr.email]}}'\n",
            "'email' points at a person, and the message shows it @ {{log.attributes.[usr.email]}}",
        ),
        (
            RATE + "    message: |\n      {{#is_match \"ip.name\" \"x\"}}a{{/is_match}}\n",
            "'ip' points at a person, and the message shows it @ ip.name",
        ),
    ],
)  # fmt: skip
def test_a_tag_that_points_at_a_person_is_found_wherever_it_is_used(
    lint: Lint, monitors: str, expected: str
) -> None:
    found = [line for line in said(lint(monitors, policy=PERSONAL)) if line.startswith("personal-data")]
    assert found == [f"personal-data: {expected}"]


def test_what_only_resembles_a_personal_tag_is_left_alone(lint: Lint) -> None:
    text = (
        LOG.replace("@usr.email:x", "emailed:x zip:1")
        + "    tags: [zip:1, emails:2]\n    message: ship it, email\n"
    )
    assert lint(text, policy=PERSONAL) == ()
    assert lint(RATE.replace("[tenant]", "[tenant, zip]"), policy=PERSONAL) == ()


def test_without_a_policy_nothing_is_personal(lint: Lint) -> None:
    assert lint(RATE.replace("[tenant]", "[user_id]")) == ()
