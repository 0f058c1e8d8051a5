"""A scenario that would have noticed a mutant, looked for among series around the monitor's edges."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

import numpy as np

from dd_sync.catalog.source import parse
from dd_sync.evaluate.judge import ABSENT
from dd_sync.evaluate.replay import Replay
from dd_sync.evaluate.series import MetricType
from dd_sync.model.monitor import Monitor
from dd_sync.query.canonical import render_number
from dd_sync.query.nodes import Metric, MetricAlert
from dd_sync.query.queries import parse_query
from dd_sync.query.tools import metrics_in
from dd_sync.scenarios.compare import relative, state_name
from dd_sync.scenarios.load import Scenario, load_scenarios
from dd_sync.scenarios.run import Outcome
from dd_sync.scenarios.schema import DEFAULT_START
from dd_sync.scenarios.stimuli import (
    Habit,
    Piece,
    Sent,
    Shape,
    Stimulus,
    habit_of,
    senders,
    shapes,
    stimulus,
    with_history,
)

# Runs a scenario on the monitor.
Attempt = Callable[[Scenario, Monitor], Outcome]

# The tags of each metric's series.
Layout = dict[Metric, tuple[tuple[str, ...], ...]]

# So many courses are tried for one mutant.
_MOST_TRIES = 150
_LONGEST_NAME = 200
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*(?:[.:][\w./-]*)?\w")
_NOT_PLAIN = frozenset(("true", "false", "null", "yes", "no", "on", "off"))
_START = int(DEFAULT_START.astimezone(UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Search:
    """What a scenario is looked for with. key: the monitor's; habits: how the catalog's metrics are sent."""

    key: str
    habits: dict[str, Habit]
    attempt: Attempt


def habits_of(scenarios: Sequence[Scenario]) -> dict[str, Habit]:
    """How the scenarios there are send each metric."""
    return {
        one.metric: Habit(one.type, int(one.interval.total_seconds()))
        for scenario in scenarios
        for one in scenario.form.series
    }


def scenario_in(text: str) -> Scenario:
    """The scenario of a text that `scenario_that_kills` made."""
    return load_scenarios([parse("found.yaml", f"scenarios:\n{text}")]).scenarios[0]


def scenario_that_kills(original: Monitor, mutant: Monitor, words: str, search: Search) -> str | None:
    """A scenario in YAML, an item of `scenarios:`, that the original passes and the mutant does not.

    None where none was found; only monitors over metrics are looked into.
    """
    alert, other = parse_query(original.type, original.query), parse_query(mutant.type, mutant.query)
    if not isinstance(alert, MetricAlert) or not isinstance(other, MetricAlert):
        return None
    return _Hunt(original, mutant, alert, other, words, search).run()


@dataclass(frozen=True, slots=True)
class _Hunt:
    original: Monitor
    mutant: Monitor
    alert: MetricAlert
    other: MetricAlert
    words: str
    search: Search

    def run(self) -> str | None:
        for index, tried in enumerate(self._stimuli()):
            if index == _MOST_TRIES:
                return None
            found = self._tried(tried)
            if found is not None:
                return found
        return None

    def _tried(self, tried: Stimulus) -> str | None:
        """The scenario, if the two differ under the stimulus and the difference can be told."""
        anything = self._scenario(tried, "{never: No Data}")
        one, two = (self.search.attempt(anything, monitor).replay for monitor in (self.original, self.mutant))
        if one is None or two is None:
            return None
        for expectation in differences(one, two):
            scenario = self._scenario(tried, expectation)
            passes = self.search.attempt(scenario, self.original).passed
            if passes and not self.search.attempt(scenario, self.mutant).passed:
                return self._text(tried, expectation)
        return None

    # --- what is tried -------------------------------------------------------------------------

    def _stimuli(self) -> Iterator[Stimulus]:
        """Simple ones first: one series without history, then two, then a past."""
        window = int(self.alert.aggregation.window.length.total_seconds())
        metrics = list(dict.fromkeys(metrics_in(self.alert.expression)))
        habits = {metric: habit_of(metric, window, self.search.habits) for metric in metrics}
        layouts = list(senders(self.alert, self.other))
        for driver in metrics:
            interval = habits[driver].interval
            levels = self._levels(driver, habits, layouts)
            past = max(map(abs, levels))
            whole = habits[driver].type is MetricType.COUNT
            for course in shapes(levels, window, interval, whole=whole):
                for shape in with_history(course, self.alert, interval, past):
                    for tags in layouts:
                        found = stimulus(tags, driver, shape, habits)
                        if found is not None:
                            yield found

    def _levels(self, driver: Metric, habits: dict[Metric, Habit], layouts: Sequence[Layout]) -> list[float]:
        """Steady levels of the driver at which the monitor's value is one of its thresholds.

        Found by asking what levels of 0 and 1 make, which is right as long as the query is linear in it. A
        query that makes the same of both is about how its metric moves: by the threshold, perhaps.
        """
        nothing = self._worth(0, driver, habits, layouts)
        rise = self._worth(1, driver, habits, layouts) - nothing
        return [(threshold - nothing) / (rise or 1.0) for threshold in self._thresholds()]

    def _worth(
        self, level: float, driver: Metric, habits: dict[Metric, Habit], layouts: Sequence[Layout]
    ) -> float:
        """The value of a window full of a steady level, 0 for none."""
        window = int(self.alert.aggregation.window.length.total_seconds())
        samples = max(2, -(-window // habits[driver].interval) + 1)
        found = stimulus(layouts[0], driver, Shape((Piece(level, samples),)), habits) if layouts else None
        done = None
        if found is not None:
            done = self.search.attempt(self._scenario(found, "{never: No Data}"), self.original).replay
        values = np.empty(0) if done is None else done.values[:, : (done.index(_START + window) or 0) + 1]
        values = values[np.isfinite(values)]
        return float(values[-1]) if values.size else 0.0

    def _thresholds(self) -> list[float]:
        """Those of both monitors, the critical first; none of 0, which every level of 0 is at."""
        given = [
            self.alert.threshold,
            self.other.threshold,
            *(self.original.options.get("thresholds") or {}).values(),
            *(self.mutant.options.get("thresholds") or {}).values(),
        ]
        found = dict.fromkeys(float(one) for one in given if isinstance(one, int | float) and one)
        return list(found) or [1.0]

    # --- as text -------------------------------------------------------------------------------

    def _scenario(self, tried: Stimulus, expectation: str) -> Scenario:
        return scenario_in(self._text(tried, expectation))

    def _text(self, tried: Stimulus, expectation: str) -> str:
        series = "\n".join(f"      - {_series(sent)}" for sent in tried.series)
        name = f"notices: {self.words}"[:_LONGEST_NAME]
        return (
            f"  - name: {json.dumps(name, ensure_ascii=False)}\n"
            f"    monitor: {self.search.key}\n"
            f"    for: {relative(tried.lasts)}\n"
            f"    series:\n{series}\n"
            f"    expect:\n      - {expectation}\n"
        )


def _series(sent: Sent) -> str:
    tags = ", ".join(_plain(tag) for tag in sent.tags)
    since = f"from: -{relative(-sent.since)}, " if sent.since else ""
    return (
        f"{{metric: {_plain(sent.metric)}, type: {sent.type}, interval: {relative(sent.interval)}, "
        f'tags: [{tags}], {since}values: "{sent.values}"}}'
    )


def _plain(text: str) -> str:
    """A text within YAML's flow style, in quotes where it could be read as something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NOT_PLAIN
    return text if plain else json.dumps(text, ensure_ascii=False)


