"""The alerts of one monitor as PromQL: critical, with its memory, the warning below it, and silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from dd_sync.promql.matchers import NotMatchable, label_name, matchers
from dd_sync.promql.writer import NotExpressible, metric_name, write
from dd_sync.query.nodes import Call, Metric, MetricAlert, Number
from dd_sync.query.tools import metrics_in
from dd_sync.timeframe import format_duration

# Datadog forgets a group that has been silent for so long.
_REMEMBERED = "24h"


@dataclass(frozen=True, slots=True)
class Levels:
    """A monitor's thresholds and what else of its options has a meaning here; `delay` in seconds."""

    warning: float | None = None
    critical_recovery: float | None = None
    warning_recovery: float | None = None
    delay: int = 0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Levels:
        thresholds = options.get("thresholds") or {}
        given = {name: thresholds.get(name) for name in ("warning", "critical_recovery", "warning_recovery")}
        return cls(
            **{name: None if value is None else float(value) for name, value in given.items()},
            delay=int(options.get("evaluation_delay") or 0),
        )


def critical(alert: MetricAlert, levels: Levels, name: str) -> str:
    """The groups that alert. name: of this alert, whose own state it asks where recovery has a level.

    Raises NotExpressible.
    """
    alert = _delayed(alert, levels)
    above = write(alert)
    if levels.critical_recovery is None:
        return above
    # Whoever fires already goes on until the recovery level is reached; ALERTS is Prometheus' own memory.
    kept = write(replace(alert, threshold=levels.critical_recovery))
    on = f"on ({', '.join(map(label_name, _keys(alert)))})"
    return f'({above}) or (({kept}) and {on} ALERTS{{alertname="{name}",alertstate="firing"}})'


def warning(alert: MetricAlert, levels: Levels, name: str) -> str | None:
    """The groups that warn and do not alert; None without a warning. name: of the critical alert."""
    if levels.warning is None:
        return None
    below = write(replace(_delayed(alert, levels), threshold=levels.warning))
    return f"({below}) unless ({critical(alert, levels, name)})"


def silence(alert: MetricAlert) -> str:
    """The groups that reported within a day and not within the window. Raises NotExpressible."""
    metrics = tuple(metrics_in(alert.expression))
    if len(metrics) != 1 or alert.aggregation.window.kind != "last":
        raise NotExpressible("silence is told of a single metric over a rolling window only")
    (metric,) = metrics
    try:
        chosen = f"{metric_name(metric)}{matchers(metric.scope, metric.by)}"
    except NotMatchable as reason:
        raise NotExpressible(str(reason)) from None
    by = f" by ({', '.join(map(label_name, metric.by))})" if metric.by else ""
    window = format_duration(alert.aggregation.window.length)
    known, now = (f"count{by} (count_over_time({chosen}[{span}]))" for span in (_REMEMBERED, window))
    return f"{known} unless {now}"


def is_silence(alert: MetricAlert) -> bool:
    """Whether the monitor is about silence itself: fewer points than one."""
    return (
        isinstance(alert.expression, Metric)
        and any(m.name == "rollup" and m.arguments[:1] == ("count",) for m in alert.expression.modifiers)
        and (alert.comparator, alert.threshold) == ("<", 1.0)
    )


def _keys(alert: MetricAlert) -> tuple[str, ...]:
    return next((metric.by for metric in metrics_in(alert.expression)), ())


def _delayed(alert: MetricAlert, levels: Levels) -> MetricAlert:
    """The alert as it would have been some seconds ago."""
    if not levels.delay:
        return alert
    back = Number(-timedelta(seconds=levels.delay).total_seconds())
    return replace(alert, expression=Call("timeshift", (alert.expression, back)))
