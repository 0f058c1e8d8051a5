"""Scenarios run: the monitor replayed over the series, and compared with what is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from dd_sync.catalog.catalog import Catalog
from dd_sync.catalog.complaints import did_you_mean
from dd_sync.errors import DdSyncError, Place
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.replay import Replay, Rule, Silence, Unsupported, compile_rule, evaluation_times, replay
from dd_sync.evaluate.sources import Sources
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import SNOOZABLE
from dd_sync.query.nodes import Tag
from dd_sync.query.tools import metrics_in
from dd_sync.scenarios.compare import compare
from dd_sync.scenarios.declarations import Declarations, problem_of
from dd_sync.scenarios.downtimes import complaints_of, silences_of
from dd_sync.scenarios.load import Scenario
from dd_sync.scenarios.sources import sources_of
from dd_sync.scenarios.tables import FileError

# The catalog's monitors by key, with some tunables set to other values, as they are on a day: exemptions end.
Declare = Callable[[Mapping[str, object], date], Declarations]


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that was not met. group, at: what it is about, where it is about one; at in seconds
    from the scenario's start. wanted: what should have been then, in a few words; others: what else should
    have been, by its time. source: the line at `where`, if it is to be shown: one of the catalog's."""

    problem: str
    where: Place
    hint: str = ""
    group: str | None = None
    at: int | None = None
    wanted: str = ""
    others: tuple[tuple[int, str], ...] = ()
    source: str | None = None

    def missed(self, group: str) -> tuple[tuple[int, str], ...]:
        """What was wanted of the group, by the times it was wanted at."""
        if self.at is None or self.group not in (None, group):
            return ()
        return (self.at, self.wanted), *self.others


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of a scenario. replay: None if the monitor could not be evaluated; refused: and why not.

    notes: what a reader should know although nothing failed. parts: the replays of the monitors that a
    composite refers to, by their keys. silences: the snoozes and downtimes that reach the monitor.
    """

    scenario: Scenario
    failures: tuple[Failure, ...]
    replay: Replay | None = None
    notes: tuple[str, ...] = ()
    parts: Mapping[int | str, Replay] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    refused: Failure | None = None

    @property
    def passed(self) -> bool:
        return not self.failures


def run_all(scenarios: Iterable[Scenario], declare: Declare, tenant_tag: str) -> Iterator[Outcome]:
    """Outcomes in the order of the scenarios, each as soon as it is there."""
    for scenario in scenarios:
        try:
            monitors = declare(scenario.form.tunables, scenario.form.start.date())
        except DdSyncError as error:
            yield Outcome(scenario, _failures(scenario, error))
            continue
        outcome = run(scenario, monitors, tenant_tag, monitors.catalog)
        unread = _unread(outcome, monitors)
        yield outcome if unread is None else replace(outcome, failures=(unread,))


def _failures(scenario: Scenario, error: DdSyncError) -> tuple[Failure, ...]:
    """What is wrong with the monitor itself, said at the scenario's own line about it."""
    part = "tunables" if scenario.form.tunables else "monitor"
    return tuple(Failure(problem.problem, scenario.place(part), problem.hint) for problem in error.problems())


def run(
    scenario: Scenario, monitors: Mapping[str, Declared], tenant_tag: str, catalog: Catalog | None = None
) -> Outcome:
    """Evaluate the scenario's monitor over its series and compare. Never raises for what is in either.

    monitors: the catalog's, by key, changed ones too: the one that is tested and, for a composite, its parts.
    tenant_tag: what snoozes silence by. catalog: as in Declarations.
    """
    expects_unsupported = any(expect.unsupported for expect in scenario.form.expect)
    try:
        declared = _declared(scenario, monitors)
        if catalog is not None and (wrong := _wrong_downtimes(scenario, declared, catalog)):
            return Outcome(scenario, wrong)
        silences = _Silences(scenario, tenant_tag, catalog)
        done, parts = _replay(scenario, declared, monitors, silences)
    except _Refused as refused:
        failure = _refusal(scenario, refused, catalog)
        return Outcome(scenario, () if expects_unsupported else (failure,), refused=failure)
    except FileError as error:
        return Outcome(
            scenario, (Failure(error.problem, error.where or scenario.place("series"), error.hint),)
        )
    except DdSyncError as error:
        return Outcome(scenario, _failures(scenario, error))
    if expects_unsupported:
        failure = Failure("the monitor can be evaluated after all", scenario.place("expect"))
        return Outcome(scenario, (failure,), done, parts=parts)
    failures = tuple(
        Failure(
            found.problem,
            scenario.place("expect", *found.path),
            group=found.group,
            at=found.at,
            wanted=found.wanted,
            others=found.others,
        )
        for found in compare(scenario.form, done)
    )
    reaching = silences.of(declared)
    notes = (*done.notes, *_notes(scenario, declared, reaching))
    return Outcome(scenario, failures, done, notes, parts, reaching)


