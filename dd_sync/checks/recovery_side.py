"""A recovery threshold on the alert's side of its trigger, or one that has no trigger."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject

_BASE = ("options", "thresholds")
PAIRS = (("critical_recovery", "critical"), ("warning_recovery", "warning"))
SIDES = {">": ("below", 1), ">=": ("below", 1), "<": ("above", -1), "<=": ("above", -1)}


def check(subject: Subject) -> Iterator[Finding]:
    """A guard's thresholds are right by construction."""
    thresholds = subject.thresholds
    if "warning_recovery" in thresholds and "warning" not in thresholds:
        hint = "add a warning threshold, or take it away; Datadog refuses the monitor otherwise"
        yield Finding((*_BASE, "warning_recovery"), "a recovery from a warning that is not there", hint)
    comparator = subject.comparator
    if comparator not in SIDES:
        return
    side, sign = SIDES[comparator]
    for name, other in PAIRS:
        if name not in thresholds or other not in thresholds:
            continue
        recovery, trigger = thresholds[name], thresholds[other]
        if sign * (trigger - recovery) < 0:
            problem = f"{name} {recovery:g} is not {side} {other} {trigger:g}"
            yield Finding((*_BASE, name), problem, f"use a value {side} {trigger:g}")
