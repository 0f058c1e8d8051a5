"""Evaluates the monitors: what is due, in order, from where it left off, and keeps what came of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from dd_sync.errors import DdSyncError, QueryError
from dd_sync.evaluate.replay import (
    Replay,
    Rule,
    Transition,
    Unsupported,
    compile_rule,
    evaluation_times,
    parts_of,
    replay,
)
from dd_sync.evaluate.select import TOTAL
from dd_sync.evaluate.silence import Silence
from dd_sync.evaluate.sources import Sources
from dd_sync.evaluate.state import GroupState
from dd_sync.local.clock import whole_minute
from dd_sync.local.downtimes_table import StoredDowntime
from dd_sync.local.group_scope import parse_group_scope
from dd_sync.local.monitors_table import StoredMonitor
from dd_sync.local.org import Evaluated
from dd_sync.local.points_table import RETENTION
from dd_sync.local.schedule import spans_between
from dd_sync.local.store import Store
from dd_sync.local.streams_table import Checks, EventStreams
from dd_sync.local.verdicts_table import Group, Told, Verdict
from dd_sync.model.monitor import Monitor
from dd_sync.model.state import State
from dd_sync.query.alerts import EventAlert, FormulaAlert
from dd_sync.query.nodes import MetricAlert
from dd_sync.query.queries import parse_query

LOG = logging.getLogger("dd_sync.local")

# After a longer pause the evaluations in between are left out: nobody needs yesterday's pages.
CATCH_UP = timedelta(hours=24)
_KEEP_TOLD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Due:
    """A monitor with what its last evaluation left behind."""

    monitor: StoredMonitor
    verdict: Verdict | None
    groups: Mapping[str, Group]


@dataclass(frozen=True, slots=True)
class _Found:
    """What an evaluation found; `told` in the order it happened. replay: None if it cannot be evaluated."""

    due: _Due
    verdict: Verdict
    replay: Replay | None = None
    groups: tuple[Group, ...] = ()
    gone: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()


class Engine:
    """One evaluation at a time; requests are served meanwhile, since the store is locked only in between."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._rules: dict[int, tuple[int, Rule | str]] = {}
        self._pruned: datetime | None = None

    def evaluate(self, until: datetime) -> Evaluated:
        """Every evaluation that is due up to the whole minute of `until`, itself included.

        After a pause the missed minutes follow each other in order, at most the last 24 hours of them. A
        monitor that cannot be evaluated is reported and does not keep the others from it.
        """
        with self._lock:
            until = whole_minute(until)
            self._prune(until)
            with self._store.transaction():
                downtimes = self._store.downtimes.all()
                due = self._due()
            self._forget_rules({one.monitor.id for one in due})
            found = self._all(due, downtimes, until)
            self._keep(found)
        return Evaluated(
            until,
            len(found),
            sum(told.suppressed is None for one in found for told in one.told),
            {one.due.monitor.id: one.verdict.unsupported for one in found if one.verdict.unsupported},
        )

    def stop(self) -> None:
        self._stopping.set()

    def changed(self, before: StoredMonitor, after: StoredMonitor) -> None:
        """Groups outlive a change of threshold, not one of what is measured."""
        if _measures(before) != _measures(after):
            self._store.verdicts.forget(after.id)

    def _due(self) -> list[_Due]:
        verdicts = self._store.verdicts.all()
        return [
            _Due(monitor, verdicts.get(monitor.id), self._store.verdicts.groups(monitor.id))
            for monitor in self._store.monitors.all()
        ]

    def _all(self, due: Sequence[_Due], downtimes: Sequence[StoredDowntime], until: datetime) -> list[_Found]:
        """In the order of the monitors, though composites wait for their parts."""
        needed = {one.monitor.id: self._parts(one.monitor) for one in due}
        wanted = {part for parts in needed.values() for part in parts}
        replays: dict[int | str, Replay] = {}
        found: list[_Found] = []
        for one in sorted(due, key=lambda one: bool(needed[one.monitor.id])):
            if self._stopping.is_set():
                break
            result = self._evaluated(one, downtimes, until, replays)
            found.append(result)
            if result.replay is not None and one.monitor.id in wanted:
                replays[one.monitor.id] = result.replay
        return sorted(found, key=lambda one: one.due.monitor.id)

    def _parts(self, monitor: StoredMonitor) -> tuple[int | str, ...]:
        rule = self._rule(monitor)
        return () if isinstance(rule, str) else parts_of(rule)

    def _evaluated(
        self,
        due: _Due,
        downtimes: Sequence[StoredDowntime],
        until: datetime,
        parts: Mapping[int | str, Replay],
    ) -> _Found:
        rule = self._rule(due.monitor)
        if isinstance(rule, str):
            return _unsupported(due, until, rule)
        store = self._store
        sources = Sources(
            series=store.points,
            checks=Checks(store.streams),
            events=EventStreams(store.streams, store.posted),
            parts=parts,
        )
        try:
            return _evaluate(sources, due, rule, downtimes, until)
        except DdSyncError as error:
            return _unsupported(due, until, _reason(error))
        except Exception:
            LOG.exception("monitor %d cannot be evaluated", due.monitor.id)
            return _unsupported(due, until, "its evaluation failed; the log of the local Datadog says more")

    def _rule(self, monitor: StoredMonitor) -> Rule | str:
        """The monitor read, once per revision; or why it cannot be evaluated here."""
        revision, rule = self._rules.get(monitor.id, (0, ""))
        if revision != monitor.revision:
            try:
                rule = compile_rule(str(monitor.id), _as_monitor(monitor), monitor.id)
            except DdSyncError as error:
                rule = _reason(error)
            self._rules[monitor.id] = (monitor.revision, rule)
        return rule

    def _forget_rules(self, live: set[int]) -> None:
        for number in self._rules.keys() - live:
            del self._rules[number]

    def _keep(self, found: Iterable[_Found]) -> None:
        """All of it at once: killed at any time, nothing was told twice and nothing was lost."""
        with self._store.transaction():
            for one in found:
                now = self._store.monitors.get(one.due.monitor.id)
                # Updated or deleted meanwhile: what was found is about a monitor that is no more.
                if now is None or now.revision != one.due.monitor.revision:
                    continue
                self._store.verdicts.put(now.id, one.verdict)
                self._store.verdicts.put_groups(now.id, one.groups, one.gone)
                self._store.told.add(one.told)

    def _prune(self, now: datetime) -> None:
        if self._pruned is not None and now - self._pruned < timedelta(hours=1):
            return
        self._pruned = now
        self._store.points.drop_before(int((now - RETENTION).timestamp()))
        self._store.streams.drop_before(now - RETENTION)
        self._store.told.drop_before(int((now - _KEEP_TOLD).timestamp()))


