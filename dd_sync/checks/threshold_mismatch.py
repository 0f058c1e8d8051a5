"""A critical threshold that is not the number in the query: Datadog refuses such a monitor."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.query.canonical import render_number


def check(subject: Subject) -> Iterator[Finding]:
    alert = subject.query
    thresholds = subject.declared.monitor.options.get("thresholds") or {}
    critical = thresholds.get("critical")
    if subject.declared.guard is not None or alert is None or alert.threshold is None or critical is None:
        return
    if float(critical) != alert.threshold:
        shown, compared = render_number(float(critical)), render_number(alert.threshold)
        yield Finding(
            ("options", "thresholds", "critical"),
            f"the critical threshold is {shown}, but the query compares with {compared}",
            "make both the same number; Datadog refuses the monitor otherwise",
        )
