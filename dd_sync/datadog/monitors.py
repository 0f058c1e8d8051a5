"""Monitors over Datadog's API v1, as plain JSON both ways.

The client's typed models know only the fields of their version; a raw monitor must pass through untouched,
so dicts go in (input types unchecked) and the answers' bodies come out unparsed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dd_sync.datadog.listing import PATH as _PATH
from dd_sync.datadog.listing import Listing, is_monitor, is_whole
from dd_sync.datadog.wire import Wire, shape_error
from dd_sync.ports import Json

_IDS_PER_QUESTION = 100
_Page = list[Json]


@dataclass(frozen=True, slots=True)
class DatadogMonitors:
    """The port `Monitors`. api: a MonitorsApi that neither checks types nor reads bodies."""

    wire: Wire
    api: Any

    def list(self, tags: Sequence[str] = (), *, expected: int = 0) -> _Page:
        return Listing(self.wire, self.api).read(tags, expected)

    def list_and_count(self, tags: Sequence[str], *, expected: int = 0) -> tuple[_Page, int | None]:
        return Listing(self.wire, self.api).read_and_count(tags, expected)

    def get(self, monitor_id: int) -> Json:
        path = f"{_PATH}/{monitor_id}"
        live = self._monitor("GET", path, lambda: self.api.get_monitor(monitor_id))
        if not is_whole(live):
            raise shape_error(f"GET {path}", self.wire.target, "something that is not a monitor")
        return live

    def create(self, body: Mapping[str, Any]) -> Json:
        return self._monitor("POST", _PATH, lambda: self.api.create_monitor(dict(body)))

    def update(self, monitor_id: int, body: Mapping[str, Any]) -> Json:
        path = f"{_PATH}/{monitor_id}"
        return self._monitor("PUT", path, lambda: self.api.update_monitor(monitor_id, dict(body)))

    def delete(self, monitor_id: int, *, force: bool = False) -> None:
        query = {"force": "true"} if force else {}
        self.wire.call(
            "DELETE", f"{_PATH}/{monitor_id}", lambda: self.api.delete_monitor(monitor_id, **query)
        )

    def can_delete(self, monitor_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        blocked: dict[int, tuple[str, ...]] = {}
        for batch in _batches(monitor_ids):
            blocked.update(self._blocked(batch))
        return blocked

    def _blocked(self, monitor_ids: Sequence[int]) -> Iterator[tuple[int, tuple[str, ...]]]:
        path = f"{_PATH}/can_delete"
        ids = list(monitor_ids)
        answer = self.wire.call("GET", path, lambda: self.api.check_can_delete_monitor(ids), also=(409,))
        if not isinstance(answer, dict):
            raise shape_error(f"GET {path}", self.wire.target, "something that is not about deletion")
        errors = answer.get("errors") or {}
        if not isinstance(errors, dict) or not all(str(key).isdecimal() for key in errors):
            raise shape_error(f"GET {path}", self.wire.target, "reasons without monitor ids")
        for key, reasons in errors.items():
            texts = reasons if isinstance(reasons, list) else [reasons]
            yield int(key), tuple(self.wire.clean(str(text)) for text in texts)

    def validate(self, body: Mapping[str, Any], monitor_id: int | None = None) -> None:
        if monitor_id is None:
            self.wire.call("POST", f"{_PATH}/validate", lambda: self.api.validate_monitor(dict(body)))
            return
        path = f"{_PATH}/{monitor_id}/validate"
        self.wire.call("POST", path, lambda: self.api.validate_existing_monitor(monitor_id, dict(body)))

    def _monitor(self, method: str, path: str, send: Any) -> Json:
        answer = self.wire.call(method, path, send)
        if not is_monitor(answer):
            raise shape_error(f"{method} {path}", self.wire.target, "something that is not a monitor")
        monitor: Json = answer
        return monitor


def _batches(items: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), _IDS_PER_QUESTION):
        yield items[start : start + _IDS_PER_QUESTION]
