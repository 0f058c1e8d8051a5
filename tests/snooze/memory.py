"""Datadog's downtimes in memory, with faults to order, and the request most tests make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dd_sync.errors import DatadogError
from dd_sync.model.downtime import Downtime
from dd_sync.snooze.request import Policy, request_snooze

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_913, tzinfo=UTC)
LOST = DatadogError("the connection was lost")
POLICY = Policy(timedelta(hours=24))


def request(tenant: str = "acme", **changes: Any) -> Downtime:
    given: dict[str, Any] = {
        "duration": timedelta(hours=2),
        "now": NOW,
        "reason": "INC-123 load test",
        "owner": "ops",
        "policy": POLICY,
        "catalog": "guardrails",
        "tenant_tag": "tenant",
    }
    return request_snooze(tenant, **{**given, **changes})


class MemoryDowntimes:
    """Implements the port `Downtimes`. `before` and `after` are called around each write and may raise."""

    def __init__(self) -> None:
        self.kept: dict[str, Downtime] = {}
        self.calls: list[str] = []
        self.before: Callable[[str], None] = lambda what: None
        self.after: Callable[[str], None] = lambda what: None

    @property
    def live(self) -> list[Downtime]:
        return [one for one in self.kept.values() if one.is_live]

    def list(self, *, current_only: bool = True) -> list[Downtime]:
        self.calls.append("list")
        return [one for one in self.kept.values() if one.is_live or not current_only]

    def put(self, downtime: Downtime) -> Downtime:
        number = f"id-{len(self.kept) + 1}"
        made = replace(downtime, id=number, status=downtime.status or "active", start=downtime.start or NOW)
        self.kept[number] = made
        return made

    def create(self, downtime: Downtime) -> Downtime:
        self._write("create")
        equal = [one.id for one in self.live if replace(one, id="", status="", start=None) == downtime]
        if equal:
            text = f"The downtime being created is a duplicate of one or more existing downtimes: {equal}"
            raise DatadogError(text, status=400, details=(text,))
        made = self.put(downtime)
        self.after("create")
        return made

    def update(self, downtime_id: str, attributes: Mapping[str, Any]) -> Downtime:
        self._write("update")
        end = datetime.fromisoformat(attributes["schedule"]["end"])
        self.kept[downtime_id] = replace(self.kept[downtime_id], end=end, message=attributes["message"])
        self.after("update")
        return self.kept[downtime_id]

    def cancel(self, downtime_id: str) -> None:
        self._write("cancel")
        self.kept[downtime_id] = replace(self.kept[downtime_id], status="canceled")
        self.after("cancel")

    def _write(self, what: str) -> None:
        self.calls.append(what)
        self.before(what)
