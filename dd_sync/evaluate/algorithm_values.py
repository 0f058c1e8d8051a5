"""The values of a monitor by anomalies(), outliers() or forecast(), per group and evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dd_sync.evaluate import bands
from dd_sync.evaluate.aggregate import Table
from dd_sync.evaluate.algorithms import Algorithm
from dd_sync.evaluate.expression import Evaluation, Watch
from dd_sync.evaluate.leaves import Leaves
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.series import Bools, Floats, Ints
from dd_sync.query.tools import metrics_in

# Numbers held at once.
_BUDGET = 4_000_000


def algorithm_values(
    rule: MetricRule, algorithm: Algorithm, leaves: Leaves, times: Ints, watch: Watch | None = None
) -> tuple[Floats, Floats | None]:
    """float64 [groups, T], NaN without data; and, of anomalies, what recovery is judged by."""
    line = _Line(rule, algorithm, leaves, times)
    if algorithm.name == "anomalies":
        return _anomalies(line, watch)
    reach = algorithm.trigger if algorithm.name == "outliers" else algorithm.history
    count = max(1, reach // algorithm.step)
    size = max(1, _BUDGET // (count * max(len(leaves.groups), 1)))
    parts = [_windows(line, count, slice(at, at + size), watch) for at in range(0, times.size, size)]
    return np.concatenate(parts, axis=1), None


class _Line:
    """What is inside the algorithm, bucket by bucket from as early as it looks.

    first: the number of the first bucket since the epoch; values: float64 [groups, N]. Only whole buckets.
    """

    def __init__(self, rule: MetricRule, algorithm: Algorithm, leaves: Leaves, times: Ints) -> None:
        self.algorithm, self.groups = algorithm, leaves.groups
        self.ends = (times - rule.delay) // algorithm.step
        self.first = int(self.ends[0]) - algorithm.lookback // algorithm.step
        buckets = algorithm.step * np.arange(self.first + 1, int(self.ends[-1]) + 1, dtype=np.int64)
        alone = replace(
            rule,
            window=algorithm.step,
            step=algorithm.step,
            steps=(algorithm.step,),
            frequency=algorithm.step,
            check=None,
            delay=0,
        )
        found = Evaluation(alone, leaves, buckets).buckets(algorithm.inner)
        self.values = self._filled(found)
        self._reported = np.where(np.isnan(found), np.nan, 1.0)

    def _filled(self, values: Floats) -> Floats:
        counts = any(metric.has("as_count") for metric in metrics_in(self.algorithm.inner))
        return np.nan_to_num(values) if self.algorithm.zero and counts else values

    def forgotten(self) -> Bools:
        """Where nothing was reported as far back as is looked: [groups, T]."""
        reach = self.algorithm.lookback // self.algorithm.step - 1
        at = self.ends - self.first
        return np.isnan(bands.shares(self._reported, at - reach, at))

    def starts(self, chosen: slice) -> Ints:
        """Epoch seconds."""
        return self.algorithm.step * (self.first + np.arange(self.values.shape[1])[chosen])


def _anomalies(line: _Line, watch: Watch | None) -> tuple[Floats, Floats | None]:
    asked = line.algorithm
    season, trigger = asked.season // asked.step, asked.trigger // asked.step
    if asked.method == "basic":
        expected, sigma = bands.lagging(line.values, max(1, asked.history // asked.step))
    elif asked.method == "agile":
        expected, sigma = bands.agile(line.values, season, asked.recent // asked.step, line.first)
    else:
        expected, sigma = bands.robust(line.values, season, line.first)
    flags = bands.anomalous(line.values, expected, sigma, asked.bound, asked.direction)
    ends = line.ends - line.first
    if watch is not None:
        seen = slice(int(ends[0]) - trigger, int(ends[0]))
        _show(line, watch, seen, line.values, flags)
    values = np.where(line.forgotten(), np.nan, bands.shares(flags, ends - trigger, ends))
    return values, bands.shares(flags, ends - asked.recovery // asked.step, ends)


def _windows(line: _Line, count: int, chosen: slice, watch: Watch | None) -> Floats:
    """Outliers and forecasts, of the `count` buckets before each evaluation."""
    asked = line.algorithm
    last = line.ends[chosen] - line.first
    values = line.values[:, last[:, None] - count + np.arange(count)]
    if asked.name == "outliers":
        found = bands.outlying(values, asked.method, asked.bound, asked.share)
    else:
        ahead, upper = max(1, asked.ahead // asked.step), asked.upper
        if asked.method == "linear":
            found = bands.trend(values, asked.model, ahead, asked.bound, upper)
        else:
            found = bands.repeated(values, asked.season // asked.step, ahead, asked.bound, upper)
    if watch is not None:
        seen = slice(int(last[0]) - count, int(last[0]))
        _show(line, watch, seen, line.values, None)
        watch(asked.call, Table(line.groups, found), None, 0)
    return found


def _show(line: _Line, watch: Watch, seen: slice, values: Floats, flags: Floats | None) -> None:
    starts = line.starts(seen)
    watch(line.algorithm.inner, Table(line.groups, values[:, None, seen]), starts, 0)
    if flags is not None:
        watch(line.algorithm.call, Table(line.groups, flags[:, None, seen]), starts, 0)
