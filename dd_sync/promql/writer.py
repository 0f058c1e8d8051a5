"""Query nodes to PromQL, where there is an expression that alerts for the same groups at the same times.

A Datadog count `streams.created` is taken as the Prometheus counter `streams_created_total`, whose increase
over the window is the sum of the counts; any other metric keeps its name, with underscores for dots.
`increase` is exact where samples lie on the window's edges and each counter begins at 0; otherwise it
extrapolates by up to one sample, and from Prometheus 3 on, whose windows leave out their left edge, it
always does. docs/semantics.md says more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from dd_sync.errors import DdSyncError
from dd_sync.promql.matchers import NotMatchable, label_name, matchers
from dd_sync.query.canonical import render_expression
from dd_sync.query.nodes import Binary, Call, Expression, Metric, MetricAlert, Negative, Number
from dd_sync.timeframe import format_duration

_SHIFTS = {"hour_before": 3600, "day_before": 86400, "week_before": 604800, "month_before": 28 * 86400}
_POINTWISE = {"abs": 0, "clamp_min": 1, "clamp_max": 1}
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


class NotExpressible(DdSyncError):
    """There is no PromQL that means the same; the problem says why."""

    rule = "not-expressible"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A metric with how far back, in seconds, it is read."""

    metric: Metric
    shift: int


@dataclass(frozen=True, slots=True)
class _Writing:
    """anchor: the leaf without which no group can alert; None if there is no such one."""

    alert: MetricAlert
    leaves: tuple[_Leaf, ...]
    anchor: _Leaf | None


def write(alert: MetricAlert) -> str:
    """The PromQL expression that returns the groups that alert.

    Raises NotExpressible with the reason where none means the same.
    """
    aggregation = alert.aggregation
    if aggregation.change is not None or aggregation.window.kind != "last":
        raise NotExpressible("PromQL has no change alert and no cumulative window")
    if alert.threshold is None:
        raise NotExpressible("a threshold that is a query of its own has no counterpart")
    leaves = tuple(dict.fromkeys(_leaves(alert.expression, 0)))
    if not leaves:
        raise NotExpressible("the query reads no metric")
    if len({frozenset(leaf.metric.by) for leaf in leaves}) > 1:
        raise NotExpressible("its metrics are grouped by different keys")
    if _alerts_when_empty(alert):
        raise NotExpressible("it alerts where nothing is reported, and PromQL has no groups there")
    writing = _Writing(alert, leaves, _anchor(alert))
    text, precedence = _written(writing, alert.expression, 0)
    return f"{_bracketed(text, precedence, 1)} {alert.comparator} {_number(alert.threshold)}"


def metric_name(metric: Metric) -> str:
    """The name in Prometheus: `settle.attempts` is `settle_attempts`, as a count `settle_attempts_total`."""
    name = re.sub(r"[^a-zA-Z0-9_:]", "_", metric.name)
    return f"{name}_total" if metric.has("as_count") and not name.endswith("_total") else name


# --- expressions -----------------------------------------------------------------------------


def _written(writing: _Writing, node: Expression, shift: int) -> tuple[str, int]:
    """Text and how tightly it binds: 1 for a sum, 2 for a product, 3 for anything that needs no brackets."""
    match node:
        case Number(value=value):
            return _number(value), 3 if value >= 0 else 1
        case Metric():
            return _filled(writing, _Leaf(node, shift))
        case Negative(item=item):
            text, precedence = _written(writing, item, shift)
            return f"-1 * {_bracketed(text, precedence, 3)}", 2
        case Binary(operator=operator, left=left, right=right):
            _refuse_division(operator, right)
            own = _PRECEDENCE[operator]
            one, other = _written(writing, left, shift), _written(writing, right, shift)
            return f"{_bracketed(*one, own)} {operator} {_bracketed(*other, own + 1)}", own
        case Call(name=name, arguments=(inner, *rest)) if _POINTWISE.get(name) == len(rest):
            numbers = [_number(_constant(argument)) for argument in rest]
            return f"{name}({', '.join([_written(writing, inner, shift)[0], *numbers])})", 3
        case Call(arguments=(inner, *_)):
            return _written(writing, inner, shift + _back(node))
    raise NotExpressible(f"{render_expression(node)} has no counterpart")


def _refuse_division(operator: str, divisor: Expression) -> None:
    if operator == "/" and not (isinstance(divisor, Number) and divisor.value != 0):
        raise NotExpressible(
            "where the divisor is 0 a division keeps the last state in Datadog, and resolves in PromQL"
        )


def _bracketed(text: str, precedence: int, needed: int) -> str:
    return text if precedence >= needed else f"({text})"


def _constant(node: Expression) -> float:
    match node:
        case Number(value=value):
            return value
        case Negative(item=Number(value=value)):
            return -value
    raise NotExpressible(f"{render_expression(node)} stands where PromQL takes a plain number")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


# --- metrics ---------------------------------------------------------------------------------


