"""A metric's values by bucket and group: what is read before anything is derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Floats
from dd_sync.model.derivation import Derivation
from dd_sync.model.ownership import CATALOG, KEY
from dd_sync.query.nodes import Metric, Modifier
from dd_sync.query.parser import parse
from dd_sync.worker.derive import derived, reach

MINUTE = 60


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """values: float64 [groups, buckets], NaN for none. start: of the first one, epoch seconds, a multiple of
    `step`, their length in seconds."""

    groups: tuple[Group, ...]
    start: int
    step: int
    values: Floats

    @classmethod
    def of(
        cls, points: Mapping[Group, Iterable[tuple[int, float]]], start: int, end: int, step: int
    ) -> Buckets:
        """From (start of a bucket, value) per group; what is not a bucket of start..end, or not finite, is no
        value. end: epoch seconds, start plus a multiple of step."""
        groups = tuple(sorted(points))
        values = np.full((len(groups), (end - start) // step), np.nan)
        for row, group in enumerate(groups):
            table = np.array(list(points[group]), dtype=np.float64).reshape(-1, 2)
            table = table[np.isfinite(table).all(axis=1) & (table[:, 0] >= start) & (table[:, 0] < end)]
            values[row, (table[:, 0].astype(np.int64) - start) // step] = table[:, 1]
        return cls(groups, start, step, values)


@dataclass(frozen=True, slots=True)
class Plan:
    """A derivation, read. metric: without a rollup; step: its bucket in seconds; window: in buckets."""

    derivation: Derivation
    metric: Metric
    step: int
    window: int

    @classmethod
    def of(cls, derivation: Derivation) -> Plan:
        metric = parse(f"avg(last_5m):{derivation.query} > 0").expression
        if not isinstance(metric, Metric):
            raise TypeError(f"the query of {derivation.key} is not one metric")
        step = int(derivation.bucket.total_seconds())
        return cls(derivation, metric, step, int(derivation.window / derivation.bucket))

    @property
    def key(self) -> str:
        return self.derivation.key

    @property
    def counts(self) -> bool:
        return self.metric.has("as_count")

    @property
    def method(self) -> str:
        """How the points of a bucket become one."""
        return "sum" if self.counts else "avg"

    def by_bucket(self) -> Metric:
        """The metric with its rollup said outright, so that no default can come in between."""
        rollup = Modifier("rollup", (self.method, float(self.step)))
        return Metric(
            self.metric.aggregation,
            self.metric.name,
            self.metric.scope,
            self.metric.by,
            (*self.metric.modifiers, rollup),
        )

    @property
    def before(self) -> int:
        """Seconds before the first bucket that is judged from which on the metric has to be read."""
        return self.step * reach(counts=self.counts, window=self.window)

    def values(self, buckets: Buckets, first: int) -> Floats:
        """The gauge from the bucket that starts at `first` on: float64 [groups, buckets], NaN for none."""
        skip = (first - buckets.start) // self.step
        return derived(self.derivation, buckets.values, counts=self.counts, skip=skip)

    def stamp(self, bucket: int) -> int:
        """The time of the gauge's point for the bucket that starts then: its last minute.

        So none is there before its bucket is over, and none is too old for Datadog as soon as it is there.
        """
        return bucket + self.step - MINUTE

    def tags(self, group: Group) -> tuple[str, ...]:
        """Of the gauge's series: the group's, and whose it is."""
        grouped = (f"{key}:{value}" for key, value in zip(self.metric.by, group, strict=True))
        return (*grouped, KEY + self.derivation.key, CATALOG + self.derivation.catalog)
