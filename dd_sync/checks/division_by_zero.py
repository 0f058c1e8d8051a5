"""A divisor that can be 0: Datadog drops such a bucket, and a monitor without buckets never alerts."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.ranges import range_of
from dd_sync.checks.walk import parts
from dd_sync.errors import Severity
from dd_sync.query.nodes import Binary, Number


def check(subject: Subject) -> Iterator[Finding]:
    if subject.query is None:
        return
    for node in parts(subject.query.expression):
        if not isinstance(node, Binary) or node.operator != "/" or not range_of(node.right).holds_zero:
            continue
        if isinstance(node.right, Number):
            yield subject.at(node.right, "divided by 0", "take the division away", Severity.ERROR)
        else:
            problem = "this divisor can be 0, and then there is nothing to compare"
            hint = "write clamp_min(…, 1), or say in an ignore that silence is right where it is 0"
            yield subject.at(node.right, problem, hint)
