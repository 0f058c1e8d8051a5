"""Scenarios as unit tests of promtool: the same samples, and the states that Datadog's evaluation gives."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from pathlib import Path
from typing import Any

import numpy as np

from dd_sync.evaluate.replay import Replay
from dd_sync.evaluate.series import Bools, Floats, MetricType, Series
from dd_sync.export.rules import Exported
from dd_sync.export.text import dumped
from dd_sync.model.monitor import Declared
from dd_sync.model.state import State
from dd_sync.promql.matchers import label_name
from dd_sync.promql.writer import metric_name
from dd_sync.query.nodes import MetricAlert
from dd_sync.query.parser import parse
from dd_sync.query.tools import metrics_in
from dd_sync.scenarios.load import Scenario
from dd_sync.scenarios.run import Outcome
from dd_sync.scenarios.sources import sources_of
from dd_sync.scenarios.suite import Suite

# promtool's engine loads so many samples for a query, and no setting changes it; some of it is its own.
MOST_SAMPLES = 9_000
# Rules are evaluated from the first sample on, and each minute of a week takes minutes of a core. Only a rule
# that asks for its own state has to be; the others are looked at now and then, over days each hour.
EVERY, EVERY_OVER_DAYS, EVERY_WITH_MEMORY = 900, 3600, 60
_INFIXES = {EVERY: "", EVERY_OVER_DAYS: ".days", EVERY_WITH_MEMORY: ".minutes"}
_DAYS = 2 * 86400
_HOUR = 3600
_MOST_MINUTES = 12 * 1440
_SEVERITIES = {State.ALERT: "critical", State.WARN: "warning", State.NO_DATA: "nodata"}


class Unfit(Exception):
    """Why a scenario is no test there."""


@dataclass(frozen=True, slots=True)
class Tests:
    """tests: as promtool takes them, by how often, in seconds, rules have to be evaluated for them.

    left_out: by scenario, the reason.
    """

    tests: Mapping[int, tuple[Mapping[str, Any], ...]]
    left_out: Mapping[str, str]


def tests_of(suite: Suite, exported: Exported) -> Tests:
    """A test for each scenario of an exported monitor, of the states at its stable times."""
    names: dict[str, dict[str, str]] = {}
    for rule in exported.rules:
        names.setdefault(rule.key, {})[rule.severity] = rule.alert
    tests: dict[int, list[Mapping[str, Any]]] = {}
    left_out: dict[str, str] = {}
    chosen = tuple(one for one in suite.scenarios if one.monitor in names)
    for outcome in suite.only(chosen).outcomes():
        scenario = outcome.scenario
        name = f"{scenario.monitor}: {scenario.name}"
        try:
            declared = suite.declare(scenario.form.tunables, scenario.form.start.date())[scenario.monitor]
            usual = suite.declare({}, scenario.form.start.date())[scenario.monitor]
            if declared.monitor.query != usual.monitor.query or scenario.form.tunables:
                raise Unfit("it sets tunables, and the rules have the catalog's own values")
            every, test = _test(outcome, declared, names[scenario.monitor])
            tests.setdefault(every, []).append(test)
        except Unfit as reason:
            left_out[name] = str(reason)
    return Tests({every: tuple(found) for every, found in tests.items()}, left_out)


def _remembers(declared: Declared) -> bool:
    return (declared.monitor.options.get("thresholds") or {}).get("critical_recovery") is not None


def tests_files(made: Tests, rules: Path, tests: Path) -> dict[Path, str]:
    """The files for `promtool test rules`: a file has one interval at which rules are evaluated, so that
    `NAME.days.yaml` and `NAME.minutes.yaml` stand beside NAME.yaml where there are tests for them."""
    paths = {every: tests.with_suffix(f"{_INFIXES[every]}{tests.suffix}") for every in (EVERY, *made.tests)}
    return {path: _text(made, every, rules, path) for every, path in paths.items()}


def _text(made: Tests, every: int, rules: Path, tests: Path) -> str:
    relative = os.path.relpath(rules.resolve(), tests.resolve().parent)
    lines = [
        "# Scenarios as promtool tests, written by `dd-sync export prometheus`; what is changed here is lost."
    ]
    lines += [f"# Not here: {name}: {reason}" for name, reason in made.left_out.items()]
    document = {
        "rule_files": [relative],
        "evaluation_interval": f"{every}s",
        "tests": [dict(one) for one in made.tests.get(every, ())],
    }
    return "\n".join(lines) + "\n" + dumped(document)


def _test(outcome: Outcome, declared: Declared, names: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
    """How often rules have to be evaluated for it, and the test."""
    if outcome.replay is None or not outcome.passed:
        raise Unfit("it does not pass here")
    scenario, alert = outcome.scenario, parse(declared.monitor.query)
    series = _series(scenario, declared, alert)
    interval = _interval(series)
    begin = min((int(one.times[0]) for one in series), default=int(scenario.form.start.timestamp()))
    # Counters begin at 0 before the first count, and promtool's time begins at 0 too.
    begin -= begin % max(interval, _HOUR)
    _refuse_too_many(alert, series, interval)
    end = int(scenario.form.start.timestamp() + scenario.form.lasts.total_seconds())
    if end - begin > 60 * _MOST_MINUTES:
        raise Unfit("it reaches back further than 12 days")
    every = EVERY_WITH_MEMORY if _remembers(declared) else EVERY
    if every == EVERY and end - begin > _DAYS:
        every = EVERY_OVER_DAYS
    # Between two samples of a counter Prometheus extrapolates; on one, both count the same.
    counts = {metric.name for metric in metrics_in(alert.expression) if metric.has("as_count")}
    times = _stable(outcome.replay, declared, end, begin, lcm(every, interval), counts=bool(counts))
    if not times:
        raise Unfit("its state changes too fast to be compared")
    return every, {
        "name": f"{scenario.monitor}: {scenario.name}",
        "interval": f"{interval}s",
        "input_series": [
            _input(one, alert, _Axis(begin, interval, end), counter=one.metric in counts) for one in series
        ],
        "promql_expr_test": [_expected(outcome.replay, alert, names, at, begin) for at in times],
    }


def _series(scenario: Scenario, declared: Declared, alert: MetricAlert) -> list[Series]:
    """The scenario's samples of the metrics that the query reads."""
    sources = sources_of(scenario, {declared.key: declared})
    wanted = dict.fromkeys(metric.name for metric in metrics_in(alert.expression))
    found = [one for name in wanted for one in sources.series.select(name, 0, 2**40)]
    if any(one.type is MetricType.DISTRIBUTION or one.type is MetricType.RATE for one in found):
        raise Unfit("its samples are neither counts nor gauges")
    return found


