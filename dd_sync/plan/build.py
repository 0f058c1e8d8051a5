"""From what is declared and what is live to a plan. Pure: nothing is asked, nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from types import MappingProxyType

from dd_sync.errors import RequestError, UnsafePlan
from dd_sync.kinds import monitor as kind
from dd_sync.model.digest import digest
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.model.ownership import CATALOG, MANAGED
from dd_sync.plan.changes import Adopt, Change, Create, Delete, Json, Plan, Replace, Update
from dd_sync.plan.diff import field_changes
from dd_sync.plan.risk import labels
from dd_sync.plan.same import plainly_same
from dd_sync.text import within_line

NOTHING_LIVE = "nothing in Datadog carries this catalog's tags: every monitor is planned as a create"
_MOST_NAMED = 10
_NONE = MappingProxyType[str, Json]({})


@dataclass(frozen=True, slots=True)
class Live:
    """A live monitor that the catalog owns. body: as Datadog answers."""

    id: int
    body: Json

    @property
    def monitor(self) -> Monitor:
        return Monitor.from_json(self.body)

    @property
    def fingerprint(self) -> str:
        return digest(kind.comparable(self.monitor))


def build_plan(
    declared: Sequence[Declared],
    live: Iterable[Json],
    catalog: str,
    *,
    target: str = "",
    only: str | None = None,
    adopting: Mapping[str, Json] = _NONE,
    elsewhere: bool = False,
) -> Plan:
    """What makes the live monitors what is declared.

    live: monitors as Datadog answers; those of others are left out. catalog: as its tag says,
    `risk-guardrails.staging` with an environment. only: a glob of keys; nothing outside is planned.
    adopting: live monitors that are to become the catalog's, by key. elsewhere: whether `only` chooses
    something beside monitors.
    Raises UnsafePlan when two live monitors carry one key, or one the new and one the old key of a renamed
    monitor; RequestError when `only` leaves a plan without a monitor that it refers to.
    """
    live = list(live)
    owned = owned_by_key(declared, live, catalog)
    chosen = [one for one in declared if _chosen(one.key, only)]
    if only is not None and not elsewhere and not chosen and not any(_chosen(key, only) for key in owned):
        raise RequestError(f"no monitor has a key like '{only}'", hint="`dd-sync render` prints all keys")
    adoptees = {key: Live(int(body["id"]), body) for key, body in adopting.items() if key not in owned}
    # Whatever names a monitor that is to be replaced has to name another id then, and so changes with it.
    replaced = {one.key for one in chosen if one.key in owned and _is_replaced(one, owned[one.key])}
    ids = {key: one.id for key, one in (*adoptees.items(), *owned.items()) if key not in replaced}
    _refuse_loose_references(chosen, ids)
    planned = [
        _adopt(one, adoptees[one.key], ids)
        if one.key in adoptees
        else _change(one, owned.get(one.key), ids, catalog)
        for one in chosen
    ]
    changes = [change for change in planned if change is not None]
    kept = {one.key for one in declared}
    gone = [key for key in sorted(owned) if key not in kept and _chosen(key, only)]
    return Plan(
        catalog=catalog,
        target=target,
        changes=(
            *sorted(changes, key=lambda change: change.key),
            *(_delete(key, owned[key]) for key in gone),
        ),
        unchanged=len(planned) - len(changes),
        owned=len(owned),
        catalog_hash=catalog_hash(declared),
        notes=(*_notes(live, catalog, owned, declared, adoptees), *_idle_adoptions(declared, owned)),
        organisation=organisation_of((*live, *adopting.values())),
    )


def organisation_of(live: Iterable[Json]) -> int | None:
    """The org_id that live monitors carry; None if they do not agree on one.

    The host does not tell two organisations apart, and no request that needs no further permission does.
    """
    found = {org if isinstance(org := body.get("org_id"), int) else None for body in live}
    return found.pop() if len(found) == 1 else None


def catalog_hash(declared: Iterable[Declared]) -> str:
    """Of every declared monitor as it would be sent: moves when, and only when, one of those does."""
    return digest(sorted([one.key, digest(kind.update_body(one.monitor))] for one in declared))


def owned_by_key(declared: Sequence[Declared], live: Iterable[Json], catalog: str) -> dict[str, Live]:
    """The catalog's live monitors by the keys they are to have. Raises as `build_plan` does."""
    return renamed(match(live, catalog), _renames(declared))


def match(live: Iterable[Json], catalog: str) -> dict[str, Live]:
    """The catalog's live monitors by key. Raises UnsafePlan when two carry the same."""
    found: dict[str, list[Live]] = {}
    for body in live:
        key = kind.identity(body, catalog)
        if key is not None:
            found.setdefault(key, []).append(Live(int(body["id"]), body))
    for key, several in sorted(found.items()):
        if len(several) > 1:
            ids = ", ".join(str(one.id) for one in sorted(several, key=lambda one: one.id)[:_MOST_NAMED])
            ids += f" and {len(several) - _MOST_NAMED} more" if len(several) > _MOST_NAMED else ""
            raise UnsafePlan(
                f"{len(several)} live monitors carry the key '{within_line(key, 200)}': {ids}",
                hint="a monitor cloned in Datadog carries the tags of the first: `dd-sync detach ID` takes "
                "them off the one that is not to be managed, and does nothing else",
            )
    return {key: several[0] for key, several in found.items()}


