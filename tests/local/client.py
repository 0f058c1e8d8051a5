"""A local Datadog on a real socket, spoken to with http.client: no code of ours on the client's side."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dd_sync.local.clock import SimulatedClock

# A Monday, at midnight.
START = datetime(2026, 3, 2, tzinfo=UTC)
BOTH_KEYS = {"DD-API-KEY": "an-api-key", "DD-APPLICATION-KEY": "an-app-key"}
RATE = "sum(last_1h):sum:streams.created{env:prod} by {tenant}.as_count() > 500"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def errors(self) -> list[str]:
        assert set(self.json) == {"errors"}, self.text
        return list(self.json["errors"])


@dataclass
class Client:
    """Requests with both keys, unless told otherwise."""

    url: str
    clock: SimulatedClock | None = None
    headers: dict[str, str] = field(default_factory=lambda: dict(BOTH_KEYS))

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=20)
        try:
            connection.request(method, path, data, dict(self.headers if headers is None else headers))
            answer = connection.getresponse()
            text = answer.read().decode()
            lowered = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, lowered, text)
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Reply:
        return self.send("POST", path, body)

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request that has to succeed."""
        reply = self.send(method, path, body)
        assert reply.status < 300, reply.text
        return reply.json if reply.text else None

    def create(self, **fields: Any) -> Any:
        """A monitor, the stream rate one unless said otherwise."""
        return self.done("POST", "/api/v1/monitor", monitor(**fields))

    def silence(self, scope: str = "*", tags: Sequence[str] = ("*",), **attributes: Any) -> Any:
        whole = {"scope": scope, "monitor_identifier": {"monitor_tags": list(tags)}, **attributes}
        return self.done("POST", "/api/v2/downtime", downtime(**whole))["data"]

    def points(
        self, tenant: str, values: Sequence[float], *, ago: int = 0, metric: str = "streams.created"
    ) -> None:
        """One count a minute, the first `ago` minutes before now; the others follow, into the future too."""
        first = int(self.now().timestamp()) - 60 * ago
        series = {
            "metric": metric,
            "type": 1,
            "interval": 60,
            "points": [{"timestamp": first + 60 * i, "value": value} for i, value in enumerate(values)],
            "tags": ["env:prod", f"tenant:{tenant}"],
        }
        self.done("POST", "/local/series", {"series": [series]})

    def now(self) -> datetime:
        assert self.clock is not None
        return self.clock()

    def advance(self, span: str) -> None:
        self.done("POST", "/local/clock", {"advance": span})

    def told(self) -> list[tuple[str, str, str]]:
        """(time, group, kind) of every notification."""
        found = self.done("GET", "/local/notifications")["notifications"]
        return [(one["at"][11:16], one["group"], one["kind"]) for one in found]

    def states(self, number: int) -> dict[str, str]:
        groups = self.done("GET", f"/api/v1/monitor/{number}?group_states=all")["state"]["groups"]
        return {name: group["status"] for name, group in groups.items()}


def monitor(**fields: Any) -> dict[str, Any]:
    return {
        "type": "query alert",
        "query": RATE,
        "name": "Stream creation rate is high",
        "message": "{{tenant.name}} created {{value}} streams @slack-risk",
        "options": {"thresholds": {"critical": 500}},
        **fields,
    }


def downtime(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "downtime", "attributes": attributes}}


def later(**span: float) -> str:
    """An ISO time after START."""
    return (START + timedelta(**span)).isoformat()


Start = Callable[..., Client]
