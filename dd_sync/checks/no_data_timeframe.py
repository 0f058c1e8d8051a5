"""A time without data that is too short to tell a gap from a late point, or one that Datadog refuses."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.window_for_type import judged_window
from dd_sync.errors import Severity
from dd_sync.query.nodes import MetricAlert
from dd_sync.timeframe import format_duration

_PATH = ("options", "no_data_timeframe")
# A group without data for a day is forgotten, and so is what it would have told.
_LONGEST = 24 * 60


def check(subject: Subject) -> Iterator[Finding]:
    minutes = subject.number("no_data_timeframe")
    if not minutes:
        return
    if subject.declared.monitor.type == "log alert":
        hint = "leave it out and use on_missing_data; Datadog refuses the monitor otherwise"
        yield Finding(_PATH, "a log alert has no no_data_timeframe", hint, key=True)
    elif subject.options.get("notify_no_data") is not True:
        return
    elif minutes > _LONGEST:
        problem = f"{minutes:g} minutes are longer than the 24 hours Datadog remembers a group"
        yield Finding(_PATH, problem, f"use at most {_LONGEST}; Datadog refuses the monitor otherwise")
    elif subject.query is not None:
        yield from _short(subject, subject.query, minutes)


def _short(subject: Subject, alert: MetricAlert, minutes: float) -> Iterator[Finding]:
    window = alert.aggregation.window
    judged = judged_window(subject, alert)
    needed = min(2 * judged.total_seconds() / 60, _LONGEST)
    if window.kind == "last" and minutes < needed:
        problem = f"{minutes:g} minutes are less than twice the window of {format_duration(judged)}"
        hint = f"use {needed:g} or more, or one late point reads as no data"
        yield Finding(_PATH, problem, hint, Severity.WARNING)
