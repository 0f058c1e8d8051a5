"""The rule of a metric monitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dd_sync.evaluate.aggregate import OUTER, default_step
from dd_sync.evaluate.combine import value_when_empty
from dd_sync.evaluate.functions import SHIFTS
from dd_sync.evaluate.rule import Missing, Rule, Thresholds, read_missing, read_rule, read_thresholds, whole
from dd_sync.evaluate.support import Support, has_arithmetic, reading_of
from dd_sync.evaluate.unsupported import unsupported
from dd_sync.model.monitor import Monitor
from dd_sync.query.nodes import Binary, Call, Expression, Metric, MetricAlert, Negative
from dd_sync.query.parser import parse as parse_query
from dd_sync.query.tools import metrics_in

_OPTIONS = frozenset(("evaluation_delay",))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MetricRule(Rule):
    """A metric monitor ready to be evaluated. All times are in seconds.

    step: the rollup where the query names none. check: the length of the pieces a full window is made of,
    None where one point suffices. split: whether operands are aggregated over time before the arithmetic.
    """

    thresholds: Thresholds
    alert: MetricAlert
    step: int
    check: int | None
    split: bool
    steps: tuple[int, ...]


def compile_metric(key: str, monitor: Monitor, monitor_id: int) -> MetricRule:
    """Raises QueryError, TemplateError and Unsupported; places are relative to the query or the message."""
    alert = parse_query(monitor.query)
    options = monitor.options
    window = _window(monitor.query, alert)
    split = _split(alert)
    keys = Support(monitor.query, split=split).keys(alert.expression)
    if keys is None:
        raise unsupported(monitor.query, alert.expression, "a query without a metric is not evaluated here")
    basis = read_rule(key, monitor, monitor_id, keys, window=window, also=_OPTIONS)
    step = default_step(window)
    basis = replace(
        basis,
        delay=whole(options, "evaluation_delay") or 0,
        thresholds=read_thresholds(alert.comparator, alert.threshold, options),
        missing=_missing(alert, options),
        empty=value_when_empty(alert.expression),
        notes=_notes(alert, step, window),
    )
    return MetricRule(
        **basis.shared(),
        alert=alert,
        step=step,
        check=_check(alert) if options.get("require_full_window") else None,
        split=split,
        steps=_steps(monitor.query, alert, step, split),
    )


def _window(text: str, alert: MetricAlert) -> int:
    aggregation = alert.aggregation
    if aggregation.method not in OUTER:
        raise unsupported(
            text, aggregation, f"the time aggregation '{aggregation.method}' is not evaluated here"
        )
    if aggregation.window.kind != "last":
        raise unsupported(text, aggregation.window, "only rolling windows such as last_1h are evaluated here")
    if aggregation.change is not None and aggregation.change.shift.kind != "last":
        raise unsupported(text, aggregation.change.shift, "this shift is not evaluated here")
    if alert.threshold is None:
        raise unsupported(text, alert, "a threshold that is a query of its own is not evaluated here")
    return int(aggregation.window.length.total_seconds())


def _inner(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Binary(left=left, right=right):
            return (left, right)
        case Negative(item=item):
            return (item,)
        case Call(arguments=arguments):
            return arguments
    return ()


def _split(alert: MetricAlert) -> bool:
    """Arithmetic with a count in it is done on aggregated operands; a change is taken bucket by bucket."""
    counts = any(metric.has("as_count") for metric in metrics_in(alert.expression))
    return counts and has_arithmetic(alert.expression) and alert.aggregation.change is None


def _steps(text: str, alert: MetricAlert, default: int, split: bool) -> tuple[int, ...]:
    found: dict[int, Metric] = {}
    for metric in metrics_in(alert.expression):
        found.setdefault(reading_of(metric).step or default, metric)
    if len(found) > 1 and not split:
        last = list(found.values())[-1]
        raise unsupported(
            text,
            last,
            "metrics with different rollups are combined bucket by bucket",
            "give every metric of the query the same .rollup()",
        )
    return tuple(found)


def _check(alert: MetricAlert) -> int:
    return {"m": 60, "h": 600, "d": 3600, "w": 3600, "mo": 14400}[alert.aggregation.window.unit]


def _missing(alert: MetricAlert, options: Mapping[str, Any]) -> Missing:
    if _has_call(alert.expression, "default_zero"):
        # Such a query is never without data: what is missing is 0 before anything is compared.
        return Missing.ZERO
    counts = any(metric.has("as_count") for metric in metrics_in(alert.expression))
    return read_missing(options, default=Missing.ZERO if counts else Missing.KEEP)


def _has_call(expression: Expression, name: str) -> bool:
    if isinstance(expression, Call) and expression.name == name:
        return True
    return any(_has_call(inner, name) for inner in _inner(expression))


def _notes(alert: MetricAlert, step: int, window: int) -> tuple[str, ...]:
    """What was chosen where Datadog publishes nothing, if the result depends on it."""
    chosen = [metric for metric in metrics_in(alert.expression) if reading_of(metric).step is None]
    if not chosen or (alert.aggregation.method == "sum" and _linear(alert.expression)):
        return ()
    return (f"the query names no rollup: buckets of {step} s were chosen for its window of {window} s",)


def _linear(expression: Expression) -> bool:
    """Whether the size of the buckets cannot matter to the sum over the window."""
    match expression:
        case Metric():
            return expression.has("as_count") and expression.aggregation == "sum"
        case Call(name=name, arguments=arguments):
            return (name in SHIFTS or name == "timeshift") and _linear(arguments[0])
    return all(_linear(inner) for inner in _inner(expression))