def _leaves(node: Expression, shift: int) -> Iterator[_Leaf]:
    match node:
        case Metric():
            yield _Leaf(node, shift)
        case Negative(item=item):
            yield from _leaves(item, shift)
        case Binary(left=left, right=right):
            yield from _leaves(left, shift)
            yield from _leaves(right, shift)
        case Call(name=name, arguments=(inner, *rest)):
            back = 0 if _POINTWISE.get(name) == len(rest) else _back(node)
            yield from _leaves(inner, shift + back)


def _back(call: Call) -> int:
    """How far back a shift reads, in seconds; refuses every other function."""
    if call.name in _SHIFTS and len(call.arguments) == 1:
        return _SHIFTS[call.name]
    if call.name == "timeshift" and len(call.arguments) == 2:
        return -int(_constant(call.arguments[1]))
    raise NotExpressible(f"the function {call.name}() has no exact counterpart")


def _filled(writing: _Writing, leaf: _Leaf) -> tuple[str, int]:
    """A leaf, 0 where it has nothing and another leaf has: a missing count is 0 in Datadog."""
    text = _plain(writing.alert, leaf)
    if leaf == writing.anchor:
        return text, 3
    others = [writing.anchor] if writing.anchor else [one for one in writing.leaves if one != leaf]
    fills = [f"0 * {_plain(writing.alert, other)}" for other in others]
    return (text, 3) if not fills else (" or ".join([text, *fills]), 0)


def _plain(alert: MetricAlert, leaf: _Leaf) -> str:
    metric, window = leaf.metric, alert.aggregation.window
    function = _over_time(alert.aggregation.method, metric)
    try:
        chosen = matchers(metric.scope, metric.by)
    except NotMatchable as reason:
        raise NotExpressible(str(reason)) from None
    offset = f" offset {format_duration(timedelta(seconds=leaf.shift))}" if leaf.shift else ""
    span = format_duration(window.length)
    by = f" by ({', '.join(map(label_name, metric.by))})" if metric.by else ""
    return f"{metric.aggregation}{by} ({function}({metric_name(metric)}{chosen}[{span}]{offset}))"


def _over_time(method: str, metric: Metric) -> str:
    """The range function, where time and space are aggregated alike and so in any order."""
    modifiers = {modifier.name for modifier in metric.modifiers}
    if method == metric.aggregation == "sum" and modifiers == {"as_count"}:
        return "increase"
    if method in ("min", "max") and method == metric.aggregation and modifiers == {"rollup"}:
        rollup = next(modifier for modifier in metric.modifiers if modifier.name == "rollup")
        if rollup.arguments[:1] == (method,):
            return f"{method}_over_time"
    raise NotExpressible(
        f"{render_expression(metric)} under {method}() depends on Datadog's buckets; PromQL has none"
    )


# --- groups without data ---------------------------------------------------------------------


def _anchor(alert: MetricAlert) -> _Leaf | None:
    """`Q - rest > floor`: with rest and floor not negative, nothing without Q can alert."""
    match alert.expression:
        case Metric():
            return _Leaf(alert.expression, 0)
        case Binary(operator="-", left=Metric() as metric, right=rest) if _never_negative(rest):
            floor = alert.threshold or 0.0
            if (alert.comparator == ">" and floor >= 0) or (alert.comparator == ">=" and floor > 0):
                return _Leaf(metric, 0)
    return None


def _never_negative(node: Expression) -> bool:
    match node:
        case Number(value=value):
            return value >= 0
        case Metric():
            return node.has("as_count")
        case Binary(operator=operator, left=left, right=right):
            return operator != "-" and _never_negative(left) and _never_negative(right)
        case Call(name=name, arguments=(inner, *_)):
            return (name in _SHIFTS or name == "timeshift") and _never_negative(inner)
    return False


def _alerts_when_empty(alert: MetricAlert) -> bool:
    """Whether the value over no data at all, where counts are 0, is past the threshold."""
    value, threshold = _when_empty(alert.expression), alert.threshold or 0.0
    if value is None:
        return False
    return {
        ">": value > threshold,
        ">=": value >= threshold,
        "<": value < threshold,
        "<=": value <= threshold,
        "==": value == threshold,
        "!=": value != threshold,
    }[alert.comparator]


def _when_empty(node: Expression) -> float | None:
    """None where a metric that is no count leaves no value."""
    match node:
        case Number(value=value):
            return value
        case Metric():
            return 0.0 if node.has("as_count") else None
        case Negative(item=item):
            return _operated("-", 0.0, _when_empty(item))
        case Binary(operator=operator, left=left, right=right):
            return _operated(operator, _when_empty(left), _when_empty(right))
        case Call(name=name, arguments=(inner, *rest)):
            bound = _constant(rest[0]) if rest and name in _POINTWISE else 0.0
            return _bounded(name, _when_empty(inner), bound)
    return None


def _operated(operator: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (operator == "/" and right == 0):
        return None
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1)}[operator]


def _bounded(name: str, value: float | None, bound: float) -> float | None:
    if value is None:
        return None
    return {"abs": abs(value), "clamp_min": max(value, bound), "clamp_max": min(value, bound)}.get(
        name, value
    )
