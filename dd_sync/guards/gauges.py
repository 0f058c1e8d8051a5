"""What the guards over gauges share: a value judged as it is, or only once it has lasted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dd_sync.errors import Unfit
from dd_sync.guards.fields import seconds_of, window_node
from dd_sync.guards.guard import GuardContext
from dd_sync.query.nodes import Comparator, Expression, Metric, MetricAlert, Modifier, Scope, TimeAggregation

_MINUTE = timedelta(minutes=1)
USUAL_WINDOW = timedelta(minutes=5)
UPPER = (">", ">=")


def judged(
    expression: Expression,
    comparator: Comparator,
    critical: float,
    *,
    window: timedelta | None,
    context: GuardContext,
) -> MetricAlert:
    """Any bucket of the window beyond the bound; with `for:`, all buckets of that time.

    Raises Unfit at `window` where both are given: `for:` is the window then.
    """
    lasting = context.sustained
    if lasting is not None and window is not None:
        raise Unfit(
            "a window beside 'for'", hint="keep one: with 'for' all of that time is judged", path=("window",)
        )
    upper = comparator in UPPER
    # The largest value is beyond an upper bound when any is, the smallest only when all are.
    method = "min" if upper == (lasting is not None) else "max"
    span = lasting or window or USUAL_WINDOW
    return MetricAlert(TimeAggregation(method, window_node(span)), expression, comparator, critical)


def extreme(
    name: str, scope: Scope, by: tuple[str, ...], comparator: Comparator, bucket: timedelta = _MINUTE
) -> Metric:
    """The largest value of each bucket, of a lower bound the smallest.

    Said outright: by itself Datadog takes a gauge's average, in which a single value drowns.
    """
    method = "max" if comparator in UPPER else "min"
    rollup = Modifier("rollup", (method, float(seconds_of(bucket))))
    return Metric(method, name, scope, by, (rollup,))


def options(by: tuple[str, ...], context: GuardContext) -> dict[str, Any]:
    """Options of a monitor over a gauge: a gap says nothing, and what has to last needs a full window."""
    found: dict[str, Any] = {
        "include_tags": True,
        "notify_audit": False,
        "on_missing_data": "default",
        "require_full_window": context.sustained is not None,
    }
    if by:
        found["new_group_delay"] = seconds_of(context.sustained) if context.sustained else 0
    return found
