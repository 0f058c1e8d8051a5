"""Mutation testing of monitors: does any scenario notice when a monitor is a little wrong?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from dd_sync.catalog.catalog import Catalog
from dd_sync.errors import DdSyncError, Place
from dd_sync.evaluate.replay import Rule, compile_rule
from dd_sync.evaluate.rule import Missing
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.scenarios.declarations import Declarations
from dd_sync.scenarios.kill import Search, habits_of, scenario_in, scenario_that_kills
from dd_sync.scenarios.load import Scenario
from dd_sync.scenarios.mutants import Mutant, mutants_of
from dd_sync.scenarios.pool import in_parallel
from dd_sync.scenarios.run import Outcome, run
from dd_sync.scenarios.schema import DEFAULT_START
from dd_sync.scenarios.suite import Suite
from dd_sync.scenarios.written import place_of

# So many survivors of one monitor are looked into: more scenarios at once nobody reads.
_MOST_SEARCHES = 30


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
    """What became of a mutant. by: the scenario that noticed it; why: it is equivalent, or was not judged."""

    suspect: Suspect
    fate: Fate
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A scenario in YAML, an item of `scenarios:`, and the survivors that it would notice."""

    text: str
    notices: tuple[Suspect, ...]


@dataclass(frozen=True, slots=True)
class Mutation:
    """The result. without: keys of the monitors that have no scenario; unsupported: those that cannot be
    evaluated here, with the reason; none of their mutants is judged, nor counted."""

    verdicts: tuple[Verdict, ...]
    remedies: tuple[Remedy, ...] = ()
    without: tuple[str, ...] = ()
    unsupported: Mapping[str, str] = field(default_factory=dict)

    def of(self, fate: Fate, key: str | None = None) -> tuple[Verdict, ...]:
        return tuple(one for one in self.verdicts if one.fate is fate and key in (None, one.suspect.key))

    @property
    def without_remedy(self) -> tuple[Verdict, ...]:
        """The survivors for which no scenario was found."""
        noticed = {(one.key, one.mutant.id) for remedy in self.remedies for one in remedy.notices}
        survivors = self.of(Fate.SURVIVED)
        return tuple(one for one in survivors if (one.suspect.key, one.suspect.mutant.id) not in noticed)

    @property
    def percent(self) -> float:
        """Of those that could be told apart from the monitor, how many were; 100 where there is none."""
        killed, survived = len(self.of(Fate.KILLED)), len(self.of(Fate.SURVIVED))
        return 100 * killed / (killed + survived) if killed + survived else 100.0


@dataclass(frozen=True, slots=True)
class Exercise:
    """A scenario, and the monitors as it has them, with its own tunables, on its own day."""

    scenario: Scenario
    monitors: Declarations


