"""max: one value that is too large, or too small."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dd_sync.guards.fields import Bounded, RollingWindow, Sourced, thresholds
from dd_sync.guards.gauges import extreme, judged, options
from dd_sync.guards.guard import Compiled, Guard, GuardContext


class Max(Sourced, Bounded):
    """The largest single value of a gauge or distribution, per group; of a lower bound the smallest."""

    window: RollingWindow | None = Field(
        default=None, description="How far back one value counts; 5m. Not beside `for`."
    )
    on_missing_data: Literal["default", "show_no_data", "show_and_notify_no_data", "resolve"] = Field(
        default="default",
        description="`default` keeps the state; `resolve`, where a value comes with each event only.",
    )


def compile_max(spec: Max, context: GuardContext) -> Compiled:
    """`max(last_5m):max:metric{scope} by {keys}.rollup(max, 60) > N`; for 15m: `min(last_15m):max:…`"""
    _, comparator, critical = spec.bound()
    metric = extreme(spec.metric, context.scope(spec.scope), spec.by, comparator)
    return Compiled(
        query=judged(metric, comparator, float(critical), window=spec.window, context=context),
        thresholds=thresholds(comparator, critical, warn_at=spec.warn_at, recover_at=spec.recover_at),
        options={**options(spec.by, context), "on_missing_data": spec.on_missing_data},
        notes=_notes(context),
    )


def _notes(context: GuardContext) -> tuple[str, ...]:
    if context.sustained is not None:
        return ("It alerts once every value of that time is beyond the bound, 3 empty minutes aside.",)
    return (
        "One value is enough, and keeps it alerting until it has left the window.",
        "Values of one bucket are not added up: submit them as a gauge or distribution, not as a count.",
    )


GUARD = Guard("max", Max, compile_max, "one value that is too large, or too small", lasts=True)
