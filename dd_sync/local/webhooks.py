"""/api/v1/integration/webhooks: webhooks by name, and the custom variables that their secrets are kept in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dd_sync.local.documents_table import Document, DocumentTable
from dd_sync.local.http import Answer, Call, Refused, bad_request

_NO_WEBHOOK, _NO_VARIABLE = "Webhook does not exist", "Custom variable does not exist"
_VARIABLE = re.compile(r"[A-Z0-9_]{1,200}")
_PAYLOAD = json.dumps(
    {
        "body": "$EVENT_MSG",
        "last_updated": "$LAST_UPDATED",
        "event_type": "$EVENT_TYPE",
        "title": "$EVENT_TITLE",
        "date": "$DATE",
        "org": {"id": "$ORG_ID", "name": "$ORG_NAME"},
        "id": "$ID",
    },
    indent=4,
)


def create(call: Call) -> Answer:
    body = _webhook(call.mapping())
    return Answer(_added(call, call.org.store.webhooks, body, "Webhook already exists"), status=201)


def read(call: Call) -> Answer:
    return Answer(_wanted(call, call.org.store.webhooks, _NO_WEBHOOK).body)


def update(call: Call) -> Answer:
    """What is not sent stays; another name renames."""
    table = call.org.store.webhooks
    with call.org.store.transaction():
        before = _wanted(call, table, _NO_WEBHOOK)
        after = _webhook({**before.body, **call.mapping()})
        _replace(call, table, before, after, "Webhook already exists")
    return Answer(after)


def delete(call: Call) -> Answer:
    return _removed(call, call.org.store.webhooks, _NO_WEBHOOK)


def create_variable(call: Call) -> Answer:
    table = call.org.store.webhook_variables
    body = _variable(call.mapping())
    _added(call, table, body, "Custom variable already exists")
    return Answer(body, status=201)


def read_variable(call: Call) -> Answer:
    return Answer(_wanted(call, call.org.store.webhook_variables, _NO_VARIABLE).body)


def update_variable(call: Call) -> Answer:
    table = call.org.store.webhook_variables
    with call.org.store.transaction():
        before = _wanted(call, table, _NO_VARIABLE)
        sent = call.mapping()
        # The value of a secret is not kept here, so it cannot be shown by making it no secret.
        after = _variable({**before.body, "value": "", **sent})
        _replace(call, table, before, after, "Custom variable already exists")
    return Answer(after)


def delete_variable(call: Call) -> Answer:
    return _removed(call, call.org.store.webhook_variables, _NO_VARIABLE)


def _wanted(call: Call, table: DocumentTable, missing: str) -> Document:
    document = table.get(call.path["id"])
    if document is None:
        raise Refused(404, missing)
    return document


def _added(call: Call, table: DocumentTable, body: dict[str, Any], taken: str) -> dict[str, Any]:
    with call.org.store.transaction():
        if table.get(body["name"]) is not None:
            raise bad_request(taken)
        return table.add(body["name"], body, call.org.clock()).body


def _replace(call: Call, table: DocumentTable, before: Document, body: dict[str, Any], taken: str) -> None:
    if body["name"] != before.name:
        if table.get(body["name"]) is not None:
            raise bad_request(taken)
        table.remove(before.name)
    table.put(replace(before, name=body["name"], body=body, modified=call.org.clock()))


def _removed(call: Call, table: DocumentTable, missing: str) -> Answer:
    with call.org.store.transaction():
        table.remove(_wanted(call, table, missing).name)
    return Answer({})


def _webhook(sent: Mapping[str, Any]) -> dict[str, Any]:
    name, url = _text(sent, "name"), _text(sent, "url")
    if not url.startswith(("http://", "https://")):
        raise bad_request("Invalid URL")
    encoding = sent.get("encode_as") or "json"
    if encoding not in ("json", "form"):
        raise bad_request("'encode_as' is invalid")
    for field in ("custom_headers", "payload"):
        if not isinstance(sent.get(field), str | None):
            raise bad_request(f"'{field}' is not of type 'string'")
    headers = sent.get("custom_headers") or None
    if headers is not None and not _is_object(headers):
        raise bad_request("'custom_headers' is not a JSON object")
    return {
        "name": name,
        "url": url,
        "encode_as": encoding,
        "custom_headers": headers,
        "payload": sent.get("payload") or _PAYLOAD,
    }


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _variable(sent: Mapping[str, Any]) -> dict[str, Any]:
    name = _text(sent, "name")
    if _VARIABLE.fullmatch(name) is None:
        raise bad_request("'name' is invalid: upper-case letters, digits and underscores")
    value, secret = sent.get("value"), sent.get("is_secret")
    if not isinstance(value, str) or not isinstance(secret, bool):
        raise bad_request("'value' is a text and 'is_secret' true or false")
    return {"name": name, "is_secret": secret, **({} if secret else {"value": value})}


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not value:
        raise bad_request(f"'{name}' is a required property")
    return value
