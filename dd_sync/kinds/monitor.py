"""Monitors: which one is whose, what about them differs, and what is sent to change that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dd_sync.errors import QueryError
from dd_sync.kinds.normal import aligned, normal_options, unknown_options
from dd_sync.model.monitor import FIELDS, READ_ONLY, Monitor
from dd_sync.model.options import METRIC_TYPES
from dd_sync.model.ownership import APPLIED, key_of
from dd_sync.ports import Json

_KNOWN = frozenset((*FIELDS, *READ_ONLY))
_REFERENCE = re.compile(r"\$\{monitor:([^}]+)\}")


def identity(live: Mapping[str, Any], catalog: str) -> str | None:
    """The key of a live monitor that this catalog owns, None for anybody else's."""
    return key_of(live.get("tags") or (), catalog)


def comparable(monitor: Monitor) -> Json:
    """The monitor with everything left out that makes no difference, in Datadog's words.

    Order of tags and roles means nothing; a missing priority is no priority, a missing draft_status is
    published. `restricted_roles` is only there if set: a restriction policy writes it too. Assets are not
    there: Datadog answers them only to those who ask.
    """
    normal: Json = {
        "type": "query alert" if monitor.type in METRIC_TYPES else monitor.type,
        "name": monitor.name.strip(),
        "query": monitor.query.strip(),
        # Cut at both ends: at the end in recorded traffic, at the start as users of Terraform reported.
        "message": monitor.message.strip(),
        "tags": sorted({tag for tag in monitor.tags if not tag.startswith(APPLIED)}),
        "options": normal_options(monitor.options),
    }
    if monitor.priority:
        normal["priority"] = monitor.priority
    if monitor.draft_status not in (None, "published"):
        normal["draft_status"] = monitor.draft_status
    if monitor.restricted_roles:
        normal["restricted_roles"] = sorted(monitor.restricted_roles)
    return normal


def compared(declared: Monitor, live: Monitor) -> tuple[Json, Json]:
    """Both as `comparable`, and aligned: equal exactly when an update would change nothing."""
    ours, theirs = comparable(declared), comparable(live)
    ours["options"], theirs["options"] = aligned(declared.options, live.options)
    if declared.restricted_roles is None:
        # Not declared is not managed: clearing it here would undo a restriction policy.
        theirs.pop("restricted_roles", None)
    if ours.get("draft_status") != theirs.get("draft_status"):
        ours.setdefault("draft_status", "published")
        theirs.setdefault("draft_status", "published")
    if declared.assets is not None and live.assets:
        ours["assets"], theirs["assets"] = _assets(declared.assets), _assets(live.assets)
    if same_query(declared.type, ours["query"], theirs["query"]):
        theirs["query"] = ours["query"]
    return ours, theirs


def _assets(assets: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Without what Datadog adds to each: the monitor's id, empty objects, and nulls."""
    return [
        {name: value for name, value in asset.items() if name != "monitor_id" and value not in (None, {})}
        for asset in assets
    ]


def same_query(type: str, one: str, other: str) -> bool:
    """Whether two queries of a monitor of this type mean the same. Equal text is never parsed, and text
    that cannot be read is compared as it stands."""
    if one == other:
        return True
    from dd_sync.query.canonical import render
    from dd_sync.query.queries import parse_query

    try:
        return render(parse_query(type, one)) == render(parse_query(type, other))
    except QueryError:
        return False


def unknown_fields(live: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The fields of live monitors that nobody here knows yet, each once: `options.name` or `name`.

    They are not compared, and so never changed, unless the catalog declares them.
    """
    names: set[str] = set()
    for body in live:
        names.update(body.keys() - _KNOWN)
        names.update(f"options.{name}" for name in unknown_options(body.get("options") or {}))
    return tuple(sorted(names))


def create_body(monitor: Monitor) -> Json:
    """What POST is sent: what is declared, and nothing else."""
    body = monitor.body()
    return {name: value for name, value in body.items() if value is not None}


def update_body(monitor: Monitor) -> Json:
    """What PUT is sent. Datadog keeps a top-level field that is not sent, so that clearing one takes
    its empty value; options are replaced as a whole."""
    return {"draft_status": "published", **monitor.body()}


def can_become(live_type: str, declared_type: str) -> bool:
    """Whether Datadog can update the type: only between the two metric ones, for which it may answer the
    other than was sent."""
    return live_type == declared_type or {live_type, declared_type} <= METRIC_TYPES


def resolve(query: str, ids: Mapping[str, int]) -> str:
    """The query with `${monitor:key}` replaced by the id of that monitor; unknown keys stay."""
    return _REFERENCE.sub(lambda found: str(ids.get(found[1], found[0])), query)


def unresolved(query: str) -> tuple[str, ...]:
    """The keys that a query still names, each once."""
    return tuple(dict.fromkeys(_REFERENCE.findall(query)))