@dataclass(frozen=True, slots=True)
class Court:
    """Judges mutants. exercises: all scenarios, each of which passes on the monitors as they are.

    monitors: as they are without any scenario's tunables, on the day that scenarios begin on by themselves.
    """

    exercises: tuple[Exercise, ...]
    monitors: Declarations
    tenant_tag: str

    @classmethod
    def of(cls, suite: Suite) -> Court:
        """Raises CatalogError where a scenario's tunables do not fit the catalog."""
        declare = suite.declare
        exercises = tuple(
            Exercise(one, declare(one.form.tunables, one.form.start.date())) for one in suite.scenarios
        )
        return cls(exercises, declare({}, DEFAULT_START.date()), suite.tenant_tag)

    def suspects(self, catalog: Catalog, keys: Iterable[str]) -> Iterator[Suspect]:
        """The mutants of the monitors of these keys, in the order of the keys. catalog: for their places."""
        for key in keys:
            declared = self.monitors[key]
            for mutant in mutants_of(declared.monitor):
                where = place_of(catalog, declared, mutant)
                if where is not None:
                    yield Suspect(key, mutant, where)

    def judge(self, suspect: Suspect) -> Verdict:
        """The first scenario that notices the mutant ends the trial."""
        why = equivalent(self.monitors[suspect.key].monitor, suspect.mutant.monitor)
        if why:
            return Verdict(suspect, Fate.EQUIVALENT, why=why)
        for exercise in self._concerned(suspect.key):
            monitor = self._mutant_of(exercise.monitors[suspect.key].monitor, suspect)
            if monitor is None:
                continue
            outcome = self._attempt(exercise, suspect.key, monitor)
            if outcome.passed:
                continue
            if outcome.replay is None:
                return Verdict(suspect, Fate.UNJUDGED, why=outcome.failures[0].problem)
            return Verdict(suspect, Fate.KILLED, by=exercise.scenario.name)
        why = unsupported(self.monitors[suspect.key], suspect.mutant.monitor)
        return Verdict(suspect, Fate.UNJUDGED if why else Fate.SURVIVED, why=why)

    def _mutant_of(self, monitor: Monitor, suspect: Suspect) -> Monitor | None:
        """The same mistake in a scenario's version of the monitor, None where it cannot be made there."""
        if monitor == self.monitors[suspect.key].monitor:
            return suspect.mutant.monitor
        return next((one.monitor for one in mutants_of(monitor) if one.id == suspect.mutant.id), None)

    def _concerned(self, key: str) -> Iterator[Exercise]:
        """Scenarios of the monitor itself, then of the composites that are made of it."""
        yield from (one for one in self.exercises if one.scenario.monitor == key)
        users = users_of(key, self.monitors)
        yield from (one for one in self.exercises if one.scenario.monitor in users)

    def remedies(self, survivors: Sequence[Suspect]) -> list[Remedy]:
        """Scenarios for the survivors of one monitor, as few as noticing each in turn leaves."""
        found: list[Remedy] = []
        searches = 0
        for suspect in survivors:
            notices = (index for index, one in enumerate(found) if not self._passes(one.text, suspect))
            index = next(notices, None)
            if index is not None:
                found[index] = replace(found[index], notices=(*found[index].notices, suspect))
            elif searches < _MOST_SEARCHES:
                searches += 1
                text = self._remedy(suspect)
                found.extend([] if text is None else [Remedy(text, (suspect,))])
        return found

    def _passes(self, text: str, suspect: Suspect) -> bool:
        exercise = Exercise(scenario_in(text), self.monitors)
        return self._attempt(exercise, suspect.key, suspect.mutant.monitor).passed

    def _attempt(self, exercise: Exercise, key: str, monitor: Monitor) -> Outcome:
        changed = {**exercise.monitors, key: replace(exercise.monitors[key], monitor=monitor)}
        return run(exercise.scenario, changed, self.tenant_tag, exercise.monitors.catalog)

    def _remedy(self, suspect: Suspect) -> str | None:
        # Its own scenarios last: they know best how its metrics are sent.
        known = sorted((one.scenario for one in self.exercises), key=lambda one: one.monitor == suspect.key)

        def attempt(scenario: Scenario, monitor: Monitor) -> Outcome:
            return self._attempt(Exercise(scenario, self.monitors), suspect.key, monitor)

        search = Search(suspect.key, habits_of(known), attempt)
        original, mutant = self.monitors[suspect.key].monitor, suspect.mutant
        return scenario_that_kills(original, mutant.monitor, mutant.words, search)


def mutate(suite: Suite, catalog: Catalog, keys: Sequence[str], jobs: int | None = None) -> Mutation:
    """Judge every mutant of the monitors of these keys. The suite's scenarios have to pass.

    jobs: processes, as in run_many. Raises CatalogError, and DdSyncError if a process ends before its work.
    """
    court = Court.of(suite)
    refused = {key: why for key in keys if (why := unsupported(court.monitors[key]))}
    judged = [key for key in keys if key not in refused]
    suspects = tuple(court.suspects(catalog, judged))
    verdicts = tuple(in_parallel(Trials(court, suspects), jobs))
    survivors = [
        tuple(one.suspect for one in verdicts if one.fate is Fate.SURVIVED and one.suspect.key == key)
        for key in judged
    ]
    remedies = in_parallel(Remedies(court, tuple(one for one in survivors if one)), jobs)
    tested = {one.scenario.monitor for one in court.exercises}
    return Mutation(
        verdicts,
        tuple(remedy for found in remedies for remedy in found),
        tuple(key for key in judged if key not in tested),
        refused,
    )


@dataclass(frozen=True, slots=True)
class Trials:
    """Mutants to be judged, as work that processes share."""

    court: Court
    suspects: tuple[Suspect, ...]

    def __len__(self) -> int:
        return len(self.suspects)

    def each(self, start: int, stop: int) -> Iterator[Verdict]:
        return map(self.court.judge, self.suspects[start:stop])


@dataclass(frozen=True, slots=True)
class Remedies:
    """Survivors of each monitor to be looked into, likewise."""

    court: Court
    survivors: tuple[tuple[Suspect, ...], ...]

    def __len__(self) -> int:
        return len(self.survivors)

    def each(self, start: int, stop: int) -> Iterator[list[Remedy]]:
        return map(self.court.remedies, self.survivors[start:stop])


def users_of(key: str, monitors: Mapping[str, Declared]) -> frozenset[str]:
    """The keys of the composites that name the monitor, directly or through other composites."""
    found: set[str] = set()
    waiting = {key}
    while waiting:
        waiting = {
            one.key for one in monitors.values() if waiting & set(one.references) and one.key not in found
        }
        found |= waiting
    return frozenset(found)


# --- what need not, or cannot, be judged -----------------------------------------------------


def unsupported(declared: Declared, monitor: Monitor | None = None) -> str:
    """Why the monitor, or another in its place, cannot be evaluated here; '' if it can."""
    try:
        compile_rule(declared.key, monitor or declared.monitor)
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
