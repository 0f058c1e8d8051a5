"""Carrying out a plan: nothing that moved, nothing twice, and a report whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Literal, TypeVar

from dd_sync.errors import DatadogError, UnsafePlan
from dd_sync.kinds import monitor as kind
from dd_sync.kinds.applied import marked
from dd_sync.kinds.kind import Calls
from dd_sync.model.monitor import Monitor
from dd_sync.plan.adopt import fetch, unfit
from dd_sync.plan.build import Live, match, organisation_of, renamed
from dd_sync.plan.changes import Adopt, Change, Create, Delete, Json, Plan, Replace, Update
from dd_sync.plan.create import Creator
from dd_sync.plan.order import Write, delete_rounds, write_rounds
from dd_sync.plan.report import Outcome, Report
from dd_sync.plan.resources_apply import ResourceRun
from dd_sync.plan.settle import settle
from dd_sync.plan.survey import Survey, survey
from dd_sync.ports import Monitors
from dd_sync.text import within_line

Progress = Callable[[Outcome], None]
_C = TypeVar("_C", bound=Change)


def apply(
    plan: Plan,
    monitors: Monitors,
    *,
    sleep: Callable[[float], None] = time.sleep,
    progress: Progress | None = None,
    workers: int = 8,
    force: Collection[str] = (),
    calls: Sequence[Calls] = (),
    seen: Survey | None = None,
    waiting: Callable[[], None] | None = None,
) -> Report:
    """Makes the plan's changes and says what came of each, in the plan's order.

    Raises UnsafePlan, before any write, if a live monitor that the plan touches is neither as it was planned
    from nor as it is to be. Failures of single monitors are in the report; what does not depend on them
    goes on. sleep: seconds; progress: called after each change.
    force: keys of monitors that are deleted although something in Datadog still uses them.
    calls: of each kind of resource that the plan changes.
    seen: what is live, if that was asked for this very plan a moment ago; else it is asked now.
    waiting: called when an interrupt waits for the requests under way.
    """
    if not plan.size:
        return Report(outcomes=())
    seen = seen or survey(monitors, plan.catalog, expected=plan.owned)
    _refuse_other_organisation(plan, seen.monitors)
    owned = renamed(match(seen.monitors, plan.catalog), _renames(plan))
    live = {**owned, **_adoptees(monitors, plan, owned)}
    run = _Run(
        plan,
        monitors,
        live,
        len(owned),
        sleep,
        progress or _silent,
        workers,
        frozenset(force),
        search_first=seen.is_doubtful,
        waiting=waiting or _nothing,
    )
    resources = ResourceRun(plan, {one.kind: one for one in calls}, sleep, run.progress, run.ids)
    run.refuse_if_moved()
    resources.refuse_if_moved()
    _in_order(run, resources)
    outcomes = tuple(run.outcomes[change.key] for change in plan.changes)
    report = settle(plan, monitors, outcomes, sleep, run.made) if run.wrote else Report(outcomes=outcomes)
    if not plan.resources:
        return report
    others, differing, unread = resources.settle()
    return Report(
        outcomes=(*report.outcomes, *others),
        differing=(*report.differing, *differing),
        unread=report.unread or unread,
    )


def _in_order(run: _Run, resources: ResourceRun) -> None:
    """What others name is written before them, and deleted after them."""
    resources.write("webhook")
    run.cut_off = resources.cut_off
    run.write()
    resources.cut_off = run.cut_off
    resources.write("downtime", "dashboard")
    resources.delete()
    run.cut_off = resources.cut_off
    run.delete()


def _refuse_other_organisation(plan: Plan, listed: Sequence[Json]) -> None:
    """The host is the same for all organisations of a site: with other keys, the plan is for another one."""
    here = organisation_of(listed)
    if None not in (plan.organisation, here) and plan.organisation != here:
        raise UnsafePlan(
            f"this plan is for the organisation {plan.organisation}, and these keys are of {here}",
            hint="check DD_API_KEY and DD_APP_KEY, or plan again",
        )


def _renames(plan: Plan) -> dict[str, str]:
    return {
        change.key: change.was
        for change in plan.changes
        if isinstance(change, (Update, Replace)) and change.was is not None
    }


def _adoptees(monitors: Monitors, plan: Plan, owned: Mapping[str, Live]) -> dict[str, Live]:
    """The monitors to adopt that are not this catalog's yet, by key."""
    ids = {one.monitor_id: one.key for one in plan.changes if isinstance(one, Adopt) and one.key not in owned}
    return {ids[number]: Live(number, body) for number, body in fetch(ids, monitors).items()} if ids else {}


def _silent(outcome: Outcome) -> None:
    """Nobody asked to hear of it."""


def _nothing() -> None:
    """Nobody asked to hear of it."""


