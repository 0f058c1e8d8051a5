"""ewma: away from the exponentially weighted mean of what came before."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dd_sync.errors import Unfit
from dd_sync.guards.derived import Derived, derivation, source, watched
from dd_sync.guards.fields import window_node
from dd_sync.guards.gauges import USUAL_WINDOW, options
from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.guards.values import Number, Numeric
from dd_sync.model.derivation import EWMA_DEVIATION
from dd_sync.query.nodes import Binary, Call, MetricAlert, TimeAggregation
from dd_sync.query.nodes import Number as NumberNode

# The spans that Datadog has.
SPANS = (3, 5, 7, 10, 20)
LARGEST = {"deviations": 100, "percent": 1_000_000}


def _alpha(value: Numeric) -> Numeric:
    if not 0 < value < 1:
        raise Unfit("alpha is above 0 and below 1", hint="0.3: the newest bucket counts for 30 %")
    return value


def _above(value: Numeric) -> Numeric:
    if not 0 < value <= LARGEST["percent"]:
        raise Unfit("the bound is above 0", hint="2 deviations, or 50 percent, are a start")
    return value


class Ewma(Derived):
    """The newest bucket against the exponentially weighted mean of the window before it."""

    alpha: Annotated[Number, AfterValidator(_alpha)] = Field(
        default=0.3, description="The weight of the newest bucket in the mean, above 0 and below 1."
    )
    measure: Literal["deviations", "percent"] = Field(
        default="deviations", description="In standard deviations of the window, or in percent of the mean."
    )
    above: Annotated[Number, AfterValidator(_above)] = Field(
        description="Alert when it is so much higher than the mean."
    )


def compile_ewma(spec: Ewma, context: GuardContext) -> Compiled:
    """`max(last_5m):max:dd_sync.ewma_deviation{…} by {keys} > N`; native: against `ewma_N` in percent."""
    if spec.native:
        return _native(spec, context)
    derived = derivation(spec, context, EWMA_DEVIATION, alpha=float(spec.alpha), measure=spec.measure)
    return watched(spec, context, ">", spec.above, derived)


def nearest_span(alpha: float) -> int:
    """The span of Datadog's whose weight, 2 / (span + 1), is nearest."""
    return min(SPANS, key=lambda span: abs(2 / (span + 1) - alpha))


def _native(spec: Ewma, context: GuardContext) -> Compiled:
    if spec.measure != "percent":
        raise Unfit(
            "Datadog has no standard deviation to measure by",
            hint="`measure: percent`, or leave `native` out and run the worker",
            path=("native",),
        )
    span = nearest_span(float(spec.alpha))
    now = source(spec, context)
    usual = Call(f"ewma_{span}", (now,))
    percent = Binary("*", Binary("/", Binary("-", now, usual), usual), NumberNode(100.0))
    window = context.sustained or USUAL_WINDOW
    method = "min" if context.sustained else "max"
    return Compiled(
        query=MetricAlert(TimeAggregation(method, window_node(window)), percent, ">", float(spec.above)),
        thresholds={"critical": spec.above},
        options=options(spec.by, context),
        notes=(
            f"Near, not the same: ewma_{span} weighs the newest bucket with {2 / (span + 1):.3g} "
            f"instead of {spec.alpha:g}, and has it in the mean it is compared with.",
            "How much history Datadog gives ewma in a monitor is not published.",
        ),
    )


GUARD = Guard("ewma", Ewma, compile_ewma, "away from the weighted mean of what came before", lasts=True)