def _evaluate(
    sources: Sources, due: _Due, rule: Rule, downtimes: Sequence[StoredDowntime], until: datetime
) -> _Found:
    monitor, end = due.monitor, int(until.timestamp())
    start = _start(due, until)
    times = evaluation_times(rule, start, end + 1)
    previous = {name: GroupState.from_json(group.state) for name, group in due.groups.items()}
    since = min((state.evaluated_at for state in previous.values()), default=start)
    silences = _silences(monitor, downtimes, datetime.fromtimestamp(since, UTC), until)
    done = replay(rule, sources, times, previous=previous, downtimes=silences)
    if not len(times):
        return _Found(due, due.verdict or _verdict(due, done.rule, {}, end, ()), done)
    groups = _groups(due.groups, done)
    return _Found(
        due,
        _verdict(due, done.rule, groups, end, done.transitions),
        done,
        tuple(groups.values()),
        tuple(due.groups.keys() - groups.keys()),
        _told(monitor, done),
    )


def _start(due: _Due, until: datetime) -> int:
    """The first second not evaluated yet. A monitor's life begins with the minute it was created in."""
    earliest = int((until - CATCH_UP).timestamp())
    if due.verdict is None:
        return max(earliest, int(whole_minute(due.monitor.created).timestamp()))
    return max(earliest, due.verdict.at) + 1