@dataclass
class _Run:
    plan: Plan
    monitors: Monitors
    live: dict[str, Live]
    owned: int
    sleep: Callable[[float], None]
    progress: Progress
    workers: int
    force: frozenset[str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    stopping: Event = field(default_factory=Event)
    ids: dict[str, int] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)
    cut_off: str = ""
    wrote: bool = False
    search_first: bool = False
    waiting: Callable[[], None] = _nothing

    def __post_init__(self) -> None:
        self.ids = {key: one.id for key, one in self.live.items()}

    def refuse_if_moved(self) -> None:
        removed = self.plan.count("delete") + self.plan.count("replace")
        if 2 * self.owned < self.plan.owned - removed:
            raise UnsafePlan(
                f"Datadog lists {self.owned} monitors of this catalog, the plan knew {self.plan.owned}",
                hint="is it the right organisation, and is Datadog well? then plan again",
            )
        moved = [text for change in self.plan.changes if (text := self._moved(change))]
        if moved:
            raise UnsafePlan(
                f"Datadog has changed since this plan was made: {'; '.join(map(within_line, moved[:5]))}"
                + (f"; and {len(moved) - 5} more" if len(moved) > 5 else ""),
                hint="plan again and look at what it says now",
            )

    def _moved(self, change: Change) -> str:
        """Who is neither as it was nor as it is to be; empty if all is well."""
        now = self.live.get(change.key)
        if self._is_done(change):
            return ""
        if isinstance(change, Create):
            return f"{change.key} is there now (monitor {now.id}{_creator(now)})" if now else ""
        if now is None:
            # A replacement that was killed between its two halves goes on with the second.
            return (
                "" if isinstance(change, Replace) else f"{change.key} (monitor {change.monitor_id}) is gone"
            )
        if now.id != change.monitor_id:
            return f"{change.key} is monitor {now.id} now{_creator(now)}, not {change.monitor_id}"
        if now.fingerprint != change.live:
            when = f" at {now.monitor.modified}" if now.monitor.modified else ""
            return f"{change.key} (monitor {now.id}) was edited{when}"
        if isinstance(change, Adopt):
            declared = str(change.body["type"])
            refusal = unfit(
                change.key, now.body, self.plan.catalog, type=declared, take_over=change.take_over
            )
            return refusal.problem if refusal else ""
        return ""

    def _is_done(self, change: Change) -> bool:
        now = self.live.get(change.key)
        if isinstance(change, Delete) or now is None:
            return isinstance(change, Delete) and now is None
        ours, theirs = kind.compared(Monitor.from_json(self._body(change)), now.monitor)
        return ours == theirs

    def _body(self, change: Write) -> Json:
        return {**change.body, "query": kind.resolve(str(change.body["query"]), self.ids)}

    def write(self) -> None:
        for writes in write_rounds(self.plan.changes):
            self._round(writes, self._write)

    def delete(self) -> None:
        for deletes in delete_rounds(self.plan.changes):
            self._delete_round(deletes)

    def _round(self, changes: Sequence[_C], act: Callable[[_C], Outcome]) -> None:
        if len(changes) == 1 or self.workers == 1:
            for change in changes:
                self._note(self._guarded(change, act))
            return
        pool = ThreadPoolExecutor(max_workers=self.workers)
        begun: list[Future[Outcome]] = []
        try:
            for change in changes:
                begun.append(pool.submit(self._guarded, change, act))
            for future in begun:
                self._note(future.result())
        except BaseException:
            # An interrupt lets the requests under way finish and begins no other; what ended counts.
            # A second one, in here, leaves them alone: the next apply looks at what became of them.
            self.stopping.set()
            self.waiting()
            pool.shutdown(cancel_futures=True)
            ended = [future for future in begun if not future.cancelled() and not future.exception()]
            for outcome in (future.result() for future in ended):
                if outcome.key not in self.outcomes:
                    self._note(outcome)
            raise
        pool.shutdown()

    def _note(self, outcome: Outcome) -> None:
        self.outcomes[outcome.key] = outcome
        if outcome.monitor_id is not None and outcome.did != "deleted":
            self.ids[outcome.key] = outcome.monitor_id
        self.progress(outcome)

    def _guarded(self, change: _C, act: Callable[[_C], Outcome]) -> Outcome:
        """One change, tried unless there is no use in it; a failure is an outcome."""
        if self.stopping.is_set():
            return Outcome(key=change.key, did="skipped", why="not tried: interrupted")
        if self.cut_off:
            return Outcome(key=change.key, did="skipped", why=f"not tried: {self.cut_off}")
        if self._is_done(change):
            now = self.live.get(change.key)
            return Outcome(key=change.key, did="unchanged", monitor_id=now.id if now else None)
        try:
            self.wrote = True
            return act(change)
        except DatadogError as error:
            if error.status == 401 or (error.status is None and not error.sent):
                # Neither the keys nor the network will be better for the next one.
                self.cut_off = error.problem
            return Outcome(key=change.key, did="failed", why=error.problem, hint=error.hint)

    def _write(self, change: Write) -> Outcome:
        missing = self._missing(change)
        if missing:
            return Outcome(
                key=change.key,
                did="skipped",
                why=f"it refers to {missing}, which is not in Datadog",
                hint="run apply again once that is mended",
            )
        if isinstance(change, Update):
            return self._update(change, marked(self._body(change)), "updated")
        if isinstance(change, Adopt):
            return self._update(change, self._differing(change), "adopted")
        if isinstance(change, Replace) and change.key in self.live:
            return self._replace(change)
        return self._create(change)

    def _missing(self, change: Write) -> str:
        """A monitor that the change refers to and that does not exist; empty if all do."""
        for key in kind.unresolved(str(change.body["query"])):
            if key not in self.ids:
                return key
        return ""

    def _create(self, change: Create | Replace) -> Outcome:
        creator = Creator(self.monitors, self.plan.catalog, self.sleep, self.stopping.is_set)
        made = creator.create(change.key, marked(self._body(change)), search_first=self.search_first)
        if not made.adopted:
            self.made.add(made.monitor_id)
        if isinstance(change, Replace):
            return Outcome(key=change.key, did="replaced", monitor_id=made.monitor_id)
        if made.adopted:
            why = "it was in Datadog already; no second one was made"
            return Outcome(key=change.key, did="adopted", monitor_id=made.monitor_id, why=why)
        return Outcome(key=change.key, did="created", monitor_id=made.monitor_id)

    def _differing(self, change: Adopt) -> Json:
        """The fields to send: Datadog keeps all others, also those that nobody here knows."""
        body = self._body(change)
        ours, theirs = kind.compared(Monitor.from_json(body), self.live[change.key].monitor)
        names = {
            "tags",
            *(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)),
        }
        return {name: value for name, value in marked(body).items() if name in names}

    def _update(self, change: Update | Adopt, body: Json, did: Literal["updated", "adopted"]) -> Outcome:
        try:
            self.monitors.update(change.monitor_id, body)
        except DatadogError as error:
            if error.status != 404:
                raise
            return Outcome(
                key=change.key,
                did="failed",
                why=f"monitor {change.monitor_id} was deleted in Datadog meanwhile",
                hint="plan again: it will be created anew",
            )
        return Outcome(key=change.key, did=did, monitor_id=change.monitor_id)

    def _replace(self, change: Replace) -> Outcome:
        used = self.monitors.can_delete([change.monitor_id]).get(change.monitor_id)
        if used is not None and change.key not in self.force:
            return _in_use(change, used)
        self._remove(change.monitor_id, force=used is not None)
        # Should the second half fail, nothing may refer to the id that is gone.
        self.ids.pop(change.key, None)
        return self._create(change)

    def _delete_round(self, deletes: Sequence[Delete]) -> None:
        left = [change.monitor_id for change in deletes if not (self.cut_off or self._is_done(change))]
        used: dict[int, tuple[str, ...]] = {}
        unknown: DatadogError | None = None
        try:
            used = self.monitors.can_delete(left) if left else {}
        except DatadogError as error:
            unknown = error

        def delete(change: Delete) -> Outcome:
            if unknown is not None:
                raise unknown
            is_used = change.monitor_id in used
            if is_used and change.key not in self.force:
                return _in_use(change, used[change.monitor_id])
            gone = self._remove(change.monitor_id, force=is_used)
            why = "" if gone else "it was gone already"
            return Outcome(key=change.key, did="deleted", monitor_id=change.monitor_id, why=why)

        self._round(deletes, delete)

    def _remove(self, monitor_id: int, *, force: bool) -> bool:
        """Deletes the monitor; False if it was gone, also by an earlier attempt whose answer was lost."""
        try:
            self.monitors.delete(monitor_id, force=force)
        except DatadogError as error:
            if error.status != 404:
                raise
            return False
        return True


def _in_use(change: Delete | Replace, used: Sequence[str]) -> Outcome:
    where = "; ".join(used) or "Datadog does not say where"
    then = "leaves that broken"
    if isinstance(change, Replace):
        then += ", but for this catalog's composites, which name the new one"
    return Outcome(
        key=change.key,
        did="failed",
        monitor_id=change.monitor_id,
        why=f"monitor {change.monitor_id} is still used: {where}",
        hint=f"take it out there first; --force-delete {change.key} deletes it all the same, and {then}",
    )


def _creator(live: Live) -> str:
    """Who made it, if Datadog says so by a name that is nobody's address."""
    creator = live.body.get("creator")
    handle = creator.get("handle") if isinstance(creator, dict) else None
    return f", created by {within_line(handle, 60)}" if isinstance(handle, str) and "@" not in handle else ""
