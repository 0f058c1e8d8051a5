"""Which queries can be evaluated, decided before any point is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dd_sync.evaluate import functions
from dd_sync.evaluate.calls import (
    constant,
    default_of,
    has_arithmetic,
    is_shift,
    numbered,
    ranking,
    shift_fits,
    word,
)
from dd_sync.evaluate.grid import METHODS
from dd_sync.evaluate.unsupported import HINT, Unsupported, unsupported
from dd_sync.query.nodes import (
    Binary,
    Call,
    Expression,
    Metric,
    Modifier,
    Negative,
    Node,
    Number,
    Text,
    Variable,
)
from dd_sync.query.tools import metrics_in

SPACE = ("avg", "sum", "min", "max")
ALGORITHMS = ("anomalies", "outliers", "forecast")
FILLS = ("linear", "last", "zero", "null")
FILL_SECONDS = 300
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")

# Grouping keys of an expression; None for a plain number, which goes with any grouping.
Keys = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric's modifiers, read: which type it is taken as, its rollup (seconds), and its filling."""

    as_count: bool = False
    as_rate: bool = False
    weighted: bool = False
    method: str | None = None
    step: int | None = None
    fill: tuple[str, int] | None = None


def percentile(aggregation: str | None) -> float | None:
    """95.0 for `p95`, None for any other aggregation."""
    found = _PERCENTILE.fullmatch(aggregation or "")
    return float(found[1]) if found else None


def reading_of(metric: Metric) -> Reading:
    """Raises ValueError with a text for people if a modifier is not supported."""
    reading = Reading()
    for modifier in metric.modifiers:
        reading = _with(reading, modifier)
    if reading.as_count and reading.as_rate:
        raise ValueError(".as_count() together with .as_rate() has no published meaning")
    if reading.weighted and (metric.aggregation != "sum" or reading.method is not None):
        raise ValueError(".weighted() is published for `sum:` without a rollup method only")
    return reading


def _with(reading: Reading, modifier: Modifier) -> Reading:
    match modifier.name, modifier.arguments:
        case "as_count", ():
            return replace(reading, as_count=True)
        case "as_rate", ():
            return replace(reading, as_rate=True)
        case "weighted", ():
            return replace(reading, weighted=True)
        case "rollup", arguments:
            method, step = _rollup(arguments)
            return replace(reading, method=method, step=step)
        case "fill", arguments:
            return replace(reading, fill=_fill(arguments))
    raise ValueError(f".{modifier.name}() is not evaluated here")


def _rollup(arguments: tuple[str | float, ...]) -> tuple[str | None, int | None]:
    match arguments:
        case (str(method),) if method in METHODS:
            return method, None
        case (str(method), float() | int() as step) if method in METHODS and step == int(step) > 0:
            return method, int(step)
        case (float() | int() as step,) if step == int(step) > 0:
            return None, int(step)
    raise ValueError(
        "this form of .rollup() is not evaluated here; use avg, sum, min, max or count and seconds"
    )


def _fill(arguments: tuple[str | float, ...]) -> tuple[str, int]:
    match arguments:
        case (str(method),) if method in FILLS:
            return method, FILL_SECONDS
        case (str(method), float() | int() as limit) if method in FILLS:
            return method, int(limit)
    raise ValueError("this form of .fill() is not evaluated here; use linear, last, zero or null and seconds")


