"""Declared webhooks: known by their name, never deleted, and what others wrote into them never shown."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.kinds.kind import LiveResource
from dd_sync.model.resource import Kind
from dd_sync.model.secrets import HIDDEN, looks_secret, may_be_written, without_secrets
from dd_sync.ports import Json, Webhooks

_FIELDS = ("name", "url", "encode_as", "custom_headers", "payload")
# What Datadog stores where no payload is sent.
_DEFAULT_PAYLOAD: Json = {
    "body": "$EVENT_MSG",
    "last_updated": "$LAST_UPDATED",
    "event_type": "$EVENT_TYPE",
    "title": "$EVENT_TITLE",
    "date": "$DATE",
    "org": {"id": "$ORG_ID", "name": "$ORG_NAME"},
    "id": "$ID",
}


@dataclass(frozen=True, slots=True)
class WebhookCalls:
    """catalog: its name, with the environment, which every name begins with."""

    webhooks: Webhooks
    catalog: str

    @property
    def kind(self) -> Kind:
        return "webhook"

    def read(self, keys: Collection[str]) -> list[LiveResource]:
        """Datadog has no list of webhooks: each is asked for by its name."""
        found = []
        for key in sorted(keys):
            live = self.webhooks.get(f"{self.catalog}-{key}")
            if live is not None:
                body = {name: live.get(name) for name in _FIELDS}
                found.append(LiveResource(key, str(live.get("name")), body, comparable(body)))
        return found

    def create(self, body: Mapping[str, Any]) -> str:
        return str(self.webhooks.create(body)["name"])

    def update(self, live: LiveResource, body: Mapping[str, Any]) -> None:
        self.webhooks.update(live.id, body)

    def delete(self, live: LiveResource) -> None:
        """Nothing: monitors of others may name it, and Datadog would not say so."""

    def compared(self, body: Mapping[str, Any], live: LiveResource) -> tuple[Json, Json]:
        return comparable(body), comparable(live.body)

    def shown(self, path: str, value: Any) -> Any:
        name = path.rsplit(".", 1)[-1]
        if isinstance(value, dict):
            return {key: self.shown(f"{path}.{key}", item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.shown(path, item) for item in value]
        if not isinstance(value, str):
            return value
        if path == "url":
            return without_secrets(value)
        return value if may_be_written(name, value) and not looks_secret(value) else HIDDEN

    def labels(self, action: str, body: Mapping[str, Any] | None, paths: Collection[str]) -> tuple[str, ...]:
        return ("sends elsewhere",) if action == "update" and "url" in paths else ()


def comparable(body: Mapping[str, Any]) -> Json:
    """A webhook with everything left out that makes no difference: JSON is compared by its value."""
    payload = _parsed(body.get("payload"))
    return {
        "name": body.get("name"),
        "url": str(body.get("url") or "").strip(),
        "encode_as": body.get("encode_as") or "json",
        "custom_headers": _parsed(body.get("custom_headers")) or {},
        "payload": _DEFAULT_PAYLOAD if payload is None else payload,
    }


def _parsed(text: Any) -> Any:
    """A JSON text's value; a text that is none without the white space around it; None for nothing."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip() or None
