"""Options about telling again, in a monitor that tells once."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Severity

_HINT = "add renotify_interval, in minutes"


def check(subject: Subject) -> Iterator[Finding]:
    options = subject.options
    if subject.number("renotify_interval"):
        return
    if subject.number("renotify_occurrences"):
        yield _finding(
            "renotify_occurrences", f"{_HINT}; Datadog refuses the monitor otherwise", Severity.ERROR
        )
    if options.get("renotify_statuses"):
        yield _finding("renotify_statuses", _HINT, Severity.WARNING)
    text = options.get("escalation_message")
    if isinstance(text, str) and text.strip():
        yield _finding("escalation_message", f"{_HINT}; this text is never sent", Severity.WARNING)


def _finding(option: str, hint: str, severity: Severity) -> Finding:
    return Finding(("options", option), f"{option} without a renotify_interval", hint, severity, key=True)
