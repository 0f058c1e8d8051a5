"""All monitors that carry some tags: complete, or an error. Half a list would plan deletes and duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from dd_sync.datadog.wire import Wire, shape_error
from dd_sync.errors import DatadogError
from dd_sync.ports import Json

PAGE = 1000
PATH = "/api/v1/monitor"
_SEARCH = f"{PATH}/search"
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Listing:
    """api: a MonitorsApi that neither checks types nor reads bodies."""

    wire: Wire
    api: Any

    def read(self, tags: Sequence[str]) -> list[Json]:
        """Every live monitor that carries all of `tags`. Raises DatadogError."""
        first = self._page(tags, page=0)
        found = _carrying(tags, first)
        if len(first) < PAGE:
            return found
        total = self.count(tags)
        if total is not None:
            found += _carrying(tags, chain.from_iterable(self._further(tags, total // PAGE)))
            if len(found) == total == len({monitor["id"] for monitor in found}):
                return found
        # Offset pages skip or repeat a monitor when others change meanwhile; a cursor does not.
        return _carrying(tags, chain.from_iterable(self._by_cursor(tags)))

    def _further(self, tags: Sequence[str], last: int) -> Iterator[list[Json]]:
        """The pages after the first up to `last`, a few at a time, as long as they are full."""
        # A snooze imports this module and lists nothing.
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            # A full first page has one after it, whatever the count says.
            for start in range(1, max(1, last) + 1, _AT_ONCE):
                numbers = range(start, min(start + _AT_ONCE, max(1, last) + 1))
                pages = list(pool.map(lambda number: self._page(tags, page=number), numbers))
                yield from pages
                if len(pages[-1]) < PAGE:
                    return

    def _by_cursor(self, tags: Sequence[str]) -> Iterator[list[Json]]:
        offset = 0
        # The API promises no size of these pages; only an empty one is the last.
        while page := self._page(tags, id_offset=offset):
            for monitor in page:
                if monitor["id"] <= offset:
                    raise self._odd("a list that is not ordered by id")
                offset = monitor["id"]
            yield page

    def count(self, tags: Sequence[str]) -> int | None:
        """How many monitors the search index knows; None if it cannot say, which is no reason to stop."""
        query = " ".join(f'tag:"{tag}"' for tag in tags)
        try:
            answer = self.wire.call(
                "GET", _SEARCH, lambda: self.api.search_monitors(query=query, page=0, per_page=1)
            )
        except DatadogError:
            return None
        metadata = answer.get("metadata") if isinstance(answer, dict) else None
        total = metadata.get("total_count") if isinstance(metadata, dict) else None
        return total if type(total) is int else None

    def _page(self, tags: Sequence[str], **where: int) -> list[Json]:
        query: dict[str, Any] = {**where, "page_size": PAGE}
        if tags:
            query["monitor_tags"] = ",".join(tags)
        page = self.wire.call("GET", PATH, lambda: self.api.list_monitors(**query))
        if not isinstance(page, list) or not all(map(is_whole, page)):
            raise self._odd("something that is not a list of monitors")
        if "page" in where and len(page) > PAGE:
            raise self._odd(f"more than the {PAGE} monitors of a page")
        if len({monitor["id"] for monitor in page}) < len(page):
            raise self._odd("one monitor twice on a page")
        return page

    def _odd(self, what: str) -> DatadogError:
        return shape_error(f"GET {PATH}", self.wire.target, what)


def is_monitor(item: Any) -> bool:
    """Whether an answer to a write is about a monitor."""
    return isinstance(item, dict) and type(item.get("id")) is int and isinstance(item.get("query"), str)


def is_whole(item: Any) -> bool:
    """Whether a monitor that was read has what every monitor has, each in its type.

    A field that reads as something else would be planned as a change, a null type even as a deletion.
    """
    return (
        is_monitor(item)
        and isinstance(item.get("type"), str)
        and bool(item["type"])
        and all(isinstance(item.get(name), str | None) for name in ("name", "message", "modified"))
        and isinstance(item.get("options"), dict | None)
        and all(_is_list_of_text(item.get(name)) for name in ("tags", "restricted_roles"))
    )


def _is_list_of_text(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _carrying(tags: Sequence[str], monitors: Iterable[Json]) -> list[Json]:
    wanted = set(tags)
    return [monitor for monitor in monitors if wanted.issubset(monitor.get("tags") or ())]
