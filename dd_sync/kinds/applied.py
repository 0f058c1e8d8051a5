"""What was applied last, remembered on the monitor itself: one short digest per field, in a tag.

With it, a difference between the catalog and Datadog can be told apart: changed in git, edited in Datadog, or
both. Nothing else is kept anywhere; without a usable tag the comparison has two sides only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dd_sync.errors import QueryError
from dd_sync.kinds.monitor import comparable
from dd_sync.model.digest import digest
from dd_sync.model.monitor import Monitor
from dd_sync.model.ownership import APPLIED
from dd_sync.ports import Json

# To be raised whenever a digest of an unchanged monitor could change: by this list, by the normaliser, or by
# how a query is written canonically. A tag of another version is not read.
VERSION = 1
_DIGITS = 8
_REST = "options"
# Most monitors leave most fields out.
_NOTHING = digest(None)[:_DIGITS]
# In the order of the tag. An option that has no place of its own is in the last, which holds all others.
FIELDS = (
    "name",
    "query",
    "message",
    "tags",
    "priority",
    "draft_status",
    "restricted_roles",
    "options.thresholds",
    "options.on_missing_data",
    "options.notify_no_data",
    "options.no_data_timeframe",
    "options.timeout_h",
    "options.require_full_window",
    "options.evaluation_delay",
    "options.new_group_delay",
    "options.renotify_interval",
    "options.renotify_occurrences",
    "options.renotify_statuses",
    "options.escalation_message",
    "options.notify_by",
    _REST,
)
_OPTIONS = frozenset(name.removeprefix("options.") for name in FIELDS if name.startswith("options."))


def marked(body: Json) -> Json:
    """A whole body with the tag that remembers it. body: references replaced by ids."""
    return {**body, "tags": [*body["tags"], applied_tag(Monitor.from_json(body))]}


def applied_tag(monitor: Monitor) -> str:
    """`dd_sync_applied:1-<8 hex digits per field>`: at most 200 characters, as long as Datadog's tags are."""
    found = digests(comparable(monitor), monitor.type)
    return f"{APPLIED}{VERSION}-{''.join(found[name] for name in FIELDS)}"


def applied(tags: Iterable[str]) -> Mapping[str, str] | None:
    """The digests of a live monitor's tag by field; None without a single tag of this version."""
    texts = [tag.removeprefix(APPLIED) for tag in tags if tag.startswith(APPLIED)]
    version, _, joined = texts[0].partition("-") if len(texts) == 1 else ("", "", "")
    if version != str(VERSION) or len(joined) != _DIGITS * len(FIELDS):
        return None
    return {name: joined[at * _DIGITS : (at + 1) * _DIGITS] for at, name in enumerate(FIELDS)}


def digests(normal: Mapping[str, Any], type: str) -> dict[str, str]:
    """By field. normal: a monitor as `comparable` gives it."""
    options: Mapping[str, Any] = normal["options"]
    values = {name: options.get(name.removeprefix("options.")) for name in FIELDS if "." in name}
    values |= {name: normal.get(name) for name in FIELDS if "." not in name}
    values["query"] = _canonical(type, normal["query"])
    values[_REST] = {name: value for name, value in options.items() if name not in _OPTIONS}
    return {name: _NOTHING if value is None else digest(value)[:_DIGITS] for name, value in values.items()}


def field_of(path: str) -> str | None:
    """The field that a path such as `options.thresholds.critical` belongs to; None if none remembers it."""
    head, _, rest = path.partition(".")
    if head != "options":
        head = head.partition("[")[0]
        return head if head in FIELDS else None
    option = rest.partition(".")[0].partition("[")[0]
    return f"options.{option}" if option in _OPTIONS else _REST


def _canonical(type: str, query: str) -> str:
    """The query in its canonical form, so that spaces are no edit; as it stands if it cannot be read."""
    from dd_sync.query.canonical import render
    from dd_sync.query.queries import parse_query

    try:
        return render(parse_query(type, query))
    except QueryError:
        return query