def _silences(
    monitor: StoredMonitor, downtimes: Sequence[StoredDowntime], since: datetime, until: datetime
) -> list[Silence]:
    """The times of all downtimes that cover the monitor and that did not end before `since`."""
    after = until + timedelta(minutes=1)
    return [
        Silence(
            scope=parse_group_scope(downtime.attributes["scope"]),
            start=int(begin.timestamp()),
            end=None if end is None else int(end.timestamp()),
            # The second it was canceled in may have been evaluated already, silently; its end comes after.
            canceled_at=None if downtime.canceled is None else int(downtime.canceled.timestamp()) + 1,
            notify_end_states=tuple(downtime.attributes["notify_end_states"]),
            notify_end_types=tuple(downtime.attributes["notify_end_types"]),
            mute_first_recovery=downtime.attributes["mute_first_recovery_notification"],
        )
        for downtime in downtimes
        if downtime.covers(monitor.id, monitor.tags)
        for begin, end in spans_between(downtime.attributes["schedule"], since, after)
    ]


def _groups(before: Mapping[str, Group], done: Replay) -> dict[str, Group]:
    moved: dict[str, list[Transition]] = {}
    for transition in done.transitions:
        moved.setdefault(transition.group, []).append(transition)
    return {
        name: _group(before.get(name), name, state, moved.get(name, ())) for name, state in done.final.items()
    }


def _group(before: Group | None, name: str, state: GroupState, moved: Sequence[Transition]) -> Group:
    group = before or Group(name, state.state.value, {})
    resolved = [one.at for one in moved if one.after is State.OK]
    nodata = [one.at for one in moved if one.after is State.NO_DATA]
    return replace(
        group,
        status=state.state.value,
        state=state.to_json(),
        last_triggered=state.last_triggered_at,
        last_notified=state.last_notified_at,
        last_resolved=max(resolved, default=group.last_resolved),
        last_nodata=max(nodata, default=group.last_nodata),
    )


def _verdict(
    due: _Due, rule: Rule, groups: Mapping[str, Group], at: int, moved: Sequence[Transition]
) -> Verdict:
    """The monitor's overall state: its worst group's; without any, OK where it alerts by group."""
    states = [State(group.status) for group in groups.values()]
    nothing = State.OK if rule.keys else State.NO_DATA
    overall = max(states, key=lambda state: state.severity, default=nothing)
    return _since(due.verdict, Verdict(at, overall.value, max((one.at for one in moved), default=at)))


def _reason(error: DdSyncError) -> str:
    """What is wrong, and where in the query's text that is known."""
    where = error.where
    if where is None or not isinstance(error, Unsupported):
        return error.problem
    line = f"line {where.line}, " if where.line > 1 else ""
    return f"{error.problem}, at {line}column {where.column} of the query"


def _unsupported(due: _Due, until: datetime, reason: str) -> _Found:
    at = int(until.timestamp())
    return _Found(due, _since(due.verdict, Verdict(at, State.NO_DATA.value, at, reason)))


def _since(before: Verdict | None, now: Verdict) -> Verdict:
    """The verdict, since when it has been so."""
    if before is None or before.overall != now.overall:
        return now
    return replace(now, since=before.since)


def _told(monitor: StoredMonitor, done: Replay) -> tuple[Told, ...]:
    tags = monitor.tags
    told = [
        Told(
            one.at,
            monitor.id,
            one.group,
            one.kind,
            one.title,
            one.body,
            tuple(one.handles),
            _tags(tags, one.group),
        )
        for one in done.notifications
    ]
    told += [
        Told(one.at, monitor.id, one.group, one.kind, "", "", (), _tags(tags, one.group), one.reason)
        for one in done.suppressed
    ]
    return tuple(sorted(told, key=lambda one: one.at))


def _tags(tags: Sequence[str], group: str) -> tuple[str, ...]:
    return (*tags, *(() if group == TOTAL else group.split(",")))


def _as_monitor(monitor: StoredMonitor) -> Monitor:
    return Monitor.from_json({**monitor.definition, "id": monitor.id})


def _measures(monitor: StoredMonitor) -> object:
    """What a monitor's groups are groups of: its query without the threshold."""
    definition = monitor.definition
    query = str(definition["query"])
    try:
        alert = parse_query(str(definition["type"]), query)
    except QueryError:
        return query
    match alert:
        case MetricAlert() | EventAlert() | FormulaAlert():
            options = definition.get("options") or {}
            return replace(alert, threshold=None, comparator=">"), options.get("variables")
    return alert
