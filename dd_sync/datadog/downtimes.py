"""Downtimes over Datadog's API v2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datadog_api_client import ApiClient

from dd_sync.datadog.endpoint import endpoint
from dd_sync.datadog.wire import Wire, shape_error
from dd_sync.model.downtime import Downtime
from dd_sync.ports import Json

# Datadog gives 30 without a limit and publishes no largest one; a smaller page than asked for is fine.
PAGE = 100
_PATH = "/api/v2/downtime"
_Page = list[Downtime]
_Bodies = list[Json]


class DowntimeCalls:
    """What is needed of the client's DowntimesApi, called as that is."""

    def __init__(self, client: ApiClient) -> None:
        pages = {"current_only": "current_only", "page_offset": "page[offset]", "page_limit": "page[limit]"}
        one = f"{_PATH}/{{id}}"
        self.list_downtimes = endpoint(client, "GET", _PATH, query=pages)
        self._create = endpoint(client, "POST", _PATH, body=True)
        self._update = endpoint(client, "PATCH", one, body=True)
        self._cancel = endpoint(client, "DELETE", one)

    def create_downtime(self, body: Json) -> Any:
        return self._create(body=body)

    def update_downtime(self, id: str, body: Json) -> Any:
        return self._update(id=id, body=body)

    def cancel_downtime(self, id: str) -> Any:
        return self._cancel(id=id)


@dataclass(frozen=True, slots=True)
class DatadogDowntimes:
    """The ports `Downtimes` and `DowntimeBodies`.

    api: the calls of a DowntimesApi that neither checks types nor reads bodies.
    """

    wire: Wire
    api: Any

    def list(self, *, current_only: bool = True) -> _Page:
        return [self._read(f"GET {_PATH}", item) for item in self._all(current_only)]

    def bodies(self) -> _Bodies:
        found = self._all(current_only=True)
        for item in found:
            self._read(f"GET {_PATH}", item)
            if not _is_whole(item.get("attributes")):
                raise shape_error(f"GET {_PATH}", self.wire.target, "a downtime of another shape")
        return found

    def _all(self, current_only: bool) -> _Bodies:
        found: _Bodies = []
        while True:
            page, total = self._page(len(found), current_only)
            found += page
            if len(found) >= total:
                return found
            if not page:
                raise shape_error(
                    f"GET {_PATH}", self.wire.target, f"{len(found)} of the {total} downtimes it counted"
                )

    def _page(self, offset: int, current_only: bool) -> tuple[_Bodies, int]:
        answer = self.wire.call(
            "GET",
            _PATH,
            lambda: self.api.list_downtimes(current_only=current_only, page_offset=offset, page_limit=PAGE),
        )
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, list):
            raise shape_error(f"GET {_PATH}", self.wire.target, "something that is not a list of downtimes")
        return data, _total(answer, offset + len(data))

    def create(self, downtime: Downtime) -> Downtime:
        return Downtime.from_json(self.create_body(downtime.attributes()))

    def create_body(self, attributes: Mapping[str, Any]) -> Json:
        body = {"data": {"type": "downtime", "attributes": dict(attributes)}}
        answer = self.wire.call("POST", _PATH, lambda: self.api.create_downtime(body))
        return self._one(f"POST {_PATH}", answer)

    def update(self, downtime_id: str, attributes: Mapping[str, Any]) -> Downtime:
        return Downtime.from_json(self.update_body(downtime_id, attributes))

    def update_body(self, downtime_id: str, attributes: Mapping[str, Any]) -> Json:
        body = {"data": {"type": "downtime", "id": downtime_id, "attributes": dict(attributes)}}
        path = f"{_PATH}/{downtime_id}"
        answer = self.wire.call("PATCH", path, lambda: self.api.update_downtime(downtime_id, body))
        return self._one(f"PATCH {path}", answer)

    def cancel(self, downtime_id: str) -> None:
        self.wire.call("DELETE", f"{_PATH}/{downtime_id}", lambda: self.api.cancel_downtime(downtime_id))

    def _one(self, request: str, answer: Any) -> Json:
        """The body of one downtime, known to be readable as one."""
        data = answer.get("data") if isinstance(answer, dict) else None
        self._read(request, data)
        return dict(data or {})

    def _read(self, request: str, data: Any) -> Downtime:
        try:
            downtime = Downtime.from_json(data)
        except (ValueError, TypeError, AttributeError):
            downtime = None
        if downtime is None or not downtime.id:
            raise shape_error(request, self.wire.target, "something that is not a downtime")
        return downtime


def _is_whole(attributes: Any) -> bool:
    """Whether what is compared of a downtime has the type that Datadog gives it."""
    if not isinstance(attributes, dict):
        return False
    identifier, schedule = attributes.get("monitor_identifier"), attributes.get("schedule")
    if not isinstance(identifier, dict | None) or not isinstance(schedule, dict | None):
        return False
    recurrences = (schedule or {}).get("recurrences")
    texts = ("message", "scope", "display_timezone", "status")
    lists = (
        (identifier or {}).get("monitor_tags"),
        attributes.get("notify_end_states"),
        attributes.get("notify_end_types"),
    )
    return (
        all(isinstance(attributes.get(name), str | None) for name in texts)
        and all(_is_list_of(value, str) for value in lists)
        and _is_list_of(recurrences, dict)
    )


def _is_list_of(value: Any, kind: type) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, kind) for one in value))


def _total(answer: Mapping[str, Any], seen: int) -> int:
    """How many downtimes there are in all; those seen so far if Datadog does not say."""
    meta = answer.get("meta")
    page = meta.get("page") if isinstance(meta, dict) else None
    total = page.get("total_filtered_count") if isinstance(page, dict) else None
    return total if type(total) is int else seen
