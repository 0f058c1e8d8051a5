"""Nodes to text, one text for one meaning: `parse(render(alert)) == alert`.

A scope that only joins tags and negated tags is written with commas and `!`, any other with AND, OR, NOT
and IN and no parenthesis more than needed. A change's shift is written `last_1h`, never `1h_ago`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Everything,
    Expression,
    In,
    Keyword,
    Metric,
    MetricAlert,
    Modifier,
    Negative,
    Node,
    Not,
    Number,
    Or,
    Scope,
    Tag,
    Text,
    TimeAggregation,
    Variable,
    Window,
)

if TYPE_CHECKING:
    from dd_sync.query.alerts import Query

_PLAIN_WORD = re.compile(r"[^\W\d][\w.]*\Z")
# Integers up to here are exact as floats and read better written out.
_WRITTEN_OUT = 1e15


def render(query: Query) -> str:
    """The canonical text of a whole query."""
    if isinstance(query, MetricAlert):
        expression = render_expression(query.expression)
        comparison = render_comparison(query.comparator, query.threshold)
        return f"{_time_aggregation(query.aggregation)}:{expression}{comparison}"
    from dd_sync.query.canonical_alerts import render_alert

    return render_alert(query)


def render_comparison(comparator: str, threshold: float | None) -> str:
    """` > 90`, with the space before it."""
    return f" {comparator} {'threshold' if threshold is None else render_number(threshold)}"


def render_number(value: float) -> str:
    """The shortest text that is exactly this number: 20, 0.5, 1e-07."""
    if value == int(value) and abs(value) < _WRITTEN_OUT:
        return str(int(value))
    return repr(float(value))


def render_window(window: Window) -> str:
    return f"{window.kind}_{window.count}{window.unit}"


def _time_aggregation(node: TimeAggregation) -> str:
    inner = f"{node.method}({render_window(node.window)})"
    if node.change is None:
        return inner
    return f"{node.change.kind}({inner},{render_window(node.change.shift)})"


# --- expressions -----------------------------------------------------------------------------


def render_expression(node: Expression) -> str:
    """The canonical text of an expression."""
    match node:
        case Metric():
            return _metric(node)
        case Binary():
            return _binary(node)
        case Number():
            return render_number(node.value)
        case Call():
            return _call(node)
        case Negative():
            inner = render_expression(node.item)
            return f"-({inner})" if isinstance(node.item, Binary) else f"-{inner}"
        case Text():
            return _quoted(node.value)
        case Variable():
            return node.name


def _metric(node: Metric) -> str:
    aggregation = f"{node.aggregation}:" if node.aggregation else ""
    by = f" by {{{','.join(node.by)}}}" if node.by else ""
    return f"{aggregation}{node.name}{{{render_scope(node.scope)}}}{by}{_modifiers(node.modifiers)}"


def _binary(node: Binary) -> str:
    left, right = render_expression(node.left), render_expression(node.right)
    if isinstance(node.left, Binary) and _strength(node.left) < _strength(node):
        left = f"({left})"
    # Operators group to the left, so that on the right side equal strength is no longer enough.
    if isinstance(node.right, Binary) and _strength(node.right) <= _strength(node):
        right = f"({right})"
    return f"{left} {node.operator} {right}"


def _strength(node: Binary) -> int:
    return 2 if node.operator in "*/" else 1


def _call(node: Call) -> str:
    arguments: list[Expression | Keyword] = [*node.arguments, *node.keywords]
    return f"{node.name}({', '.join(map(_argument, arguments))}){_modifiers(node.modifiers)}"


def _argument(node: Expression | Keyword) -> str:
    if isinstance(node, Keyword):
        return f"{node.name}={render_expression(node.value)}"
    return render_expression(node)


def _modifiers(modifiers: tuple[Modifier, ...]) -> str:
    return "".join(f".{m.name}({', '.join(map(_modifier_argument, m.arguments))})" for m in modifiers)


def _modifier_argument(value: str | float) -> str:
    if not isinstance(value, str):
        return render_number(value)
    return value if _PLAIN_WORD.match(value) else _quoted(value)


def _quoted(value: str) -> str:
    return f'"{value}"' if "'" in value else f"'{value}'"


# --- scopes ----------------------------------------------------------------------------------


def render_scope(scope: Scope) -> str:
    """The canonical text of a scope, without its braces."""
    items = scope.items if isinstance(scope, And) else (scope,)
    if all(_is_plain(item) for item in items):
        return ",".join(map(_plain, items))
    return _boolean(scope)


def _is_plain(scope: Node) -> bool:
    return isinstance(scope.item if isinstance(scope, Not) else scope, Tag | Everything)


def _plain(scope: Scope) -> str:
    return "!" + _boolean(scope.item) if isinstance(scope, Not) else _boolean(scope)


def _boolean(scope: Scope) -> str:
    match scope:
        case Everything():
            return "*"
        case Tag():
            return scope.key if scope.value is None else f"{scope.key}:{scope.value}"
        case In():
            return f"{scope.key} IN ({','.join(scope.values)})"
        case Not(item=In() as found):
            return f"{found.key} NOT IN ({','.join(found.values)})"
        case Not():
            return f"NOT {_enclosed(scope.item, And, Or)}"
        case And():
            return " AND ".join(_enclosed(item, Or) for item in scope.items)
        case Or():
            return " OR ".join(map(_boolean, scope.items))


def _enclosed(scope: Scope, *kinds: type[And] | type[Or]) -> str:
    text = _boolean(scope)
    return f"({text})" if isinstance(scope, kinds) else text
