"""Buckets longer than the delay: the newest of them is judged before it is full."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.walk import parts, rollup
from dd_sync.query.nodes import Call, Expression, Metric
from dd_sync.timeframe import format_duration

# Over these a bucket that is not full yet, or cut off, changes nothing that the whole would not: a sum of
# sums is the sum of the points, and the largest of the largest is the largest point.
_INDIFFERENT = frozenset(("sum", "max", "min"))


def check(subject: Subject) -> Iterator[Finding]:
    alert = subject.query
    if alert is None:
        return
    window = alert.aggregation.window.length.total_seconds()
    delay = subject.number("evaluation_delay") or 0.0
    for node, method, seconds in _rollups(alert.expression):
        shown = format_duration(timedelta(seconds=seconds))
        if seconds > window:
            length = format_duration(alert.aggregation.window.length)
            hint = "use a window of several buckets, or a shorter rollup"
            yield subject.at(node, f"buckets of {shown} in a window of {length}", hint)
        elif seconds > delay and not (method == alert.aggregation.method and method in _INDIFFERENT):
            delayed = format_duration(timedelta(seconds=delay))
            yield subject.at(
                node,
                f"buckets of {shown} under an evaluation_delay of {delayed}",
                f"set evaluation_delay to {seconds:g} or more: Datadog judges a bucket before it is full",
            )


def _rollups(expression: Expression) -> Iterator[tuple[Metric | Call, str | None, float]]:
    for node in parts(expression):
        if isinstance(node, Metric | Call) and (found := rollup(node)) is not None and found[1] > 0:
            yield node, *found
