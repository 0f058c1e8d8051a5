"""Sliding windows and held states over dense rows: what every point of a long history goes through.

A window's aggregate is put together from runs of 1, 2, 4, 8, … cells (log2 of its length steps, each one
array operation), never by adding to and taking from a running one: a point that has left the window leaves
no rounding error behind, and the result does not depend, to the last bit, on which windows are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from dd_sync.evaluate.series import Bools, Bytes, Floats, Ints

_Cells = TypeVar("_Cells", Floats, Bools)

# Numbers worked on at once, so that they stay in the processor's cache.
_CACHED = 24_576

UFUNC: dict[str, np.ufunc] = {"sum": np.add, "min": np.minimum, "max": np.maximum}
# What a gap counts as, so that it changes nothing.
IDENTITY = {"sum": 0.0, "min": np.inf, "max": -np.inf}


def rolling(grid: Floats, width: int, method: str) -> Floats:
    """The method over every `width` neighbouring cells of each row.

    grid: float64 [rows, n], NaN for a gap; width: cells, 1 <= width <= n; method: sum, min or max.
    Returns float64 [rows, n - width + 1]. A gap adds nothing; a window of gaps only is NaN.
    """
    count = grid.shape[1] - width + 1
    result = np.empty((len(grid), count))
    for rows, columns in _tiles(len(grid), count, width):
        part = grid[rows, columns.start : columns.stop + width - 1]
        gaps: Bools = np.asarray(np.isnan(part))
        holed = bool(gaps.any())
        if holed:
            part = np.where(gaps, IDENTITY[method], part)
        _slide(UFUNC[method], part, width, result[rows, columns])
        if holed:
            empty: Bools = np.empty(result[rows, columns].shape, dtype=np.bool_)
            _slide(np.logical_and, gaps, width, empty)
            result[rows, columns][empty] = np.nan
    return result


def _tiles(rows: int, count: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Rows and windows that are worked on at once, so that what they need stays in the processor's cache."""
    across = min(count, max(_CACHED, 8 * width))
    down = max(1, _CACHED // across)
    for row in range(0, rows, down):
        for column in range(0, count, across):
            yield slice(row, min(row + down, rows)), slice(column, min(column + across, count))


def _slide(ufunc: np.ufunc, values: _Cells, width: int, result: _Cells) -> _Cells:
    """The windows by the binary digits of their width: 60 cells are runs of 4, 8, 16 and 32."""
    count, offset, run, length = result.shape[1], 0, values, 1
    scratch = [np.empty_like(values), np.empty_like(values)] if width > 1 else []
    while True:
        if width & length:
            part = run[:, offset : offset + count]
            if offset:
                ufunc(result, part, out=result)
            else:
                result[...] = part
            offset += length
        if 2 * length > width:
            return result
        size = run.shape[1] - length
        scratch.reverse()
        run, length = ufunc(run[:, :size], run[:, length:], out=scratch[0][:, :size]), 2 * length


def held(on: Bools, off: Bools, before: Bools) -> Bools:
    """On or off, [rows, n], since the last sample that decided it; `before` [rows] where none has yet.

    No sample is both. Costs little more than reading them where most samples decide.
    """
    state = on.copy()
    undecided = np.flatnonzero(~(on | off))
    if not undecided.size or not state.size:
        return state
    length = on.shape[1]
    fresh = np.ones(undecided.size, dtype=np.bool_)
    fresh[1:] = np.diff(undecided) != 1
    fresh |= undecided % length == 0
    begins = np.flatnonzero(fresh)
    first = undecided[begins]
    flat = state.reshape(-1)
    carried = np.where(first % length == 0, before[first // length], flat[first - 1])
    flat[undecided] = np.repeat(carried, np.diff(begins, append=undecided.size))
    return state


def changes(states: Bytes, before: Bytes) -> tuple[Ints, Ints]:
    """Where a state differs from the one before it: rows and columns, by row.

    states: int8 [rows, n], n >= 1; before: int8 [rows], the states before the first column.
    """
    moved = np.empty(states.shape, dtype=np.bool_)
    np.not_equal(states[:, 0], before, out=moved[:, 0])
    np.not_equal(states[:, 1:], states[:, :-1], out=moved[:, 1:])
    rows, columns = np.divmod(np.flatnonzero(moved), states.shape[1])
    return rows, columns
