"""Bands of what is usual, and what lies outside: anomalies, outliers and forecasts as approximations.

Values are float64 [groups, N] by bucket unless said otherwise, NaN for a gap.
"""

from __future__ import annotations

import numpy as np

from dd_sync.evaluate.fits import MAD_TO_SIGMA, coefficients, median, robust_coefficients
from dd_sync.evaluate.kernel import rolling
from dd_sync.evaluate.series import Bools, Floats, Ints

# The range between the quartiles of a normal distribution, in standard deviations.
_QUARTILES = 1.349
_FEWEST = 5
MOST_SEASONS = 6
# How often in a season its spread is worked out.
SPREADS = 24
# Differences as small as this share of a value come from rounding.
_ROUNDING = 1e-9
# Of the usual value: peers that lie this close together are one, with the scaled outlier algorithms.
_SCALED = 0.05


def anomalous(values: Floats, expected: Floats, sigma: Floats, bound: float, direction: str) -> Floats:
    """1 outside the band, 0 inside or where there is no band yet, NaN for a gap."""
    margin = bound * sigma + _ROUNDING * np.abs(expected)
    above, below = values > expected + margin, values < expected - margin
    outside = {"above": above, "below": below, "both": above | below}[direction]
    return np.where(np.isnan(values), np.nan, outside.astype(np.float64))


