"""Mutation testing of monitors: does any scenario notice when a monitor is a little wrong?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from dd_sync.catalog.catalog import Catalog
from dd_sync.errors import DdSyncError, Place
from dd_sync.evaluate.replay import Rule, compile_rule
from dd_sync.evaluate.rule import Missing
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.scenarios.kill import Search, habits_of, scenario_that_kills
from dd_sync.scenarios.load import Scenario
from dd_sync.scenarios.mutants import Mutant, mutants_of
from dd_sync.scenarios.run import Outcome
from dd_sync.scenarios.written import place_of

Monitors = Mapping[str, Declared]
# Runs a scenario on a catalog's monitors; never raises for what is in either.
Run = Callable[[Scenario, Monitors], Outcome]


class Fate(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    UNJUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A mutant with the monitor it is of, and where in the catalog the changed part stands."""

    key: str
    mutant: Mutant
    where: Place


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant. by: the scenario that noticed it; why: it is equivalent, or was not judged.

    remedy: for a survivor a scenario in YAML that would have noticed it, None if none was found.
    """

    suspect: Suspect
    fate: Fate
    by: str = ""
    why: str = ""
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    """A scenario, the monitors as it has them, with its own tunables, on its own day."""

    scenario: Scenario
    monitors: Monitors


def suspects(catalog: Catalog, keys: Iterable[str]) -> Iterator[Suspect]:
    """The mutants of the monitors of these keys, in the order of the keys."""
    for key in keys:
        declared = catalog.declared(key)
        if declared is None:
            continue
        for mutant in mutants_of(declared.monitor):
            where = place_of(catalog, declared, mutant)
            if where is not None:
                yield Suspect(key, mutant, where)


@dataclass(frozen=True, slots=True, eq=False)
class Court:
    """Judges mutants. exercises: all scenarios, each of which passes on the monitors as they are."""

    exercises: Sequence[Exercise]
    monitors: Monitors
    run: Run

    def judge(self, suspect: Suspect, *, look_for_remedy: bool = True) -> Verdict:
        """The first scenario that notices the mutant ends the trial."""
        why = equivalent(self.monitors[suspect.key].monitor, suspect.mutant.monitor)
        if why:
            return Verdict(suspect, Fate.EQUIVALENT, why=why)
        why = _unreadable(suspect)
        if why:
            return Verdict(suspect, Fate.UNJUDGED, why=why)
        for exercise in self._concerned(suspect.key):
            changed = _with_mutant(exercise.monitors, suspect)
            outcome = None if changed is None else self.run(exercise.scenario, changed)
            if outcome is None or outcome.passed:
                continue
            if outcome.replay is None:
                return Verdict(suspect, Fate.UNJUDGED, why=outcome.failures[0].problem)
            return Verdict(suspect, Fate.KILLED, by=exercise.scenario.name)
        remedy = self._remedy(suspect) if look_for_remedy else None
        return Verdict(suspect, Fate.SURVIVED, remedy=remedy)

    def _concerned(self, key: str) -> Iterator[Exercise]:
        """Scenarios of the monitor itself, then of the composites that are made of it."""
        yield from (one for one in self.exercises if one.scenario.monitor == key)
        users = users_of(key, self.monitors)
        yield from (one for one in self.exercises if one.scenario.monitor in users)

    def _remedy(self, suspect: Suspect) -> str | None:
        own = self.monitors[suspect.key]

        def attempt(scenario: Scenario, monitor: Monitor) -> Outcome:
            return self.run(scenario, {**self.monitors, suspect.key: replace(own, monitor=monitor)})

        # Its own scenarios last: they know best how its metrics are sent.
        habits = habits_of(
            sorted((one.scenario for one in self.exercises), key=lambda one: one.monitor == suspect.key)
        )
        search = Search(suspect.key, habits, attempt)
        return scenario_that_kills(own.monitor, suspect.mutant.monitor, suspect.mutant.words, search)


def users_of(key: str, monitors: Monitors) -> frozenset[str]:
    """The keys of the composites that name the monitor, directly or through other composites."""
    found: set[str] = set()
    waiting = {key}
    while waiting:
        waiting = {
            one.key for one in monitors.values() if waiting & set(one.references) and one.key not in found
        }
        found |= waiting
    return frozenset(found)


def _with_mutant(monitors: Monitors, suspect: Suspect) -> Monitors | None:
    """The scenario's monitors with the same mistake made in its version of the monitor, if it can be."""
    own = monitors[suspect.key]
    if own.monitor == suspect.mutant.monitor:
        return None
    mutant = next((one for one in mutants_of(own.monitor) if one.id == suspect.mutant.id), None)
    return None if mutant is None else {**monitors, suspect.key: replace(own, monitor=mutant.monitor)}


# --- what need not, or cannot, be judged -----------------------------------------------------


def _unreadable(suspect: Suspect) -> str:
    """Why the mutant cannot be evaluated here, '' if it can."""
    try:
        compile_rule(suspect.key, suspect.mutant.monitor)
    except DdSyncError as error:
        return error.problem
    return ""


def equivalent(one: Monitor, two: Monitor) -> str:
    """Why the two can never be told apart, '' where that is not certain."""
    try:
        first, second = (_meaning(compile_rule("", monitor)) for monitor in (one, two))
    except DdSyncError:
        return ""
    return "the evaluator reads both the same" if first == second else ""


def _meaning(rule: Rule) -> dict[str, Any]:
    """All that decides what a rule does, in a form in which equal meanings are equal."""
    meaning = {field.name: getattr(rule, field.name) for field in fields(rule)}
    for name in ("monitor", "monitor_id", "notes"):
        del meaning[name]
    # NaN is not equal to itself.
    meaning["empty"] = str(rule.empty)
    bounds = rule.thresholds
    if bounds is not None:
        # A recovery threshold that is the threshold itself changes nothing.
        meaning["thresholds"] = replace(
            bounds,
            critical_recovery=None
            if bounds.critical_recovery == bounds.critical
            else bounds.critical_recovery,
            warning_recovery=None if bounds.warning_recovery == bounds.warning else bounds.warning_recovery,
        )
    if rule.missing not in (Missing.NO_DATA, Missing.NO_DATA_NOTIFIED):
        del meaning["no_data_after"]
    return meaning
