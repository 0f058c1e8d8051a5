"""From a live monitor to the entry of a catalog that declares it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dd_sync.adopt.recognise import recognised
from dd_sync.kinds.normal import normal_options
from dd_sync.kinds.owners import free_message, free_tags
from dd_sync.model.monitor import Monitor
from dd_sync.model.options import OPTIONS

Json = dict[str, Any]
_ID = re.compile(r"\d{1,19}(?!\w)")
_REFERENCE = re.compile(r"\$\{monitor:[^}]*\}")


def entry(
    key: str, live: Monitor, ids: Mapping[int, str], *, take_over: bool, guards: bool, unknown: bool
) -> Json:
    """The monitor's entry, in the order a person would write it.

    ids: keys by the ids of monitors that a composite may name by key. take_over: other tools' marks are left
    out. guards: whether the short form is used where there is one. unknown: whether options that nobody here
    knows are declared too.
    """
    message = free_message(live.message) if take_over else live.message
    found: Json = {"key": key, "name": live.name.strip(), "adopt": live.id}
    if take_over:
        found["take_over"] = True
    short = recognised(live) if guards else None
    found |= escaped(short) if short else _raw(live, ids, unknown=unknown)
    if live.tags:
        found["tags"] = escaped(list(free_tags(live.tags)))
    if live.priority:
        found["priority"] = live.priority
    if live.draft_status == "draft":
        found["draft_status"] = "draft"
    if message.strip():
        found["message"] = message.rstrip()
    found |= {name: escaped(found[name]) for name in ("name", "message") if name in found}
    return {name: value for name, value in found.items() if value != []}


def _raw(live: Monitor, ids: Mapping[int, str], *, unknown: bool) -> Json:
    query = escaped(live.query.strip())
    if live.type == "composite":
        query = with_references(query, ids)
    options = escaped(declared_options(live.options, unknown=unknown))
    return {"type": live.type, "query": query, **({"options": options} if options else {})}


def with_references(query: str, keys: Mapping[int, str]) -> str:
    """A composite's query with keys for the ids of which they are known."""

    def named(found: re.Match[str]) -> str:
        key = keys.get(int(found[0]))
        return found[0] if key is None else f"${{monitor:{key}}}"

    return _ID.sub(named, query)


def ids_in(query: str) -> list[str]:
    """The monitors that a composite's query names by id."""
    return _ID.findall(_REFERENCE.sub("", query))


def declared_options(options: Mapping[str, Any], *, unknown: bool = False) -> Json:
    """The options that a person set, in the order of the table: without what Datadog fills in or adds."""
    normal = normal_options(options)
    known = {name: normal[name] for name, option in OPTIONS.items() if name in normal and not option.injected}
    return {**known, **{name: value for name, value in normal.items() if unknown and name not in OPTIONS}}


def escaped(value: Any) -> Any:
    """Texts as a catalog has to write them: `${` is the mark of a tunable there."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {name: escaped(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [escaped(item) for item in value]
    return value


def lifted(entries: list[Json]) -> tuple[Json, list[Json]]:
    """The tags that several entries all have, as the file's defaults, and the entries without them."""
    tags = [one.get("tags", []) for one in entries]
    shared = [tag for tag in tags[0] if all(tag in more for more in tags)] if len(tags) > 1 else []
    if not shared:
        return {}, entries
    left = [{**one, "tags": [tag for tag in one["tags"] if tag not in shared]} for one in entries]
    return {"tags": shared}, [{name: item for name, item in one.items() if item != []} for one in left]
