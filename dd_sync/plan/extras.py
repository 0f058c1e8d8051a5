"""Two applies at once may each create a monitor of one key: the lowest id stays, each takes back its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from dd_sync.errors import DatadogError
from dd_sync.kinds import monitor as kind
from dd_sync.kinds.applied import marked
from dd_sync.plan.changes import Create, Delete, Json, Plan, Replace
from dd_sync.plan.report import Outcome
from dd_sync.ports import Monitors

Found = Mapping[str, Sequence[Json]]


def without_extras(
    plan: Plan, outcomes: tuple[Outcome, ...], found: Found, monitors: Monitors, made: Collection[int]
) -> tuple[Outcome, ...]:
    """The outcomes, once each monitor of this run is deleted that has one with a lower id beside it.

    found: the live monitors by key, lowest id first; made: ids of those that this very run created.
    """
    extra = {
        one.key: one.monitor_id
        for one in outcomes
        if one.monitor_id in made and one.monitor_id in _ids(found, one.key)[1:]
    }
    if not extra:
        return outcomes
    # Should this fail, Datadog refuses to delete what is still named, and that is told.
    with suppress(DatadogError):
        _name_what_stays(plan, found, extra, monitors)
    ended = {one.key: one for one in outcomes}
    mine = [one for one in plan.changes if isinstance(one, Create | Replace) and one.key in extra]
    # Composites first: Datadog deletes nothing that is still named.
    for change in sorted(mine, key=lambda change: not change.references):
        ended[change.key] = _taken_back(ended[change.key], _ids(found, change.key)[0], monitors)
    return tuple(ended[one.key] for one in outcomes)


def _name_what_stays(plan: Plan, found: Found, extra: Collection[str], monitors: Monitors) -> None:
    """Composites that stay, and that this run let name a monitor which does not, name the other one."""
    ids = {key: int(bodies[0]["id"]) for key, bodies in found.items() if bodies}
    for change in plan.changes:
        if isinstance(change, Delete) or change.key in extra or change.key not in ids:
            continue
        query = kind.resolve(str(change.body["query"]), ids)
        if any(key in extra for key in change.references) and found[change.key][0]["query"] != query:
            monitors.update(ids[change.key], marked({**change.body, "query": query}))


def _taken_back(outcome: Outcome, stays: int, monitors: Monitors) -> Outcome:
    extra = outcome.monitor_id or 0
    try:
        monitors.delete(extra)
    except DatadogError as error:
        if error.status != 404:
            why = f"another apply had created monitor {stays}, and monitor {extra} of this run is still there"
            return replace(
                outcome,
                did="failed",
                why=f"{why}: {error.problem}",
                hint=f"`dd-sync detach {extra}`, then delete it in Datadog",
            )
    why = f"another apply had created it; monitor {extra} of this run is deleted again"
    return replace(outcome, did="adopted", monitor_id=stays, why=why)


def _ids(found: Found, key: str) -> list[int]:
    return [int(body["id"]) for body in found.get(key, ())]
