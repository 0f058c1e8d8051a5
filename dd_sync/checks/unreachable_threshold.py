"""A threshold that no value can cross, or that every value crosses."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.ranges import Range, always_or_never, range_of_alert
from dd_sync.checks.walk import calls, plain_metrics, rollup
from dd_sync.errors import Severity
from dd_sync.query.alerts import EventAlert, Rollup, ServiceCheck
from dd_sync.query.nodes import Binary, Call, Comparator, Expression, MetricAlert, Number, Text

# An anomaly recovers at its threshold already, whatever it is triggered by; others may or may not.
_RECOVERS: dict[Comparator, Comparator] = {">": "<=", ">=": "<=", "<": ">=", "<=": ">="}


def check(subject: Subject) -> Iterator[Finding]:
    match subject.any_query:
        case MetricAlert() as alert:
            yield from _judged(subject, alert.comparator, alert.threshold, _range_of(alert))
        case EventAlert(rollup=None | Rollup(method="count" | "cardinality")) as alert:
            yield from _judged(subject, alert.comparator, alert.threshold, Range(0.0))
        case ServiceCheck(method="pct_by_status"):
            yield from _percentages(subject)


def _range_of(alert: MetricAlert) -> Range:
    values = range_of_alert(alert)
    return (values.high == math.inf and _range_of_score(alert)) or values


def _judged(
    subject: Subject, comparator: Comparator, threshold: float | None, values: Range
) -> Iterator[Finding]:
    verdict = None if threshold is None else always_or_never(comparator, threshold, values)
    if verdict is None:
        yield from _others(subject, comparator, values)
    else:
        what = "every value alerts" if verdict else "it never alerts"
        yield subject.at_number(f"{what}: {_shown(values)}", _HINT, _severity(values))


def _percentages(subject: Subject) -> Iterator[Finding]:
    for name, value in subject.thresholds.items():
        if value > 100:
            problem = f"{name} is never reached: the value lies between 0 and 100"
            yield Finding(("options", "thresholds", name), problem, _HINT)


_HINT = "use a threshold that some values cross and some do not"


def _others(subject: Subject, comparator: Comparator, values: Range) -> Iterator[Finding]:
    if subject.declared.guard is not None:
        return
    thresholds = subject.thresholds
    base = ("options", "thresholds")
    if "warning" in thresholds:
        verdict = always_or_never(comparator, thresholds["warning"], values)
        if verdict is not None:
            what = "every value warns" if verdict else "it never warns"
            yield Finding((*base, "warning"), f"{what}: {_shown(values)}", _HINT, _severity(values))
    recovers = _RECOVERS.get(comparator)
    for name in ("critical_recovery", "warning_recovery"):
        if recovers is None or name not in thresholds:
            continue
        if always_or_never(recovers, thresholds[name], values) is False:
            yield Finding((*base, name), f"it never recovers: {_shown(values)}", _HINT, _severity(values))


def _severity(values: Range) -> Severity:
    return Severity.ERROR if values.certain else Severity.WARNING


def _shown(values: Range) -> str:
    if values.high == math.inf:
        return f"the value is {values.low:.4g} or more"
    if values.low == -math.inf:
        return f"the value is {values.high:.4g} or less"
    return f"the value lies between {values.low:.4g} and {values.high:.4g}"


# --- z-scores --------------------------------------------------------------------------------


def largest_score(points: int) -> float:
    """How many standard deviations one of so many points can lie from their mean: (n - 1) / √n."""
    return (points - 1) / math.sqrt(points)


def _range_of_score(alert: MetricAlert) -> Range | None:
    """The range of `(q - mean) / deviation` where the query says over how many points."""
    if alert.aggregation.change is not None or alert.aggregation.method == "sum":
        return None
    expression = alert.expression
    absolute = isinstance(expression, Call) and expression.name == "abs"
    points = _points(expression.arguments[0] if isinstance(expression, Call) and absolute else expression)
    if points is None:
        return None
    most = largest_score(points)
    return Range(0.0 if absolute else -most, most)


def _points(node: Expression) -> int | None:
    """Over how many points a score is taken, None where it is none or does not say."""
    if not isinstance(node, Binary) or node.operator != "/":
        return None
    if not isinstance(node.left, Binary) or node.left.operator != "-":
        return None
    for call in calls(node.right, "moving_rollup", "rollup", "stddev"):
        texts = [a.value for a in call.arguments if isinstance(a, Text)]
        seconds = [a.value for a in call.arguments if isinstance(a, Number)]
        steps = {found[1] for metric in plain_metrics(node) if (found := rollup(metric)) is not None}
        if ("stddev" in texts or call.name == "stddev") and len(seconds) == 1 and len(steps) == 1:
            points = int(seconds[0] // steps.pop())
            return points if points >= 2 else None
    return None
