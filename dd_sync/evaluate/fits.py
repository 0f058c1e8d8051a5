"""Lines and steps fitted to the points of a window, float64 [groups, T, K]; a gap stays a gap."""

from __future__ import annotations

import numpy as np

from dd_sync.evaluate.series import Floats

_ROUNDS = 20
# Where Huber's loss turns from squares to absolute values, in standard deviations: the usual 95 % efficiency.
_TURN = 1.345
# A median absolute deviation times this estimates a standard deviation.
MAD_TO_SIGMA = 1.4826


def line(values: Floats, step: int) -> Floats:
    """The least-squares line at every point; a single point is its own line."""
    return _at_points(values, *coefficients(values, (~np.isnan(values)).astype(np.float64)))


def robust_line(values: Floats, step: int) -> Floats:
    """The line of Huber's regression, by repeated weighting of the points."""
    return _at_points(values, *robust_coefficients(values))


def coefficients(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Height at bucket 0 and rise per bucket, [groups, T], of the weighted least-squares line."""
    position = np.arange(values.shape[2], dtype=np.float64)
    points = np.where(weights > 0, np.nan_to_num(values), 0.0)
    total = weights.sum(axis=2)
    safe = np.where(total > 0, total, 1.0)
    middle, height = (weights * position).sum(axis=2) / safe, (weights * points).sum(axis=2) / safe
    from_middle = position - middle[:, :, None]
    spread = (weights * from_middle**2).sum(axis=2)
    product = (weights * from_middle * (points - height[:, :, None])).sum(axis=2)
    rise = np.divide(product, spread, out=np.zeros_like(spread), where=spread > 1e-12)
    return np.where(total > 0, height - rise * middle, np.nan), rise


def robust_coefficients(values: Floats) -> tuple[Floats, Floats]:
    """As coefficients(), with the weights of Huber's loss."""
    there = (~np.isnan(values)).astype(np.float64)
    start, rise = coefficients(values, there)
    for _ in range(_ROUNDS):
        off = np.abs(values - _line(values.shape[2], start, rise))
        scale = MAD_TO_SIGMA * _median(off)[:, :, None]
        with np.errstate(all="ignore"):
            weights = np.where(off <= _TURN * scale, 1.0, _TURN * scale / off)
        # With half of the points on one line the scale is 0, and nothing else counts.
        start, rise = coefficients(values, np.where(there > 0, np.nan_to_num(weights), 0.0))
    return start, rise


def _line(length: int, start: Floats, rise: Floats) -> Floats:
    return np.asarray(start[:, :, None] + rise[:, :, None] * np.arange(length))


def _at_points(values: Floats, start: Floats, rise: Floats) -> Floats:
    return np.where(np.isnan(values), np.nan, _line(values.shape[2], start, rise))


def _median(values: Floats) -> Floats:
    """Over the last axis, NaN where all are."""
    there = (~np.isnan(values)).sum(axis=-1)
    ordered = np.sort(values, axis=-1)
    low = np.take_along_axis(ordered, np.maximum((there - 1) // 2, 0)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(there // 2, values.shape[-1] - 1)[..., None], axis=-1)[
        ..., 0
    ]
    return np.where(there > 0, low + (high - low) / 2, np.nan)


median = _median


def steps(values: Floats, step: int) -> Floats:
    """The step function with the least squares plus 2 s^2 ln(n) for each step; s from neighbouring points.

    By dynamic programming over where the last step begins, so the best of all step functions is found.
    """
    there = ~np.isnan(values)
    points = np.nan_to_num(np.where(there, values - _median(values)[:, :, None], 0.0))
    count = _running(there.astype(np.float64))
    total, squares = _running(points), _running(points * points)
    noise = MAD_TO_SIGMA * _median(np.abs(np.diff(values, axis=2, append=np.nan))) / np.sqrt(2)
    penalty = 2 * np.nan_to_num(noise) ** 2 * np.log(np.maximum(count[:, :, -1], 1))
    least = np.zeros_like(count)
    begins = np.zeros(count.shape, dtype=np.int64)
    for end in range(1, count.shape[2]):
        number = count[:, :, end, None] - count[:, :, :end]
        height = total[:, :, end, None] - total[:, :, :end]
        error = squares[:, :, end, None] - squares[:, :, :end] - height**2 / np.maximum(number, 1)
        cost = least[:, :, :end] + np.maximum(error, 0.0) + penalty[:, :, None]
        begins[:, :, end] = np.argmin(cost, axis=2)
        least[:, :, end] = cost.min(axis=2)
    return np.where(there, _heights(values, begins), np.nan)


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros_like(values[:, :, :1]), np.cumsum(values, axis=2)], axis=2)


def _heights(values: Floats, begins: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    """The mean of each step's points, from the last step to the first."""
    result = np.empty_like(values)
    length = values.shape[2]
    end = np.full(values.shape[:2], length)
    position = np.arange(length)
    while (end > 0).any():
        start = np.take_along_axis(begins, end[:, :, None], axis=2)[:, :, 0]
        inside = (position >= start[:, :, None]) & (position < end[:, :, None])
        number = (inside & ~np.isnan(values)).sum(axis=2)
        height = np.where(inside, np.nan_to_num(values), 0.0).sum(axis=2) / np.maximum(number, 1)
        result = np.where(inside, height[:, :, None], result)
        end = np.where(end > 0, start, 0)
    return result
