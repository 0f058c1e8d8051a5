"""What the guards over logs share: the search, its groups, and the tenants left out of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from dd_sync.errors import QueryError, Unfit
from dd_sync.guards.fields import Bounded, RollingWindow, each_once, thresholds, window_node
from dd_sync.guards.guard import Compiled, GuardContext
from dd_sync.guards.schedule import Scheduled
from dd_sync.query.alerts import EventAlert, Rollup
from dd_sync.query.search import parse_search
from dd_sync.query.search_nodes import AllOf, Empty, Facet, Phrase, Search, Without, Word

LONGEST = timedelta(days=2)
_FACET = re.compile(r"@?[a-zA-Z_][\w./-]{0,199}")
_PLAIN = re.compile(r"[a-z0-9_.-]+")
_INDEX = re.compile(r"\*|[a-z][a-z0-9_-]{0,99}")


@lru_cache(maxsize=1024)
def search_of(text: str) -> Search:
    """A search as nodes. Raises Unfit at `search`."""
    try:
        return parse_search(text)
    except QueryError as error:
        raise Unfit(
            error.problem,
            hint=error.hint,
            path=("search",),
            offset=error.place.offset_in(text),
            length=error.place.length,
        ) from None


def facet(value: Any) -> Any:
    if isinstance(value, str) and not _FACET.fullmatch(value):
        raise Unfit(
            f"'{value}' is not a facet", hint="`@recipient` for an attribute, `tenant` for a tag, without ':'"
        )
    return value


def _index(value: Any) -> Any:
    if isinstance(value, str) and not _INDEX.fullmatch(value):
        raise Unfit(f"'{value}' is not a log index", hint="its name in lower case, or * for all")
    return value


def _window(value: timedelta) -> timedelta:
    if value > LONGEST:
        raise Unfit("logs are searched over at most 2d", hint="use a window of 48h or less")
    return value


Facet_ = Annotated[str, BeforeValidator(facet)]


class LogSearch(Bounded, Scheduled):
    """Logs that a search finds, in a rolling window, per group, against a bound."""

    search: str = Field(description="Datadog's log search, such as `service:donations status:error`.")
    index: Annotated[str, BeforeValidator(_index)] = Field(
        default="*", description="The log index; * for all."
    )
    by: Annotated[tuple[Facet_, ...], Field(strict=False), AfterValidator(each_once)] = Field(
        default=(), description="Facets to judge apart: `@donor` for an attribute, `tenant` for a tag."
    )
    window: Annotated[RollingWindow, AfterValidator(_window)] = Field(
        description="The rolling window, up to 2d."
    )

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        try:
            search_of(fields.get("search", ""))
        except Unfit as error:
            yield error
        for name in ("above", "at_least", "below", "at_most"):
            value = fields.get(name)
            if value is not None and value < (0 if name in ("above", "at_most") else 1):
                yield Unfit(
                    f"'{name}: {value:g}' means nothing for a count, which is 0 or more",
                    hint="use a larger bound",
                    path=(name,),
                )


def compile_search(spec: LogSearch, context: GuardContext, rollup: Rollup) -> Compiled:
    """`logs("…").index("*").rollup("count").by("…").last("5m") > N`"""
    _, comparator, critical = spec.bound()
    found: dict[str, Any] = {
        "include_tags": True,
        "notify_audit": False,
        "on_missing_data": "default",
        "enable_logs_sample": False,
        "groupby_simple_monitor": False,
    }
    if spec.by:
        found["new_group_delay"] = 0
    return Compiled(
        query=EventAlert(
            "logs",
            _without(search_of(spec.search), context.exempt),
            window_node(spec.window),
            comparator,
            float(critical),
            indexes=(spec.index,),
            rollup=rollup,
            by=spec.by,
        ),
        type="log alert",
        thresholds=thresholds(comparator, critical, warn_at=spec.warn_at, recover_at=spec.recover_at),
        options=spec.scheduled(found),
        notes=("A window without a match counts 0.", *spec.schedule_notes()),
    )


def _without(search: Search, exempt: tuple[tuple[str, str], ...]) -> Search:
    """The search without the exempt."""
    left_out = tuple(Without(Facet(key, _value(value))) for key, value in exempt)
    if not left_out:
        return search
    if isinstance(search, Empty):
        return left_out[0] if len(left_out) == 1 else AllOf(left_out)
    items = search.items if isinstance(search, AllOf) else (search,)
    return AllOf((*items, *left_out))


def _value(value: str) -> Search:
    return Word(value) if _PLAIN.fullmatch(value) else Phrase(value)
