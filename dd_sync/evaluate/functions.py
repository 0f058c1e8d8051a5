"""Datadog's metric functions, on values by bucket. What is not here is unsupported.

`values` is float64 [groups, T, K] along Datadog's buckets, NaN for a gap; results have the same shape.
`step` is a bucket's length in seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dd_sync.evaluate import fits
from dd_sync.evaluate.calls import calls_in, numbered, ranking, word
from dd_sync.evaluate.series import Bools, Floats, Ints
from dd_sync.query.nodes import Call, Expression

Function = Callable[..., Floats]


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


# --- of the points before, within the window -------------------------------------------------


def cumsum(values: Floats, step: int) -> Floats:
    """Running sum over the window; a gap stays a gap."""
    return np.where(np.isnan(values), np.nan, np.cumsum(np.nan_to_num(values), axis=2))


def integral(values: Floats, step: int) -> Floats:
    """Running sum of seconds times value, by trapezoids between neighbouring points; 0 at the first."""
    past, seconds = _previous(values, step)
    area = np.where(np.isnan(past), 0.0, (values + past) / 2 * seconds)
    return np.where(np.isnan(values), np.nan, np.cumsum(np.nan_to_num(area), axis=2))


def throughput(values: Floats, step: int) -> Floats:
    return values / step


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
# Those whose name ends in a number, and the numbers.
NUMBERED: dict[str, tuple[int, ...]] = {"ewma": (3, 5, 7, 10, 20), "median": (3, 5, 7, 9)}

# Of the whole window, which takes no further argument.
WINDOWED: dict[str, Function] = {
    "cumsum": cumsum,
    "integral": integral,
    "throughput": throughput,
    "trend_line": fits.line,
    "robust_trend": fits.robust_line,
    "piecewise_constant": fits.steps,
}

# Applied to each series before they are put together; the factor to the per-second slope, None for the
# plain difference.
DIFFERENCES: dict[str, float | None] = {
    "diff": None,
    "monotonic_diff": None,
    "derivative": 1.0,
    "per_second": 1.0,
    "per_minute": 60.0,
    "per_hour": 3600.0,
}


def difference(values: Floats, step: int, name: str) -> Floats:
    """Change against the bucket with data before, as one of DIFFERENCES; the first one has none."""
    factor = DIFFERENCES[name]
    past, seconds = _previous(values, step)
    rise = values - past
    if name == "monotonic_diff":
        return np.where(rise < 0, np.nan, rise)
    return rise if factor is None else np.asarray(rise * factor / seconds)


def _previous(values: Floats, step: int) -> tuple[Floats, Floats]:
    """The bucket with data before each, NaN where there is none, and how many seconds ago it was."""
    before = _latest(~np.isnan(values))
    past = np.take_along_axis(values, np.maximum(before, 0), axis=2)
    seconds = step * (np.arange(values.shape[2]) - before)
    return np.where(before >= 0, past, np.nan), seconds.astype(np.float64)


def _latest(there: Bools) -> Ints:
    """The index of the last bucket with data strictly before each, -1 where there is none."""
    latest = np.maximum.accumulate(np.where(there, np.arange(there.shape[-1]), -1), axis=-1)
    return np.concatenate([np.full_like(latest[..., :1], -1), latest[..., :-1]], axis=-1)


# --- of all groups ---------------------------------------------------------------------------


def _seconds_between(values: Floats, step: int) -> Floats:
    """Seconds since the bucket before in which any group had data; none at the first."""
    there: Bools = np.asarray((~np.isnan(values)).any(axis=0))
    before = _latest(there)
    return np.where(there & (before >= 0), step * (np.arange(there.shape[-1]) - before), np.nan)


def _not_null(values: Floats, step: int) -> Floats:
    there = ~np.isnan(values)
    return np.where(there.any(axis=0), there.sum(axis=0), np.nan)


def _nonzero(values: Floats, step: int) -> Floats:
    there = ~np.isnan(values)
    return np.where(there.any(axis=0), (there & (values != 0)).sum(axis=0), np.nan)


# All groups into one that is not grouped: [groups, T, K] -> [T, K].
COUNTS: dict[str, Function] = {"count_not_null": _not_null, "count_nonzero": _nonzero, "dt": _seconds_between}


def top(values: Floats, step: int, number: int, by: str, largest: bool) -> Floats:
    """The groups that rank among the first `number` over their window; of equal ones the first in order."""
    with np.errstate(all="ignore"):
        score = _SCORES[by](values, step)
    keyed = np.where(np.isnan(score), np.inf, -score if largest else score)
    place = np.argsort(np.argsort(keyed, axis=0, kind="stable"), axis=0, kind="stable")
    return np.where((place < number)[:, :, None], values, np.nan)


def _sum(values: Floats, step: int) -> Floats:
    return np.where(np.isnan(values).all(axis=2), np.nan, np.nansum(values, axis=2))


def _mean(values: Floats, step: int) -> Floats:
    return np.asarray(_sum(values, step) / np.maximum((~np.isnan(values)).sum(axis=2), 1))


def _last(values: Floats, step: int) -> Floats:
    there = ~np.isnan(values)
    at = values.shape[2] - 1 - np.argmax(there[:, :, ::-1], axis=2)
    return np.asarray(np.take_along_axis(values, at[:, :, None], axis=2)[:, :, 0])


_SCORES: dict[str, Function] = {
    "mean": _mean,
    "sum": _sum,
    "max": lambda values, step: np.fmax.reduce(values, axis=2),
    "min": lambda values, step: np.fmin.reduce(values, axis=2),
    "last": _last,
    "l2norm": lambda values, step: np.sqrt(_sum(values * values, step)),
    "area": lambda values, step: _sum(values, step) * step,
}


def is_zero_of_zeros(call: Call) -> bool:
    """Whether it is 0 where its argument is 0 all the time."""
    if call.name == "moving_rollup":
        return word(call.arguments[2]) != "count"
    return (
        call.name in DIFFERENCES
        or call.name in WINDOWED
        or call.name == "count_nonzero"
        or numbered(call.name, NUMBERED) is not None
        or ranking(call) is not None
    )


def crosses_groups(expression: Expression) -> bool:
    """Whether what one group comes to depends on the others."""
    return any(call.name in COUNTS or ranking(call) is not None for call in calls_in(expression))
