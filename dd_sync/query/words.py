"""Names of the metric query language, and the nearest one to a name that is not of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dd_sync.text import nearest

TIME_AGGREGATORS = ("avg", "sum", "min", "max", "last")
CHANGES = ("change", "pct_change")
SPACE_AGGREGATORS = ("avg", "sum", "min", "max", "count", "last")
ROLLUPS = ("count", "cardinality", "avg", "sum", "min", "max", "median", "pc75", "pc90", "pc95", "pc99")
SOURCES = (
    "logs",
    "events",
    "rum",
    "audits",
    "trace-analytics",
    "ci-pipelines",
    "ci-tests",
    "error-tracking",
    "error-tracking-rum",
    "error-tracking-logs",
    "error-tracking-traces",
    "database-monitoring",
    "network-performance",
    "network-path",
    "llm-observability",
)
MODIFIERS = ("as_count", "as_rate", "rollup", "fill", "weighted")
# fmt: off
_FUNCTIONS = (
    "abs", "log2", "log10", "cumsum", "integral", "diff", "monotonic_diff", "derivative", "dt",
    "per_second", "per_minute", "per_hour", "throughput", "rollup", "moving_rollup",
    "trend_line", "robust_trend", "piecewise_constant", "autosmooth", "ewma_3", "ewma_5",
    "ewma_7", "ewma_10", "ewma_20", "median_3", "median_5", "median_7", "median_9", "anomalies",
    "outliers", "forecast", "top", "default", "count_nonzero", "count_not_null", "exclude_null",
    "default_zero", "clamp_min", "clamp_max", "cutoff_min", "cutoff_max", "timeshift",
    "calendar_shift", "hour_before", "day_before", "week_before", "month_before", "min", "max",
    "avg", "sum", "minimum", "maximum", "stddev", "percentile", "failed_runs",
)
# fmt: on
FUNCTIONS = frozenset(_FUNCTIONS) | {
    f"{end}{number}{ranking}"
    for end in ("top", "bottom")
    for number in (5, 10, 15, 20)
    for ranking in ("", "_max", "_mean", "_min", "_last", "_area", "_l2norm", "_norm", "_sum")
}

_PERCENTILE = re.compile(r"p\d{1,2}(\.\d+)?\Z")


_ROLLUP_PERCENTILE = re.compile(r"pc?\d{1,2}(\.\d+)?\Z")


def is_rollup(word: str) -> bool:
    """Whether events can be rolled up by this method."""
    return word in ROLLUPS or word == "latest" or _ROLLUP_PERCENTILE.match(word) is not None


def is_time_aggregator(word: str) -> bool:
    # `percentile` and p95 are only for distribution metrics, so no error suggests them.
    return word in TIME_AGGREGATORS or word == "percentile" or _PERCENTILE.match(word) is not None


def is_space_aggregator(word: str) -> bool:
    return word in SPACE_AGGREGATORS or _PERCENTILE.match(word) is not None


def suggestion(word: str, known: Iterable[str]) -> str:
    """What to write instead of `word`: the nearest name, or all of them."""
    names = list(known)
    near = nearest(word, names)
    if near:
        return f"did you mean {near}?"
    return f"use {' or '.join(filter(None, (', '.join(names[:-1]), names[-1])))}"
