"""Formulas over the values of searches: `query1 / query2 * 100`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from dd_sync.evaluate.series import Floats
from dd_sync.evaluate.unsupported import unsupported
from dd_sync.query.nodes import Binary, Call, Expression, Negative, Number, Text, Variable


def _positive(function: Callable[[Any], Any]) -> Callable[..., Floats]:
    return lambda value: np.asarray(function(np.where(value > 0, value, np.nan)))


# By name: how many numbers follow the value, and what is made of it.
_FUNCTIONS: dict[str, tuple[int, Callable[..., Floats]]] = {
    "abs": (0, np.abs),
    "log2": (0, _positive(np.log2)),
    "log10": (0, _positive(np.log10)),
    "default_zero": (0, lambda value: np.where(np.isnan(value), 0.0, value)),
    "clamp_min": (1, np.maximum),
    "clamp_max": (1, np.minimum),
}


def variables_in(formula: Expression) -> Iterator[Variable]:
    """Every name of a query, in the order of the text."""
    match formula:
        case Variable():
            yield formula
        case Negative(item=item):
            yield from variables_in(item)
        case Binary(left=left, right=right):
            yield from variables_in(left)
            yield from variables_in(right)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from variables_in(argument)


def check(text: str, formula: Expression) -> None:
    """Raises Unsupported, with its place in the query `text`, for what has no value here."""
    match formula:
        case Negative(item=item):
            check(text, item)
        case Binary(left=left, right=right):
            check(text, left)
            check(text, right)
        case Call(name=name, arguments=arguments, keywords=keywords, modifiers=modifiers):
            numbers = [argument for argument in arguments[1:] if isinstance(argument, Number)]
            takes = _FUNCTIONS[name][0] if name in _FUNCTIONS else -1
            if keywords or modifiers or not arguments or not len(arguments) - 1 == len(numbers) == takes:
                raise unsupported(text, formula, f"{name}() in a formula is not evaluated here")
            check(text, arguments[0])
        case Text(value=value):
            raise unsupported(text, formula, f"'{value}' stands where a number or a query is expected")


def value_of(formula: Expression, values: Mapping[str, Floats]) -> Floats:
    """The formula point by point, NaN where an operand has no value or the divisor is 0.

    values: by the name of the query, float64 of one shape.
    """
    match formula:
        case Number(value=value):
            return np.asarray(value)
        case Variable(name=name):
            return values[name]
        case Negative(item=item):
            return -value_of(item, values)
        case Binary(operator=sign, left=left, right=right):
            return _combined(sign, value_of(left, values), value_of(right, values))
        case Call(name=name, arguments=arguments):
            rest = [argument.value for argument in arguments[1:] if isinstance(argument, Number)]
            return np.asarray(_FUNCTIONS[name][1](value_of(arguments[0], values), *rest))
    return np.asarray(np.nan)


def _combined(sign: str, left: Floats, right: Floats) -> Floats:
    if sign == "+":
        return np.asarray(left + right)
    if sign == "-":
        return np.asarray(left - right)
    if sign == "*":
        return np.asarray(left * right)
    return np.asarray(left / np.where(right == 0, np.nan, right))