def lagging(values: Floats, width: int) -> tuple[Floats, Floats]:
    """Basic: the median and spread of the quartiles of the `width` buckets before each."""
    padded = np.concatenate([np.full((len(values), width), np.nan), values[:, :-1]], axis=1)
    ordered = np.empty_like(values), np.empty_like(values), np.empty_like(values)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
    size = max(1, 2_000_000 // (width * max(len(values), 1)))
    for at in range(0, values.shape[1], size):
        part = np.sort(windows[:, at : at + size], axis=2)
        number = (~np.isnan(part)).sum(axis=2)
        for share, target in zip((0.25, 0.5, 0.75), ordered, strict=True):
            place = np.maximum(number - 1, 0) * share
            target[:, at : at + size] = _between(part, place, number >= _FEWEST)
    return ordered[1], (ordered[2] - ordered[0]) / _QUARTILES


def _between(ordered: Floats, place: Floats, enough: Bools) -> Floats:
    low = np.floor(place).astype(np.int64)
    high = np.ceil(place).astype(np.int64)
    below, above = (np.take_along_axis(ordered, at[:, :, None], axis=2)[:, :, 0] for at in (low, high))
    return np.where(enough, below + (above - below) * (place - low), np.nan)


def agile(values: Floats, season: int, recent: int, first: int) -> tuple[Floats, Floats]:
    """Agile: a season ago, moved by how far the `recent` buckets before were off theirs."""
    ago = _earlier(values, season)
    off = values - ago
    shift = _earlier(_trailing_mean(off, recent), 1)
    expected = ago + np.nan_to_num(shift)
    return expected, _spread(values - expected, season, first)


def robust(values: Floats, season: int, first: int) -> tuple[Floats, Floats]:
    """Robust: the median of the same time in up to six seasons, at least two of them."""
    seasons = np.stack([_earlier(values, season * number) for number in range(1, MOST_SEASONS + 1)], axis=2)
    expected = np.where((~np.isnan(seasons)).sum(axis=2) >= 2, median(seasons), np.nan)
    return expected, _spread(values - expected, season, first)


def _earlier(values: Floats, by: int) -> Floats:
    """Each bucket's value `by` buckets earlier."""
    if by >= values.shape[1]:
        return np.full_like(values, np.nan)
    return np.concatenate([np.full((len(values), by), np.nan), values[:, : values.shape[1] - by]], axis=1)


def _trailing_mean(values: Floats, width: int) -> Floats:
    padded = np.concatenate([np.full((len(values), width - 1), np.nan), values], axis=1)
    number = rolling((~np.isnan(padded)).astype(np.float64), width, "sum")
    return np.asarray(rolling(padded, width, "sum") / np.maximum(number, 1))


def _spread(off: Floats, season: int, first: int) -> Floats:
    """The deviation of what a season before was off, worked out anew SPREADS times a season.

    first: the number of the first bucket since the epoch, so that it does not matter where the data begins.
    """
    every = max(1, season // SPREADS)
    result = np.full_like(off, np.nan)
    for block in range(first // every, (first + off.shape[1]) // every + 1):
        begin = block * every - first
        before = off[:, max(0, begin - season) : max(0, begin)]
        enough = (~np.isnan(before)).sum(axis=1) >= _FEWEST
        if enough.any():
            sigma = MAD_TO_SIGMA * median(np.abs(before))
            result[:, max(0, begin) : begin + every] = np.where(enough, sigma, np.nan)[:, None]
    return result


# --- outliers: float64 [groups, T, K] ---------------------------------------------------------


def outlying(values: Floats, method: str, tolerance: float, share: float) -> Floats:
    """1 for a group that is an outlier of its window, 0 for another, NaN without data: [groups, T]."""
    there = ~np.isnan(values)
    usual = median(np.moveaxis(values, 0, 2))[None]
    off = np.abs(values - usual)
    scaled = method.startswith("scaled")
    if method.endswith("mad"):
        found = _by_points(off, usual, tolerance, share, scaled)
    else:
        found = _by_clusters(values, usual, tolerance, scaled)
    members = there.any(axis=2).sum(axis=0) >= 3
    return np.where(there.any(axis=2), (found & members).astype(np.float64), np.nan)


def _by_points(off: Floats, usual: Floats, tolerance: float, share: float, scaled: bool) -> Bools:
    groups, times, buckets = off.shape
    unit = median(np.moveaxis(off, 0, 1).reshape(times, groups * buckets))[None, :, None]
    if scaled:
        unit = np.maximum(unit, _SCALED * np.abs(usual))
    number = np.maximum((~np.isnan(off)).sum(axis=2), 1)
    return np.asarray((off > tolerance * unit + _ROUNDING * np.abs(usual)).sum(axis=2) * 100 > share * number)


def _by_clusters(values: Floats, usual: Floats, tolerance: float, scaled: bool) -> Bools:
    """Groups that are near each other are of one cluster; those outside the largest are outliers."""
    # A missing bucket is taken for the usual one: it neither parts nor joins.
    points = np.nan_to_num(np.where(np.isnan(values), usual, values))
    distance = np.sqrt(((points - np.nan_to_num(usual)) ** 2).sum(axis=2))
    # A group that is not there has no place, not the usual one.
    there: Bools = np.asarray(~np.isnan(values).all(axis=2))
    unit = np.nan_to_num(median(np.where(there, distance, np.nan).T))
    size = np.sqrt((np.nan_to_num(usual[0]) ** 2).sum(axis=1))
    if scaled:
        unit = np.maximum(unit, _SCALED * size)
    found = np.zeros(distance.shape, dtype=np.bool_)
    for time in range(values.shape[1]):
        near = tolerance * unit[time] + _ROUNDING * size[time]
        found[:, time] = _apart(points[:, time], near, there[:, time])
    return found


def _apart(points: Floats, near: float, there: Bools) -> Bools:
    """Which of some points [groups, K] are not of the largest cluster; of equal ones the first counts."""
    squares = (points**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * points @ points.T
    joined = (apart <= near**2 + _ROUNDING * (squares[:, None] + squares)) & there[:, None] & there
    label = np.arange(len(points))
    while True:
        least = np.where(joined, label, len(points)).min(axis=1, initial=len(points))
        moved = np.minimum(label, least)
        if (moved == label).all():
            break
        label = moved
    counts = np.bincount(label[there], minlength=len(points))
    return np.asarray(there & (label != np.argmax(counts)))


# --- forecasts: float64 [groups, T, K], the last bucket before the present -------------------------


def trend(values: Floats, model: str, ahead: int, bound: float, upper: bool) -> Floats:
    """The farthest edge of a line's band within the next `ahead` buckets: [groups, T]."""
    if model == "simple":
        start, rise = coefficients(values, (~np.isnan(values)).astype(np.float64))
    elif model == "reactive":
        # Half of a point's weight is gone an eighth of the history later.
        age = np.arange(values.shape[2])[::-1]
        start, rise = coefficients(values, ~np.isnan(values) * 0.5 ** (age / (values.shape[2] / 8)))
    else:
        start, rise = robust_coefficients(values)
    length = values.shape[2]
    line = start[:, :, None] + rise[:, :, None] * np.arange(length)
    sigma = MAD_TO_SIGMA * median(np.abs(values - line))
    ends = np.stack([start + rise * at for at in (length, length + ahead - 1)])
    enough = (~np.isnan(values)).sum(axis=2) >= _FEWEST
    edge = ends.max(axis=0) + bound * sigma if upper else ends.min(axis=0) - bound * sigma
    return np.where(enough, edge, np.nan)


def repeated(values: Floats, season: int, ahead: int, bound: float, upper: bool) -> Floats:
    """The farthest edge of the band around the usual season: [groups, T]. K is a multiple of season."""
    groups, times, length = values.shape
    seasons = values.reshape(groups, times, length // season, season)
    usual = median(np.moveaxis(seasons, 2, 3))
    usual = np.where((~np.isnan(seasons)).sum(axis=2) >= 2, usual, np.nan)
    sigma = MAD_TO_SIGMA * median(np.abs(seasons - usual[:, :, None]).reshape(groups, times, length))
    coming = usual[:, :, : min(season, ahead)]
    if upper:
        return np.asarray(np.fmax.reduce(coming, axis=2) + bound * sigma, dtype=np.float64)
    return np.asarray(np.fmin.reduce(coming, axis=2) - bound * sigma, dtype=np.float64)


def shares(flags: Floats, starts: Ints, ends: Ints) -> Floats:
    """The share of 1s among the known flags from each of starts up to ends, not included: [groups, T]."""
    known = ~np.isnan(flags)
    number, hits = (_sums(part.astype(np.float64)) for part in (known, np.nan_to_num(flags)))
    there = number[:, ends] - number[:, starts]
    result: Floats = np.full(there.shape, np.nan)
    np.divide(hits[:, ends] - hits[:, starts], there, out=result, where=there > 0)
    return result


def _sums(values: Floats) -> Floats:
    """Whole numbers, so a running sum is exact."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
