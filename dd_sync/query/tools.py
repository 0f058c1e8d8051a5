"""Questions that other rooms ask of a query, and the one change they make to a scope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Everything,
    Expression,
    Metric,
    MetricAlert,
    Negative,
    Not,
    Scope,
    Tag,
)
from dd_sync.query.scope import parse_scope

if TYPE_CHECKING:
    from dd_sync.query.alerts import Query

__all__ = ["exclude", "group_keys", "is_metric_query", "metrics_in", "parse_scope", "query_keys"]

_METRIC_TYPES = frozenset(("query alert", "metric alert"))
# formula("…"), "check.name".over(…), logs("…"): forms of the other data sources, whatever the type says.
_OTHER_FORM = re.compile(r"\s*(?:\"|[\w-]+\(\s*[\"'])")
# These count the groups of their argument and give one series.
_UNGROUPED = frozenset(("count_nonzero", "count_not_null"))


def is_metric_query(type: str, text: str) -> bool:
    """Whether `parse` is for this monitor: a metric type, and not a formula over named queries."""
    return type in _METRIC_TYPES and _OTHER_FORM.match(text) is None


def exclude(scope: Scope, key: str, value: str) -> Scope:
    """The scope without the series tagged `key:value`."""
    without = Not(Tag(key, value))
    if isinstance(scope, Everything):
        return without
    items = scope.items if isinstance(scope, And) else (scope,)
    return scope if without in items else And((*items, without))


def metrics_in(expression: Expression) -> Iterator[Metric]:
    """Every metric of an expression, in the order of the text."""
    match expression:
        case Metric():
            yield expression
        case Binary():
            yield from metrics_in(expression.left)
            yield from metrics_in(expression.right)
        case Negative():
            yield from metrics_in(expression.item)
        case Call():
            for argument in expression.arguments:
                yield from metrics_in(argument)


def group_keys(alert: MetricAlert) -> tuple[str, ...]:
    """The tag keys that the monitor alerts by, each once, in the order of the text; () for a simple alert."""
    return tuple(dict.fromkeys(key for metric in _grouped(alert.expression) for key in metric.by))


def query_keys(query: Query) -> tuple[str, ...]:
    """The same for a query of any kind: tag keys or facets; () where it names none."""
    if isinstance(query, MetricAlert):
        return group_keys(query)
    return tuple(key for key in getattr(query, "by", ()) if key != "*")


def _grouped(expression: Expression) -> Iterator[Metric]:
    if isinstance(expression, Call) and expression.name in _UNGROUPED:
        return
    match expression:
        case Binary():
            yield from _grouped(expression.left)
            yield from _grouped(expression.right)
        case Negative():
            yield from _grouped(expression.item)
        case Call():
            for argument in expression.arguments:
                yield from _grouped(argument)
        case Metric():
            yield expression
