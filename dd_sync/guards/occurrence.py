"""occurrence: any event at all."""

from __future__ import annotations

from dd_sync.guards.counts import counted, options
from dd_sync.guards.fields import Counted, window_node
from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.query.nodes import MetricAlert, TimeAggregation


class Occurrence(Counted):
    """One event of a metric in the window, per group."""


def compile_occurrence(spec: Occurrence, context: GuardContext) -> Compiled:
    """`sum(last_W):sum:metric{scope} by {keys}.as_count() > 0`"""
    return Compiled(
        query=MetricAlert(TimeAggregation("sum", window_node(spec.window)), counted(spec, context), ">", 0.0),
        thresholds={"critical": 0},
        options=options(spec.by, spec.window, ">"),
        notes=(
            "One event is enough; it recovers once the window is past it.",
            "A second event within the window is told by no notification of its own.",
        ),
    )


GUARD = Guard("occurrence", Occurrence, compile_occurrence, "any event at all")
