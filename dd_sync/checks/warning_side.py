"""A warning that cannot come before its alert."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.recovery_side import SIDES
from dd_sync.errors import Severity

_BASE = ("options", "thresholds")


def check(subject: Subject) -> Iterator[Finding]:
    """`==` and `!=` have no sides. A guard's thresholds are right by construction."""
    thresholds = subject.thresholds
    if "warning" not in thresholds:
        return
    if subject.comparator in SIDES and "critical" in thresholds:
        side, sign = SIDES[subject.comparator]
        warning, critical = thresholds["warning"], thresholds["critical"]
        if sign * (critical - warning) <= 0:
            problem = f"warning {warning:g} is not {side} critical {critical:g}"
            yield Finding((*_BASE, "warning"), problem, f"use a value {side} {critical:g}")
    if "critical_recovery" in thresholds:
        yield Finding(
            (*_BASE, "critical_recovery"),
            "a warning together with a recovery from critical",
            "keep one: what Datadog does with a value between the two is not known",
            Severity.WARNING,
        )
