"""Mutants of a metric monitor's query: windows, aggregators, groups, scopes, functions and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from dd_sync.query.canonical import render_number, render_scope
from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Everything,
    Expression,
    In,
    Metric,
    MetricAlert,
    Negative,
    Not,
    Number,
    Or,
    Scope,
)
from dd_sync.query.tools import group_keys, metrics_in
from dd_sync.scenarios.mutation import Change, moved_number, windows_beside, without_each

# What each is mistaken for.
_AGGREGATORS = {
    "sum": ("avg", "max"),
    "avg": ("max", "min"),
    "max": ("avg", "min"),
    "min": ("avg", "max"),
    "last": ("avg",),
}
_SHIFTS = {
    "hour_before": "day_before",
    "day_before": "week_before",
    "week_before": "day_before",
    "month_before": "week_before",
}

_Rewrite = Callable[[Expression], Expression]


def metric_changes(alert: MetricAlert) -> Iterator[Change]:
    """Every change, equal metrics of a query changed alike."""
    yield from _of_time(alert)
    yield from _of_groups(alert)
    for index, metric in enumerate(dict.fromkeys(metrics_in(alert.expression))):
        yield from _of_metric(alert, metric, index)
    yield from _of_parts(alert)


def _of_time(alert: MetricAlert) -> Iterator[Change]:
    aggregation = alert.aggregation
    for name, words, window in windows_beside(aggregation.window):
        query = replace(alert, aggregation=replace(aggregation, window=window))
        yield Change(name, words, "window", query, aggregation.window.span)
    for other in _AGGREGATORS.get(aggregation.method, ()):
        query = replace(alert, aggregation=replace(aggregation, method=other))
        words = f"aggregation over time {aggregation.method} -> {other}"
        yield Change(f"time-{other}", words, "aggregation", query, aggregation.span)
    change = aggregation.change
    if change is not None:
        for name, words, window in windows_beside(change.shift):
            query = replace(alert, aggregation=replace(aggregation, change=replace(change, shift=window)))
            yield Change(f"shift-{name}", f"compared with: {words}", "window", query, change.shift.span)


def _of_groups(alert: MetricAlert) -> Iterator[Change]:
    for key in group_keys(alert):

        def ungrouped(node: Expression, key: str = key) -> Expression:
            if isinstance(node, Metric):
                return replace(node, by=tuple(one for one in node.by if one != key))
            return node

        first = next(metric for metric in metrics_in(alert.expression) if key in metric.by)
        words = f"no longer grouped by {key}"
        yield Change(f"by-{key}", words, "by", _rewritten(alert, ungrouped), first.span)


def _of_metric(alert: MetricAlert, metric: Metric, index: int) -> Iterator[Change]:
    def changed(id: str, words: str, part: str, other: Metric, was: str | None = None) -> Change:
        query = _rewritten(alert, _swap(metric, other))
        return Change(f"{id}-{index}", f"{words}, of {metric.name}", part, query, metric.span, was)

    method = metric.aggregation or "avg"
    for name in _AGGREGATORS.get(method, ()):
        words = f"aggregation over space {method} -> {name}"
        yield changed(f"space-{name}", words, "space", replace(metric, aggregation=name))
    for dropped, scope in scopes_without(metric.scope):
        other = replace(metric, scope=scope)
        yield changed(f"scope-{dropped}", f"scope without {dropped}", "scope", other, dropped)
    for at, modifier, others in without_each(metric.modifiers):
        words = f"without .{modifier.name}()"
        yield changed(f"modifier-{at}", words, "modifier", replace(metric, modifiers=others))


def scopes_without(scope: Scope) -> Iterator[tuple[str, Scope]]:
    """Each term of a scope left out: its text, and what remains."""
    match scope:
        case And(items=items) | Or(items=items):
            for index, item, others in without_each(items):
                if isinstance(item, Everything):
                    # It asks for nothing, so that nothing changes without it.
                    continue
                yield render_scope(item), others[0] if len(others) == 1 else replace(scope, items=others)
                if isinstance(item, And | Or | In):
                    for text, inner in scopes_without(item):
                        kept = (*items[:index], inner, *items[index + 1 :])
                        yield text, replace(scope, items=kept)
        case In(values=values) if len(values) > 1:
            for _, value, left in without_each(values):
                yield f"{scope.key}:{value}", replace(scope, values=left)
            yield render_scope(scope), Everything()
        case Not(item=In() as inside) if len(inside.values) > 1:
            for _, value, left in without_each(inside.values):
                yield f"!{inside.key}:{value}", Not(replace(inside, values=left))
            yield render_scope(scope), Everything()
        case Everything():
            return
        case _:
            yield render_scope(scope), Everything()


def _of_parts(alert: MetricAlert) -> Iterator[Change]:
    """Functions and numbers of the expression, each where it stands."""
    for index, node in enumerate(_parts(alert.expression)):
        if isinstance(node, Number):
            for way in ("up", "down"):
                number = _factor(node.value, up=way == "up")
                words = f"number {render_number(node.value)} -> {render_number(number)}"
                query = _rewritten(alert, _swap_at(node, Number(number)))
                yield Change(f"number-{index}-{way}", words, "number", query, node.span, node.value)
        elif node.name in _SHIFTS:
            other = _SHIFTS[node.name]
            query = _rewritten(alert, _swap_at(node, replace(node, name=other)))
            yield Change(f"before-{index}", f"{node.name} -> {other}", "shift", query, node.span)
        elif node.name != "timeshift" and isinstance(node.arguments[0], Metric | Binary | Negative | Call):
            query = _rewritten(alert, _swap_at(node, node.arguments[0]))
            yield Change(f"function-{index}", f"without {node.name}()", "function", query, node.span)


def _factor(value: float, *, up: bool) -> float:
    """A number of an expression: a tenth off, for a factor is rarely off by one."""
    return moved_number(0.0, up=up) if not value else float(f"{value * (1.1 if up else 0.9):.12g}")


def _parts(expression: Expression) -> Iterator[Number | Call]:
    match expression:
        case Number():
            yield expression
        case Negative(item=item):
            yield from _parts(item)
        case Binary(left=left, right=right):
            yield from _parts(left)
            yield from _parts(right)
        case Call(arguments=arguments):
            if arguments:
                yield expression
            for argument in arguments:
                yield from _parts(argument)


# --- rewriting -------------------------------------------------------------------------------


def _rewritten(alert: MetricAlert, rewrite: _Rewrite) -> MetricAlert:
    return replace(alert, expression=_rewrite(alert.expression, rewrite))


def _rewrite(node: Expression, rewrite: _Rewrite) -> Expression:
    """From the top: what `rewrite` has changed is not looked into."""
    changed = rewrite(node)
    if changed is not node:
        return changed
    match node:
        case Negative(item=item):
            return replace(node, item=_rewrite(item, rewrite))
        case Binary(left=left, right=right):
            return replace(node, left=_rewrite(left, rewrite), right=_rewrite(right, rewrite))
        case Call(arguments=arguments):
            return replace(node, arguments=tuple(_rewrite(one, rewrite) for one in arguments))
    return node


def _swap(old: Expression, new: Expression) -> _Rewrite:
    return lambda node: new if node == old else node


def _swap_at(old: Expression, new: Expression) -> _Rewrite:
    """The one node that stands where `old` was read from."""
    return lambda node: new if node.span == old.span and node == old else node
