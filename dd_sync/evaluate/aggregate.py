"""Time buckets, space aggregation per group, and the outer time aggregation: Datadog's order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dd_sync.evaluate.grid import Cells, Stretches
from dd_sync.evaluate.kernel import rolling
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Bools, Floats, Ints

# Datadog interpolates a gauge up to five minutes after a real sample.
CARRY_SECONDS = 300
OUTER = ("avg", "sum", "min", "max", "last", "percentile")

# Datadog publishes no table for monitors; these steps give at most six buckets a window.
_STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400, 172800)
_BUCKETS = 6


def default_step(window: int) -> int:
    """The rollup, in seconds, of a query that names none: the smallest step with at most six a window."""
    for step in _STEPS:
        if window <= step * _BUCKETS:
            return step
    return -(-window // (_BUCKETS * 86400)) * 86400


@dataclass(frozen=True, slots=True)
class Frame:
    """The buckets of every evaluation: edges are aligned to the epoch and cut by the window.

    times: int64 [T, K] start of each bucket; first, last: epoch seconds [T, K], the part inside the window,
    last <= first where an evaluation has fewer than K buckets. step: seconds.
    """

    step: int
    times: Ints
    first: Ints
    last: Ints

    @classmethod
    def of(cls, starts: Ints, ends: Ints, longest: int, step: int) -> Frame:
        """starts, ends: int64 [T], of the windows; longest: seconds that none of them is longer than."""
        origin = starts // step * step
        # As many as any window can touch, whatever these do: the order of additions, and with it the last
        # bit of a result, must not depend on which times are evaluated together.
        count = -(-longest // step) + 1
        times = origin[:, None] + step * np.arange(count)
        return cls(
            step,
            times,
            np.maximum(times, starts[:, None]),
            np.minimum(times + step, ends[:, None]),
        )

    @classmethod
    def whole(cls, starts: Ints, ends: Ints) -> Frame:
        """One bucket each, the window itself."""
        length = int((ends - starts).max(initial=1))
        return cls(length, starts[:, None], starts[:, None], ends[:, None])

    @classmethod
    def line(cls, start: int, end: int, step: int) -> Frame:
        """All buckets from start to end in one row, none of them cut; both are multiples of step."""
        times = np.arange(start, end, step, dtype=np.int64)[None, :]
        return cls(step, times, times, times + step)

    @property
    def exists(self) -> Bools:
        return self.last > self.first


@dataclass(frozen=True, slots=True)
class Table:
    """Values per group, float64 [groups, T, K] by bucket or [groups, T] by evaluation, NaN for none.

    data: where a value rests on data; None where every value does, as before anything is combined. zero:
    whether it is of counts, where a missing value counts as 0 as soon as it is combined with others.
    """

    groups: tuple[Group, ...]
    values: Floats
    data: Bools | None = None
    zero: bool = False

    @property
    def present(self) -> Bools:
        """Where there is a value that rests on data."""
        return np.asarray(~np.isnan(self.values)) if self.data is None else self.data

    def known(self) -> Floats:
        """The values, NaN where they rest on no data."""
        return self.values if self.data is None else np.where(self.data, self.values, np.nan)

    def regrouped(self, groups: tuple[Group, ...]) -> Table:
        """The same with a row for each of `groups`, empty where there was none."""
        if self.groups == groups:
            return self
        at = {group: row for row, group in enumerate(self.groups)}
        values = np.full((len(groups), *self.values.shape[1:]), 0.0 if self.zero else np.nan)
        data = np.zeros(values.shape, dtype=np.bool_)
        present = self.present
        for row, group in enumerate(groups):
            if group in at:
                values[row], data[row] = self.values[at[group]], present[at[group]]
        return replace(self, groups=groups, values=values, data=data)


def bucketed(cells: Cells, frame: Frame) -> Floats:
    """The cells of each row by bucket: float64 [rows, T, K]."""
    axis = cells.axis
    stretches = Stretches(cells, frame.step // axis.size)
    return stretches.over(axis.cell(frame.first), axis.cell(frame.last))


def fill(values: Floats, frame: Frame, method: str, limit: int) -> Floats:
    """Empty buckets filled up to `limit` seconds after the last one with data, within the window.

    method: linear (between two buckets with data, flat after the last one), last, zero or null.
    """
    if method == "null":
        return values
    missing = np.isnan(values) & frame.exists
    if method == "zero":
        # A series without a point in the window is not part of the query's result, so nothing fills it.
        found = (~np.isnan(values)).any(axis=2, keepdims=True)
        return np.asarray(np.where(missing & found, 0.0, values))
    before = _last_seen(values)
    known = before >= 0
    base = np.take_along_axis(values, np.maximum(before, 0), axis=2)
    since = frame.step * (np.arange(values.shape[2]) - before)
    fillable = missing & known & (since <= limit)
    if method == "linear":
        base = base + _slope(values, base, before) * (since / frame.step)
    return np.asarray(np.where(fillable, base, values))


def _last_seen(values: Floats) -> Ints:
    """The index of the last bucket with data at or before each, -1 where there is none."""
    index = np.where(np.isnan(values), -1, np.arange(values.shape[2]))
    return np.asarray(np.maximum.accumulate(index, axis=2), dtype=np.int64)


def _slope(values: Floats, base: Floats, before: Ints) -> Floats:
    """Change per bucket towards the next bucket with data; 0 where none follows."""
    backwards = _last_seen(values[:, :, ::-1])[:, :, ::-1]
    after = values.shape[2] - 1 - backwards
    follows = backwards >= 0
    target = np.take_along_axis(values, np.where(follows, after, 0), axis=2)
    rise = np.where(follows, target - base, 0.0)
    slope = np.zeros_like(rise)
    np.divide(rise, after - before, out=slope, where=follows & (after > before))
    return slope


def must_align(values: Floats, owners: Ints, count: int) -> bool:
    """Whether a group has several series and one of its rows has a gap. owners: the group of each row."""
    if len(owners) < 2:
        return False
    several = np.bincount(owners, minlength=count)[owners] > 1
    return bool(several.any() and np.isnan(values[several]).any())


def align(values: Floats, frame: Frame, owners: Ints, count: int) -> Floats:
    """A gauge's gaps interpolated, but only in buckets where another series of its group has data."""
    reported = np.zeros((count, *values.shape[1:]), dtype=np.bool_)
    np.logical_or.at(reported, owners, ~np.isnan(values))
    filled = fill(values, frame, "linear", CARRY_SECONDS)
    return np.where(reported[owners], filled, values)


