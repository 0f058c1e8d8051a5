"""A Datadog in memory that follows the measured rules, with faults to order."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dd_sync.errors import DatadogError
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.model.ownership import ownership_tags

Json = dict[str, Any]
CATALOG = "guardrails"
_Bodies = list[Json]
Fault = Callable[[str, Any], None]


class MemoryMonitors:
    """Implements the port `Monitors`. `before` and `after` are called around each write and may raise.

    lag: so many list calls after a write still answer without it. counts: whether its search can count.
    """

    def __init__(self) -> None:
        self.live: dict[int, Json] = {}
        self.writes: list[tuple[str, Any]] = []
        self.lists = 0
        self.counts = True
        self.blocked: dict[int, tuple[str, ...]] = {}
        self.forced: list[int] = []
        self.before: Fault = lambda what, detail: None
        self.after: Fault = lambda what, detail: None
        self.lag = 0
        self.stale: list[Json] | None = None
        self._next = 1001
        self._lock = threading.RLock()

    def put(self, body: Mapping[str, Any], monitor_id: int | None = None) -> Json:
        """Stores a monitor as Datadog would after a POST, without counting it as a write."""
        number = self._next if monitor_id is None else monitor_id
        self._next = max(self._next, number) + 1
        self.live[number] = {
            "name": "",
            "message": "",
            "tags": [],
            "priority": None,
            "restricted_roles": None,
            "draft_status": "published",
            "overall_state": "No Data",
            **copy.deepcopy(dict(body)),
            "options": _filled(body.get("options") or {}),
            "id": number,
        }
        return copy.deepcopy(self.live[number])

    def list(self, tags: Sequence[str] = (), *, expected: int = 0) -> list[Json]:
        self.lists += 1
        if self.lag and self.stale is not None:
            self.lag -= 1
            source = self.stale
        else:
            source = list(self.live.values())
        return [copy.deepcopy(m) for m in source if set(tags) <= set(m["tags"])]

    def list_and_count(self, tags: Sequence[str], *, expected: int = 0) -> tuple[_Bodies, int | None]:
        count = sum(set(tags) <= set(m["tags"]) for m in self.live.values()) if self.counts else None
        return self.list(tags), count

    def get(self, monitor_id: int) -> Json:
        self._known(monitor_id)
        return copy.deepcopy(self.live[monitor_id])

    def create(self, body: Mapping[str, Any]) -> Json:
        with self._lock:
            created: Json = self._write("create", dict(body), lambda: self.put(body))
            return created

    def update(self, monitor_id: int, body: Mapping[str, Any]) -> Json:
        self._known(monitor_id)
        merged = {**self.live[monitor_id], **body}
        detail = (monitor_id, dict(body))
        updated: Json = self._write("update", detail, lambda: self.put(merged, monitor_id))
        return updated

    def delete(self, monitor_id: int, *, force: bool = False) -> None:
        self._known(monitor_id)
        if self._users(monitor_id) and not force:
            raise DatadogError(f"answered 400: monitor {monitor_id} is referenced", status=400)
        self.forced += [monitor_id] if force else []
        self._write("delete", monitor_id, lambda: self.live.pop(monitor_id))

    def can_delete(self, monitor_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        used = {number: users for number in monitor_ids if (users := self._users(number))}
        return {**used, **{number: why for number, why in self.blocked.items() if number in monitor_ids}}

    def _users(self, monitor_id: int) -> tuple[str, ...]:
        composites = (one for one in self.live.values() if one["type"] == "composite")
        return tuple(one["name"] for one in composites if str(monitor_id) in re.findall(r"\d+", one["query"]))

    def validate(self, body: Mapping[str, Any], monitor_id: int | None = None) -> None:
        """Everything is valid here."""

    def _write(self, what: str, detail: Any, act: Callable[[], Any]) -> Any:
        self.before(what, detail)
        self.stale = [copy.deepcopy(monitor) for monitor in self.live.values()]
        answer = act()
        self.writes.append((what, detail))
        self.after(what, detail)
        return answer

    def _known(self, monitor_id: int) -> None:
        if monitor_id not in self.live:
            raise DatadogError("Monitor not found", status=404, details=("Monitor not found",))

    @property
    def by_key(self) -> dict[str, Json]:
        return {key: monitor for monitor in self.live.values() for key in [_key(monitor)] if key}


def _key(monitor: Json) -> str | None:
    keys = [tag.removeprefix("dd_sync_key:") for tag in monitor["tags"] if tag.startswith("dd_sync_key:")]
    return keys[0] if keys else None


def _filled(options: Mapping[str, Any]) -> Json:
    filled: Json = {"notify_audit": False, "include_tags": True, "new_host_delay": 300, "silenced": {}}
    filled |= copy.deepcopy(dict(options))
    given = filled.pop("thresholds", None) or {}
    thresholds = {name: float(value) for name, value in given.items() if value is not None}
    if thresholds:
        filled["thresholds"] = thresholds
    if "on_missing_data" not in filled:
        filled.setdefault("notify_no_data", False)
    return filled


def declare(key: str, *, limit: float = 500, references: tuple[str, ...] = (), **fields: Any) -> Declared:
    """A declared monitor of the test catalog; a composite if it has references."""
    if references:
        fields.setdefault("type", "composite")
        fields.setdefault("query", " && ".join(f"${{monitor:{one}}}" for one in references))
        fields.setdefault("options", {})
    given: Json = {
        "type": "query alert",
        "query": f"sum(last_1h):sum:{key.replace('-', '.')}{{env:prod}} by {{tenant}}.as_count() > {limit:g}",
        "name": f"{key} is high",
        "message": "{{tenant.name}} @slack-risk-alerts",
        "tags": ("team:risk", *ownership_tags(CATALOG, key)),
        "options": {"thresholds": {"critical": limit}},
    }
    monitor = Monitor(**{**given, **fields})
    return Declared(key=key, monitor=monitor, file="m.yaml", path=("monitors", 0), references=references)


def live_of(*declared: Declared, first: int = 1) -> list[Json]:
    """The monitors as Datadog would answer them, ids counting up from `first`."""
    datadog = MemoryMonitors()
    return [datadog.put(one.monitor.body(), first + number) for number, one in enumerate(declared)]


class Naps:
    """A sleep that only remembers."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
