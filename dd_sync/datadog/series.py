"""Datadog's metrics: queries over API v1, whose answers name several at once, and submission over v2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException

from dd_sync.datadog.endpoint import endpoint
from dd_sync.datadog.pace import Quota
from dd_sync.datadog.transport import Answer
from dd_sync.datadog.wire import Wire, shape_error
from dd_sync.ports import Json

_QUERY = "/api/v1/query"
_SUBMIT = "/api/v2/series"
_PARAMETERS = {"start": "from", "end": "to", "query": "query"}


@dataclass(slots=True)
class _Room:
    """until: when the query quota opens again, by the wire's clock, where it is used up."""

    until: float = 0.0


@dataclass(frozen=True, slots=True)
class DatadogSeries:
    """The port `Metrics`."""

    wire: Wire
    client: ApiClient
    _room: _Room = field(default_factory=_Room)

    def query(self, query: str, start: int, end: int) -> list[Json]:
        send = endpoint(self.client, "GET", _QUERY, query=_PARAMETERS)
        asked = partial(self._watched, partial(send, start=start, end=end, query=query))
        answer = self.wire.call("GET", _QUERY, asked)
        series = answer.get("series") if isinstance(answer, dict) else None
        if not isinstance(series, list) or not all(isinstance(one, dict) for one in series):
            raise shape_error(f"GET {_QUERY}", self.wire.target, "something that is not a list of series")
        return series

    def submit(self, series: Sequence[Json]) -> None:
        send = endpoint(self.client, "POST", _SUBMIT, body=True)
        self.wire.call("POST", _SUBMIT, lambda: send(body={"series": list(series)}))

    def wait(self) -> float:
        return max(0.0, self._room.until - self.wire.patience.clock())

    def _watched(self, send: Any) -> Answer:
        """The answer, its quota noted: other queries of the organisation use it too."""
        try:
            answer: Answer = send()
        except ApiException as error:
            self._note(error.headers or {}, refused=error.status == 429)
            raise
        self._note(answer.headers, refused=False)
        return answer

    def _note(self, headers: Mapping[str, str], *, refused: bool) -> None:
        quota = Quota.read(headers)
        if quota is not None and (refused or quota.remaining == 0):
            self._room.until = self.wire.patience.clock() + quota.reset
