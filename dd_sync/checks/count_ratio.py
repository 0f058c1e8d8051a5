"""A ratio of counts that is not the ratio of their totals."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.walk import parts, plain_metrics
from dd_sync.query.nodes import Binary, Metric


def check(subject: Subject) -> Iterator[Finding]:
    alert = subject.query
    if alert is None or alert.aggregation.change is not None:
        return
    for node in parts(alert.expression):
        if not isinstance(node, Binary) or node.operator != "/":
            continue
        over, under = list(plain_metrics(node.left)), list(plain_metrics(node.right))
        if not over or not under:
            continue
        bare = next((metric for metric in (*over, *under) if not metric.has("as_count")), None)
        if bare is None:
            continue
        if len({metric.has("as_count") for metric in (*over, *under)}) == 2:
            problem = f"'{bare.name}' has no .as_count(), and what it is divided with has"
            yield subject.at(bare, problem, "write .as_count() behind every metric of the ratio, or none")
        elif alert.aggregation.method == "sum" and _all_sums([*over, *under]):
            yield subject.at(
                node,
                "the sum of each bucket's ratio, not the ratio of the sums",
                "write .as_count() behind every metric of the ratio, or aggregate with avg",
            )


def _all_sums(metrics: list[Metric]) -> bool:
    return all(metric.aggregation in ("sum", "count", None) for metric in metrics)
