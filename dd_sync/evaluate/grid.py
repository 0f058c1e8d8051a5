"""Points on a dense axis of cells, and aggregates over stretches of it without a running sum.

A stretch inside a block of cells is taken from aggregates that run forward and backward within that block
only (van Herk, Gil and Werman), so a point that has left the stretch leaves no rounding error behind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.kernel import IDENTITY, UFUNC
from dd_sync.evaluate.series import Bools, Floats, Ints, Series

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
    """Points per series and cell. method: avg, sum, min or max, by which cells make a longer one.

    values: float64 [rows, cells], NaN where a cell is empty; of avg the sum of its points.
    number: points per cell, only of avg.
    """

    axis: Axis
    method: str
    values: Floats
    number: Floats | None = None


def into_cells(rows: Sequence[Series], axis: Axis, shift: int, method: str, scale: Floats) -> Cells:
    """The points of each series, `shift` seconds later than they were and times `scale`, in cells.

    method: one of METHODS. Points outside the axis are left out.
    """
    values = np.full((len(rows), axis.count), np.nan)
    number = np.zeros_like(values) if method == "avg" else None
    kind = method if method in IDENTITY else "sum"
    for row, series in enumerate(rows):
        part = series.between(axis.start - shift, axis.end - shift)
        if not part.times.size:
            continue
        cells = axis.cell(part.times + shift)
        points = np.ones(cells.size) if method == "count" else part.values
        if scale[row] != 1.0 and method != "count":
            points = points * scale[row]
        _put(values[row], cells, points, kind)
        if number is not None:
            _put(number[row], cells, np.ones(cells.size), "sum")
    return Cells(axis, "avg" if method == "avg" else kind, values, number)


def _put(row: Floats, cells: Ints, points: Floats, kind: str) -> None:
    if cells.size == 1 or int((cells[1:] - cells[:-1]).min()) > 0:
        if int(cells[-1] - cells[0]) == cells.size - 1:
            row[int(cells[0]) : int(cells[-1]) + 1] = points
        else:
            row[cells] = points
        return
    row[cells] = IDENTITY[kind]
    UFUNC[kind].at(row, cells, points)


class Stretches:
    """Aggregates of cells over stretches that each lie inside one block of `block` cells."""

    def __init__(self, cells: Cells, block: int) -> None:
        self._method = cells.method
        kind = cells.method if cells.method in IDENTITY else "sum"
        gaps = np.isnan(cells.values)
        known = (~gaps).astype(np.float64) if cells.number is None else cells.number
        self._total = _Running(np.where(gaps, IDENTITY[kind], cells.values), kind, block)
        self._number = _Running(known, "sum", block)

    def over(self, first: Ints, last: Ints) -> Floats:
        """The method over the cells first <= cell < last: float64 [rows, *first.shape], NaN where empty.

        Each stretch ends at most at the end of the block it begins in; last <= first means no stretch.
        """
        total, number = self._total.over(first, last), self._number.over(first, last)
        if self._method == "avg":
            return np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
        total[number == 0] = np.nan
        return total


class _Running:
    """One quantity with its aggregates forward and backward inside each block."""

    def __init__(self, values: Floats, kind: str, block: int) -> None:
        self._values = values
        self._ufunc = UFUNC[kind]
        self._identity = IDENTITY[kind]
        self._block = block
        if block == 1:
            self._forward = self._backward = values
            return
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

    def _inside(self, start: Ints, stop: Ints) -> Floats:
        """Stretches that touch neither end of their block, cell by cell; few, since blocks are short."""
        result = np.full((len(self._values), start.size), self._identity)
        for length in np.unique(stop - start):
            chosen = stop - start == length
            index = start[chosen][:, None] + np.arange(length)
            result[:, chosen] = self._ufunc.reduce(self._values[:, index], axis=2)
        return result
