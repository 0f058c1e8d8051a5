"""Series of points as Datadog stores them, and where an evaluation gets them from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.int8]


class MetricType(StrEnum):
    """What one point says: how many in its interval, how many per second, how much there is, or one of many.

    A distribution's points are what was measured, one by one, any number of them at the same time.
    """

    COUNT = "count"
    RATE = "rate"
    GAUGE = "gauge"
    DISTRIBUTION = "distribution"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The points of one metric under one set of tags.

    tags: sorted, lower case. interval: seconds one submitted point stands for, >= 1.
    times: int64 [n], epoch seconds, strictly ascending, of a distribution ascending; values: float64 [n], all
    finite.
    `Series.of` brings anything into this form.
    """

    metric: str
    type: MetricType
    tags: tuple[str, ...]
    interval: int
    times: Ints
    values: Floats

    @classmethod
    def of(
        cls,
        metric: str,
        type: MetricType,
        tags: Iterable[str],
        *,
        interval: int,
        times: Sequence[int] | Ints,
        values: Sequence[float] | Floats,
    ) -> Series:
        """A series in order: NaN and infinities dropped, of two points at one time the later given kept.

        A distribution keeps both.
        """
        if interval < 1:
            raise ValueError(f"the interval of {metric} is {interval} s; it has to be at least 1 s")
        moments = np.asarray(times, dtype=np.int64)
        numbers = np.asarray(values, dtype=np.float64)
        finite = np.isfinite(numbers)
        if not finite.all():
            moments, numbers = moments[finite], numbers[finite]
        if moments.size > 1 and not (np.diff(moments) > 0).all():
            order = np.argsort(moments, kind="stable")
            moments, numbers = moments[order], numbers[order]
            if type is not MetricType.DISTRIBUTION:
                last = np.append(np.diff(moments) > 0, True)
                moments, numbers = moments[last], numbers[last]
        return cls(metric, type, tuple(sorted({tag.lower() for tag in tags})), interval, moments, numbers)

    def between(self, start: int, end: int) -> Series:
        """The points with start <= time < end, without copying them."""
        first, last = np.searchsorted(self.times, (start, end))
        return Series(
            self.metric,
            self.type,
            self.tags,
            self.interval,
            self.times[first:last],
            self.values[first:last],
        )


class SeriesSource(Protocol):
    """Where points come from: a scenario, the local Datadog's store, a file of history."""

    def select(self, metric: str, start: int, end: int) -> Sequence[Series]:
        """The series of `metric` that have points with start <= time < end, with those points only."""
        ...


class SeriesSet:
    """Series held in memory. The order in which they are given has no meaning."""

    def __init__(self, series: Iterable[Series]) -> None:
        self._by_metric: dict[str, list[Series]] = {}
        for one in series:
            self._by_metric.setdefault(one.metric, []).append(one)

    def select(self, metric: str, start: int, end: int) -> Sequence[Series]:
        found = (one.between(start, end) for one in self._by_metric.get(metric, ()))
        return [one for one in found if one.times.size]
