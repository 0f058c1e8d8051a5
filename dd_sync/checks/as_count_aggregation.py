"""Counts under another aggregation than sum: the result depends on buckets that nobody chose."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.walk import plain_metrics


def check(subject: Subject) -> Iterator[Finding]:
    alert = subject.query
    if alert is None or alert.aggregation.method == "sum":
        return
    if any(metric.has("as_count") for metric in plain_metrics(alert.expression)):
        method = alert.aggregation.method
        yield subject.at(
            alert.aggregation,
            f"{method} over the window of a metric with .as_count()",
            "use sum: the others see the count of one bucket, whose length Datadog chooses",
        )
