"""/api/v1/monitor/search and …/groups/search: terms joined by a space or AND; no OR, no parentheses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from dd_sync.local.http import Answer, Call, bad_request, invalid
from dd_sync.local.monitors_table import StoredMonitor
from dd_sync.local.normal import ORG_ID
from dd_sync.local.verdicts_table import Group, Verdict

_TERM = re.compile(r'(?P<minus>-|NOT\s+)?(?:(?P<field>\w+):)?(?:"(?P<quoted>[^"]*)"|(?P<word>[^\s"]+))')
_STATUSES = {
    "alert": "Alert",
    "warn": "Warn",
    "no data": "No Data",
    "ok": "OK",
    "ignored": "Ignored",
    "skipped": "Skipped",
}
_HANDLE = re.compile(r"(?:^|(?<=\s)|(?<=\}\}))@([\w.@-]*\w)")
_CLASSIFICATION = {"metric alert": "metric", "query alert": "metric"}

Item = dict[str, Any]
Test = Callable[[Item], bool]


def search(call: Call) -> Answer:
    tests = _tests(call)
    verdicts = call.org.store.verdicts.all()
    items = [_item(one, verdicts.get(one.id)) for one in call.org.store.monitors.all()]
    found = _sorted(call, [item for item in items if all(test(item) for test in tests)], "name")
    counts = {
        "status": _counts(item["status"] for item in found),
        "muted": _counts(False for _ in found),
        "tag": _counts(tag for item in found for tag in item["tags"]),
        "type": _counts(item["classification"] for item in found),
    }
    page, metadata = _page(call, found)
    return Answer({"monitors": page, "counts": counts, "metadata": metadata})


def search_groups(call: Call) -> Answer:
    store, tests = call.org.store, _tests(call)
    items = [
        _group_item(monitor, group)
        for monitor in store.monitors.all()
        for group in store.verdicts.groups(monitor.id).values()
    ]
    found = _sorted(call, [item for item in items if all(test(item) for test in tests)], "monitor_name")
    counts = {
        "status": _counts(item["status"] for item in found),
        "type": _counts(item["classification"] for item in found),
    }
    page, metadata = _page(call, found)
    return Answer({"groups": page, "counts": counts, "metadata": metadata})


def handles_of(message: str) -> list[str]:
    """The handles of a message, each once, without their @."""
    return list(dict.fromkeys(_HANDLE.findall(message)))


def _item(monitor: StoredMonitor, verdict: Verdict | None) -> Item:
    definition = monitor.definition
    return {
        "id": monitor.id,
        "name": monitor.name,
        "type": definition["type"],
        "query": definition["query"],
        "status": "No Data" if verdict is None else verdict.overall,
        "scopes": re.findall(r"\{([^{}]*)\}", definition["query"])[:1],
        "classification": _classification(definition["type"]),
        "creator": {"id": 1, "handle": "local@example.com", "name": "Local Datadog"},
        "metrics": re.findall(r":([A-Za-z][\w.]*)\{", definition["query"]),
        "notifications": [
            {"handle": handle, "name": handle.partition("-")[0].capitalize()}
            for handle in handles_of(definition["message"])
        ],
        "tags": monitor.tags,
        "priority": definition["priority"],
        "org_id": ORG_ID,
        "last_triggered_ts": None,
        "muted_until_ts": None,
        "overall_state_modified": None if verdict is None else verdict.since,
        "restricted_roles": definition["restricted_roles"],
    }


def _group_item(monitor: StoredMonitor, group: Group) -> Item:
    group_tags = [] if group.name in ("*", "total") else group.name.split(",")
    return {
        "monitor_id": monitor.id,
        "monitor_name": monitor.name,
        "name": monitor.name,
        "classification": _classification(monitor.definition["type"]),
        "group": group.name,
        "group_tags": group_tags,
        "all_tags": [*monitor.tags, *group_tags],
        "tags": monitor.tags,
        "status": group.status,
        "last_triggered_ts": group.last_triggered,
        "last_nodata_ts": group.last_nodata,
        "muted": False,
        "muted_until_ts": None,
        "muted_remaining": None,
        "downtimes": [],
        "env_tags": [tag for tag in monitor.tags if tag.startswith("env:")],
        "team_tags": [tag for tag in monitor.tags if tag.startswith("team:")],
        "priority": monitor.definition["priority"],
    }


def _classification(type: str) -> str:
    return _CLASSIFICATION.get(type, type.removesuffix(" alert"))


def _tests(call: Call) -> list[Test]:
    text = call.query.get("query", "")
    if "(" in text or ")" in text or re.search(r"(?:^|\s)OR(?:\s|$)", text):
        raise bad_request("Query parsing error: OR and parentheses are not supported by the local Datadog")
    return [_test(found) for found in _TERM.finditer(text) if found[0] != "AND"]


def _test(found: re.Match[str]) -> Test:
    field = (found["field"] or "title").lower()
    value = found["quoted"] if found["quoted"] is not None else found["word"]
    if field in ("status", "group_status"):
        if value.lower() not in _STATUSES:
            raise bad_request(f"Query parsing error: '{value[:60]}' is not a valid monitor status")
        field, value = "status", _STATUSES[value.lower()]
    of = _FIELDS.get(field)
    if of is None:
        raise bad_request(f"Query parsing error: '{field[:40]}' is not a field the local Datadog searches by")
    pattern = f"*{value}*" if field == "title" else value
    wanted = not found["minus"]

    def test(item: Item) -> bool:
        return any(fnmatchcase(text.lower(), _glob(pattern.lower())) for text in of(item)) is wanted

    return test


def _glob(pattern: str) -> str:
    """`*` and `?` are wildcards in Datadog's search, brackets are not."""
    return pattern.replace("[", "[[]")


_FIELDS: dict[str, Callable[[Item], Sequence[str]]] = {
    "title": lambda item: [item["name"]],
    "status": lambda item: [item["status"]],
    "type": lambda item: [item["classification"]],
    "tag": lambda item: item["tags"],
    "metric": lambda item: item.get("metrics", []),
    "notification": lambda item: [one["handle"] for one in item.get("notifications", [])],
    "muted": lambda _: ["false"],
    "id": lambda item: [str(item.get("id", item.get("monitor_id")))],
    "group": lambda item: [item.get("group", ""), *item.get("group_tags", [])],
    "scope": lambda item: item.get("scopes", []),
}


def _sorted(call: Call, items: list[Item], default: str) -> list[Item]:
    field, _, direction = call.query.get("sort", f"{default},asc").partition(",")
    if field not in ("name", "status", "tags", default) or direction not in ("", "asc", "desc"):
        raise invalid("sort")
    return sorted(items, key=lambda item: str(item[field]), reverse=direction == "desc")


def _page(call: Call, items: list[Item]) -> tuple[list[Item], dict[str, int]]:
    number = call.number("page", default=0)
    size = call.number("per_page", default=30, least=1, most=1000)
    return items[number * size : (number + 1) * size], {
        "page": number,
        "page_count": -(-len(items) // size),
        "per_page": size,
        "total_count": len(items),
    }


def _counts(values: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in Counter(values).most_common()]