def _interval(series: Sequence[Series]) -> int:
    intervals = {one.interval for one in series} or {60}
    if len(intervals) > 1:
        raise Unfit("its series have several intervals, and a test of promtool has one")
    (interval,) = intervals
    if any((one.times % interval).any() for one in series):
        raise Unfit("its samples are not on whole intervals")
    return interval


def _refuse_too_many(alert: MetricAlert, series: Sequence[Series], interval: int) -> None:
    window = alert.aggregation.window.length.total_seconds()
    copies = len(tuple(metrics_in(alert.expression)))
    if window / interval + 4 * copies * len(series) > MOST_SAMPLES:
        raise Unfit("promtool's engine stops at 10,000 samples")


@dataclass(frozen=True, slots=True)
class _Axis:
    """When a test's samples are: from `begin` every `interval` until `end`, in epoch seconds."""

    begin: int
    interval: int
    end: int


def _input(one: Series, alert: MetricAlert, axis: _Axis, *, counter: bool) -> dict[str, str]:
    metric = next(metric for metric in metrics_in(alert.expression) if metric.name == one.metric)
    tags = (tag.partition(":") for tag in one.tags)
    labels = ",".join(f"{label_name(key)}={json.dumps(value)}" for key, _, value in tags)
    return {
        "series": f"{metric_name(metric)}{{{labels}}}",
        "values": _notation(_counter(one, axis) if counter else _gauge(one, axis)),
    }


