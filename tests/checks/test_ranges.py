"""Whatever the series are, an expression stays within its range."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Literal

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dd_sync.checks.ranges import always_or_never, range_of, range_of_alert
from dd_sync.query.nodes import (
    Binary,
    Call,
    Everything,
    Expression,
    Metric,
    MetricAlert,
    Modifier,
    Negative,
    Number,
    TimeAggregation,
    Window,
)
from dd_sync.query.parser import parse

COUNT = Metric("sum", "count", Everything(), (), (Modifier("as_count"),))
GAUGE = Metric("avg", "gauge", Everything())

numbers = st.integers(-20, 20).map(lambda n: Number(n / 2))
leaves = st.one_of(numbers, st.just(COUNT), st.just(GAUGE))


def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner),
        st.builds(Negative, inner),
        st.builds(lambda item: Call("abs", (item,)), inner),
        st.builds(
            lambda name, item, limit: Call(name, (item, limit)),
            st.sampled_from(["clamp_min", "clamp_max"]),
            inner,
            numbers,
        ),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(leaves, larger, max_leaves=8)


OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
FUNCTIONS: dict[str, Callable[..., float]] = {"abs": abs, "clamp_min": max, "clamp_max": min}


def value_of(expression: Expression, count: float, gauge: float) -> float:
    """What the expression is at a point, by the plainest reading; a division by 0 is no point."""
    match expression:
        case Number():
            return expression.value
        case Metric():
            return count if expression == COUNT else gauge
        case Negative():
            return -value_of(expression.item, count, gauge)
        case Binary():
            left, right = (value_of(side, count, gauge) for side in (expression.left, expression.right))
            assume(expression.operator != "/" or right != 0)
            return OPERATORS[expression.operator](left, right)
        case Call():
            return FUNCTIONS[expression.name](
                *(value_of(item, count, gauge) for item in expression.arguments)
            )
    raise AssertionError(expression)


@settings(max_examples=200)
@given(expressions, st.integers(0, 50), st.integers(-50, 50))
def test_no_value_leaves_its_range(expression: Expression, count: int, gauge: int) -> None:
    value = value_of(expression, count, gauge)
    found = range_of(expression)
    slack = 1e-9 * max(1.0, abs(value))
    assert found.low - slack <= value <= found.high + slack


@settings(max_examples=200)
@given(expressions, st.integers(-50, 0), st.integers(-50, 50))
def test_a_certain_range_holds_for_negative_counts_too(
    expression: Expression, count: int, gauge: int
) -> None:
    value = value_of(expression, count, gauge)
    found = range_of(expression)
    assume(found.certain)
    slack = 1e-9 * max(1.0, abs(value))
    assert found.low - slack <= value <= found.high + slack


Comparator = Literal[">", ">=", "<", "<=", "==", "!="]
HOLDS = {
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


@settings(max_examples=200)
@given(
    st.sampled_from([">", ">=", "<", "<=", "==", "!="]),
    st.integers(-3, 3),
    st.integers(-3, 3),
    st.integers(0, 3),
)
@example(">", 1, 1, 0)
def test_always_and_never_are_what_every_value_says(
    comparator: Comparator, threshold: int, low: int, width: int
) -> None:
    alert = parse(f"avg(last_5m):clamp_max(clamp_min(avg:a{{*}}, {low}), {low + width}) > 0")
    # Halves too: between two whole numbers there are others.
    verdicts = {HOLDS[comparator](low + step / 2, threshold) for step in range(2 * width + 1)}
    expected = verdicts.pop() if len(verdicts) == 1 else None
    assert always_or_never(comparator, threshold, range_of_alert(alert)) is expected


def test_the_sum_of_buckets_has_only_the_sign_of_one() -> None:
    def ranged(text: str) -> tuple[float, float]:
        found = range_of_alert(parse(text))
        return found.low, found.high

    assert ranged("sum(last_5m):clamp_max(abs(avg:a{*}), 1) > 0") == (0, math.inf)
    assert ranged("sum(last_5m):-abs(avg:a{*}) > 0") == (-math.inf, 0)
    assert ranged("avg(last_5m):clamp_max(abs(avg:a{*}), 1) > 0") == (0, 1)
    assert ranged("sum(last_5m):2 - clamp_max(avg:a{*}.as_count(), 1) > 0")[0] == 1


def test_what_is_not_known_has_no_range() -> None:
    window = TimeAggregation("avg", Window("last", 5, "m"))
    for call in ("outliers", "robust_trend"):
        alert = MetricAlert(window, Call(call, (GAUGE,)), ">", 1.0)
        assert (range_of_alert(alert).high == 1) is (call == "outliers")
