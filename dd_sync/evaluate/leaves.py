"""The metrics of a query: which series they read, from when, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dd_sync.evaluate.calls import look_back
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.select import Group, groups_of, matcher
from dd_sync.evaluate.series import Floats, Ints, MetricType, Series, SeriesSource
from dd_sync.evaluate.support import SPACE, Reading, reading_of
from dd_sync.evaluate.unsupported import unsupported
from dd_sync.query.nodes import Binary, Call, Expression, Metric, Negative

_SAME_TYPE = "all series of a metric have one type in Datadog; submit them as one"
_POOLED = "p50 to p99.9 and count are of distribution metrics; use avg, sum, min or max, or submit it as one"


def shifted(expression: Expression, shift: int) -> Iterator[tuple[Metric, int]]:
    """Every metric with how far back, in seconds, it is read."""
    match expression:
        case Metric():
            yield expression, shift
        case Negative(item=item):
            yield from shifted(item, shift)
        case Binary(left=left, right=right):
            yield from shifted(left, shift)
            yield from shifted(right, shift)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from shifted(argument, shift + look_back(expression))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A metric's series, and how they are read.

    groups: those of the rule, or its own if they are only counted. rows: the series each row is of; owners:
    the group of each row, ascending. A series is in several rows if it has several values of a grouping key.
    method, step: the rollup, seconds. scale: what a point of each series is multiplied by; divisor: what a
    bucket is divided by. counts: a missing value is 0 as soon as it meets another operand.
    """

    metric: Metric
    reading: Reading
    series: Sequence[Series]
    rows: Ints
    owners: Ints
    groups: tuple[Group, ...]
    own: bool
    type: MetricType
    method: str
    step: int
    scale: Floats
    divisor: float
    counts: bool

    def part(self, groups: tuple[Group, ...]) -> Leaf:
        """The same of some of the rule's groups only, which need not be all among its own."""
        at = {group: row for row, group in enumerate(groups)}
        target = np.array([at.get(group, -1) for group in self.groups], dtype=np.int64)
        owners = target[self.owners]
        kept = owners >= 0
        chosen, rows = np.unique(self.rows[kept], return_inverse=True)
        order = np.argsort(owners[kept], kind="stable")
        return replace(
            self,
            series=[self.series[row] for row in chosen],
            rows=rows[order],
            owners=owners[kept][order],
            groups=groups,
            scale=self.scale[chosen],
        )


def _leaf(rule: MetricRule, metric: Metric, found: Sequence[Series]) -> Leaf:
    reading = reading_of(metric)
    kind = _type(rule, metric, found)
    # A metric whose groups are only counted has keys that the rule has not.
    own = bool(metric.by) and not rule.keys
    members = [
        (group, row) for row, one in enumerate(found) for group in groups_of(one.tags, _keys(rule, metric))
    ]
    groups = tuple(sorted({group for group, _ in members}))
    at = {group: row for row, group in enumerate(groups)}
    if kind is MetricType.DISTRIBUTION:
        found = [_pool([found[row] for group, row in members if group == one]) for one in groups]
        members = [(group, at[group]) for group in groups]
    # By group, and within one by tags, so that sums do not depend on the order the series come in.
    owned = sorted((at[group], row) for group, row in members)
    modified = (reading.as_count or reading.as_rate) and kind is not MetricType.GAUGE
    step = reading.step or rule.step
    return Leaf(
        metric=metric,
        reading=reading,
        series=found,
        rows=np.array([row for _, row in owned], dtype=np.int64),
        owners=np.array([owner for owner, _ in owned], dtype=np.int64),
        groups=groups,
        own=own,
        type=kind,
        method=_method(metric, reading, kind),
        step=step,
        scale=np.array([_scale(kind, reading, one.interval, step) for one in found]),
        divisor=float(step)
        if kind in (MetricType.COUNT, MetricType.DISTRIBUTION) and reading.as_rate
        else 1.0,
        counts=modified or (kind is MetricType.DISTRIBUTION and metric.aggregation == "count"),
    )


def _method(metric: Metric, reading: Reading, kind: MetricType) -> str:
    """How the points of a bucket become one; of a distribution that is the space aggregation as well."""
    if kind is MetricType.DISTRIBUTION:
        return metric.aggregation or "avg"
    counted = (reading.as_count or reading.as_rate) and kind is not MetricType.GAUGE
    return reading.method or ("sum" if counted or reading.weighted else "avg")