class Support:
    """Walks a query's expression; every method raises Unsupported at the node that cannot be evaluated."""

    def __init__(self, text: str, *, split: bool) -> None:
        """split: whether operands are aggregated over time before the arithmetic (docs/semantics.md)."""
        self._text = text
        self._split = split

    def keys(self, expression: Expression) -> Keys:
        """The keys the expression is grouped by, in the order of its first metric."""
        match expression:
            case Number():
                return None
            case Metric():
                return self._metric(expression)
            case Negative(item=item):
                return self.keys(item)
            case Binary(left=left, right=right):
                return self._same(expression, self.keys(left), self.keys(right))
            case Call():
                return self._call(expression)
            case Text(value=value) | Variable(name=value):
                raise self._error(expression, f"'{value}' stands where a number or a metric is expected")

    def _error(self, node: Node, problem: str, hint: str = HINT) -> Unsupported:
        return unsupported(self._text, node, problem, hint)

    def _metric(self, metric: Metric) -> Keys:
        known = (None, *SPACE, "count")
        if metric.aggregation not in known and percentile(metric.aggregation) is None:
            raise self._error(
                metric,
                f"{metric.name} with the space aggregation '{metric.aggregation}' is not evaluated here",
                "write avg, sum, min or max before the metric, or p95 or count if it is a distribution",
            )
        try:
            reading_of(metric)
        except ValueError as wrong:
            raise self._error(metric, str(wrong)) from None
        return tuple(dict.fromkeys(metric.by))

    def _same(self, node: Node, left: Keys, right: Keys) -> Keys:
        if left is None or right is None:
            return right if left is None else left
        if set(left) != set(right):
            raise self._error(
                node,
                f"operands grouped by {_named(left)} and by {_named(right)} are combined",
                "group every metric of the query by the same keys",
            )
        return left

    def _call(self, call: Call) -> Keys:
        name, arguments = call.name, call.arguments
        if name in ALGORITHMS:
            raise self._error(
                call,
                f"{name}() inside of something else has no published meaning",
                "compare it alone with the threshold, as in avg(last_4h):anomalies(…) >= 1",
            )
        if call.keywords or call.modifiers:
            raise self._error(call, f"{name}() with these arguments is not evaluated here")
        if name in functions.PAIRWISE and len(arguments) == 2:
            self._by_bucket(call)
            return self._same(call, self.keys(arguments[0]), self.keys(arguments[1]))
        if not arguments or not self._takes(call, arguments[1:]):
            raise self._error(call, f"{name}() is not evaluated here, or not with these arguments")
        if name in functions.DIFFERENCES and not isinstance(arguments[0], Metric):
            raise self._error(call, f"{name}() is evaluated of a plain metric only")
        if name not in functions.POINTWISE and not is_shift(call):
            self._by_bucket(call)
        if default_of(call) and any(metric.has("as_count") for metric in metrics_in(call)):
            raise self._error(
                call,
                f"{name}() of counts by another number than 0 has no published meaning",
                "write default(…, 0), or leave it out: a count without data is 0",
            )
        keys = self.keys(arguments[0])
        if keys is None:
            raise self._error(call, f"{name}() of a plain number is not evaluated here")
        return () if name in functions.COUNTS else keys

    def _by_bucket(self, call: Call) -> None:
        if self._split and has_arithmetic(call):
            raise self._error(
                call,
                f"{call.name}() around arithmetic with .as_count() has no published order of evaluation",
                "apply the function to each metric instead",
            )

    def _takes(self, call: Call, rest: tuple[Expression, ...]) -> bool:
        name, numbers = call.name, [constant(argument) for argument in rest]
        if name in functions.POINTWISE:
            return len(rest) == functions.POINTWISE[name][0] and None not in numbers
        if name == "timeshift":
            return len(rest) == 1 and shift_fits(numbers[0])
        if name == "moving_rollup":
            seconds = numbers[0] if len(rest) == 2 else None
            return seconds is not None and seconds >= 1 and word(rest[1]) in functions.MOVING_METHODS
        if ranking(call) or default_of(call) is not None:
            return True
        return not rest and (
            is_shift(call)
            or name in functions.DIFFERENCES
            or name in functions.COUNTS
            or name in functions.WINDOWED
            or numbered(name, functions.NUMBERED) is not None
        )


def _named(keys: tuple[str, ...]) -> str:
    return "{" + ",".join(keys) + "}" if keys else "nothing"
