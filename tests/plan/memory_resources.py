"""Datadog's downtimes, dashboards and webhooks in memory, as measured, with faults to order."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dd_sync.errors import DatadogError
from dd_sync.kinds.dashboard import DashboardCalls
from dd_sync.kinds.downtime import DowntimeCalls
from dd_sync.kinds.kind import Calls
from dd_sync.kinds.webhook import WebhookCalls
from dd_sync.model.resource import Kind, Resource, mark, references_of

Json = dict[str, Any]
CATALOG = "guardrails"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LOST = DatadogError("the connection was lost")
UNSENT = DatadogError("cannot be reached", sent=False)


class Memory:
    """What is common: `before` and `after` are called around each write and may raise; so many reads after a
    write answer as `lag` says without it; with `cut` no read is answered."""

    def __init__(self) -> None:
        self.kept: dict[str, Json] = {}
        self.writes: list[str] = []
        self.reads = 0
        self.before: Callable[[str], None] = lambda what: None
        self.after: Callable[[str], None] = lambda what: None
        self.lag = 0
        self.cut = False
        self._stale: dict[str, Json] | None = None
        self._count = 0

    def seen(self) -> dict[str, Json]:
        self.reads += 1
        if self.cut:
            raise LOST
        if self.lag and self._stale is not None:
            self.lag -= 1
            return copy.deepcopy(self._stale)
        return copy.deepcopy(self.kept)

    def new(self) -> str:
        self._count += 1
        return f"id-{self._count:03}"

    def write(self, what: str, act: Callable[[], Json]) -> Json:
        self.before(what)
        self._stale = copy.deepcopy(self.kept)
        made = act()
        self.writes.append(what)
        self.after(what)
        return copy.deepcopy(made)

    def known(self, number: str) -> Json:
        if number not in self.kept:
            raise DatadogError("not found", status=404, details=("not found",))
        return self.kept[number]


class MemoryDowntimes(Memory):
    """Implements the port `DowntimeBodies`; refuses a start in the past and an equal downtime."""

    now = NOW

    def bodies(self) -> list[Json]:
        return [
            {"id": number, "attributes": attributes}
            for number, attributes in self.seen().items()
            if attributes["status"] in ("active", "scheduled")
        ]

    def create_body(self, attributes: Mapping[str, Any]) -> Json:
        def act() -> Json:
            filled = self._filled(attributes)
            for number, other in self.kept.items():
                if other["status"] != "canceled" and {**other, "created": 0, "status": 0} == {
                    **filled,
                    "created": 0,
                    "status": 0,
                }:
                    text = "The downtime being created is a duplicate of one or more existing downtimes"
                    raise DatadogError(text, status=400, details=(f"{text}: ['{number}']",))
            number = self.new()
            self.kept[number] = filled
            return {"id": number, "attributes": filled}

        return self.write("create", act)

    def update_body(self, downtime_id: str, attributes: Mapping[str, Any]) -> Json:
        def act() -> Json:
            before = self.known(downtime_id)
            schedule = attributes.get("schedule") or {}
            if "recurrences" not in before["schedule"] and "end" in schedule:
                schedule = {**before["schedule"], **schedule}
            changed = {**attributes, **({"schedule": schedule} if schedule else {})}
            self.kept[downtime_id] = self._filled({**before, **changed}, before)
            return {"id": downtime_id, "attributes": self.kept[downtime_id]}

        return self.write("update", act)

    def cancel(self, downtime_id: str) -> None:
        def act() -> Json:
            self.known(downtime_id)["status"] = "canceled"
            return {}

        self.write("cancel", act)

    def _filled(self, attributes: Mapping[str, Any], before: Json | None = None) -> Json:
        schedule = dict(attributes["schedule"])
        if "recurrences" not in schedule:
            start = schedule["start"]
            moment = self.now if start is None else datetime.fromisoformat(start)
            if moment < self.now - timedelta(minutes=1) and (before is None or "schedule" not in before):
                raise DatadogError("past", status=400, details=("Downtime cannot be scheduled in the past",))
            schedule["start"] = moment.isoformat()
            status = "active" if moment <= self.now else "scheduled"
        else:
            schedule["current_downtime"] = {"start": "x", "end": "y"}
            status = "scheduled"
        return copy.deepcopy(
            {
                **attributes,
                "schedule": schedule,
                # Datadog answers these in any order.
                "notify_end_states": list(reversed(attributes["notify_end_states"])),
                "created": f"2026-11-21T12:00:{len(self.kept):02}",
                "status": status,
            }
        )


class MemoryDashboards(Memory):
    """Implements the port `Dashboards`; gives every widget an id."""

    def list(self) -> list[Json]:
        names = ("id", "title", "description", "created_at")
        return [{name: body[name] for name in names} for body in self.seen().values()]

    def get(self, dashboard_id: str) -> Json:
        return copy.deepcopy(self.known(dashboard_id))

    def create(self, body: Mapping[str, Any]) -> Json:
        def act() -> Json:
            number = self.new()
            self.kept[number] = self._filled(number, body, f"2026-11-21T12:00:{len(self.kept):02}")
            return self.kept[number]

        return self.write("create", act)

    def update(self, dashboard_id: str, body: Mapping[str, Any]) -> Json:
        def act() -> Json:
            self.kept[dashboard_id] = self._filled(dashboard_id, body, self.known(dashboard_id)["created_at"])
            return self.kept[dashboard_id]

        return self.write("update", act)

    def delete(self, dashboard_id: str) -> None:
        self.write("delete", lambda: self.known(dashboard_id) and self.kept.pop(dashboard_id))

    def _filled(self, number: str, body: Mapping[str, Any], created: str) -> Json:
        return {
            "id": number,
            "url": f"/dashboard/{number}",
            "author_handle": "a@example.com",
            "is_read_only": False,
            "created_at": created,
            "restricted_roles": [],
            **copy.deepcopy(dict(body)),
            "template_variables": body.get("template_variables") or None,
            "notify_list": body.get("notify_list") or None,
            "widgets": _with_ids(body["widgets"]),
        }


def _with_ids(widgets: list[Json]) -> list[Json]:
    found = []
    for number, widget in enumerate(copy.deepcopy(widgets)):
        if "widgets" in widget["definition"]:
            widget["definition"]["widgets"] = _with_ids(widget["definition"]["widgets"])
        found.append({"id": 1000 + number, "layout": {"x": 0, "y": 0, "width": 4, "height": 2}, **widget})
    return found


class MemoryWebhooks(Memory):
    """Implements the port `Webhooks`; stores the default payload where none is sent."""

    def get(self, name: str) -> Json | None:
        return self.seen().get(name)

    def create(self, body: Mapping[str, Any]) -> Json:
        def act() -> Json:
            name = body["name"]
            if name in self.kept:
                raise DatadogError("taken", status=400, details=("Webhook already exists",))
            self.kept[name] = self._filled(body)
            return self.kept[name]

        return self.write("create", act)

    def update(self, name: str, body: Mapping[str, Any]) -> Json:
        def act() -> Json:
            self.known(name)
            self.kept[name] = self._filled(body)
            return self.kept[name]

        return self.write("update", act)

    def _filled(self, body: Mapping[str, Any]) -> Json:
        default = (
            '{"body": "$EVENT_MSG", "last_updated": "$LAST_UPDATED", "event_type": "$EVENT_TYPE", '
            '"title": "$EVENT_TITLE", "date": "$DATE", "org": {"id": "$ORG_ID", "name": "$ORG_NAME"}, '
            '"id": "$ID"}'
        )
        return {**body, "payload": body["payload"] or default}


class World:
    """All three, and the calls to them."""

    def __init__(self) -> None:
        self.downtimes = MemoryDowntimes()
        self.dashboards = MemoryDashboards()
        self.webhooks = MemoryWebhooks()

    @property
    def calls(self) -> list[Calls]:
        return [
            WebhookCalls(self.webhooks, CATALOG),
            DowntimeCalls(self.downtimes, CATALOG, lambda: self.downtimes.now),
            DashboardCalls(self.dashboards, CATALOG),
        ]

    @property
    def memories(self) -> tuple[Memory, ...]:
        return self.webhooks, self.downtimes, self.dashboards

    @property
    def writes(self) -> int:
        return sum(len(memory.writes) for memory in self.memories)


def downtime(key: str = "window/a", **changes: Any) -> Resource:
    body = {
        "scope": "*",
        "monitor_identifier": {"monitor_tags": ["managed_by:dd-sync", f"dd_sync_key:{key}"]},
        "schedule": {"start": "2026-11-22T02:00:00+00:00", "end": "2026-11-22T04:00:00+00:00"},
        "message": mark("downtime", CATALOG, key),
        "display_timezone": "UTC",
        "mute_first_recovery_notification": False,
        "notify_end_states": ["alert", "no data", "warn"],
        "notify_end_types": ["expired"],
        **changes,
    }
    return _resource("downtime", key, body)


def dashboard(key: str = "streams", *widgets: Json, **changes: Any) -> Resource:
    body = {
        "title": key,
        "description": f"Why.\n\n{mark('dashboard', CATALOG, key)}",
        "layout_type": "ordered",
        "widgets": list(widgets) or [{"definition": {"type": "note", "content": "hi"}}],
        "tags": [],
        "template_variables": [],
        "notify_list": [],
        **changes,
    }
    return _resource("dashboard", key, body)


def webhook(key: str = "hold", **changes: Any) -> Resource:
    body = {
        "name": f"{CATALOG}-{key}",
        "url": "https://hold.example.com/review",
        "encode_as": "json",
        "custom_headers": None,
        "payload": None,
        **changes,
    }
    return _resource("webhook", key, body)


def _resource(kind: Kind, key: str, body: Json) -> Resource:
    return Resource(
        kind=kind,
        key=key,
        name=key,
        body=body,
        file="m.yaml",
        path=(f"{kind}s", 0),
        references=references_of(body),
    )


def alert_graph(key: str) -> Json:
    return {"definition": {"type": "alert_graph", "alert_id": f"${{monitor:{key}}}"}}
