"""Between which values a metric query's value can lie, as far as the query itself says so."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Comparator,
    Everything,
    Expression,
    Metric,
    MetricAlert,
    Negative,
    Number,
    Scope,
)
from dd_sync.query.tools import metrics_in


@dataclass(frozen=True, slots=True)
class Range:
    """Both ends are included. certain: whether it holds without taking a count for 0 or more."""

    low: float = -math.inf
    high: float = math.inf
    certain: bool = True

    @property
    def holds_zero(self) -> bool:
        return self.low <= 0 <= self.high


UNKNOWN = Range()
_COUNT = Range(0.0, math.inf, certain=False)
_FRACTION = Range(0.0, 1.0)
# Each gives its argument's own values, only at other times or for fewer series.
_SAME_VALUES = frozenset(("hour_before", "day_before", "week_before", "month_before", "timeshift", "top"))
_FIXED = {
    "anomalies": _FRACTION,
    "outliers": _FRACTION,
    "count_nonzero": Range(0.0),
    "count_not_null": Range(0.0),
}


def range_of_alert(alert: MetricAlert) -> Range:
    """What the whole left side of the comparison can be."""
    if alert.aggregation.change is not None:
        return UNKNOWN
    found = range_of(alert.expression)
    if alert.aggregation.method != "sum" or _totals_first(alert.expression):
        return found
    # The sum of any number of buckets: only the sign is left.
    low = 0.0 if found.low >= 0 else -math.inf
    high = 0.0 if found.high <= 0 else math.inf
    return Range(low, high, found.certain)


def _totals_first(expression: Expression) -> bool:
    """Whether Datadog adds up the window before it does the arithmetic: a query of counts alone."""
    return isinstance(expression, Binary) and all(m.has("as_count") for m in metrics_in(expression))


def range_of(expression: Expression) -> Range:
    """What the expression can be at one point in time."""
    match expression:
        case Number():
            return Range(expression.value, expression.value)
        case Metric():
            return _COUNT if expression.has("as_count") or expression.aggregation == "count" else UNKNOWN
        case Negative():
            inner = range_of(expression.item)
            return Range(-inner.high, -inner.low, inner.certain)
        case Binary():
            return _arithmetic(expression)
        case Call():
            return _call(expression)
    return UNKNOWN


def _call(call: Call) -> Range:
    if call.name in _FIXED:
        return _FIXED[call.name]
    first = range_of(call.arguments[0])
    if call.name in _SAME_VALUES:
        return first
    if call.name == "abs":
        return Range(0.0, max(abs(first.low), abs(first.high)), first.certain or math.isinf(first.high))
    if call.name == "default_zero":
        return Range(min(first.low, 0.0), max(first.high, 0.0), first.certain)
    limit = call.arguments[1] if len(call.arguments) > 1 else None
    if not isinstance(limit, Number):
        return UNKNOWN
    if call.name == "default":
        return Range(min(first.low, limit.value), max(first.high, limit.value), first.certain)
    if call.name in ("clamp_min", "cutoff_min"):
        return Range(max(first.low, limit.value), max(first.high, limit.value), first.certain)
    if call.name in ("clamp_max", "cutoff_max"):
        return Range(min(first.low, limit.value), min(first.high, limit.value), first.certain)
    return UNKNOWN


def _arithmetic(node: Binary) -> Range:
    if node.operator == "/" and _is_share(node.left, node.right):
        return _share_of(node.left)
    left, right = range_of(node.left), range_of(node.right)
    certain = left.certain and right.certain
    match node.operator:
        case "+":
            return Range(left.low + right.low, left.high + right.high, certain)
        case "-":
            return Range(left.low - right.high, left.high - right.low, certain)
        case "*":
            return replace(_product(left, right), certain=certain)
    if right.holds_zero:
        # A quotient has its operands' sign, however large it may be.
        same = Range(0.0) if left.low >= 0 and right.low >= 0 else UNKNOWN
        return replace(same, certain=certain)
    return replace(_product(left, Range(1 / right.high, 1 / right.low)), certain=certain)


def _product(left: Range, right: Range) -> Range:
    corners = [_times(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    return Range(min(corners), max(corners))


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


# --- a part of a whole -----------------------------------------------------------------------


def _is_share(part: Expression, whole: Expression) -> bool:
    """`hits{env:prod,status:500}.as_count() / hits{env:prod}.as_count()`: a count among itself."""
    _, part = _factor(part)
    if not isinstance(part, Metric) or not isinstance(whole, Metric):
        return False
    alike = (part.name, part.aggregation, part.by) == (whole.name, "sum", whole.by)
    counts = part.has("as_count") and whole.has("as_count") and part.modifiers == whole.modifiers
    return alike and counts and _narrows(part.scope, whole.scope)


def _share_of(part: Expression) -> Range:
    factor, _ = _factor(part)
    return Range(min(factor, 0.0), max(factor, 0.0), certain=False)


def _factor(expression: Expression) -> tuple[float, Expression]:
    """A constant in front of, or behind, an expression, and the expression without it."""
    if isinstance(expression, Binary) and expression.operator == "*":
        if isinstance(expression.left, Number):
            return expression.left.value, expression.right
        if isinstance(expression.right, Number):
            return expression.right.value, expression.left
    return 1.0, expression


def _narrows(part: Scope, whole: Scope) -> bool:
    """Whether every series of `part` is surely one of `whole`."""
    return isinstance(whole, Everything) or set(_items(whole)) <= set(_items(part))


def _items(scope: Scope) -> tuple[Scope, ...]:
    return scope.items if isinstance(scope, And) else (scope,)


# --- comparing -------------------------------------------------------------------------------


def always_or_never(comparator: Comparator, threshold: float, values: Range) -> bool | None:
    """True where every value meets the comparison, False where none does, None where some may."""
    low, high = values.low, values.high
    always, never = {
        ">": (low > threshold, high <= threshold),
        ">=": (low >= threshold, high < threshold),
        "<": (high < threshold, low >= threshold),
        "<=": (high <= threshold, low > threshold),
        "==": (low == high == threshold, not low <= threshold <= high),
        "!=": (not low <= threshold <= high, low == high == threshold),
    }[comparator]
    return True if always else False if never else None
