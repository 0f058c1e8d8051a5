"""Datadog's events: searched over API v2, posted over v1, which takes events of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from datadog_api_client import ApiClient

from dd_sync.datadog.endpoint import endpoint
from dd_sync.datadog.wire import Wire, shape_error
from dd_sync.errors import DatadogError
from dd_sync.ports import Json

_SEARCH = "/api/v2/events"
_POST = "/api/v1/events"
_PAGE = 1000
# More than this is no list of holds any more.
_MOST_PAGES = 50
_PARAMETERS = {
    "query": "filter[query]",
    "start": "filter[from]",
    "end": "filter[to]",
    "sort": "sort",
    "limit": "page[limit]",
    "cursor": "page[cursor]",
}


@dataclass(frozen=True, slots=True)
class DatadogEvents:
    """The port `Events`."""

    wire: Wire
    client: ApiClient

    def search(self, query: str, start: datetime, end: datetime) -> list[Json]:
        send = endpoint(self.client, "GET", _SEARCH, query=_PARAMETERS)
        wanted: dict[str, Any] = {
            "query": query,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "sort": "timestamp",
            "limit": _PAGE,
        }
        found: list[Json] = []
        for _ in range(_MOST_PAGES):
            answer = self.wire.call("GET", _SEARCH, partial(send, **wanted))
            data = answer.get("data") if isinstance(answer, dict) else None
            if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
                raise shape_error(
                    f"GET {_SEARCH}", self.wire.target, "something that is not a list of events"
                )
            found += data
            cursor = ((answer.get("meta") or {}).get("page") or {}).get("after")
            if not cursor:
                return found
            wanted = {**wanted, "cursor": str(cursor)}
        raise DatadogError(
            f"GET {_SEARCH}: more than {_PAGE * _MOST_PAGES:,} events", hint="look back less far with --since"
        )

    def post(self, body: Mapping[str, Any]) -> str:
        send = endpoint(self.client, "POST", _POST, body=True)
        answer = self.wire.call("POST", _POST, lambda: send(body=dict(body)))
        event = answer.get("event") if isinstance(answer, dict) else None
        # As text: the number itself is rounded.
        number = event.get("id_str") if isinstance(event, dict) else None
        if not isinstance(number, str):
            raise shape_error(f"POST {_POST}", self.wire.target, "something that is not an event")
        return number
