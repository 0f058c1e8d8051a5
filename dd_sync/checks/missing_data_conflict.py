"""Options about missing data that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.walk import calls
from dd_sync.errors import Severity

_PATH = ("options", "on_missing_data")
_WITHOUT = frozenset(("service check", "composite", "slo alert"))
_METRIC = frozenset(("query alert", "metric alert"))


def check(subject: Subject) -> Iterator[Finding]:
    chosen = subject.options.get("on_missing_data")
    if chosen is None:
        yield from _scheduled(subject)
    else:
        yield from _legacy(subject)
        yield from _resolved(subject, chosen)
        yield from _unsupported(subject, chosen)


def _legacy(subject: Subject) -> Iterator[Finding]:
    """Datadog itself answers with `false` and null next to on_missing_data, so these are no conflict."""
    hint = "on_missing_data replaces notify_no_data and no_data_timeframe; keep it alone"
    if subject.options.get("notify_no_data") is True:
        yield Finding(("options", "notify_no_data"), "on_missing_data and notify_no_data", hint, key=True)
    if subject.number("no_data_timeframe"):
        problem = "on_missing_data and no_data_timeframe"
        yield Finding(("options", "no_data_timeframe"), problem, hint, key=True)


def _resolved(subject: Subject, chosen: object) -> Iterator[Finding]:
    if chosen == "resolve" and subject.number("timeout_h"):
        hint = "both resolve it without data; leave timeout_h out, Datadog refuses the monitor otherwise"
        yield Finding(("options", "timeout_h"), "on_missing_data: resolve and timeout_h", hint, key=True)


def _unsupported(subject: Subject, chosen: object) -> Iterator[Finding]:
    kind, alert = subject.declared.monitor.type, subject.query
    if kind in _WITHOUT:
        hint = "use notify_no_data" if kind != "slo alert" else "leave it out"
        yield Finding(_PATH, f"a monitor of the type {kind} has no on_missing_data", hint, key=True)
    elif chosen != "default" and alert is not None and any(calls(alert.expression, "default_zero")):
        hint = "use default, or take default_zero out; Datadog refuses the monitor otherwise"
        yield Finding(_PATH, "default_zero leaves no data missing", hint)


def _scheduled(subject: Subject) -> Iterator[Finding]:
    schedule = subject.options.get("scheduling_options")
    custom = schedule.get("custom_schedule") if isinstance(schedule, dict) else None
    if custom is not None and subject.declared.monitor.type in _METRIC:
        problem = "a custom schedule without on_missing_data"
        hint = "Datadog's reference asks for it; add on_missing_data: default, or what you want instead"
        path = ("options", "scheduling_options", "custom_schedule")
        yield Finding(path, problem, hint, Severity.WARNING, key=True)