# --- where two replays differ ----------------------------------------------------------------


def differences(one: Replay, two: Replay) -> Iterator[str]:
    """Expectations that hold of the first replay and probably not of the second, the plainest first."""
    yield from _of_states(one, two)
    yield from _of_values(one, two)
    yield from _of_notifications(one, two)


def _rows(one: Replay, two: Replay) -> Iterator[tuple[str, int, int | None]]:
    """Each group with its rows in both."""
    for row, group in enumerate(one.groups):
        yield group, row, two.groups.index(group) if group in two.groups else None


def _of_states(one: Replay, two: Replay) -> Iterator[str]:
    there = _last_at_or_before(one, two)
    for group, row, other in _rows(one, two):
        states = np.full(one.times.size, ABSENT, np.int8) if other is None else two.states[other, there]
        states = np.where(there < 0, ABSENT, states)
        at = _middle(one.states[row] != states)
        if at is not None:
            yield _expect(one, group, at, f"state: {state_name(int(one.states[row, at]))}")


def _of_values(one: Replay, two: Replay) -> Iterator[str]:
    there = _last_at_or_before(one, two)
    for group, row, other in _rows(one, two):
        if other is None:
            continue
        values = np.where(there < 0, np.nan, two.values[other, there])
        known = ~np.isnan(one.values[row])
        at = _middle(known & ~np.isclose(one.values[row], values, rtol=1e-6, atol=1e-9))
        if at is not None:
            yield _expect(one, group, at, f"value: {render_number(float(one.values[row, at]))}")


def _of_notifications(one: Replay, two: Replay) -> Iterator[str]:
    for group in one.groups:
        told = [(sent.at, str(sent.kind), sent.handles) for sent in one.notifications if sent.group == group]
        other = [(sent.at, str(sent.kind), sent.handles) for sent in two.notifications if sent.group == group]
        if told != other:
            items = [
                f"{{at: {relative(at - _START)}, kind: {kind}, handles: {json.dumps(handles)}}}"
                for at, kind, handles in told
            ]
            yield f"{{{_group(one, group)}notifications: [{', '.join(items)}]}}"


def _last_at_or_before(one: Replay, two: Replay) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each evaluation of the first the index of the second's last one by then, -1 for none."""
    return np.searchsorted(two.times, one.times, side="right") - 1


def _middle(differs: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int | None:
    """The middle of the longest stretch of True, None where there is none: the edges are for others."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], differs, [False]]).astype(np.int8)))
    if not edges.size:
        return None
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int((starts[longest] + ends[longest] - 1) // 2)


def _expect(done: Replay, group: str, at: int, what: str) -> str:
    return f"{{at: {relative(int(done.times[at]) - _START)}, {_group(done, group)}{what}}}"


def _group(done: Replay, group: str) -> str:
    return f"group: {_plain(group)}, " if done.rule.keys else ""
