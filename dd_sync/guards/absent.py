"""absent: nothing reported."""

from __future__ import annotations

from dd_sync.guards.fields import Counted, seconds_of, window_node
from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.query.nodes import Metric, MetricAlert, Modifier, TimeAggregation


class Absent(Counted):
    """A metric of which nothing at all is reported for a whole window, per group."""


def compile_absent(spec: Absent, context: GuardContext) -> Compiled:
    """`sum(last_W):sum:metric{scope} by {keys}.rollup(count) < 1`, and No Data is told.

    Where there is nothing there is nothing to compare, so the state is No Data, not Alert. As many points as
    were reported are never fewer than 1: the bound is the plain meaning, and never met by itself.
    """
    metric = Metric("sum", spec.metric, context.scope(spec.scope), spec.by, (Modifier("rollup", ("count",)),))
    options: dict[str, object] = {
        "include_tags": True,
        "notify_audit": False,
        "on_missing_data": "show_and_notify_no_data",
        "require_full_window": False,
    }
    if spec.by:
        options["new_group_delay"] = seconds_of(spec.window)
    return Compiled(
        query=MetricAlert(TimeAggregation("sum", window_node(spec.window)), metric, "<", 1.0),
        thresholds={"critical": 1},
        options=options,
        notes=(
            "Silence shows as No Data and is told as such: its texts belong into {{#is_no_data}}.",
            "A group has to have reported once, and is forgotten after 24 hours of silence.",
            "A zero is a report: this guard looks for nothing at all.",
        ),
    )


GUARD = Guard("absent", Absent, compile_absent, "nothing reported for a whole window")
