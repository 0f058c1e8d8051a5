"""What the guards over counts share: the counted metric, and how Datadog treats its gaps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dd_sync.guards.fields import Counted, seconds_of
from dd_sync.guards.guard import GuardContext
from dd_sync.query.nodes import Comparator, Metric, Modifier

AS_COUNT = Modifier("as_count")


def counted(spec: Counted, context: GuardContext) -> Metric:
    """`sum:metric{scope} by {keys}.as_count()`: events, not events per second."""
    return Metric("sum", spec.metric, context.scope(spec.scope), spec.by, (AS_COUNT,))


def options(by: tuple[str, ...], window: timedelta, comparator: Comparator) -> dict[str, Any]:
    """Options of a monitor over a count.

    A window without a single event is a count of 0, so a quiet group recovers and never reads "no data".
    Half a window already shows too many events, so a window need not be full and a new group is judged at
    once: a flood often comes from somebody never seen before. Too few events can only be told after a whole
    window. Without `new_group_delay` Datadog would add its own delay for new hosts.
    """
    found: dict[str, Any] = {
        "include_tags": True,
        "notify_audit": False,
        "on_missing_data": "default",
        "require_full_window": False,
    }
    if by:
        found["new_group_delay"] = 0 if comparator in (">", ">=") else seconds_of(window)
    return found