def over_space(values: Floats, owners: Ints, count: int, method: str) -> Floats:
    """Series of one group into one: float64 [rows, …] -> [count, …], gaps skipped, NaN where all are gaps.

    owners: the group of each row, ascending. The rows of a group are added one after another, so that a
    series without data changes no bit of the result.
    """
    if len(owners) == count and (owners == np.arange(count)).all():
        return values
    place = np.arange(len(owners)) - np.searchsorted(owners, owners)
    kind = {"min": np.fmin, "max": np.fmax}.get(method)
    result = np.full((count, *values.shape[1:]), np.nan)
    number = np.zeros_like(result) if method == "avg" else None
    for turn in range(int(place.max(initial=-1)) + 1):
        chosen = place == turn
        groups, own = owners[chosen], values[chosen]
        if number is not None:
            number[groups] += ~np.isnan(own)
        before = result[groups]
        if kind is not None:
            result[groups] = kind(before, own)
        else:
            result[groups] = np.where(np.isnan(own), before, np.nan_to_num(before) + own)
    if number is not None:
        np.divide(result, number, out=result, where=number > 0)
    return result


def over_window(table: Table, method: str) -> Table:
    """The outer aggregation: the buckets of each evaluation to one number, gaps skipped."""
    known = table.known()
    there = ~np.isnan(known)
    if method == "last":
        at = known.shape[2] - 1 - np.argmax(there[:, :, ::-1], axis=2)
        result = np.take_along_axis(known, at[:, :, None], axis=2)[:, :, 0]
    elif method in ("min", "max"):
        result = (np.fmin if method == "min" else np.fmax).reduce(known, axis=2)
    else:
        result = _added(np.where(there, known, 0.0))
        if method == "avg":
            result = result / np.maximum(there.sum(axis=2), 1)
    return Table(table.groups, np.where(there.any(axis=2), result, np.nan), zero=table.zero)


def _added(values: Floats) -> Floats:
    """The sum of the last axis in the order in which rolling() adds a window of all but its last cell.

    That cell is empty where no bucket is cut, so both ways to the same value agree to the last bit.
    """
    width, offset = values.shape[2] - 1, 0
    result = np.zeros(values.shape[:2])
    for digit in range(width.bit_length()):
        length = 1 << digit
        if width & length:
            run = values[:, :, offset : offset + length]
            while run.shape[2] > 1:
                run = run[:, :, ::2] + run[:, :, 1::2]
            result = result + run[:, :, 0]
            offset += length
    return np.asarray(result + values[:, :, width])


def over_line(table: Table, method: str, width: int, first: Ints) -> Table:
    """As over_window, of buckets in one row: those from each of `first` on, `width` of them."""
    known = table.known()[:, 0]
    if method == "avg":
        number = rolling((~np.isnan(known)).astype(np.float64), width, "sum")
        result = rolling(known, width, "sum") / np.maximum(number, 1)
    else:
        result = rolling(known, width, method)
    return Table(table.groups, taken(result, first), zero=table.zero)


def taken(values: Floats, first: Ints) -> Floats:
    """Some columns, without a copy where they are at equal distances."""
    if first.size > 1 and (np.diff(first) == first[1] - first[0]).all() and first[1] > first[0]:
        return values[:, int(first[0]) : int(first[-1]) + 1 : int(first[1] - first[0])]
    return values[:, first]
