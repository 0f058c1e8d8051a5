"""Webhooks of Datadog's integration, over its API v1. There is no list of them: each is asked for by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.datadog.wire import Wire, shape_error
from dd_sync.errors import DatadogError
from dd_sync.ports import Json

_PATH = "/api/v1/integration/webhooks/configuration/webhooks"
_NONE = "Webhook does not exist"


@dataclass(frozen=True, slots=True)
class DatadogWebhooks:
    """The port `Webhooks`. api: a WebhooksIntegrationApi that neither checks types nor reads bodies."""

    wire: Wire
    api: Any

    def get(self, name: str) -> Json | None:
        try:
            return self._read(name)
        except DatadogError as error:
            if error.status == 404 and _NONE in error.details:
                return None
            raise

    def exists(self, name: str) -> bool | None:
        """Whether there is one of this name; None where that cannot be told."""
        path = f"{_PATH}/{name}"
        try:
            self.wire.call("GET", path, lambda: self.api.get_webhooks_integration(name))
        except DatadogError as error:
            if error.status != 404:
                raise
            # The same status without these words is a Datadog that has no such integration at all.
            return False if _NONE in error.details else None
        return True

    def create(self, body: Mapping[str, Any]) -> Json:
        return self._call("POST", _PATH, lambda: self.api.create_webhooks_integration(dict(body)))

    def update(self, name: str, body: Mapping[str, Any]) -> Json:
        path = f"{_PATH}/{name}"
        return self._call("PUT", path, lambda: self.api.update_webhooks_integration(name, dict(body)))

    def _read(self, name: str) -> Json:
        return self._call("GET", f"{_PATH}/{name}", lambda: self.api.get_webhooks_integration(name))

    def _call(self, method: str, path: str, send: Callable[[], Any]) -> Json:
        answer = self.wire.call(method, path, send)
        texts = ("name", "url")
        if not isinstance(answer, dict) or not all(isinstance(answer.get(name), str) for name in texts):
            raise shape_error(f"{method} {path}", self.wire.target, "something that is not a webhook")
        return answer
