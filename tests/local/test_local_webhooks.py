"""Webhooks and custom variables of the local Datadog, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.client import Client

PATH = "/api/v1/integration/webhooks/configuration/webhooks"
VARIABLES = "/api/v1/integration/webhooks/configuration/custom-variables"
HOOK = {"name": "hold", "url": "https://hold.example.com"}


def test_a_webhook_lives_from_create_to_delete(datadog: Client) -> None:
    reply = datadog.post(PATH, HOOK)
    assert reply.status == 201
    made = reply.json
    assert made["encode_as"] == "json"
    assert made["custom_headers"] is None
    assert json.loads(made["payload"])["org"] == {"id": "$ORG_ID", "name": "$ORG_NAME"}
    assert datadog.done("GET", f"{PATH}/hold") == made
    after = datadog.done("PUT", f"{PATH}/hold", {"payload": "{}"})
    assert after == {**made, "payload": "{}"}
    assert datadog.done("DELETE", f"{PATH}/hold") == {}
    for method in ("GET", "PUT", "DELETE"):
        reply = datadog.send(method, f"{PATH}/hold", HOOK if method == "PUT" else None)
        assert (reply.status, reply.errors) == (404, ["Webhook does not exist"])


def test_another_name_renames(datadog: Client) -> None:
    datadog.post(PATH, HOOK)
    datadog.post(PATH, {**HOOK, "name": "taken"})
    assert datadog.send("PUT", f"{PATH}/hold", {"name": "taken"}).errors == ["Webhook already exists"]
    datadog.done("PUT", f"{PATH}/hold", {"name": "review"})
    assert datadog.get(f"{PATH}/hold").status == 404
    assert datadog.done("GET", f"{PATH}/review")["url"] == HOOK["url"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": None}, "'name' is a required property"),
        ({"url": ""}, "'url' is a required property"),
        ({"url": "ftp://x"}, "Invalid URL"),
        ({"encode_as": "xml"}, "'encode_as' is invalid"),
        ({"payload": {}}, "'payload' is not of type 'string'"),
        ({"custom_headers": {}}, "'custom_headers' is not of type 'string'"),
        ({"custom_headers": "[]"}, "'custom_headers' is not a JSON object"),
        ({"custom_headers": "x"}, "'custom_headers' is not a JSON object"),
    ],
)
def test_what_datadog_refuses_is_refused(shared: Client, fields: dict[str, Any], error: str) -> None:
    reply = shared.post(PATH, {**HOOK, **fields})
    assert (reply.status, reply.errors) == (400, [error])


def test_a_name_is_taken_once(datadog: Client) -> None:
    datadog.post(PATH, HOOK)
    assert datadog.post(PATH, HOOK).errors == ["Webhook already exists"]


def test_the_value_of_a_secret_is_neither_answered_nor_kept(datadog: Client) -> None:
    secret = {"name": "HOLD_TOKEN", "value": "hunter2", "is_secret": True}
    reply = datadog.post(VARIABLES, secret)
    assert (reply.status, reply.json) == (201, {"name": "HOLD_TOKEN", "is_secret": True})
    assert "hunter2" not in datadog.get(f"{VARIABLES}/HOLD_TOKEN").text
    shown = datadog.done("PUT", f"{VARIABLES}/HOLD_TOKEN", {"is_secret": False})
    assert shown == {"name": "HOLD_TOKEN", "is_secret": False, "value": ""}


def test_a_custom_variable_lives_from_create_to_delete(datadog: Client) -> None:
    plain = {"name": "TEAM", "value": "risk", "is_secret": False}
    assert datadog.done("POST", VARIABLES, plain) == plain
    assert datadog.done("PUT", f"{VARIABLES}/TEAM", {"value": "ops"})["value"] == "ops"
    assert datadog.done("DELETE", f"{VARIABLES}/TEAM") == {}
    assert datadog.get(f"{VARIABLES}/TEAM").errors == ["Custom variable does not exist"]
    assert datadog.post(VARIABLES, {**plain, "name": "lower"}).status == 400
    assert datadog.post(VARIABLES, {**plain, "value": 3}).status == 400
