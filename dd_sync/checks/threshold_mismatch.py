"""A critical threshold that is not the number in the query: Datadog refuses such a monitor."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.query.canonical import render_number


def check(subject: Subject) -> Iterator[Finding]:
    critical, compared = subject.thresholds.get("critical"), subject.threshold
    if critical is None or compared is None or critical == compared:
        return
    yield Finding(
        ("options", "thresholds", "critical"),
        f"the critical threshold is {render_number(critical)}, "
        f"but the query compares with {render_number(compared)}",
        "make both the same number; Datadog refuses the monitor otherwise",
    )
