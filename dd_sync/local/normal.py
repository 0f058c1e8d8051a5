"""What Datadog makes of a monitor when it is written: defaults, floats, types; measured in recordings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dd_sync.local.monitors_table import StoredMonitor

ORG_ID = 1
METRIC_TYPES = ("metric alert", "query alert")
# Types that get groupby_simple_monitor injected.
EVENT_PLATFORM_TYPES = frozenset(
    (
        "log alert",
        "rum alert",
        "ci-pipelines alert",
        "ci-tests alert",
        "error-tracking alert",
        "llm-observability alert",
    )
)
_GROUPED = re.compile(r"\bby\s*\{|\.by\(")
_CUMULATIVE = re.compile(r"\s*\w+\(\s*current_")
_SETTABLE = (
    "type",
    "name",
    "message",
    "tags",
    "query",
    "options",
    "multi",
    "priority",
    "restricted_roles",
    "draft_status",
    "assets",
)
_CREATOR = {"name": "Local Datadog", "handle": "local@example.com", "email": "local@example.com", "id": 1}


def definition_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """A validated request body as it is kept. Read-only fields and unknown ones are dropped."""
    query = str(body["query"]).rstrip()
    kind = _type(str(body["type"]), query)
    definition = {
        "type": kind,
        "name": body.get("name") or "",
        "message": (body.get("message") or "").rstrip(),
        "tags": list(body.get("tags") or ()),
        "query": query,
        "options": _options(body.get("options") or {}, kind),
        "multi": _GROUPED.search(query) is not None,
        "priority": body.get("priority") or None,
        "restricted_roles": body.get("restricted_roles"),
        "draft_status": body.get("draft_status") or "published",
        "assets": list(body.get("assets") or ()),
    }
    return {key: definition[key] for key in _SETTABLE}


def merged(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The body that an update means: fields not sent keep their value, `options` are replaced as a whole."""
    return {**before, **{key: value for key, value in body.items() if key in _SETTABLE}}


def _type(type: str, query: str) -> str:
    if type == "query alert" and query.startswith("formula("):
        return "metric alert"
    if type == "metric alert" and _CUMULATIVE.match(query):
        return "query alert"
    return type


def _options(sent: Mapping[str, Any], type: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, value in sent.items():
        if key == "thresholds":
            if thresholds := _thresholds(value or {}):
                options[key] = thresholds
        elif key == "escalation_message" and value is not None:
            options[key] = value.rstrip()
        else:
            options[key] = value
    options.setdefault("notify_audit", False)
    options.setdefault("silenced", {})
    options.setdefault("include_tags", True)
    options.setdefault("new_host_delay", 300)
    scheduled = (options.get("scheduling_options") or {}).get("custom_schedule")
    if "on_missing_data" not in options and not scheduled:
        options.setdefault("notify_no_data", False)
    if type in EVENT_PLATFORM_TYPES:
        options.setdefault("groupby_simple_monitor", False)
    return options


def _thresholds(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: float(value) if isinstance(value, int) else value
        for key, value in sent.items()
        if value is not None
    }


def moment(at: datetime) -> str:
    """`2025-12-11T15:09:22.551561+00:00`: microseconds even where they are zero."""
    return at.isoformat(timespec="microseconds")


def answer_of(monitor: StoredMonitor) -> dict[str, Any]:
    """What Datadog answers to a create. Never the live state: that comes only with a later read."""
    return {
        "id": monitor.id,
        "org_id": ORG_ID,
        **{
            key: monitor.definition[key]
            for key in ("type", "name", "message", "tags", "query", "options", "multi")
        },
        "created_at": int(monitor.created.timestamp()) * 1000,
        "created": moment(monitor.created),
        "modified": moment(monitor.modified),
        "deleted": None,
        "priority": monitor.definition["priority"],
        "restricted_roles": monitor.definition["restricted_roles"],
        "restriction_policy": None,
        "draft_status": monitor.definition["draft_status"],
        "assets": [
            {
                **asset,
                "monitor_id": monitor.id,
                "options": {},
                "template_variables": {},
                "resource_key": asset.get("resource_key"),
                "resource_type": asset.get("resource_type"),
            }
            for asset in monitor.definition["assets"]
        ],
        "overall_state_modified": None,
        "overall_state": "No Data",
        "creator": dict(_CREATOR),
    }


def update_answer_of(monitor: StoredMonitor) -> dict[str, Any]:
    answer = answer_of(monitor)
    del answer["creator"]
    return answer


def read_answer_of(
    monitor: StoredMonitor, overall: str, since: datetime | None, *, with_assets: bool = False
) -> dict[str, Any]:
    """What a GET or a list answers: the live state, and no restriction policy."""
    answer = answer_of(monitor)
    del answer["restriction_policy"]
    answer["assets"] = list(monitor.definition["assets"]) if with_assets else []
    answer["overall_state"] = overall
    answer["overall_state_modified"] = None if since is None else since.isoformat(timespec="seconds")
    answer["creator"] = {key: _CREATOR[key] for key in ("name", "email", "handle", "id")}
    return answer