def _counter(one: Series, axis: _Axis) -> Floats:
    """What a counter shows that is read at the end of each interval: all counted so far, 0 at first. Where
    nothing is counted any more it is still there and stands."""
    places = (one.times - axis.begin) // axis.interval
    counts = np.zeros(max(int(places[-1]) + 1, (axis.end - axis.begin) // axis.interval))
    counts[places] = one.values
    shown = np.concatenate([[0.0], np.cumsum(counts)])
    shown[: int(places[0])] = np.nan
    return shown


def _gauge(one: Series, axis: _Axis) -> Floats:
    """A gauge is read at the end of its interval."""
    places = (one.times - axis.begin) // axis.interval
    shown = np.full(int(places[-1]) + 2, np.nan)
    shown[places + 1] = one.values
    return shown


def _notation(values: Floats) -> str:
    """promtool's series notation, equal steps in a row written once."""
    words: list[str] = []
    at = 0
    while at < values.size:
        if np.isnan(values[at]):
            end = at
            while end < values.size and np.isnan(values[end]):
                end += 1
            words.append(f"_x{end - at}" if end - at > 1 else "_")
            at = end
            continue
        step = values[at + 1] - values[at] if at + 1 < values.size else np.nan
        end = at + 1
        while end < values.size and values[end] - values[end - 1] == step:
            end += 1
        run = end - at - 1
        words.append(_number(values[at]) if run < 1 else f"{_number(values[at])}{step:+.17g}x{run}")
        at = end
    return " ".join(words)


def _number(value: float) -> str:
    return f"{value:.17g}"


# --- what is expected --------------------------------------------------------------------------------


def _stable(done: Replay, declared: Declared, end: int, begin: int, every: int, *, counts: bool) -> list[int]:
    """Times at which every group has had its state for a while and keeps it: windows of Prometheus may
    have one sample more at their edge. A new group that Datadog does not judge yet is waited for."""
    times = [int(at) for at in done.times if at <= end]
    wait = int(declared.monitor.options.get("new_group_delay") or 0)
    apart = _apart(done, counts)
    levels = [float(level) for level in (declared.monitor.options.get("thresholds") or {}).values()]
    settled = [
        index
        for index in range(1, len(times) - 1)
        if (done.states[:, index - 1] == done.states[:, index]).all()
        and (done.states[:, index + 1] == done.states[:, index]).all()
        and times[index] - times[0] >= wait
        and not apart[index]
        and not _is_tie(done.values[:, index], levels)
    ]
    # One from each stretch of equal states, in its middle, and its ends: all that differs is looked at.
    chosen: set[int] = set()
    for stretch in _stretches(settled, done):
        asked = [index for index in stretch if (times[index] - begin) % every == 0]
        if asked:
            chosen.update((asked[0], asked[len(asked) // 2], asked[-1]))
    return [times[index] for index in sorted(chosen)]


def _apart(done: Replay, counts: bool) -> Bools:
    """Where the two differ since a group has no data, bool [T].

    An alert of Prometheus ends with its data, and with it what a recovery threshold remembers; a counter
    stands still where nothing is counted, and is there all the same.
    """
    gaps = np.isnan(done.values)
    troubled = (done.states == State.ALERT.severity) | (done.states == State.WARN.severity)
    moved = np.ones_like(troubled)
    moved[:, 1:] = done.states[:, 1:] != done.states[:, :-1]
    places = np.arange(moved.shape[1])
    since = np.maximum.accumulate(np.where(moved, places, 0), axis=1)
    latest_gap = np.maximum.accumulate(np.where(gaps, places, -1), axis=1)
    silent = gaps & (done.states == State.NO_DATA.severity) & counts
    return np.asarray(((troubled & (latest_gap >= since)) | silent).any(axis=0))


def _is_tie(values: Floats, levels: Sequence[float]) -> bool:
    """Whether a value is a threshold itself: the last digit decides there, and increase() rounds."""
    return any(level != 0 and bool(np.isclose(values, level, rtol=1e-9).any()) for level in levels)


def _stretches(settled: Sequence[int], done: Replay) -> Iterator[list[int]]:
    current: list[int] = []
    for index in settled:
        if current and (
            index != current[-1] + 1 or (done.states[:, index] != done.states[:, current[-1]]).any()
        ):
            yield current
            current = []
        current.append(index)
    if current:
        yield current


def _expected(
    done: Replay, alert: MetricAlert, names: Mapping[str, str], at: int, begin: int
) -> dict[str, Any]:
    keys = dict.fromkeys(key for metric in metrics_in(alert.expression) for key in metric.by)
    by = ", ".join(["alertname", *map(label_name, keys)])
    pattern = "|".join(sorted(names.values()))
    samples = []
    for group in done.groups:
        state = done.state_at(group, at)
        name = names.get(_SEVERITIES[state]) if state in _SEVERITIES else None
        if name is not None:
            samples.append({"labels": _labels(name, group), "value": 1})
    return {
        "expr": f'sum by ({by}) (ALERTS{{alertname=~"{pattern}",alertstate="firing"}})',
        "eval_time": f"{at - begin}s",
        "exp_samples": samples,
    }


def _labels(name: str, group: str) -> str:
    tags = [tag.partition(":") for tag in group.split(",")] if ":" in group else []
    own = "".join(f",{label_name(key)}={json.dumps(value)}" for key, _, value in tags)
    return f'{{alertname="{name}"{own}}}'
