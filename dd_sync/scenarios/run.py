"""Scenarios run: the monitor replayed over the series, and compared with what is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from dd_sync.catalog.complaints import did_you_mean
from dd_sync.errors import DdSyncError, Place
from dd_sync.evaluate.replay import Replay, Rule, Silence, Unsupported, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import Series, SeriesSet
from dd_sync.evaluate.sources import Sources
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import SNOOZABLE
from dd_sync.query.nodes import Tag
from dd_sync.scenarios.compare import compare
from dd_sync.scenarios.load import Scenario
from dd_sync.scenarios.schema import SeriesForm

# The catalog's monitors by key, with some tunables set to other values, as they are on a day: exemptions end.
Declare = Callable[[Mapping[str, object], date], Mapping[str, Declared]]


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that was not met. group, at: what it is about, where it is about one; at in seconds
    from the scenario's start."""

    problem: str
    where: Place
    hint: str = ""
    group: str | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of a scenario. replay: None if the monitor could not be evaluated.

    notes: what a reader should know although nothing failed.
    """

    scenario: Scenario
    failures: tuple[Failure, ...]
    replay: Replay | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failures


def run_all(scenarios: Iterable[Scenario], declare: Declare, tenant_tag: str) -> Iterator[Outcome]:
    """Outcomes in the order of the scenarios, each as soon as it is there.

    declare is called once for each set of tunables and each day that scenarios begin on.
    """
    declared: dict[str, Mapping[str, Declared]] = {}
    for scenario in scenarios:
        tunables, day = scenario.form.tunables, scenario.form.start.date()
        name = repr((day, sorted(tunables.items())))
        try:
            if name not in declared:
                declared[name] = declare(tunables, day)
            monitor = _declared(scenario, declared[name])
        except DdSyncError as error:
            yield Outcome(scenario, _failures(scenario, error))
            continue
        yield run(scenario, monitor, tenant_tag)


def _declared(scenario: Scenario, declared: Mapping[str, Declared]) -> Declared:
    if scenario.monitor not in declared:
        raise DdSyncError(
            f"there is no monitor '{scenario.monitor}'",
            hint=did_you_mean(scenario.monitor, declared, "name the key of a monitor of this catalog"),
        )
    return declared[scenario.monitor]


def _failures(scenario: Scenario, error: DdSyncError) -> tuple[Failure, ...]:
    """What is wrong with the monitor itself, said at the scenario's own line about it."""
    part = "tunables" if scenario.form.tunables else "monitor"
    return tuple(Failure(problem.problem, scenario.place(part), problem.hint) for problem in error.problems())


def run(scenario: Scenario, declared: Declared, tenant_tag: str) -> Outcome:
    """Evaluate one monitor over the scenario's series and compare. Never raises for what is in either."""
    expects_unsupported = any(expect.unsupported for expect in scenario.form.expect)
    try:
        rule = compile_rule(declared.key, declared.monitor, declared.monitor.id or 0)
        done = _replay(scenario, rule, declared, tenant_tag)
    except Unsupported as error:
        return Outcome(scenario, () if expects_unsupported else _failures(scenario, error))
    except DdSyncError as error:
        return Outcome(scenario, _failures(scenario, error))
    if expects_unsupported:
        failure = Failure("the monitor can be evaluated after all", scenario.place("expect"))
        return Outcome(scenario, (failure,), done)
    failures = tuple(
        Failure(found.problem, scenario.place("expect", *found.path), group=found.group, at=found.at)
        for found in compare(scenario.form, done)
    )
    return Outcome(scenario, failures, done, (*done.notes, *_notes(scenario, declared)))


def _replay(scenario: Scenario, rule: Rule, declared: Declared, tenant_tag: str) -> Replay:
    form = scenario.form
    start = int(form.start.timestamp())
    times = evaluation_times(rule, start, start + int(form.lasts.total_seconds()) + 1)
    sources = Sources(series=SeriesSet(_series(one, start) for one in form.series))
    return replay(rule, sources, times, downtimes=_silences(scenario, declared, tenant_tag))


def _series(form: SeriesForm, start: int) -> Series:
    interval = int(form.interval.total_seconds())
    values = form.values.values()
    times = start + form.since + interval * np.arange(values.size)
    return Series.of(form.metric, form.type, form.tags, interval=interval, times=times, values=values)


def _silences(scenario: Scenario, declared: Declared, tenant_tag: str) -> Sequence[Silence]:
    """A snooze reaches only monitors that allow it, as the downtime's monitor tags see to in Datadog."""
    if SNOOZABLE not in declared.monitor.tags:
        return ()
    start = int(scenario.form.start.timestamp())
    return tuple(
        Silence(
            scope=Tag(tenant_tag, snooze.tenant),
            start=start + snooze.since,
            end=start + snooze.since + int(snooze.lasts.total_seconds()),
        )
        for snooze in scenario.form.snoozes
    )


def _notes(scenario: Scenario, declared: Declared) -> tuple[str, ...]:
    if scenario.form.snoozes and SNOOZABLE not in declared.monitor.tags:
        return (f"'{declared.key}' may not be snoozed, so the snoozes silence nothing",)
    return ()
