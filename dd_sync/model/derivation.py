"""A gauge that Datadog has no function for, so that it is computed outside and sent in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

ZSCORE = "dd_sync.zscore"
EWMA_DEVIATION = "dd_sync.ewma_deviation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """What the worker computes for one monitor, and under which name and tags it sends it.

    key, catalog: of the monitor, sent as tags beside the groups'. query: a metric query in Datadog's
    language, with its grouping keys `by`, read in buckets. gauge: the metric sent. window: how far back the
    usual level reaches before the bucket that is judged, a whole number of buckets; that one is not in it.
    alpha: the weight of the newest bucket in the mean, above 0 and below 1, None for the plain mean.
    measure: `deviations`, in standard deviations of the window, or `percent` of the mean.
    """

    key: str
    catalog: str
    query: str
    by: tuple[str, ...]
    gauge: str
    bucket: timedelta
    window: timedelta
    alpha: float | None = None
    measure: Literal["deviations", "percent"] = "deviations"
