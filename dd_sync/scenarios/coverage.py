"""What no scenario exercises: states, transitions, groups, sides of messages' blocks, snoozes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import permutations

from dd_sync.catalog.catalog import Catalog
from dd_sync.errors import DdSyncError, Place
from dd_sync.evaluate.replay import Kind, Replay, Rule, Silence, Unsupported, compile_rule
from dd_sync.evaluate.rule import Missing
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import SNOOZABLE
from dd_sync.model.state import State
from dd_sync.query.nodes import Tag
from dd_sync.scenarios.branches import Branch, marked, marks_in
from dd_sync.scenarios.declarations import Declarations, place_of
from dd_sync.scenarios.load import Scenario
from dd_sync.scenarios.pool import run_many
from dd_sync.scenarios.run import Declare, Outcome
from dd_sync.scenarios.schema import ScenarioForm
from dd_sync.scenarios.suite import Suite

_TOLD = {
    Kind.ALERT: State.ALERT,
    Kind.WARNING: State.WARN,
    Kind.NO_DATA: State.NO_DATA,
    Kind.UNKNOWN: State.UNKNOWN,
    Kind.RECOVERY: State.OK,
}
# So many names are listed.
_MOST_NAMES = 3


class Aspect(StrEnum):
    STATE = "states"
    TRANSITION = "transitions"
    GROUP = "groups"
    MESSAGE = "message"
    SNOOZE = "snoozes"


@dataclass(frozen=True, slots=True)
class Part:
    """Something a scenario could exercise. by: the first scenario that does, '' for none.

    note: how near it came, where it did not.
    """

    aspect: Aspect
    name: str
    by: str
    where: Place
    note: str = ""

    @property
    def covered(self) -> bool:
        return bool(self.by)


@dataclass(frozen=True, slots=True)
class MonitorCoverage:
    """One monitor. unsupported: why it cannot be evaluated here and has no parts, '' if it can."""

    key: str
    where: Place
    scenarios: int
    parts: tuple[Part, ...]
    unsupported: str = ""

    def of(self, aspect: Aspect) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.aspect is aspect)


@dataclass(frozen=True, slots=True)
class Coverage:
    monitors: tuple[MonitorCoverage, ...]

    def counts(self, aspect: Aspect | None = None) -> tuple[int, int]:
        """How many parts are covered, and how many there are; of one aspect, or of all."""
        parts = [part for monitor in self.monitors for part in monitor.parts]
        chosen = [part for part in parts if aspect in (None, part.aspect)]
        return sum(part.covered for part in chosen), len(chosen)

    @property
    def percent(self) -> float:
        covered, total = self.counts()
        return 100 * covered / total if total else 100.0


def cover(suite: Suite, catalog: Catalog, keys: Sequence[str], jobs: int | None = None) -> Coverage:
    """What the suite's scenarios exercise of the monitors of these keys. The scenarios have to pass.

    jobs: processes, as in run_many, whose errors it raises.
    """
    marking = replace(suite, declare=_Marking(suite.declare))
    observed = run_many(marking, _Observe(suite.tenant_tag), jobs)
    by_key: dict[str, list[_Watched]] = {}
    for scenario, one in zip(suite.scenarios, observed, strict=True):
        by_key.setdefault(scenario.monitor, []).append(_Watched(scenario, one))
    by_name = {declared.key: declared for declared in catalog.monitors}
    return Coverage(tuple(_of_monitor(catalog, by_name, by_name[key], by_key.get(key, [])) for key in keys))


# --- what a scenario did -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Marking:
    """The monitors with marked messages, so that notifications show which sides of blocks were taken."""

    declare: Declare

    def __call__(self, tunables: Mapping[str, object], day: date) -> Declarations:
        declared = self.declare(tunables, day)
        return _Marked(declared.monitors, declared.catalog)


class _Marked(Declarations):
    """Marks a monitor when it is asked for: a scenario is about few of them."""

    def __getitem__(self, key: str) -> Declared:
        declared = self.monitors[key]
        message, _ = _marked(declared.monitor.message)
        return replace(declared, monitor=replace(declared.monitor, message=message))


# Each scenario looks at all monitors again, to see whose gauges the worker computes.
@lru_cache(maxsize=4096)
def _marked(message: str) -> tuple[str, tuple[Branch, ...]]:
    try:
        return marked(message)
    except DdSyncError:
        return message, ()


@dataclass(frozen=True, slots=True)
class _Observed:
    """What is kept of an outcome. watched, left: groups that something, or nothing, is expected of.

    marks: sides of blocks that were shown; kept_back: of each snooze, whether it kept a notification back.
    """

    states: frozenset[State] = frozenset()
    transitions: frozenset[tuple[State, State]] = frozenset()
    watched: int = 0
    left: tuple[str, ...] = ()
    marks: frozenset[int] = frozenset()
    kept_back: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class _Watched:
    scenario: Scenario
    observed: _Observed

    @property
    def name(self) -> str:
        return self.scenario.name


@dataclass(frozen=True, slots=True)
class _Observe:
    tenant_tag: str

    def __call__(self, outcome: Outcome, seconds: float) -> _Observed:
        form, done = outcome.scenario.form, outcome.replay
        if done is None:
            return _Observed()
        watched = _expected_of(form, done)
        return _Observed(
            states=frozenset(state for state in State if (done.states == state.severity).any()),
            transitions=frozenset((one.before, one.after) for one in done.transitions),
            watched=len(watched),
            left=tuple(group for group in done.groups if group not in watched),
            marks=marks_in(one.body for one in done.notifications),
            kept_back=tuple(self._kept_back(form, done, index) for index in range(len(form.snoozes))),
        )

    def _kept_back(self, form: ScenarioForm, done: Replay, index: int) -> bool:
        snooze = form.snoozes[index]
        start = int(form.start.timestamp()) + snooze.since
        end = start + snooze.lasts.total_seconds()
        silence = str(Silence(scope=Tag(self.tenant_tag, snooze.tenant), start=start, end=None))
        return any(one.reason.startswith(silence) and start <= one.at < end for one in done.suppressed)


def _expected_of(form: ScenarioForm, done: Replay) -> frozenset[str]:
    """The groups of a replay that something is expected of."""
    if any(expect.group is None for expect in form.expect):
        return frozenset(done.groups)
    return frozenset(done.groups) & {expect.group for expect in form.expect if expect.group}


def vouched(form: ScenarioForm) -> frozenset[State]:
    """The states that a scenario which passes has seen."""
    found = {State(name) for expect in form.expect for name in expect.states_expected}
    for expect in form.expect:
        told = (*(expect.notifications or ()), *(expect.notifications_at_least or ()))
        found |= {_TOLD[one.kind] for one in told if one.kind in _TOLD}
        if expect.never and State.OK.value not in expect.never:
            found.add(State.OK)
    return frozenset(found)


# --- a monitor ---------------------------------------------------------------------------------


def reachable(declared: Declared, monitors: Mapping[str, Declared]) -> frozenset[State]:
    """The states a group of the monitor can be in. monitors: the catalog's, for the parts of a composite.

    Raises DdSyncError for a monitor that cannot be evaluated here.
    """
    monitor, states = declared.monitor, {State.OK, State.ALERT}
    thresholds = monitor.options.get("thresholds") or {}
    if monitor.type == "composite":
        parts = [monitors[key] for key in declared.references if key in monitors]
        states |= {State.WARN for part in parts if State.WARN in reachable(part, monitors)}
    if thresholds.get("warning") is not None:
        states.add(State.WARN)
    if thresholds.get("unknown") is not None:
        states.add(State.UNKNOWN)
    if compile_rule(declared.key, monitor).missing in (Missing.NO_DATA, Missing.NO_DATA_NOTIFIED):
        states.add(State.NO_DATA)
    if declared.guard == "absent":
        # It tells silence, which is No Data; what is reported never alerts.
        states.discard(State.ALERT)
    return frozenset(states)


def _of_monitor(
    catalog: Catalog, monitors: Mapping[str, Declared], declared: Declared, watched: Sequence[_Watched]
) -> MonitorCoverage:
    where = catalog.locate(declared, ("key",))[0]
    try:
        rule = compile_rule(declared.key, declared.monitor)
        states = sorted(reachable(declared, monitors), key=lambda state: state.severity)
    except DdSyncError as error:
        blamed = _blamed(catalog, monitors, declared) or where
        return MonitorCoverage(declared.key, blamed, len(watched), (), error.problem)
    parts = (
        *_states(states, where, watched),
        *_transitions(states, where, watched),
        *_groups(rule, where, watched),
        *_branches(catalog, declared, watched),
        *_snoozes(declared, where, watched),
    )
    return MonitorCoverage(declared.key, where, len(watched), parts)


def _blamed(catalog: Catalog, monitors: Mapping[str, Declared], declared: Declared) -> Place | None:
    """Where the part stands that is not evaluated, of the monitor or of one that it is made of."""
    parts = (monitors[key] for key in declared.references if key in monitors)
    for one in (declared, *parts):
        try:
            compile_rule(one.key, one.monitor)
        except Unsupported as error:
            return place_of(catalog, one, error)[0]
        except DdSyncError:
            return None
    return None


def _states(states: Sequence[State], where: Place, watched: Sequence[_Watched]) -> Iterator[Part]:
    """A state counts when a scenario reaches it and says that it does."""
    for state in states:
        reached = [one for one in watched if state in one.observed.states]
        by = next((one.name for one in reached if state in vouched(one.scenario.form)), "")
        note = "reached, but nothing expects it" if reached and not by else ""
        yield Part(Aspect.STATE, state.value, by, where, note)


def _transitions(states: Sequence[State], where: Place, watched: Sequence[_Watched]) -> Iterator[Part]:
    for before, after in permutations(states, 2):
        by = next((one.name for one in watched if (before, after) in one.observed.transitions), "")
        yield Part(Aspect.TRANSITION, f"{before} -> {after}", by, where)


def _groups(rule: Rule, where: Place, watched: Sequence[_Watched]) -> Iterator[Part]:
    """Two groups judged apart, and in each scenario no group that nothing is expected of."""
    if not rule.keys:
        return
    apart = next((one.name for one in watched if one.observed.watched > 1), "")
    yield Part(Aspect.GROUP, "two groups judged apart", apart, where)
    for one in watched:
        left = one.observed.left
        note = f"nothing is expected of {_some(left)}" if left else ""
        place = one.scenario.place("name")
        yield Part(Aspect.GROUP, f"every group of '{one.name}'", "" if left else one.name, place, note)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


def _branches(catalog: Catalog, declared: Declared, watched: Sequence[_Watched]) -> Iterator[Part]:
    """Both sides of each block that its author wrote; what its level adds is tested by whom it tells."""
    own = len(catalog.own_message(declared))
    for index, branch in enumerate(_marked(declared.monitor.message)[1]):
        if branch.offset >= own:
            continue
        by = next((one.name for one in watched if index in one.observed.marks), "")
        where = catalog.locate(declared, ("message",), offset=branch.offset, length=len(branch.tag))[0]
        yield Part(Aspect.MESSAGE, str(branch), by, where)


def _snoozes(declared: Declared, where: Place, watched: Sequence[_Watched]) -> Iterator[Part]:
    """A snooze that keeps a notification back, and no snooze that keeps none."""
    if SNOOZABLE not in declared.monitor.tags:
        return
    keeping = next((one.name for one in watched if any(one.observed.kept_back)), "")
    yield Part(Aspect.SNOOZE, "a notification kept back by a snooze", keeping, where)
    for one in watched:
        for index, (snooze, kept) in enumerate(
            zip(one.scenario.form.snoozes, one.observed.kept_back, strict=False)
        ):
            name = f"the snooze of {snooze.tenant} in '{one.name}'"
            place = one.scenario.place("snoozes", index)
            note = "" if kept else "it keeps nothing back"
            yield Part(Aspect.SNOOZE, name, one.name if kept else "", place, note)
