"""More bad runs of a check asked for than are looked at."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.query.alerts import ServiceCheck


def check(subject: Subject) -> Iterator[Finding]:
    query = subject.any_query
    if not isinstance(query, ServiceCheck) or query.last is None or query.method != "count_by_status":
        return
    largest = max(subject.thresholds.items(), key=lambda item: item[1], default=None)
    if largest is not None and largest[1] > query.last:
        name, runs = largest
        yield Finding(
            ("options", "thresholds", name),
            f"{name} asks for {runs:g} runs, and .last({query.last}) looks at {query.last}",
            f"write .last({runs:g}), or more; Datadog refuses the monitor otherwise",
        )
