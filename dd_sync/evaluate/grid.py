"""Points on a dense axis of cells, and aggregates over stretches of it without a running sum.

A stretch inside a block of cells is taken from aggregates that run forward and backward within that block
only (van Herk, Gil and Werman), so a point that has left the stretch leaves no rounding error behind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.series import Bools, Floats, Ints, Series

# What an empty stretch gives before it is marked as empty.
_IDENTITY = {"sum": 0.0, "min": math.inf, "max": -math.inf}
_UFUNC = {"sum": np.add, "min": np.minimum, "max": np.maximum}
METHODS = ("avg", "sum", "min", "max", "count")


@dataclass(frozen=True, slots=True)
class Axis:
    """`count` cells of `size` seconds from `start` (epoch seconds, a multiple of `size`)."""

    start: int
    size: int
    count: int

    @property
    def end(self) -> int:
        return self.start + self.size * self.count

    def cell(self, moments: Ints) -> Ints:
        return (moments - self.start) // self.size

    @classmethod
    def covering(cls, start: int, end: int, size: int, block: int) -> Axis:
        """Cells from start to end, widened to whole blocks of `block` seconds counted from the epoch."""
        first = start // block * block
        last = -(-end // block) * block
        return cls(first, size, (last - first) // size)


def cell_size(lengths: Iterable[int], moments: Ints) -> int:
    """The largest cell, in seconds, such that all lengths and moments lie on its edges."""
    return math.gcd(*lengths, int(np.gcd.reduce(moments)))


@dataclass(frozen=True, slots=True)
class Cells:
    """Aggregates per series and cell: float64 [rows, cells]. `total` has the method's identity where empty.

    number: points per cell, only for the methods that need it (None for min and max).
    """

    axis: Axis
    method: str
    total: Floats
    number: Floats | None


def into_cells(rows: Sequence[Series], axis: Axis, shift: int, method: str, scale: Floats) -> Cells:
    """The points of each series, `shift` seconds later than they were and times `scale`, in cells.

    method: one of METHODS. Points outside the axis are left out.
    """
    kind = method if method in _IDENTITY else "sum"
    total = np.full((len(rows), axis.count), _IDENTITY[kind])
    number = np.zeros_like(total) if kind == "sum" else None
    for row, series in enumerate(rows):
        part = series.between(axis.start - shift, axis.end - shift)
        cells = axis.cell(part.times + shift)
        _UFUNC[kind].at(total[row], cells, part.values * scale[row])
        if number is not None:
            np.add.at(number[row], cells, 1.0)
    return Cells(axis, method, total, number)


class Stretches:
    """Aggregates of cells over stretches that each lie inside one block of `block` cells."""

    def __init__(self, cells: Cells, block: int) -> None:
        self._cells = cells
        self._block = block
        kind = cells.method if cells.method in _IDENTITY else "sum"
        self._total = _Running(cells.total, kind, block)
        self._number = None if cells.number is None else _Running(cells.number, "sum", block)

    def over(self, first: Ints, last: Ints) -> Floats:
        """The method over the cells first <= cell < last: float64 [rows, *first.shape], NaN where empty.

        Each stretch ends at most at the end of the block it begins in; last <= first means no stretch.
        """
        total = self._total.over(first, last)
        number = None if self._number is None else self._number.over(first, last)
        return _finish(self._cells.method, total, number)

    def over_windows(self, first: Ints) -> Floats:
        """The method over `block` cells from each of `first`: float64 [rows, len(first)], NaN where empty."""
        total = self._total.over_two(first)
        number = None if self._number is None else self._number.over_two(first)
        return _finish(self._cells.method, total, number)


def _finish(method: str, total: Floats, number: Floats | None) -> Floats:
    if number is None:
        return np.where(np.isfinite(total), total, np.nan)
    if method == "count":
        return np.where(number > 0, number, np.nan)
    if method == "avg":
        return np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
    return np.where(number > 0, total, np.nan)


class _Running:
    """One quantity with its aggregates forward and backward inside each block."""

    def __init__(self, values: Floats, kind: str, block: int) -> None:
        self._values = values
        self._ufunc = _UFUNC[kind]
        self._identity = _IDENTITY[kind]
        self._block = block
        blocks = values.reshape(len(values), values.shape[1] // block, block)
        self._forward = self._ufunc.accumulate(blocks, axis=2).reshape(values.shape)
        backward = self._ufunc.accumulate(blocks[:, :, ::-1], axis=2)[:, :, ::-1]
        self._backward = backward.reshape(values.shape)

    def over(self, first: Ints, last: Ints) -> Floats:
        empty = last <= first
        start = np.where(empty, 0, first)
        stop = np.where(empty, 1, last)
        result = self._forward[:, stop - 1]
        from_inside = start % self._block != 0
        to_end = from_inside & (stop % self._block == 0)
        if to_end.any():
            result[:, to_end] = self._backward[:, start[to_end]]
        within: Bools = from_inside & ~to_end
        if within.any():
            result[:, within] = self._inside(start[within], stop[within])
        result[:, empty] = self._identity
        return result

    def over_two(self, first: Ints) -> Floats:
        """As many cells as a block has, from each of `first`: a part of one block and a part of the next."""
        left = self._backward[:, first]
        # A window that is one whole block is what the forward aggregate at its end says already.
        left[:, first % self._block == 0] = self._identity
        return np.asarray(self._ufunc(left, self._forward[:, first + self._block - 1]))

    def _inside(self, start: Ints, stop: Ints) -> Floats:
        """Stretches that touch neither end of their block, cell by cell; few, since blocks are short."""
        result = np.full((len(self._values), start.size), self._identity)
        for length in np.unique(stop - start):
            chosen = stop - start == length
            index = start[chosen][:, None] + np.arange(length)
            result[:, chosen] = self._ufunc.reduce(self._values[:, index], axis=2)
        return result
