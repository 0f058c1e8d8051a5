"""A metric's buckets in PromQL: what the worker reads, as close to Datadog's as there is."""

from __future__ import annotations

from datetime import timedelta

from dd_sync.promql.matchers import NotMatchable, label_name, matchers
from dd_sync.promql.writer import NotExpressible, metric_name
from dd_sync.query.canonical import render_expression
from dd_sync.query.nodes import Metric
from dd_sync.timeframe import format_duration


def bucket(metric: Metric, length: timedelta) -> str:
    """The value of the bucket that ends at the time of evaluation: a count's increase, a gauge's average.

    metric: without a rollup. Raises NotExpressible where its scope or aggregation has no counterpart.
    """
    if metric.aggregation not in ("sum", "avg", "min", "max"):
        raise NotExpressible(f"{render_expression(metric)} has no counterpart")
    try:
        chosen = matchers(metric.scope, metric.by)
    except NotMatchable as reason:
        raise NotExpressible(str(reason)) from None
    by = f" by ({', '.join(map(label_name, metric.by))})" if metric.by else ""
    function = "increase" if metric.has("as_count") else "avg_over_time"
    return f"{metric.aggregation}{by} ({function}({metric_name(metric)}{chosen}[{format_duration(length)}]))"