def renamed(owned: Mapping[str, Live], renames: Mapping[str, str]) -> dict[str, Live]:
    """The monitors by the keys they are to have. renames: old keys by new ones.

    Raises UnsafePlan when both are live: one of them would have to go, and which is not ours to say.
    """
    moved = dict(owned)
    for key, was in renames.items():
        if was in owned and key in owned:
            raise UnsafePlan(
                f"{key} is live (monitor {owned[key].id}), and so is its old key {was} "
                f"(monitor {owned[was].id})",
                hint=f"`dd-sync detach {owned[was].id}` if that one is not to be managed; "
                f"else take `was: {was}` away, and declare or delete it",
            )
        if was in owned:
            moved[key] = moved.pop(was)
    return moved


def _renames(declared: Sequence[Declared]) -> dict[str, str]:
    """Old keys by new ones. Raises RequestError where an old key is still in use."""
    keys = {one.key for one in declared}
    renames: dict[str, str] = {}
    for one in declared:
        if one.was is None:
            continue
        if one.was in keys or one.was in renames.values():
            raise RequestError(
                f"{one.key} is said to be the former {one.was}, and so is another monitor",
                hint="`was:` names a key that no monitor has any more, and only one monitor had",
            )
        renames[one.key] = one.was
    return renames


def _chosen(key: str, only: str | None) -> bool:
    return only is None or fnmatchcase(key, only)


def _refuse_loose_references(chosen: Sequence[Declared], ids: Mapping[str, int]) -> None:
    known = {one.key for one in chosen} | set(ids)
    for one in chosen:
        for key in one.references:
            if key not in known:
                raise RequestError(
                    f"{one.key} refers to {key}, which is not in Datadog and not among the chosen monitors",
                    hint=f"choose {key} too, or plan without --only",
                )


def _change(one: Declared, live: Live | None, ids: Mapping[str, int], catalog: str) -> Change | None:
    if live is None:
        body = kind.create_body(one.monitor)
        return Create(key=one.key, name=one.monitor.name, body=body, references=one.references)
    wanted = one.monitor
    if one.references:
        wanted = replace(wanted, query=kind.resolve(wanted.query, ids))
    if plainly_same(wanted, live.body):
        return None
    there = live.monitor
    ours, theirs = kind.compared(wanted, there)
    if ours == theirs:
        return None
    fields = field_changes(ours, theirs)
    old = kind.identity(live.body, catalog)
    was = old if old != one.key else None
    if _is_replaced(one, live):
        return Replace(
            key=one.key,
            name=one.monitor.name,
            monitor_id=live.id,
            fields=fields,
            body=kind.create_body(one.monitor),
            live=live.fingerprint,
            was=was,
            references=one.references,
            labels=(
                "loses its history: Datadog cannot change a monitor's type",
                *(("protected monitor touched",) if one.protected else ()),
            ),
        )
    return Update(
        key=one.key,
        name=one.monitor.name,
        monitor_id=live.id,
        fields=fields,
        body=kind.update_body(one.monitor),
        live=live.fingerprint,
        was=was,
        references=one.references,
        labels=(
            *((f"renamed from {was}",) if was else ()),
            *labels(wanted, there, fields, protected=one.protected),
        ),
    )


def _is_replaced(one: Declared, live: Live) -> bool:
    return not kind.can_become(str(live.body.get("type")), one.monitor.type)


def _adopt(one: Declared, live: Live, ids: Mapping[str, int]) -> Adopt:
    wanted = replace(one.monitor, query=kind.resolve(one.monitor.query, ids))
    fields = field_changes(*kind.compared(wanted, live.monitor))
    return Adopt(
        key=one.key,
        name=one.monitor.name,
        monitor_id=live.id,
        fields=fields,
        body=kind.update_body(one.monitor),
        live=live.fingerprint,
        take_over=one.take_over,
        references=one.references,
        labels=labels(wanted, live.monitor, fields),
    )


def _delete(key: str, live: Live) -> Delete:
    return Delete(
        key=key,
        name=str(live.body.get("name") or ""),
        monitor_id=live.id,
        live=live.fingerprint,
        composite=live.body.get("type") == "composite",
    )


def _notes(
    live: Sequence[Json],
    catalog: str,
    owned: Mapping[str, Live],
    declared: Sequence[Declared],
    adoptees: Mapping[str, Live],
) -> tuple[str, ...]:
    notes = [NOTHING_LIVE] if declared and not owned and not adoptees else []
    if adoptees and not owned and len(declared) > len(adoptees):
        notes = [NOTHING_LIVE.replace("every monitor", "every monitor that is not adopted")]
    marks = {MANAGED, CATALOG + catalog}
    for body in live:
        if marks <= set(body.get("tags") or ()) and kind.identity(body, catalog) is None:
            notes.append(
                f"monitor {body['id']} carries this catalog's tags but not exactly one key: left alone"
            )
    return tuple(notes)


def _idle_adoptions(declared: Sequence[Declared], owned: Mapping[str, Live]) -> Iterator[str]:
    """An `adopt:` that names another monitor than the key has: nothing will ever come of it."""
    for one in declared:
        if one.adopt is not None and one.key in owned and owned[one.key].id != one.adopt:
            yield f"{one.key} is monitor {owned[one.key].id} already: `adopt: {one.adopt}` does nothing"
