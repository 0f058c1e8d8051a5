"""/api/v1/monitor/search and …/groups/search: terms joined by a space or AND; no OR, no parentheses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from dd_sync.evaluate.select import group_tags, matcher
from dd_sync.local.downtimes_table import StoredDowntime
from dd_sync.local.group_scope import parse_group_scope
from dd_sync.local.http import Answer, Call, bad_request, invalid
from dd_sync.local.monitors_table import StoredMonitor
from dd_sync.local.normal import ORG_ID
from dd_sync.local.org import Org
from dd_sync.local.schedule import current_span
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
_OF_GROUPS = ("muted", "muted_remaining", "downtimes")
_CLASSIFICATION = {"metric alert": "metric", "query alert": "metric"}

Item = dict[str, Any]
Test = Callable[[Item], bool]


@dataclass(frozen=True, slots=True)
class _Mute:
    """A downtime that holds now. end: None for ever; matches: whether it silences a group of these tags."""

    downtime: StoredDowntime
    end: datetime | None
    matches: Callable[[frozenset[str]], bool]

    def is_whole(self, monitor: StoredMonitor) -> bool:
        """Whether it silences every group of the monitor."""
        return self.downtime.attributes["scope"] == "*" and self.downtime.covers(monitor.id, monitor.tags)

    def covers(self, monitor: StoredMonitor, group: Group) -> bool:
        return self.downtime.covers(monitor.id, monitor.tags) and self.matches(group_tags(group.name))


def search(call: Call) -> Answer:
    tests = _tests(call)
    verdicts = call.org.store.verdicts.all()
    now, mutes = call.org.clock(), _mutes(call.org)
    items = [
        _item(one, verdicts.get(one.id)) | _muted([mute for mute in mutes if mute.is_whole(one)], now)
        for one in call.org.store.monitors.all()
    ]
    found = _sorted(call, [item for item in items if all(test(item) for test in tests)], "name")
    counts = {
        "status": _counts(item["status"] for item in found),
        "muted": _counts(item["muted"] for item in found),
        "tag": _counts(tag for item in found for tag in item["tags"]),
        "type": _counts(item["classification"] for item in found),
    }
    page, metadata = _page(call, found)
    # Datadog searches monitors by `muted`, and answers only until when.
    shown = [{name: value for name, value in item.items() if name not in _OF_GROUPS} for item in page]
    return Answer({"monitors": shown, "counts": counts, "metadata": metadata})


def search_groups(call: Call) -> Answer:
    store, tests = call.org.store, _tests(call)
    now, mutes = call.org.clock(), _mutes(call.org)
    items = [
        _group_item(monitor, group) | _muted([mute for mute in mutes if mute.covers(monitor, group)], now)
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


def _mutes(org: Org) -> list[_Mute]:
    """The downtimes that hold now."""
    now = org.clock()
    found = []
    for downtime in org.store.downtimes.all():
        span = None if downtime.canceled else current_span(downtime.attributes["schedule"], now)
        if span is not None and span[0] <= now:
            scope = downtime.attributes["scope"]
            found.append(_Mute(downtime, span[1], matcher(parse_group_scope(scope))))
    return found


def _muted(mutes: Sequence[_Mute], now: datetime) -> Item:
    """What a search says of what these downtimes silence. remaining: seconds; None for ever or not at all."""
    ends = [mute.end for mute in mutes if mute.end is not None]
    until = max(ends) if mutes and len(ends) == len(mutes) else None
    return {
        "muted": bool(mutes),
        "muted_until_ts": None if until is None else int(until.timestamp()),
        "muted_remaining": None if until is None else int((until - now).total_seconds()),
        "downtimes": [{"id": mute.downtime.id, "scope": mute.downtime.attributes["scope"]} for mute in mutes],
    }


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
    "muted": lambda item: [str(item["muted"]).lower()],
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
