"""What the guards share whose value Datadog cannot compute: the worker sends it, or Datadog comes near."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from dd_sync.errors import Unfit
from dd_sync.guards.counts import AS_COUNT
from dd_sync.guards.fields import Sourced
from dd_sync.guards.gauges import USUAL_WINDOW, extreme, judged, options
from dd_sync.guards.guard import Compiled, GuardContext
from dd_sync.guards.values import Duration, Numeric
from dd_sync.model.derivation import Derivation
from dd_sync.model.ownership import CATALOG, KEY
from dd_sync.query.canonical import render_expression
from dd_sync.query.nodes import Comparator, Expression, Metric
from dd_sync.timeframe import format_duration

# Over fewer buckets a deviation says nothing, and over more Datadog answers in coarser ones.
FEWEST_BUCKETS, MOST_BUCKETS = 5, 1440
_MINUTE = timedelta(minutes=1)


def _bucket(value: timedelta) -> timedelta:
    if value % _MINUTE or not _MINUTE <= value <= timedelta(hours=1):
        raise Unfit("a bucket is whole minutes, 1m to 1h", hint="1m, unless the metric comes more rarely")
    return value


class Derived(Sourced):
    """A metric's newest bucket against the window before it."""

    kind: Literal["count", "gauge"] = Field(
        default="count", description="`count`: a bucket is a sum of events; `gauge`: an average."
    )
    bucket: Annotated[Duration, AfterValidator(_bucket)] = Field(
        default=_MINUTE, description="The step that is judged, such as 1m."
    )
    window: Duration = Field(
        default=timedelta(hours=1), description="How far back the usual level reaches, such as 60m."
    )
    native: bool = Field(
        default=False, description="Use what Datadog itself has, which is near and not the same."
    )

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        window, bucket = fields.get("window"), fields.get("bucket")
        if window is None or bucket is None:
            return
        if window % bucket or not FEWEST_BUCKETS <= window // bucket <= MOST_BUCKETS:
            yield Unfit(
                f"a window of {format_duration(window)} is not {FEWEST_BUCKETS} to {MOST_BUCKETS} whole "
                f"buckets of {format_duration(bucket)}",
                hint=f"such as {format_duration(60 * bucket)}",
                path=("window",),
            )


def source(spec: Derived, context: GuardContext) -> Metric:
    """The metric itself, as the worker reads it and Datadog's own functions are given it."""
    counts = spec.kind == "count"
    return Metric(
        "sum" if counts else "avg",
        spec.metric,
        context.scope(spec.scope),
        spec.by,
        (AS_COUNT,) if counts else (),
    )


def watched(
    spec: Derived, context: GuardContext, comparator: Comparator, bound: Numeric, derivation: Derivation
) -> Compiled:
    """A plain threshold on the gauge that the worker sends: exact, at the price of running the worker."""
    marks = f"{KEY}{context.key},{CATALOG}{context.catalog}"
    gauge = extreme(derivation.gauge, context.scope(marks), spec.by, comparator, spec.bucket)
    return Compiled(
        query=judged(gauge, comparator, float(bound), window=_seen(spec, context), context=context),
        thresholds={"critical": bound},
        options={**options(spec.by, context), "on_missing_data": "show_no_data"},
        derivation=derivation,
        notes=(
            f"Judges {derivation.gauge}, which `dd-sync worker` computes each minute: without it, No Data.",
            f"The usual level is the {format_duration(spec.window)} before the bucket that is judged.",
            "A usual level without any spread gives no deviations, and a group without history no point.",
        ),
    )


def _seen(spec: Derived, context: GuardContext) -> timedelta | None:
    """How far back the gauge is looked at: from one of its points to the next it must not seem to be gone."""
    if context.sustained is not None or spec.bucket <= _MINUTE:
        return None
    return spec.bucket + USUAL_WINDOW


def derivation(
    spec: Derived,
    context: GuardContext,
    gauge: str,
    *,
    alpha: float | None = None,
    measure: Literal["deviations", "percent"] = "deviations",
) -> Derivation:
    expression: Expression = source(spec, context)
    return Derivation(
        key=context.key,
        catalog=context.catalog,
        query=render_expression(expression),
        by=spec.by,
        gauge=gauge,
        bucket=spec.bucket,
        window=spec.window,
        alpha=alpha,
        measure=measure,
    )
