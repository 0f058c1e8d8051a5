"""The worker's gauges computed from series at hand, as scenarios and history have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dd_sync.evaluate.expression import Evaluation
from dd_sync.evaluate.leaves import Leaves
from dd_sync.evaluate.metric_rule import compile_metric
from dd_sync.evaluate.series import MetricType, Series, SeriesSource
from dd_sync.evaluate.unsupported import Unsupported
from dd_sync.model.derivation import Derivation
from dd_sync.model.monitor import Monitor
from dd_sync.query.canonical import render
from dd_sync.query.nodes import MetricAlert, TimeAggregation, Window
from dd_sync.worker.buckets import MINUTE, Buckets, Plan


def derive_series(derivations: Iterable[Derivation], source: SeriesSource) -> SeriesSource:
    """The source with the gauges of `derivations` beside its own series.

    A gauge that the source holds itself, under the same tags, goes before the one that is computed. Selecting
    raises Unsupported where the metric behind a gauge cannot be evaluated here.
    """
    return _Derived(tuple(Plan.of(one) for one in derivations), source)


class _Derived:
    def __init__(self, plans: Sequence[Plan], source: SeriesSource) -> None:
        self._plans = plans
        self._source = source

    def select(self, metric: str, start: int, end: int) -> Sequence[Series]:
        found = list(self._source.select(metric, start, end))
        own = {one.tags for one in found}
        for plan in self._plans:
            if plan.derivation.gauge == metric:
                found += (one for one in _gauges(plan, self._source, start, end) if one.tags not in own)
        return found


def _gauges(plan: Plan, source: SeriesSource, start: int, end: int) -> Iterator[Series]:
    """The series of one gauge that have points with start <= time < end."""
    step = plan.step
    first, last = (-(-(moment + MINUTE - step) // step) * step for moment in (start, end))
    if last <= first:
        return
    found = [one.times for one in source.select(plan.metric.name, first - plan.before, last)]
    if not found:
        return
    # Nothing comes of a time before all data, or so long after it that it is forgotten.
    begin = min(int(times[0]) for times in found)
    end = max(int(times[-1]) for times in found) + plan.before + step
    first, last = max(first, begin // step * step), min(last, end // step * step + step)
    try:
        buckets = read(plan, source, first - plan.before, last)
    except Unsupported as error:
        # Its place is in a query that nobody wrote.
        raise Unsupported(error.problem, hint=error.hint) from None
    values = plan.values(buckets, first)
    times = np.arange(plan.stamp(first), plan.stamp(last), step, dtype=np.int64)
    for group, row in zip(buckets.groups, values, strict=True):
        kept = ~np.isnan(row)
        if kept.any():
            yield Series.of(
                plan.derivation.gauge,
                MetricType.GAUGE,
                plan.tags(group),
                interval=step,
                times=times[kept],
                values=row[kept],
            )


def read(plan: Plan, source: SeriesSource, start: int, end: int) -> Buckets:
    """The metric by bucket from start to end, epoch seconds, as the evaluator has it.

    Raises Unsupported where the metric's own type makes the query one that is not evaluated here.
    """
    rule = compile_metric(plan.key, Monitor(type="query alert", query=_over_bucket(plan)), 0)
    leaves = Leaves.of(rule, source, start, end)
    ends = np.arange(start + plan.step, end + plan.step, plan.step, dtype=np.int64)
    groups = leaves.groups if leaves.rows else ()
    values = Evaluation(rule, leaves, ends).values() if groups else np.empty((0, ends.size))
    return Buckets(groups, start, plan.step, values)


def _over_bucket(plan: Plan) -> str:
    window = Window("last", plan.step // MINUTE, "m")
    return render(MetricAlert(TimeAggregation(plan.method, window), plan.by_bucket(), ">", 0.0))
