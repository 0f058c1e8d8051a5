"""How far a bucket is from what is usual: z-scores and EWMA deviations, exactly as docs/worker.md has them.

Each window is summed by itself, in two passes: what has left a window leaves no rounding error behind, and a
value does not depend on which others are asked for. Memory is bounded, whatever the length of the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dd_sync.evaluate.series import Floats, Ints
from dd_sync.model.derivation import Derivation

# Over fewer buckets with data a deviation says nothing.
FEWEST = 5
# A spread so small beside the values themselves is rounding.
_FLAT = 1e-12
# Numbers of windows that are looked at together.
_AT_ONCE = 1_000_000

# The windows [rows, columns, window], NaN where there is no data, and the buckets that they are the past of.
_Measure = Callable[[Floats, Floats], Floats]


def zscore(values: Floats, window: int, since: Ints | None = None) -> Floats:
    """Standard deviations of each bucket above the mean of the `window` buckets before it.

    values: float64 [groups, buckets], NaN for none; window: buckets, >= 1, the judged one not among them.
    since: int64 [groups, buckets], the first bucket that counts for each; None where all do. The deviation is
    the population's.
    Returns float64 [groups, buckets - window], from the first bucket with a whole window before it. NaN where
    the bucket has no value, or the window fewer than 5, or these no spread.
    """
    return _judged(values, window, since, lambda past, now: _over(now - _mean(past), _spread(past)))


def ewma_deviation(
    values: Floats, window: int, alpha: float, *, percent: bool = False, since: Ints | None = None
) -> Floats:
    """As zscore, from the exponentially weighted mean of the window; with `percent`, in per cent of it.

    alpha: weight of the newest bucket, 0 < alpha < 1. The mean begins as the window's first value and leaves
    out buckets without one. A mean of 0 gives no percentage.
    """

    def measure(past: Floats, now: Floats) -> Floats:
        usual = _weighted(past, alpha)
        if not percent:
            return _over(now - usual, _spread(past))
        known = _count(past) >= FEWEST
        return _over(100.0 * (now - usual), np.where(known & (usual != 0), np.abs(usual), np.nan))

    return _judged(values, window, since, measure)


def zeros_after_first(values: Floats, window: int) -> tuple[Floats, Ints]:
    """Counts with 0 where nothing was counted, and for each bucket where its group is known from.

    That is its first point among the two windows up to the bucket: before it nobody knows whether there was
    nothing to count or nobody who counted. values: float64 [groups, buckets].
    Returns float64 [groups, buckets], and int64 [groups, buckets], > the bucket itself where it is unknown.
    """
    count = values.shape[1]
    at = np.where(np.isnan(values), count, np.arange(count))
    following = np.minimum.accumulate(at[:, ::-1], axis=1)[:, ::-1]
    first = np.maximum(0, np.arange(count) - 2 * window)
    return np.nan_to_num(values, nan=0.0), following[:, first].astype(np.int64)


def reach(*, counts: bool, window: int) -> int:
    """How many buckets before the first that is judged have to be read."""
    return 2 * window if counts else window


def derived(derivation: Derivation, values: Floats, *, counts: bool, skip: int) -> Floats:
    """What `derivation` says of each bucket from the `skip`-th on: float64 [groups, buckets - skip].

    values: float64 [groups, buckets] of its query, NaN for none. skip: at least its window, and as many as
    `reach` says for a value that does not depend on how far back was read. Finite, or NaN for no point.
    """
    window = int(derivation.window / derivation.bucket)
    since = None
    if counts:
        values, since = zeros_after_first(values, window)
    if derivation.alpha is None:
        found = zscore(values, window, since)
    else:
        percent = derivation.measure == "percent"
        found = ewma_deviation(values, window, derivation.alpha, percent=percent, since=since)
    return found[:, skip - window :]


def _judged(values: Floats, window: int, since: Ints | None, measure: _Measure) -> Floats:
    groups, count = values.shape[0], max(0, values.shape[1] - window)
    result = np.full((groups, count), np.nan)
    if not count or not groups:
        return result
    windows = sliding_window_view(values, window, axis=1)
    # A result too large for a number is no value.
    with np.errstate(over="ignore", invalid="ignore"):
        for rows, columns in _tiles(groups, count, window):
            past = windows[rows, columns]
            now = values[rows, columns.start + window : columns.stop + window]
            if since is not None:
                judged = np.arange(columns.start, columns.stop) + window
                known = since[rows, columns.start + window : columns.stop + window]
                before = np.arange(window) + (judged - window)[:, None]
                past = np.where(before >= known[:, :, None], past, np.nan)
                now = np.where(judged >= known, now, np.nan)
            found = measure(past, now)
            result[rows, columns] = np.where(np.isfinite(found), found, np.nan)
    return result


def _tiles(groups: int, count: int, window: int) -> Iterator[tuple[slice, slice]]:
    across = min(count, max(1, _AT_ONCE // window))
    down = max(1, _AT_ONCE // (window * across))
    for row in range(0, groups, down):
        for column in range(0, count, across):
            yield slice(row, min(row + down, groups)), slice(column, min(column + across, count))


def _count(past: Floats) -> Ints:
    return np.asarray((~np.isnan(past)).sum(axis=2), dtype=np.int64)


def _mean(past: Floats) -> Floats:
    return np.asarray(np.nansum(past, axis=2) / np.maximum(_count(past), 1))


def _spread(past: Floats) -> Floats:
    """The population's standard deviation; NaN over too few, and where there is none."""
    number = _count(past)
    from_mean = past - _mean(past)[:, :, None]
    # Scaled, so that the squares of large numbers are numbers too.
    scale = np.fmax.reduce(np.abs(from_mean), axis=2, initial=0.0)
    shares = from_mean / np.where(scale > 0, scale, 1.0)[:, :, None]
    spread = scale * np.sqrt(np.nansum(shares * shares, axis=2) / np.maximum(number, 1))
    largest = np.fmax.reduce(np.abs(past), axis=2, initial=0.0)
    return np.where((number >= FEWEST) & (spread > _FLAT * largest), spread, np.nan)


def _weighted(past: Floats, alpha: float) -> Floats:
    mean = past[:, :, 0]
    for column in range(1, past.shape[2]):
        value = past[:, :, column]
        moved = np.where(np.isnan(mean), value, mean + alpha * (value - mean))
        mean = np.where(np.isnan(value), mean, moved)
    return mean


def _over(distance: Floats, unit: Floats) -> Floats:
    return np.divide(distance, unit, out=np.full_like(distance, np.nan), where=unit > 0)
