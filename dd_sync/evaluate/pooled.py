"""Percentiles of distributions: of all points of a group at once, over time and space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dd_sync.evaluate.aggregate import Frame
from dd_sync.evaluate.series import Floats, Series


def percentiles(rows: Sequence[Series], frame: Frame, shift: int, rank: float) -> Floats:
    """Per row and bucket the point at that rank, `shift` seconds later than it was: float64 [rows, T, K].

    rank: 0 to 100. As Datadog's sketches count: the point before which that share of the others lies, never
    one between two points. NaN where a bucket is empty.
    """
    result = np.full((len(rows), *frame.first.shape), np.nan)
    for row, series in enumerate(rows):
        first = np.searchsorted(series.times + shift, frame.first)
        last = np.searchsorted(series.times + shift, frame.last)
        pairs = np.stack([first.ravel(), last.ravel()], axis=1)
        # Neighbouring evaluations share most of their buckets.
        spans, back = np.unique(pairs, axis=0, return_inverse=True)
        found = np.array([_at_rank(series.values[a:b], rank) for a, b in spans])
        result[row] = found[back.reshape(-1)].reshape(frame.first.shape)
    return result


def _at_rank(points: Floats, rank: float) -> float:
    if not points.size:
        return np.nan
    at = int(rank / 100 * (points.size - 1))
    return float(np.partition(points, at)[at])
