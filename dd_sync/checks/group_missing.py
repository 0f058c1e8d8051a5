"""A monitor that should judge each tenant on its own, and judges all of them together."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.handles import covers
from dd_sync.errors import Severity
from dd_sync.query.nodes import MetricAlert
from dd_sync.query.tools import metrics_in


def check(subject: Subject) -> Iterator[Finding]:
    """Where the policy says that a metric is judged per tenant, and where a hold needs somebody to hold."""
    alert = subject.query
    tenant = subject.catalog.tenant_tag
    if alert is None:
        return
    patterns = subject.catalog.policy.per_tenant
    named = _named(alert, patterns) if patterns else None
    if (named is None and not subject.declared.hold) or tenant in subject.group_keys:
        return
    hint = f"add {tenant} to its grouping"
    guard = subject.declared.guard
    path = ("query",) if guard is None else ("guard", guard, "by")
    if named is not None:
        problem = f"'{named}' is judged per {tenant} by the policy, and this monitor judges all together"
        yield Finding(path, problem, hint, Severity.WARNING, key=True)
    else:
        problem = f"a hold is of one {tenant}, and this monitor judges all together"
        yield Finding(("hold",), problem, f"{hint}, or take the hold away", Severity.WARNING, key=True)


def _named(alert: MetricAlert, patterns: tuple[str, ...]) -> str | None:
    """The first metric that one of the policy's patterns names."""
    names = (metric.name for metric in metrics_in(alert.expression))
    return next((name for name in names if any(covers(pattern, name) for pattern in patterns)), None)
