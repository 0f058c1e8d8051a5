"""Scenarios as the stage of a dashboard: which of them shows a metric, or a monitor at its worst."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dd_sync.evaluate.graph import read_graph
from dd_sync.evaluate.judge import CODES
from dd_sync.evaluate.replay import Replay
from dd_sync.evaluate.select import matcher
from dd_sync.evaluate.series import Series, SeriesSource
from dd_sync.model.monitor import Declared
from dd_sync.model.state import State
from dd_sync.query.nodes import Metric
from dd_sync.query.tools import metrics_in
from dd_sync.scenarios.load import Scenario
from dd_sync.scenarios.run import run_all
from dd_sync.scenarios.sources import sources_of
from dd_sync.scenarios.suite import Suite

_EVER = 2**40


@dataclass(frozen=True, slots=True)
class Peak:
    """Where a replay is at its worst, for the last time with a value: the state, the time and the group.

    value: what was compared, None where nothing was.
    """

    state: State
    at: int
    group: str
    value: float | None


@dataclass(frozen=True, eq=False)
class Scene:
    """A scenario that was played. start, end: epoch seconds. series: with those the worker would send."""

    scenario: Scenario
    replay: Replay
    series: SeriesSource

    @property
    def start(self) -> int:
        return int(self.scenario.form.start.timestamp())

    @property
    def end(self) -> int:
        return self.start + int(self.scenario.form.lasts.total_seconds())

    @property
    def name(self) -> str:
        return f"{self.scenario.monitor}: {self.scenario.name}"

    @cached_property
    def peak(self) -> Peak | None:
        """None where no group ever existed."""
        states = self.replay.states
        if not states.size or not states.any():
            return None
        worst = states == states.max()
        valued = worst & np.isfinite(self.replay.values)
        column, row = np.argwhere((valued if valued.any() else worst).T)[-1].tolist()
        value = float(self.replay.values[row, column])
        return Peak(
            CODES[int(states[row, column])],
            int(self.replay.times[column]),
            self.replay.groups[row],
            None if np.isnan(value) else value,
        )

    @property
    def severity(self) -> int:
        return 0 if self.peak is None else self.peak.state.severity

    def reaches(self, metric: Metric, back: int) -> int:
        """How many series the metric reads that have points as far back, in seconds, as it is read."""
        return sum(int(one.times[0]) < self.end - back for one in self.read(metric))

    def read(self, metric: Metric) -> list[Series]:
        """The series that the metric reads, of any time."""
        matches = matcher(metric.scope)
        return [one for one in self.series.select(metric.name, 0, _EVER) if matches(frozenset(one.tags))]


class Stage:
    """Plays scenarios as they are asked for, each once."""

    def __init__(self, suite: Suite, monitors: Iterable[Declared]) -> None:
        self._suite = suite
        self._derivations = [one.derivation for one in monitors if one.derivation is not None]
        self._played: dict[int, Scene | None] = {}

    def of_monitor(self, key: str) -> Scene | None:
        """The scenario in which the monitor is at its worst, the first of several; None if it has none."""
        own = (at for at, one in enumerate(self._suite.scenarios) if one.monitor == key)
        scenes = [scene for scene in map(self._play, own) if scene is not None]
        return max(scenes, key=lambda scene: scene.severity, default=None)

    def snoozes(self, key: str) -> bool:
        """Whether a scenario snoozes a tenant of the monitor."""
        return any(one.monitor == key and one.form.snoozes for one in self._suite.scenarios)

    def of_metrics(self, metrics: Sequence[tuple[Metric, int]], favoured: AbstractSet[str]) -> list[Scene]:
        """Those with data of at least one of the metrics; first with most of them, then of favoured monitors,
        then with the worst state, then with most series.

        metrics: each with how far back it is read, in seconds.
        """
        ranked = []
        for scene in self._with({metric.name for metric, _ in metrics}):
            read = [scene.reaches(metric, back) for metric, back in metrics]
            if any(read):
                known = sum(map(bool, read))
                rank = (known, scene.scenario.monitor in favoured, scene.severity, sum(read))
                ranked.append((rank, scene))
        return [scene for _, scene in sorted(ranked, key=lambda one: one[0], reverse=True)]

    def _with(self, names: AbstractSet[str]) -> Iterator[Scene]:
        """Those that may have one of the metrics."""
        wanted = {*names, *(read for name in names for read in self._gauges.get(name, ()))}
        for at, scenario in enumerate(self._suite.scenarios):
            if any(one.metric in wanted for one in scenario.form.series):
                scene = self._play(at)
                if scene is not None:
                    yield scene

    @cached_property
    def _gauges(self) -> Mapping[str, AbstractSet[str]]:
        """The gauges that the worker computes, and the metrics it computes them from."""
        found: dict[str, set[str]] = {}
        for one in self._derivations:
            read = metrics_in(read_graph(one.query).alert.expression)
            found.setdefault(one.gauge, set()).update(metric.name for metric in read)
        return found

    def _play(self, at: int) -> Scene | None:
        if at not in self._played:
            self._played[at] = self._run(self._suite.scenarios[at])
        return self._played[at]

    def _run(self, scenario: Scenario) -> Scene | None:
        (outcome,) = run_all([scenario], self._suite.declare, self._suite.tenant_tag)
        if outcome.replay is None:
            return None
        monitors = self._suite.declare(scenario.form.tunables, scenario.form.start.date())
        return Scene(scenario, outcome.replay, sources_of(scenario, monitors).series)
