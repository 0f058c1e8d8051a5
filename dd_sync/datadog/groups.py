"""Datadog's search of monitors and their groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from datadog_api_client import ApiClient

from dd_sync.datadog.endpoint import endpoint
from dd_sync.datadog.wire import Wire, shape_error
from dd_sync.model.group import Found, LiveGroup, LiveMonitor

_GROUPS = "/api/v1/monitor/groups/search"
_MONITORS = "/api/v1/monitor/search"
_PARAMETERS = {name: name for name in ("query", "page", "per_page", "sort")}
# Simple alerts have one group, which is no tag.
_NO_TAGS = ("", "*", "total")

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class DatadogSearch:
    """The port `Search`."""

    wire: Wire
    client: ApiClient

    def groups(self, tags: Sequence[str], *, group: str | None = None, most: int = 100) -> Found[LiveGroup]:
        query = _all(tags) if group is None else f'{_all(tags)} group:"{group}"'
        found = self._search(_GROUPS, "groups", query, most, _group)
        if group is None:
            return found
        # The search may find by part of a name; a snooze covers groups that carry this very tag.
        exact = tuple(one for one in found.items if group in one.tags)
        whole = len(exact) == len(found.items)
        return found if whole else Found(exact, len(exact), _count(exact))

    def monitors(self, tags: Sequence[str], *, without: str, most: int = 100) -> Found[LiveMonitor]:
        return self._search(_MONITORS, "monitors", f'{_all(tags)} NOT tag:"{without}"', most, _monitor)

    def _search(
        self, path: str, name: str, query: str, most: int, read: Callable[[Any], _Item]
    ) -> Found[_Item]:
        send = endpoint(self.client, "GET", path, query=_PARAMETERS)
        # Sorted by status, so that those that alert are on the first page.
        answer = self.wire.call(
            "GET",
            path,
            lambda: send(query=query, page=0, per_page=most, sort="status,asc"),
        )
        try:
            items = tuple(read(item) for item in answer[name])
            total = (answer.get("metadata") or {}).get("total_count")
            counts = (answer.get("counts") or {}).get("status") or ()
            statuses = {str(one["name"]): int(one["count"]) for one in counts}
        except (KeyError, TypeError, ValueError, AttributeError):
            raise shape_error(
                f"GET {path}", self.wire.target, f"something that is not {name} found"
            ) from None
        return Found(items, max(len(items), total if type(total) is int else 0), statuses or _count(items))


def _all(tags: Sequence[str]) -> str:
    return " ".join(f'tag:"{tag}"' for tag in tags)


def _group(item: Any) -> LiveGroup:
    group = str(item["group"])
    tags = item.get("group_tags")
    if not isinstance(tags, list):
        tags = [] if group in _NO_TAGS else group.split(",")
    return LiveGroup(
        int(item["monitor_id"]),
        str(item.get("monitor_name") or item.get("name") or ""),
        tuple(map(str, tags)),
        str(item.get("status") or ""),
        tuple(map(str, item.get("all_tags") or ())),
        item.get("muted") is True,
    )


def _monitor(item: Any) -> LiveMonitor:
    return LiveMonitor(
        int(item["id"]),
        str(item.get("name") or ""),
        tuple(map(str, item.get("tags") or ())),
        str(item.get("status") or ""),
    )


def _count(found: Iterable[Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in found:
        counts[one.status] = counts.get(one.status, 0) + 1
    return counts
