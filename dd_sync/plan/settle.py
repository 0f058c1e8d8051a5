"""After the last write: read again, take back an extra monitor of our own, and say what is not as planned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from dd_sync.errors import DatadogError
from dd_sync.kinds import monitor as kind
from dd_sync.model.monitor import Monitor
from dd_sync.model.ownership import CATALOG, MANAGED
from dd_sync.plan.changes import Change, Delete, Json, Plan
from dd_sync.plan.create import SETTLE_STEPS
from dd_sync.plan.report import Outcome, Report
from dd_sync.plan.same import plainly_same
from dd_sync.ports import Monitors

Found = Mapping[str, Sequence[Json]]


def settle(
    plan: Plan, monitors: Monitors, outcomes: tuple[Outcome, ...], sleep: Callable[[float], None]
) -> Report:
    """The report on a run that wrote.

    Datadog's list may lag behind a write, so it is read again for up to five seconds until all is as planned.
    Two runs at once may each have created a monitor: the lowest id stays, and each run deletes only its own.
    """
    differing: tuple[str, ...] = ()
    tags = (MANAGED, CATALOG + plan.catalog)
    expected = plan.owned + plan.count("create") - plan.count("delete")
    try:
        for wait in SETTLE_STEPS:
            if wait:
                sleep(wait)
            found = _by_key(monitors.list(tags, expected=expected), plan.catalog)
            outcomes = tuple(_without_extra(outcome, found, monitors) for outcome in outcomes)
            differing = tuple(_differing(plan, outcomes, found))
            if not differing:
                break
    except DatadogError as error:
        return Report(outcomes=outcomes, unread=error.problem)
    return Report(outcomes=outcomes, differing=differing)


def _by_key(live: Iterable[Json], catalog: str) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for body in sorted(live, key=lambda body: int(body["id"])):
        key = kind.identity(body, catalog)
        if key is not None:
            found.setdefault(key, []).append(body)
    return found


def _without_extra(outcome: Outcome, found: Found, monitors: Monitors) -> Outcome:
    ids = [int(body["id"]) for body in found.get(outcome.key, ())]
    if outcome.did != "created" or outcome.monitor_id not in ids[1:]:
        return outcome
    monitors.delete(outcome.monitor_id)
    why = f"another apply had created it; monitor {outcome.monitor_id} of this run is deleted again"
    return replace(outcome, did="adopted", monitor_id=ids[0], why=why)


def _differing(plan: Plan, outcomes: Sequence[Outcome], found: Found) -> Iterable[str]:
    ids = {key: int(bodies[0]["id"]) for key, bodies in found.items()}
    for change, outcome in zip(plan.changes, outcomes, strict=True):
        if outcome.is_done and not _as_planned(change, found.get(change.key, ()), ids):
            yield change.key


def _as_planned(change: Change, live: Sequence[Json], ids: Mapping[str, int]) -> bool:
    if isinstance(change, Delete):
        return not live
    if len(live) != 1:
        return False
    wanted = Monitor.from_json({**change.body, "query": kind.resolve(str(change.body["query"]), ids)})
    if plainly_same(wanted, live[0]):
        return True
    ours, theirs = kind.compared(wanted, Monitor.from_json(live[0]))
    return ours == theirs
