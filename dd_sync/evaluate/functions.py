"""Datadog's metric functions, on values by bucket. What is not here is unsupported.

`values` is float64 [groups, T, K] along Datadog's buckets, NaN for a gap; results have the same shape.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dd_sync.evaluate.series import Floats

Function = Callable[..., Floats]

# Seconds by which each looks back.
SHIFTS = {"hour_before": 3600, "day_before": 86400, "week_before": 604800, "month_before": 28 * 86400}


def _log(base: Callable[..., Floats]) -> Function:
    def log(values: Floats) -> Floats:
        return base(values, out=np.full_like(values, np.nan), where=values > 0)

    return log


def _cutoff_min(values: Floats, bound: float) -> Floats:
    return np.where(values < bound, np.nan, values)


def _cutoff_max(values: Floats, bound: float) -> Floats:
    return np.where(values > bound, np.nan, values)


def _same(values: Floats) -> Floats:
    return values


# Per point, so that they mean the same before and after an aggregation in time; name -> numbers they take.
POINTWISE: dict[str, tuple[int, Function]] = {
    "abs": (0, np.abs),
    "log2": (0, _log(np.log2)),
    "log10": (0, _log(np.log10)),
    "clamp_min": (1, np.maximum),
    "clamp_max": (1, np.minimum),
    "cutoff_min": (1, _cutoff_min),
    "cutoff_max": (1, _cutoff_max),
    # Monitors leave out series without a grouping tag in any case.
    "exclude_null": (0, _same),
}

# Two queries, bucket by bucket.
PAIRWISE: dict[str, Function] = {
    "min": np.minimum,
    "max": np.maximum,
    "minimum": np.minimum,
    "maximum": np.maximum,
}


def cumsum(values: Floats) -> Floats:
    """Running sum over the window; a gap stays a gap."""
    return np.where(np.isnan(values), np.nan, np.cumsum(np.nan_to_num(values), axis=2))


def ewma(values: Floats, span: int) -> Floats:
    """Exponentially weighted mean with weight 2 / (span + 1), from the first point; gaps are skipped over."""
    weight = 2 / (span + 1)
    result = np.full_like(values, np.nan)
    mean = np.full(values.shape[:2], np.nan)
    for bucket in range(values.shape[2]):
        point = values[:, :, bucket]
        moved = np.where(np.isnan(mean), point, mean + weight * (point - mean))
        mean = np.where(np.isnan(point), mean, moved)
        result[:, :, bucket] = np.where(np.isnan(point), np.nan, mean)
    return result


def median(values: Floats, length: int) -> Floats:
    """Median of the last `length` buckets, fewer at the start; gaps are left out, and stay gaps."""
    return _trailing(values, length, _median)


def moving_rollup(values: Floats, length: int, method: str) -> Floats:
    """The method over the last `length` buckets, this one included; an empty bucket stays empty."""
    return _trailing(values, length, _MOVING[method])


def _trailing(values: Floats, length: int, reduce: Callable[[Floats], Floats]) -> Floats:
    result = np.full_like(values, np.nan)
    for bucket in range(values.shape[2]):
        span = values[:, :, max(0, bucket - length + 1) : bucket + 1]
        there = ~np.isnan(values[:, :, bucket])
        if there.any():
            result[:, :, bucket][there] = reduce(span[there])
    return result


def _median(span: Floats) -> Floats:
    return np.asarray(np.nanmedian(span, axis=1))


_MOVING: dict[str, Callable[[Floats], Floats]] = {
    "avg": lambda span: np.asarray(np.nanmean(span, axis=1)),
    "sum": lambda span: np.asarray(np.nansum(span, axis=1)),
    "min": lambda span: np.asarray(np.nanmin(span, axis=1)),
    "max": lambda span: np.asarray(np.nanmax(span, axis=1)),
    "count": lambda span: np.asarray((~np.isnan(span)).sum(axis=1), dtype=np.float64),
}
MOVING_METHODS = tuple(_MOVING)
EWMA_SPANS = (3, 5, 7, 10, 20)
MEDIAN_LENGTHS = (3, 5, 7, 9)

# Applied to each series before they are put together; the factor to the per-second slope, None for the
# plain difference.
DIFFERENCES: dict[str, float | None] = {
    "diff": None,
    "derivative": 1.0,
    "per_second": 1.0,
    "per_minute": 60.0,
    "per_hour": 3600.0,
}


def difference(values: Floats, step: int, name: str) -> Floats:
    """Change against the bucket with data before, as one of DIFFERENCES; the first one has none."""
    factor = DIFFERENCES[name]
    index = np.where(np.isnan(values), -1, np.arange(values.shape[2]))
    latest = np.maximum.accumulate(index, axis=2)
    before = np.concatenate([np.full_like(latest[:, :, :1], -1), latest[:, :, :-1]], axis=2)
    past = np.take_along_axis(values, np.maximum(before, 0), axis=2)
    rise = np.where(before >= 0, values - past, np.nan)
    if factor is None:
        return rise
    seconds = step * (np.arange(values.shape[2]) - before)
    return np.asarray(rise * factor / np.maximum(seconds, step))


# How many groups there are with data, or with data other than 0; the result is not grouped.
COUNTS: dict[str, Callable[[Floats], Floats]] = {
    "count_not_null": lambda values: np.asarray((~np.isnan(values)).sum(axis=0), dtype=np.float64),
    "count_nonzero": lambda values: np.asarray((np.nan_to_num(values) != 0).sum(axis=0), dtype=np.float64),
}
