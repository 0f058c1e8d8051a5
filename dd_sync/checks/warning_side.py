"""Thresholds in an order in which they cannot work, in a monitor of the raw form."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Severity

_BASE = ("options", "thresholds")


def check(subject: Subject) -> Iterator[Finding]:
    """Metric monitors only. A guard's thresholds are right by construction."""
    alert = subject.query
    thresholds = subject.declared.monitor.options.get("thresholds")
    if subject.declared.guard is not None or alert is None or not thresholds:
        return
    if alert.comparator in (">", ">="):
        yield from _ordered(thresholds, "below", 1)
    elif alert.comparator in ("<", "<="):
        yield from _ordered(thresholds, "above", -1)
    if "warning_recovery" in thresholds and "warning" not in thresholds:
        hint = "add a warning threshold, or take it away; Datadog refuses the monitor otherwise"
        yield Finding((*_BASE, "warning_recovery"), "a recovery from a warning that is not there", hint)
    if "warning" in thresholds and "critical_recovery" in thresholds:
        yield Finding(
            (*_BASE, "critical_recovery"),
            "a warning together with a recovery from critical",
            "keep one: what Datadog does with a value between the two is not known",
            Severity.WARNING,
        )


def _ordered(thresholds: dict[str, float], side: str, sign: int) -> Iterator[Finding]:
    """Each of these has to lie on the OK side of the other."""
    for name, other in (
        ("warning", "critical"),
        ("critical_recovery", "critical"),
        ("warning_recovery", "warning"),
    ):
        if name not in thresholds or other not in thresholds:
            continue
        if sign * (thresholds[other] - thresholds[name]) <= 0:
            problem = f"{name} {thresholds[name]:g} is not {side} {other} {thresholds[other]:g}"
            yield Finding((*_BASE, name), problem, f"use a value {side} {thresholds[other]:g}")