def _pool(found: Sequence[Series]) -> Series:
    """All points of some series of a distribution, in order of time."""
    times, values = (
        np.concatenate(parts) for parts in zip(*((one.times, one.values) for one in found), strict=True)
    )
    order = np.argsort(times, kind="stable")
    return replace(found[0], times=times[order], values=values[order])


def _keys(rule: MetricRule, metric: Metric) -> tuple[str, ...]:
    return metric.by if metric.by and not rule.keys else rule.keys


def _scale(kind: MetricType, reading: Reading, interval: int, step: int) -> float:
    if kind is MetricType.RATE and reading.as_count:
        return float(interval)
    # A gauge weighted by its life: each point counts for its share of the bucket.
    return interval / step if reading.weighted else 1.0


def _type(rule: MetricRule, metric: Metric, found: Sequence[Series]) -> MetricType:
    types = sorted({series.type for series in found})
    text = rule.monitor.query
    if len(types) > 1:
        said = f"{metric.name} was submitted as {' and as '.join(types)}"
        raise unsupported(text, metric, said, _SAME_TYPE)
    pooled = metric.aggregation not in (None, *SPACE)
    if not types:
        counted = reading_of(metric).as_count or reading_of(metric).as_rate
        return MetricType.DISTRIBUTION if pooled else MetricType.COUNT if counted else MetricType.GAUGE
    if pooled and types[0] is not MetricType.DISTRIBUTION:
        said = f"'{metric.aggregation}' of {metric.name}, which was submitted as {types[0]}"
        raise unsupported(text, metric, said, _POOLED)
    if reading_of(metric).weighted and types[0] is not MetricType.GAUGE:
        said = f".weighted() of {metric.name}, which was submitted as {types[0]}"
        raise unsupported(text, metric, said, "only gauges are weighted by their life; leave it out")
    return types[0]


class Leaves:
    """Every metric of a rule, each with its points selected once."""

    def __init__(
        self, rule: MetricRule, leaves: dict[tuple[Metric, int], Leaf], groups: tuple[Group, ...]
    ) -> None:
        self._rule = rule
        self._leaves = leaves
        self.groups = groups
        self.rows = max((len(leaf.rows) for leaf in leaves.values()), default=0)

    @classmethod
    def of(cls, rule: MetricRule, source: SeriesSource, start: int, end: int) -> Leaves:
        """The points from `start` to `end`, or as much earlier as each metric is read.

        Raises Unsupported where a metric's own type makes the query one that is not evaluated here.
        """
        change = rule.alert.aggregation.change
        back = 0 if change is None else int(change.shift.length.total_seconds())
        selected: dict[tuple[str, int], Sequence[Series]] = {}
        leaves: dict[tuple[Metric, int], Leaf] = {}
        for metric, own in shifted(rule.alert.expression, 0):
            for shift in {own, own + back}:
                if (metric.name, shift) not in selected:
                    found = source.select(metric.name, start - shift, end - shift)
                    selected[metric.name, shift] = sorted(found, key=lambda series: series.tags)
                matches = matcher(metric.scope)
                chosen = [one for one in selected[metric.name, shift] if matches(frozenset(one.tags))]
                leaves[metric, shift] = _leaf(rule, metric, chosen)
        groups: tuple[Group, ...] = ((),)
        if rule.keys:
            groups = tuple(sorted({group for leaf in leaves.values() for group in leaf.groups}))
        whole = cls(rule, leaves, groups)
        return whole.part(groups)

    def part(self, groups: tuple[Group, ...]) -> Leaves:
        """The same of some groups, in the order given."""
        leaves = {key: leaf if leaf.own else leaf.part(groups) for key, leaf in self._leaves.items()}
        return Leaves(self._rule, leaves, groups)

    def of_metric(self, metric: Metric, shift: int) -> Leaf:
        """A metric as it is read `shift` seconds earlier."""
        return self._leaves[metric, shift]

    def read(self) -> list[tuple[Leaf, int]]:
        """Every metric, and how many seconds earlier it is read."""
        return [(leaf, shift) for (_, shift), leaf in self._leaves.items()]

    def now(self) -> list[tuple[Leaf, int]]:
        """The metrics that are read at the time itself; where all are read earlier, the latest of them."""
        least = min(shift for _, shift in self._leaves)
        return [(leaf, shift) for leaf, shift in self.read() if shift == least]
