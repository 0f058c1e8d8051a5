"""A variable that the monitor gives no value: Datadog would send an empty space in its place."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Severity
from dd_sync.message.tools import VariableUse, variables_in

# What every metric monitor gives, by Datadog's documentation of notification variables.
GIVEN = frozenset(
    (
        "value",
        "threshold",
        "warn_threshold",
        "alert_recovery_threshold",
        "warn_recovery_threshold",
        "comparator",
        "first_triggered_at",
        "first_triggered_at_epoch",
        "last_triggered_at",
        "last_triggered_at_epoch",
        "triggered_duration_sec",
    )
)


def check(subject: Subject) -> Iterator[Finding]:
    """Metric monitors only: what the others give depends on their events."""
    if subject.query is None:
        return
    keys = subject.tag_keys
    for field, template in subject.readable():
        for use in variables_in(template):
            hint = _missing(use, keys)
            if hint is not None:
                start, end = use.span
                problem = f"'{use.name}' has no value in this monitor"
                yield Finding((field,), problem, hint, Severity.WARNING, offset=start, length=end - start)


def _missing(use: VariableUse, keys: tuple[str, ...]) -> str | None:
    """What to write instead, None where the variable has a value."""
    if use.name in GIVEN:
        return None
    if use.name in keys:
        # Conditions may name the bare tag; shown, it is the tag's `.name` that has a value.
        return None if use.compared else f"write {{{{{_bracketed(use.name)}.name}}}}"
    tag = ".".join(use.path[:-1])
    if tag in keys and use.path[-1] == "name":
        return None
    if "host" in keys and use.path[0] == "host":
        return None  # a host brings its metadata and all its tags
    if tag in keys:
        return f"write {{{{{_bracketed(tag)}.name}}}}"
    known = (*GIVEN, *(f"{key}.name" for key in keys))
    near = get_close_matches(use.name, known, n=1, cutoff=0.7)
    grouped = f"the monitor's tags are {', '.join(sorted(keys))}" if keys else "the monitor is not grouped"
    return f"did you mean {{{{{near[0]}}}}}?" if near else grouped


def _bracketed(key: str) -> str:
    return f"[{key}]" if "." in key else key
