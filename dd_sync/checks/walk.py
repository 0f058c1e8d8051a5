"""Ways through a query's expression that several rules take."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.query.nodes import Binary, Call, Expression, Metric, Negative

# Their result is no longer the metric: a share of anomalous points, a verdict, a band, a number of groups.
ALGORITHMS = frozenset(("anomalies", "outliers", "forecast", "count_nonzero", "count_not_null"))


def parts(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it, outer before inner, in the order of the text."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case Binary():
                waiting += (node.right, node.left)
            case Negative():
                waiting.append(node.item)
            case Call():
                waiting += reversed(node.arguments)


def calls(expression: Expression, *names: str) -> Iterator[Call]:
    """The calls of these functions."""
    return (node for node in parts(expression) if isinstance(node, Call) and node.name in names)


def plain_metrics(expression: Expression) -> Iterator[Metric]:
    """The metrics that are not an algorithm's argument."""
    match expression:
        case Metric():
            yield expression
        case Binary():
            yield from plain_metrics(expression.left)
            yield from plain_metrics(expression.right)
        case Negative():
            yield from plain_metrics(expression.item)
        case Call() if expression.name not in ALGORITHMS:
            for argument in expression.arguments:
                yield from plain_metrics(argument)


def rollup(node: Metric | Call) -> tuple[str | None, float] | None:
    """The method and seconds of an explicit `.rollup(…)`, None where there is none with seconds."""
    for modifier in node.modifiers:
        if modifier.name == "rollup":
            seconds = next((a for a in modifier.arguments if isinstance(a, float)), None)
            method = next((a for a in modifier.arguments if isinstance(a, str)), None)
            return None if seconds is None else (method, seconds)
    return None
