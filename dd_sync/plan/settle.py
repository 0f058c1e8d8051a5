"""After the last write: read again, take back an extra monitor of our own, and say what is not as planned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from dd_sync.errors import DatadogError
from dd_sync.kinds import monitor as kind
from dd_sync.model.monitor import Monitor
from dd_sync.model.ownership import CATALOG, MANAGED
from dd_sync.plan.changes import Change, Delete, Json, Plan
from dd_sync.plan.create import SETTLE_STEPS
from dd_sync.plan.extras import Found, without_extras
from dd_sync.plan.look import look
from dd_sync.plan.report import Outcome, Report
from dd_sync.plan.same import plainly_same
from dd_sync.ports import Monitors


def settle(
    plan: Plan,
    monitors: Monitors,
    outcomes: tuple[Outcome, ...],
    sleep: Callable[[float], None],
    made: Collection[int],
) -> Report:
    """The report on a run that wrote. made: ids of the monitors that this very run created.

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
            found = _by_key(look(monitors, tags, sleep, expected=expected), plan.catalog)
            outcomes = without_extras(plan, outcomes, found, monitors, made)
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
