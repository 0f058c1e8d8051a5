"""All monitors that carry some tags: complete, or an error. Half a list would plan deletes and duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from dd_sync.datadog.later import Later
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

    def read(self, tags: Sequence[str], expected: int = 0) -> list[Json]:
        """Every live monitor that carries all of `tags`. Raises DatadogError.

        expected: how many there should be; their pages are asked for at once, and with them the count, so
        that one that is skipped since another was deleted meanwhile is missed.
        """
        return self._read(tags, expected, Later(lambda: self.count(tags)))

    def read_and_count(self, tags: Sequence[str], expected: int = 0) -> tuple[list[Json], int | None]:
        """The same, and how many the search counts, which is asked for meanwhile."""
        counted = Later(lambda: self.count(tags)).begun()
        return self._read(tags, expected, counted), counted.result()

    def _read(self, tags: Sequence[str], expected: int, counted: Later[int | None]) -> list[Json]:
        pages = [] if expected >= PAGE else [self._page(tags, page=0)]
        total = None
        if not pages or len(pages[0]) == PAGE:
            counted.begun()
            # A full first page has one after it, whatever is expected or counted.
            self._read_on(tags, pages, max(2, expected // PAGE + 1))
            total = counted.result()
            self._read_on(tags, pages, (total or 0) // PAGE + 1)
        found = _carrying(tags, chain.from_iterable(pages))
        if len(pages) == 1 or len(found) == total == len({monitor["id"] for monitor in found}):
            return found
        # Offset pages skip or repeat a monitor when others change meanwhile; a cursor does not.
        return _carrying(tags, chain.from_iterable(self._by_cursor(tags)))

    def _read_on(self, tags: Sequence[str], pages: list[list[Json]], end: int) -> None:
        """Adds pages up to `end`, some at a time, while they are full."""
        while len(pages) < end and (not pages or len(pages[-1]) == PAGE):
            numbers = range(len(pages), min(len(pages) + _AT_ONCE, end))
            begun = [Later(partial(self._page, tags, page=number)).begun() for number in numbers]
            pages += [page.result() for page in begun]

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
        and isinstance(item.get("assets"), list | None)
        and all(_is_list_of_text(item.get(name)) for name in ("tags", "restricted_roles"))
    )


def _is_list_of_text(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _carrying(tags: Sequence[str], monitors: Iterable[Json]) -> list[Json]:
    wanted = set(tags)
    return [monitor for monitor in monitors if wanted.issubset(monitor.get("tags") or ())]