class _Refused(Exception):
    """A monitor that cannot be evaluated: the one that is tested, or a part of it."""

    def __init__(self, declared: Declared, error: Unsupported) -> None:
        super().__init__()
        self.declared, self.error = declared, error


def _refusal(scenario: Scenario, refused: _Refused, catalog: Catalog | None) -> Failure:
    """At the line of the monitor that is to blame; at the scenario's own where there is no catalog."""
    found = problem_of(refused.declared, refused.error, catalog)
    where = found.where or scenario.place("monitor")
    return Failure(found.problem, where, found.hint, source=found.source)


def _declared(scenario: Scenario, monitors: Mapping[str, Declared]) -> Declared:
    if scenario.monitor not in monitors:
        raise DdSyncError(
            f"there is no monitor '{scenario.monitor}'",
            hint=did_you_mean(scenario.monitor, monitors, "name the key of a monitor of this catalog"),
        )
    return monitors[scenario.monitor]


def _replay(
    scenario: Scenario, declared: Declared, monitors: Mapping[str, Declared], silences: _Silences
) -> tuple[Replay, Mapping[int | str, Replay]]:
    """The monitor's replay, and before it those of its parts, each at its own times."""
    start = int(scenario.form.start.timestamp())
    end = start + int(scenario.form.lasts.total_seconds()) + 1

    def replayed(one: Declared, sources: Sources) -> Replay:
        try:
            rule = _rule(scenario, one)
            times = evaluation_times(rule, start, end)
            return replay(rule, sources, times, downtimes=silences.of(one))
        except Unsupported as error:
            raise _Refused(one, error) from None

    sources = sources_of(scenario, monitors)
    parts: dict[int | str, Replay] = {
        key: replayed(monitors[key], sources) for key in declared.references if key in monitors
    }
    return replayed(declared, replace(sources, parts=parts)), parts


def _rule(scenario: Scenario, declared: Declared) -> Rule:
    rollup = scenario.form.rollup
    return compile_rule(
        declared.key,
        declared.monitor,
        declared.monitor.id or 0,
        rollup=None if rollup is None else int(rollup.total_seconds()),
    )


@dataclass(frozen=True, slots=True)
class _Silences:
    """What silences a monitor while the scenario runs: its snoozes, and the downtimes that it names."""

    scenario: Scenario
    tenant_tag: str
    catalog: Catalog | None

    def of(self, declared: Declared) -> tuple[Silence, ...]:
        """A snooze reaches only monitors that allow it, as the downtime's monitor tags see to in Datadog."""
        snoozes = self._snoozes() if SNOOZABLE in declared.monitor.tags else ()
        downtimes = () if self.catalog is None else silences_of(self.scenario.form, declared, self.catalog)
        return (*snoozes, *downtimes)

    def _snoozes(self) -> Iterator[Silence]:
        start = int(self.scenario.form.start.timestamp())
        for snooze in self.scenario.form.snoozes:
            yield Silence(
                scope=Tag(self.tenant_tag, snooze.tenant),
                start=start + snooze.since,
                end=start + snooze.since + int(snooze.lasts.total_seconds()),
                canceled_at=None if snooze.canceled is None else start + snooze.canceled,
                # As `dd-sync snooze` asks for it.
                notify_end_types=("canceled", "expired"),
            )


def _wrong_downtimes(scenario: Scenario, declared: Declared, catalog: Catalog) -> tuple[Failure, ...]:
    found = complaints_of(scenario.form, declared, catalog)
    return tuple(Failure(one.problem, scenario.place(*one.path), one.hint) for one in found)


def _unread(outcome: Outcome, monitors: Mapping[str, Declared]) -> Failure | None:
    """Series none of which the monitor reads: whatever is expected to stay quiet would."""
    scenario, done = outcome.scenario, outcome.replay
    replays = [] if done is None else [done, *outcome.parts.values()]
    rules = [each.rule for each in replays if isinstance(each.rule, MetricRule)]
    read = {metric.name for rule in rules for metric in metrics_in(rule.alert.expression)}
    given = {one.metric for one in scenario.form.series}
    computed = {one.derivation.gauge for one in monitors.values() if one.derivation is not None}
    if not (read and given) or read & (given | computed):
        return None
    first = scenario.form.series[0].metric
    return Failure(
        f"the monitor does not read '{first}'",
        scenario.place("series", 0, "metric"),
        did_you_mean(first, read, f"it reads {', '.join(sorted(read))}"),
    )


def _notes(scenario: Scenario, declared: Declared, reaching: Sequence[Silence]) -> Iterator[str]:
    if scenario.form.snoozes and SNOOZABLE not in declared.monitor.tags:
        yield f"'{declared.key}' may not be snoozed, so the snoozes silence nothing"
    if scenario.form.downtimes is True and not any(one.name for one in reaching):
        yield f"no downtime of the catalog is for '{declared.key}' while the scenario runs"
