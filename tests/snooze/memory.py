"""Datadog's downtimes in memory, with faults to order, and the request most tests make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dd_sync.errors import DatadogError
from dd_sync.model.downtime import Downtime
from dd_sync.model.group import Found, LiveGroup, LiveMonitor
from dd_sync.model.ownership import SNOOZABLE, ownership_tags
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
        status = downtime.status or ("scheduled" if downtime.start and downtime.start > NOW else "active")
        made = replace(downtime, id=number, status=status, start=downtime.start or NOW)
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
        end_text = attributes["schedule"]["end"]
        end = None if end_text is None else datetime.fromisoformat(end_text)
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


def group(tenant: str, key: str = "rate", status: str = "OK", *, monitor: int = 1) -> LiveGroup:
    tags = (*ownership_tags("guardrails", key), SNOOZABLE)
    return LiveGroup(monitor, f"{key} is high", (f"tenant:{tenant}",), status, tags)


class MemorySearch:
    """Implements the port `Search`. error: raised by every question, if any; calls: the questions asked."""

    def __init__(self, *groups: LiveGroup, loud: Sequence[LiveMonitor] = ()) -> None:
        self.found = list(groups)
        self.loud = list(loud)
        self.error: DatadogError | None = None
        self.calls: list[str] = []

    def groups(self, tags: Sequence[str], *, group: str | None = None, most: int = 100) -> Found[LiveGroup]:
        self._ask(f"groups {group or ''}".strip())
        found = [
            one
            for one in self.found
            if set(tags) <= set(one.monitor_tags) and (group is None or group in one.tags)
        ]
        return Found(tuple(found[:most]), len(found), _statuses(found))

    def monitors(self, tags: Sequence[str], *, without: str, most: int = 100) -> Found[LiveMonitor]:
        self._ask("monitors")
        return Found(tuple(self.loud[:most]), len(self.loud), {})

    def _ask(self, what: str) -> None:
        self.calls.append(what)
        if self.error is not None:
            raise self.error


def _statuses(groups: Sequence[LiveGroup]) -> dict[str, int]:
    return {name: sum(one.status == name for one in groups) for name in {one.status for one in groups}}
