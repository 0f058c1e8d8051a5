"""Tables put together: arithmetic and functions of single points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dd_sync.evaluate import functions
from dd_sync.evaluate.aggregate import Table
from dd_sync.evaluate.calls import constant, default_of, is_shift
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Floats
from dd_sync.query.nodes import Binary, Call, Expression, Metric, Negative, Number

# Stands for the group of a plain number; no tag value is empty, so no real group is this one.
_ANY: Group = ("",)


def plain_number(value: float, shape: tuple[int, ...]) -> Table:
    """One nameless row that goes with any groups, and rests on no data itself."""
    return Table((_ANY,), np.full((1, *shape), value), np.zeros((1, *shape), dtype=np.bool_))


def joined(function: Callable[[Floats, Floats], Floats], left: Table, right: Table) -> Table:
    """Two tables point by point: a missing count is 0, anything else missing makes the result missing.

    What came of operands already and is missing, as the quotient of a count and 0, stays missing.
    """
    if left.groups != (_ANY,) and right.groups != (_ANY,):
        groups = tuple(sorted({*left.groups, *right.groups}))
        left, right = left.regrouped(groups), right.regrouped(groups)
    values = function(_filled(left), _filled(right))
    present = np.broadcast_to(left.present | right.present, values.shape)
    groups = right.groups if left.groups == (_ANY,) else left.groups
    return Table(groups, values, present & ~np.isnan(values), left.zero or right.zero)


def _filled(table: Table) -> Floats:
    as_zero = table.zero and table.data is None
    return np.where(np.isnan(table.values), 0.0, table.values) if as_zero else table.values


def combined(operator: str, left: Table, right: Table) -> Table:
    return joined(lambda one, other: _combine(operator, one, other), left, right)


def negated(table: Table) -> Table:
    return replace(table, values=-table.values)


def pointwise(call: Call, table: Table) -> Table:
    if call.name not in functions.POINTWISE:
        return table
    numbers = [constant(argument) for argument in call.arguments[1:]]
    values = functions.POINTWISE[call.name][1](table.values, *numbers)
    return replace(table, values=values, data=None if table.data is None else table.data & ~np.isnan(values))


def counted(table: Table, name: str, step: int) -> Table:
    return Table(((),), functions.COUNTS[name](table.known(), step)[None])


def _combine(operator: str, left: Floats, right: Floats) -> Floats:
    if operator == "+":
        return np.asarray(left + right)
    if operator == "-":
        return np.asarray(left - right)
    if operator == "*":
        return np.asarray(left * right)
    # A division by zero has no value in Datadog.
    left, right = np.broadcast_arrays(left, right)
    quotient = np.full(left.shape, np.nan)
    np.divide(left, right, out=quotient, where=right != 0)
    return quotient


def value_when_empty(expression: Expression) -> float:
    """What a query gives where no metric has any point: counts are 0, anything else is nothing (NaN)."""
    match expression:
        case Number(value=value):
            return value
        case Metric():
            return 0.0 if expression.has("as_count") else np.nan
        case Negative(item=item):
            return -value_when_empty(item)
        case Binary(operator=operator, left=left, right=right):
            return float(
                _combine(operator, np.array(value_when_empty(left)), np.array(value_when_empty(right)))
            )
        case Call():
            return _call_when_empty(expression)
    return np.nan


def _call_when_empty(call: Call) -> float:
    name, arguments = call.name, call.arguments
    empty = value_when_empty(arguments[0])
    default = default_of(call)
    if default is not None:
        return default if np.isnan(empty) else empty
    if name in functions.POINTWISE:
        numbers = [constant(argument) for argument in arguments[1:]]
        return float(functions.POINTWISE[name][1](np.array(empty), *numbers))
    if name in functions.PAIRWISE and len(arguments) == 2:
        return float(functions.PAIRWISE[name](empty, value_when_empty(arguments[1])))
    return empty if is_shift(call) or (empty == 0 and functions.is_zero_of_zeros(call)) else np.nan
