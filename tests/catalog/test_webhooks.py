"""Declared webhooks: https only, and no secret in a file."""

from __future__ import annotations

import json

import pytest

from dd_sync.model.resource import Resource
from tests.catalog.conftest import Read, told

URL = "url: https://hold.example.com/review"


def declare(lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines.strip("\n").split("\n"))
    return f"webhooks:\n  - key: hold\n{body}"


def webhook(read: Read, lines: str) -> Resource:
    loading = read(declare(lines))
    assert told(loading) == []
    assert loading.catalog is not None
    (one,) = loading.catalog.resources
    return one


def test_a_webhook_is_named_by_its_catalog(read: Read) -> None:
    assert webhook(read, URL).body == {
        "name": "risk-hold",
        "url": "https://hold.example.com/review",
        "encode_as": "json",
        "custom_headers": None,
        "payload": None,
    }


def test_payload_and_headers_are_json_text(read: Read) -> None:
    one = webhook(
        read,
        f"{URL}\npayload: {{tenant: $ALERT_SCOPE, n: 1}}\ncustom_headers: {{X-Team: risk}}\nencode_as: form",
    )
    assert json.loads(one.body["payload"]) == {"tenant": "$ALERT_SCOPE", "n": 1}
    assert json.loads(one.body["custom_headers"]) == {"X-Team": "risk"}
    assert one.body["encode_as"] == "form"


def test_a_payload_may_be_a_text_that_is_json_only_once_filled_in(read: Read) -> None:
    one = webhook(read, f"{URL}\npayload: '{{\"value\": $ALERT_METRIC}}'")
    assert one.body["payload"] == '{"value": $ALERT_METRIC}'


@pytest.mark.parametrize(
    "lines",
    [
        "url: https://hold.example.com/v1/catalogs/6f9619ff-8b86-d011-b42d-00cf4fc964ff?token=$HOLD_TOKEN",
        "url: https://hooks.slack.com/services/$SLACK_HOOK",
        "url: https://user:$PASSWORD@hold.example.com/",
        "url: https://hold.example.com:8443/risk-incidents-2027-01-01-review-board",
        f"{URL}\ncustom_headers: {{Authorization: Bearer $HOLD_TOKEN, X-Version: '2'}}",
        f"{URL}\ncustom_headers: {{Authorization: $HOLD_TOKEN}}",
        f'{URL}\npayload: {{token: $T, keys: ["$A"], aggregation_key: $AGGREG_KEY, token_count: 3, text: "see https://wiki.example.com/on-call"}}',
    ],
)
def test_secrets_by_the_name_of_a_custom_variable_pass(read: Read, lines: str) -> None:
    webhook(read, lines)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("url: https://u:hunter2@x.example.com/", "the address holds what looks like a secret"),
        ("url: https://x.example.com/?token=abc", "the address holds what looks like a secret"),
        ("url: https://x.example.com/?api_key=abc", "the address holds what looks like a secret"),
        (
            "url: https://hooks.slack.com/services/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",
            "the address holds what looks like a secret",
        ),
        (f"{URL}\ncustom_headers: {{Authorization: Bearer x1}}", "the header Authorization holds"),
        (f"{URL}\ncustom_headers: {{Authorization: Basic $U aGk6dGhlcmU=}}", "the header Authorization"),
        (f"{URL}\ncustom_headers: {{X-Note: 'Bearer abcdefgh12'}}", "the header X-Note holds"),
        (f"{URL}\ncustom_headers: {{DD-API-KEY: '00'}}", "the header DD-API-KEY holds"),
        (f"{URL}\npayload: {{a: [{{password: x}}]}}", "the payload holds what looks like a secret"),
        (f"{URL}\npayload: {{a: xoxb-1234567890-abc}}", "the payload holds what looks like a secret"),
        (f"{URL}\npayload: {{routing_key: abc}}", "the payload holds what looks like a secret"),
        (f'{URL}\npayload: \'{{"secret": "abc"}}\'', "the payload holds what looks like a secret"),
        (
            f"{URL}\npayload: 'not json ghp_0123456789abcdefghij'",
            "the payload holds what looks like a secret",
        ),
    ],
)
def test_a_literal_secret_is_refused_and_not_repeated(read: Read, lines: str, expected: str) -> None:
    loading = read(declare(lines))
    (problem,) = loading.problems
    assert problem.rule == "literal-secret"
    assert problem.problem.startswith(expected)
    assert problem.source is None
    assert problem.where is not None
    assert problem.where.line >= 3


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("url: http://x.example.com/", "m.yaml:3:10 not the address of a webhook"),
        ("url: https://", "m.yaml:3:10 not the address of a webhook"),
        ("url: https://x.example.com:99999/", "m.yaml:3:10 not the address of a webhook"),
        ("url: 'https://[::1/'", "m.yaml:3:10 not the address of a webhook"),
        ("url: 'https://x.example.com/a b'", "m.yaml:3:10 not the address of a webhook"),
        ("url: $HOOK_URL", "m.yaml:3:10 not the address of a webhook"),
        ("url: 3", "m.yaml:3:10 expected text, found 3"),
        ("payload: {}", "m.yaml:2:5 'url' is missing"),
        (f"{URL}\npayload: [1]", "m.yaml:4:5 expected a payload, found a list"),
        (f"{URL}\nencode_as: xml", "m.yaml:4:16 expected json or form, found the text 'xml'"),
        (f"{URL}\ncustom_headers: {{X: 3}}", "m.yaml:4:25 expected text, found 3"),
        (f'{URL}\ncustom_headers: {{X: "a\\nb"}}', "m.yaml:4:25 not the value of a header"),
        (f"{URL}\nname: other", "m.yaml:4:5 unknown key 'name'"),
    ],
)
def test_what_cannot_be_meant_is_told_at_its_place(read: Read, lines: str, expected: str) -> None:
    assert told(read(declare(lines))) == [expected]
