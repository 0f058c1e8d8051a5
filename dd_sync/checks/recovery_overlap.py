"""A recovery that begins where the alert does, so that a monitor can be in both at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.recovery_side import PAIRS, SIDES
from dd_sync.checks.walk import calls
from dd_sync.query.nodes import UNIT_SECONDS

_WINDOW = re.compile(r"last_(\d{1,6})(mo|[mhdw])")
_WINDOWS = ("options", "threshold_windows")


def check(subject: Subject) -> Iterator[Finding]:
    yield from _thresholds(subject)
    if subject.query is not None and any(calls(subject.query.expression, "anomalies")):
        yield from _windows(subject)


def _thresholds(subject: Subject) -> Iterator[Finding]:
    if subject.comparator not in SIDES:
        return
    side, _ = SIDES[subject.comparator]
    thresholds = subject.thresholds
    for name, other in PAIRS:
        if name in thresholds and thresholds[name] == thresholds.get(other):
            problem = f"{name} is the same as {other}, {thresholds[name]:g}"
            hint = f"use a value {side} it; Datadog refuses a recovery that touches its trigger"
            yield Finding(("options", "thresholds", name), problem, hint)


def _windows(subject: Subject) -> Iterator[Finding]:
    """An anomaly recovers by its last minutes while it may still alert by the ones before.

    With at most a share r of the recovery window R anomalous, up to (T - R) + r R of the trigger window T
    can be; that has to stay under the share that triggers.
    """
    windows = subject.options.get("threshold_windows")
    if not isinstance(windows, dict):
        return
    trigger, recovery = (seconds(windows.get(name)) for name in ("trigger_window", "recovery_window"))
    critical = subject.thresholds.get("critical")
    if trigger is None or recovery is None or critical is None:
        return
    share = max(subject.thresholds.get("critical_recovery", 0.0), 0.0)
    # A recovery window that is longer only recovers later, and live monitors have such.
    still = max(trigger - recovery, 0.0) + share * recovery
    if still >= critical * trigger:
        problem = f"with a recovery window of {windows['recovery_window']} an alert could be over and go on"
        least = int((1 - critical) * trigger // 60) + 1
        hint = f"use last_{least}m to {windows['trigger_window']}, and a critical_recovery of 0"
        yield Finding((*_WINDOWS, "recovery_window"), problem, hint)


def seconds(window: object) -> float | None:
    """The length of `last_15m`, None for what is no such window."""
    match = _WINDOW.fullmatch(window) if isinstance(window, str) else None
    return None if match is None else float(int(match[1]) * UNIT_SECONDS[match[2]])
