"""cap: an amount that may not be exceeded in a period."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import Field, PlainValidator

from dd_sync.errors import Unfit
from dd_sync.guards.counts import AS_COUNT, options
from dd_sync.guards.fields import Level, Sourced, thresholds, window, window_node, wrong_levels
from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.guards.schedule import Zone
from dd_sync.guards.values import Number, Numeric, found
from dd_sync.query.nodes import Metric, MetricAlert, TimeAggregation, Unit, Window
from dd_sync.timeframe import format_duration

_PERIOD = re.compile(r"(rolling|calendar)\s+(\S+)")
_CALENDAR: dict[str, tuple[Unit, dict[str, Any]]] = {
    "hour": ("h", {"hour_starts": 0}),
    "day": ("d", {"day_starts": "00:00"}),
    "month": ("mo", {"day_starts": "00:00", "month_starts": 1}),
}


class Period(NamedTuple):
    """`rolling 24h`, or `calendar day`: then `starts` is where it begins, in Datadog's words."""

    window: Window
    text: str
    starts: Mapping[str, Any] | None = None


def read_period(value: Any) -> Period:
    """Raises Unfit."""
    match = _PERIOD.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unfit(f"{found(value)} is not a period", hint="`rolling 24h` or `calendar day`")
    if match[1] == "rolling":
        span: timedelta = window(match[2])
        return Period(window_node(span), f"any {format_duration(span)}")
    if match[2] not in _CALENDAR:
        raise Unfit(f"there is no calendar '{match[2]}'", hint=f"use {', '.join(_CALENDAR)}")
    unit, starts = _CALENDAR[match[2]]
    return Period(Window("current", 1, unit), f"the calendar {match[2]}", starts)


class Cap(Sourced):
    """The sum of a metric over a period, in the metric's own unit, per group."""

    period: Annotated[Period, PlainValidator(read_period, json_schema_input_type=str)] = Field(
        description="`rolling 24h`, or `calendar hour`, `day` or `month`."
    )
    timezone: Zone = Field(default="UTC", description="Where a calendar period begins.")
    above: Number = Field(description="The cap, in the metric's unit.")
    times: Number = Field(
        default=1, description="What the cap is multiplied by, such as 2.0 during peak hours."
    )
    warn_at: Level | None = Field(
        default=None, description="Warn from here on: an amount, or a share of the cap such as 80%."
    )
    recover_at: Level | None = Field(
        default=None, description="Recover only here: an amount, or a share of the cap."
    )

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        above, times = fields.get("above"), fields.get("times")
        if above is not None and above <= 0:
            yield Unfit("a cap is above 0", hint="to forbid any, use the guard occurrence", path=("above",))
            above = None
        if times is not None and not 0 < times <= 1000:
            yield Unfit("times is a factor above 0 and up to 1000", hint="2 doubles the cap", path=("times",))
            times = None
        whole = above * times if above is not None and times is not None else None
        yield from wrong_levels(">", whole, fields)

    @property
    def cap(self) -> Numeric:
        return float(f"{self.above * self.times:.12g}")


def compile_cap(spec: Cap, context: GuardContext) -> Compiled:
    """`sum(last_24h):sum:metric{scope} by {keys}.as_count() > N`, or `sum(current_1d):…`"""
    metric = Metric("sum", spec.metric, context.scope(spec.scope), spec.by, (AS_COUNT,))
    found: dict[str, Any] = options(spec.by, timedelta(0), ">")
    if spec.period.starts is not None:
        starts = {**spec.period.starts, "timezone": spec.timezone}
        found["scheduling_options"] = {"evaluation_window": starts}
    levels = thresholds(">", spec.cap, warn_at=spec.warn_at, recover_at=spec.recover_at)
    return Compiled(
        query=MetricAlert(TimeAggregation("sum", spec.period.window), metric, ">", float(spec.cap)),
        thresholds=levels,
        options=found,
        notes=(
            f"The amounts of {spec.period.text} are added up; the cap itself is still allowed.",
            f"100 % of the cap are {levels['critical']:g} in the metric's unit.",
        ),
    )


GUARD = Guard("cap", Cap, compile_cap, "an amount that may not be exceeded in a period")
