"""Which guard a query is: the one that compiles to exactly this monitor, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from dd_sync.errors import QueryError, Unfit
from dd_sync.guards.fields import BOUNDS
from dd_sync.guards.guard import GuardContext
from dd_sync.guards.registry import BUILT_IN, find
from dd_sync.kinds.monitor import compared
from dd_sync.model.monitor import Monitor
from dd_sync.query.canonical import render, render_scope
from dd_sync.query.nodes import Binary, Call, Everything, Expression, Metric, MetricAlert, Negative, Number
from dd_sync.query.parser import parse
from dd_sync.query.tools import is_metric_query
from dd_sync.timeframe import format_duration

Json = dict[str, Any]
# What a guard's form has beside the guard itself: the option, and its unit in seconds.
_BESIDE = {"renotify": ("renotify_interval", 60), "evaluation_delay": ("evaluation_delay", 1)}


def recognised(monitor: Monitor) -> Json | None:
    """`{"guard": {"rate": {...}}, "renotify": "30m"}`: the short form of the monitor, None if it has none."""
    if not is_metric_query(monitor.type, monitor.query):
        return None
    try:
        alert = parse(monitor.query)
    except QueryError:
        return None
    thresholds = monitor.options.get("thresholds") or {}
    beside = {
        name: format_duration(timedelta(seconds=monitor.options[option] * unit))
        for name, (option, unit) in _BESIDE.items()
        if isinstance(monitor.options.get(option), int | float) and monitor.options[option]
    }
    for name, parameters in _candidates(alert, thresholds):
        if name in BUILT_IN and _compiles_to(name, parameters, monitor):
            return {"guard": {name: parameters}, **beside}
    return None


def _compiles_to(name: str, parameters: Json, monitor: Monitor) -> bool:
    guard = find(name)
    try:
        compiled = guard.compile(guard.spec.model_validate(parameters), GuardContext())
    except (ValidationError, Unfit):
        return False
    left = {o: monitor.options[o] for o, _ in _BESIDE.values() if monitor.options.get(o)}
    options = {"thresholds": dict(compiled.thresholds), **compiled.options, **left}
    ours, theirs = compared(replace(monitor, query=render(compiled.query), options=options), monitor)
    return ours == theirs


def _candidates(alert: MetricAlert, thresholds: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    for name, read in _READERS.items():
        parameters = read(alert, thresholds)
        if parameters is not None:
            yield name, parameters


def _counted(alert: MetricAlert, metric: Expression) -> Json | None:
    """The parameters that the guards over counts share."""
    window = alert.aggregation.window
    if not isinstance(metric, Metric) or window.kind != "last" or alert.aggregation.change is not None:
        return None
    parameters: Json = {"metric": metric.name}
    if not isinstance(metric.scope, Everything):
        parameters["scope"] = render_scope(metric.scope)
    if metric.by:
        parameters["by"] = list(metric.by)
    parameters["window"] = f"{window.count}{window.unit}"
    return parameters


def _levels(thresholds: Mapping[str, Any]) -> Json:
    names = {"warning": "warn_at", "critical_recovery": "recover_at"}
    given = {name: thresholds.get(level) for level, name in names.items()}
    return {name: _short(value) for name, value in given.items() if value is not None}


def _rate(alert: MetricAlert, thresholds: Mapping[str, Any]) -> Json | None:
    found = _counted(alert, alert.expression)
    bound = next((name for name, comparator in BOUNDS.items() if comparator == alert.comparator), None)
    if found is None or bound is None or alert.threshold is None:
        return None
    return {**found, bound: _short(alert.threshold), **_levels(thresholds)}


def _spike(alert: MetricAlert, thresholds: Mapping[str, Any]) -> Json | None:
    """`Q - times * (shifted Q + …) / n > floor`"""
    match alert.expression:
        case Binary("-", now, Binary("/", Binary("*", Number(times), shifted), Number(_))):
            pass
        case Binary("-", now, Binary("*", Number(times), shifted)):
            pass
        case _:
            return None
    found = _counted(alert, now)
    baseline = [_shift(call) for call in _summed(shifted)]
    if found is None or alert.threshold is None or None in baseline:
        return None
    usual = {} if baseline == ["1d", "7d"] else {"baseline": baseline}
    floor = {"times": _short(times), "floor": _short(alert.threshold)}
    return {**found, **usual, **floor, **_levels(thresholds)}


_READERS: Mapping[str, Callable[[MetricAlert, Mapping[str, Any]], Json | None]] = {
    "rate": _rate,
    "spike": _spike,
}
_SHIFTS = {"hour_before": "1h", "day_before": "1d", "week_before": "7d"}


def _summed(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Binary) and expression.operator == "+":
        yield from _summed(expression.left)
        yield expression.right
    else:
        yield expression


def _shift(expression: Expression) -> str | None:
    match expression:
        case Call(name, (_,)) if name in _SHIFTS:
            return _SHIFTS[name]
        case Call("timeshift", (_, Number(seconds))) if seconds < 0:
            return format_duration(timedelta(seconds=-seconds))
        case Call("timeshift", (_, Negative(Number(seconds)))):
            return format_duration(timedelta(seconds=seconds))
    return None


def _short(value: float) -> int | float:
    return int(value) if isinstance(value, float) and value.is_integer() else value
