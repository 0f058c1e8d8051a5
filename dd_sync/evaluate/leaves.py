"""The metrics of a query: which series they read, from when, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate import functions
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.select import Group, groups_of, matcher
from dd_sync.evaluate.series import Floats, Ints, MetricType, Series, SeriesSource
from dd_sync.evaluate.support import Reading, constant, reading_of
from dd_sync.evaluate.unsupported import Unsupported
from dd_sync.query.nodes import Binary, Call, Expression, Metric, Negative

_SAME_TYPE = "all series of a metric have one type in Datadog; submit them as one"


def shifted(expression: Expression, shift: int) -> list[tuple[Metric, int]]:
    """Every metric with how far back, in seconds, it is read."""
    match expression:
        case Metric():
            return [(expression, shift)]
        case Negative(item=item):
            return shifted(item, shift)
        case Binary(left=left, right=right):
            return shifted(left, shift) + shifted(right, shift)
        case Call(arguments=arguments):
            back = shift + look_back(expression)
            return [found for argument in arguments for found in shifted(argument, back)]
    return []


def is_shift(call: Call) -> bool:
    return call.name == "timeshift" or call.name in functions.SHIFTS


def look_back(call: Call) -> int:
    if call.name == "timeshift":
        return -int(constant(call.arguments[1]) or 0)
    return functions.SHIFTS.get(call.name, 0)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A metric's series, and how they are read.

    rows: the series each row is of; owners: the group of each row. A series is in several rows if it has
    several values of a grouping key. scale: per series; divisor: for all of them.
    counted_only: its groups are only counted, they are not those of the rule.
    """

    reading: Reading
    series: Sequence[Series]
    rows: Ints
    owners: Ints
    groups: tuple[Group, ...]
    type: MetricType
    method: str
    step: int
    scale: Floats
    divisor: float
    counts: bool
    counted_only: bool

    @classmethod
    def of(cls, metric: Metric, found: Sequence[Series], rule: MetricRule) -> Leaf:
        reading = reading_of(metric)
        types = {series.type for series in found}
        if len(types) > 1:
            raise Unsupported(
                f"{metric.name} was submitted as {' and as '.join(sorted(types))}", hint=_SAME_TYPE
            )
        kind = next(
            iter(types), MetricType.COUNT if reading.as_count or reading.as_rate else MetricType.GAUGE
        )
        # A metric whose groups are only counted has keys that the rule has not.
        counted_only = bool(metric.by) and not rule.keys
        keys = metric.by if counted_only else rule.keys
        modified = (reading.as_count or reading.as_rate) and kind is not MetricType.GAUGE
        per_point = [
            float(one.interval) if kind is MetricType.RATE and reading.as_count else 1.0 for one in found
        ]
        members = [(group, row) for row, one in enumerate(found) for group in groups_of(one.tags, keys)]
        groups = tuple(sorted({group for group, _ in members}))
        position = {group: at for at, group in enumerate(groups)}
        return cls(
            reading=reading,
            series=found,
            rows=np.array([row for _, row in members], dtype=np.int64),
            owners=np.array([position[group] for group, _ in members], dtype=np.int64),
            groups=groups,
            type=kind,
            method=reading.method or ("sum" if modified else "avg"),
            step=reading.step or rule.step,
            scale=np.array(per_point),
            divisor=float(reading.step or rule.step) if kind is MetricType.COUNT and reading.as_rate else 1.0,
            counts=modified,
            counted_only=counted_only,
        )


class Leaves:
    """Every metric of a rule, with its points from `start` to `end` selected once."""

    def __init__(self, rule: MetricRule, source: SeriesSource, start: int, end: int) -> None:
        self._rule = rule
        self._source = source
        self._start, self._end = start, end
        self._found: dict[tuple[str, int], Sequence[Series]] = {}
        change = rule.alert.aggregation.change
        back = 0 if change is None else int(change.shift.length.total_seconds())
        self._leaves = {
            (metric, shift): self._leaf(metric, shift)
            for metric, own in shifted(rule.alert.expression, 0)
            for shift in (own, own + back)
        }
        self.rows = max((len(leaf.rows) for leaf in self._leaves.values()), default=0)
        self.groups = self._groups()

    def of(self, metric: Metric, shift: int) -> Leaf:
        """A metric as it is read `shift` seconds earlier."""
        return self._leaves[metric, shift]

    def all(self) -> list[tuple[Metric, int, Leaf]]:
        return [(metric, shift, leaf) for (metric, shift), leaf in self._leaves.items()]

    def _groups(self) -> tuple[Group, ...]:
        """The groups of the rule: all that any of its metrics has, in alphabetical order."""
        if not self._rule.keys:
            return ((),)
        return tuple(sorted({group for leaf in self._leaves.values() for group in leaf.groups}))

    def _leaf(self, metric: Metric, shift: int) -> Leaf:
        matches = matcher(metric.scope)
        found = [one for one in self._series(metric.name, shift) if matches(frozenset(one.tags))]
        return Leaf.of(metric, found, self._rule)

    def _series(self, metric: str, shift: int) -> Sequence[Series]:
        key = metric, shift
        if key not in self._found:
            found = self._source.select(metric, self._start - shift, self._end - shift)
            self._found[key] = sorted(found, key=lambda series: series.tags)
        return self._found[key]
