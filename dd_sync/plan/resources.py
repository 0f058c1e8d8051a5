"""Downtimes, dashboards and webhooks in a plan: what makes the live ones what is declared. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from dd_sync.errors import RequestError, UnsafePlan
from dd_sync.kinds import monitor as monitor_kind
from dd_sync.kinds.kind import Calls, LiveResource
from dd_sync.model.digest import digest
from dd_sync.model.resource import KINDS, Kind, Resource, resolved
from dd_sync.plan.changes import Adopt, FieldChange, Plan, Replace, ResourceChange, Update
from dd_sync.plan.diff import field_changes
from dd_sync.ports import Json
from dd_sync.text import within_line


def with_resources(
    plan: Plan,
    declared: Sequence[Resource],
    calls: Sequence[Calls],
    live_monitors: Iterable[Json],
    *,
    only: str | None = None,
) -> Plan:
    """The plan, with what is to be done about everything beside monitors.

    calls: one for each kind that the catalog manages; they are asked what is live. live_monitors: as the
    plan was made from, for the ids that dashboards refer to. only: a glob of keys, as the plan's.
    Raises UnsafePlan when two live ones carry one key, RequestError when `only` leaves a reference open.
    """
    ids = _ids(plan, live_monitors)
    changes: list[ResourceChange] = []
    unchanged = owned = 0
    for one in calls:
        wanted = {each.key: each for each in declared if each.kind == one.kind}
        live = by_key(one.kind, one.read(wanted.keys()))
        chosen = [each for each in wanted.values() if is_chosen(each.key, only)]
        _refuse_loose_references(chosen, ids, plan)
        planned = [_change(one, each, live.get(each.key), ids) for each in chosen]
        changes += [change for change in planned if change is not None]
        changes += [_delete(one, live[key]) for key in sorted(live.keys() - wanted) if is_chosen(key, only)]
        unchanged += planned.count(None)
        owned += len(live)
    return replace(
        plan,
        resources=tuple(sorted(changes, key=_rank)),
        resources_unchanged=unchanged,
        resources_owned=owned,
        catalog_hash=resources_hash(plan.catalog_hash, declared),
    )


def resources_hash(catalog_hash: str, declared: Sequence[Resource]) -> str:
    """The catalog's hash with its downtimes, dashboards and webhooks; the same where there are none."""
    if not declared:
        return catalog_hash
    bodies = sorted([one.kind, one.key, digest(one.body)] for one in declared)
    return digest([catalog_hash, bodies])


def by_key(kind: Kind, live: Iterable[LiveResource]) -> dict[str, LiveResource]:
    """Raises UnsafePlan when two carry the same key."""
    found: dict[str, LiveResource] = {}
    for one in live:
        other = found.setdefault(one.key, one)
        if other is not one:
            field = "message" if kind == "downtime" else "description"
            ids = ", ".join(sorted((within_line(one.id, 60), within_line(other.id, 60))))
            raise UnsafePlan(
                f"two live {kind}s carry the key '{within_line(one.key, 200)}': {ids}",
                hint=f"a copy made in Datadog carries the mark of the first: take the line 'managed by "
                f"dd-sync …' out of the {field} of the one that is not to be managed",
            )
    return found


def is_chosen(key: str, only: str | None) -> bool:
    """Whether `--only` takes a resource: by its own key, which a downtime per monitor begins with."""
    return only is None or fnmatchcase(key, only) or fnmatchcase(key.partition("/")[0], only)


def _rank(change: ResourceChange) -> tuple[bool, int, str]:
    order = KINDS.index(change.kind)
    return (change.action == "delete", -order if change.action == "delete" else order, change.key)


def _ids(plan: Plan, live_monitors: Iterable[Json]) -> dict[str, int]:
    """Ids of monitors by key, as they are and stay; one that is to be replaced will have another."""
    ids: dict[str, int] = {}
    for body in live_monitors:
        key = monitor_kind.identity(body, plan.catalog)
        if key is not None:
            ids[key] = int(body["id"])
    for change in plan.changes:
        if isinstance(change, Update | Adopt):
            ids[change.key] = change.monitor_id
        elif isinstance(change, Replace):
            ids.pop(change.key, None)
    return ids


def _refuse_loose_references(chosen: Sequence[Resource], ids: Mapping[str, int], plan: Plan) -> None:
    known = ids.keys() | {change.key for change in plan.changes}
    for one in chosen:
        for key in one.references:
            if key not in known:
                raise RequestError(
                    f"the {one.kind} {one.key} shows {key}, which is not in Datadog and not among the chosen "
                    "monitors",
                    hint="choose it too, or plan without --only",
                )


def _change(
    calls: Calls, one: Resource, live: LiveResource | None, ids: Mapping[str, int]
) -> ResourceChange | None:
    body = dict(one.body)
    if live is None:
        return ResourceChange(
            kind=one.kind,
            action="create",
            key=one.key,
            name=one.name,
            body=body,
            references=one.references,
            labels=calls.labels("create", body, ()),
        )
    ours, theirs = calls.compared(resolved(body, ids), live)
    if ours == theirs:
        return None
    fields = tuple(_fields(calls, ours, theirs))
    return ResourceChange(
        kind=one.kind,
        action="update",
        key=one.key,
        name=one.name,
        id=live.id,
        fields=fields,
        body=body,
        live=live.fingerprint,
        references=one.references,
        labels=calls.labels("update", body, [field.path for field in fields]),
    )


def _fields(calls: Calls, ours: Json, theirs: Json) -> Iterator[FieldChange]:
    for field in field_changes(ours, theirs):
        yield replace(
            field,
            before=calls.shown(field.path, field.before),
            after=calls.shown(field.path, field.after),
        )


def _delete(calls: Calls, live: LiveResource) -> ResourceChange:
    name: Any = live.body.get("title") or live.key
    return ResourceChange(
        kind=calls.kind,
        action="delete",
        key=live.key,
        name=str(name),
        id=live.id,
        live=live.fingerprint,
        labels=calls.labels("delete", None, ()),
    )
