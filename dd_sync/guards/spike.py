"""spike: more than so many times the group's own usual count, and by at least a floor."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from functools import reduce
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo

from dd_sync.errors import Unfit
from dd_sync.guards.counts import counted, options
from dd_sync.guards.fields import Counted, Level, seconds_of, thresholds, window_node, wrong_levels
from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.guards.values import AllUnfit, Duration, Number, Numeric
from dd_sync.query.nodes import Binary, Call, Expression, MetricAlert, TimeAggregation
from dd_sync.query.nodes import Number as NumberNode
from dd_sync.timeframe import format_duration

_NAMED = {
    timedelta(hours=1): "hour_before",
    timedelta(days=1): "day_before",
    timedelta(weeks=1): "week_before",
}
_FURTHEST = timedelta(days=366)
_USUAL = (timedelta(days=1), timedelta(weeks=1))


def _times(value: Numeric) -> Numeric:
    if not 0 < value <= 1000:
        raise Unfit("times is a factor above 0 and up to 1000", hint="3 is a start")
    return value


def _floor(value: Numeric) -> Numeric:
    if value <= 0:
        raise Unfit(
            "the floor is above 0", hint="with none, one event of a tenant without history would alert"
        )
    return value


def _shift(value: timedelta, info: ValidationInfo) -> timedelta:
    """How far back. The window, where it is right, is known by then."""
    if value > _FURTHEST:
        raise Unfit(f"{format_duration(value)} is more than a year back", hint="use 366d or less")
    window = (info.data or {}).get("window")
    if window is not None and value < window:
        raise Unfit(
            f"a baseline {format_duration(value)} back overlaps the window of {format_duration(window)}",
            hint="what is happening now would count as usual; go at least a window back",
        )
    return value


def _baseline(values: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    if not 1 <= len(values) <= 8:
        raise Unfit("a baseline has 1 to 8 times", hint="a day and a week: [1d, 7d]")
    if len(set(values)) < len(values):
        raise AllUnfit(
            Unfit(f"{format_duration(value)} is there twice", hint="leave one out", path=(index,))
            for index, value in enumerate(values)
            if value in values[:index]
        )
    return values


_Shift = Annotated[Duration, AfterValidator(_shift)]


class Spike(Counted):
    """The count of a rolling window against the same window at earlier times."""

    baseline: Annotated[tuple[_Shift, ...], Field(strict=False), AfterValidator(_baseline)] = Field(
        default=_USUAL,
        description="How long before now the usual level is taken; the mean of all. A day and a week.",
    )
    times: Annotated[Number, AfterValidator(_times)] = Field(
        description="How many times the usual level is still tolerated."
    )
    floor: Annotated[Number, AfterValidator(_floor)] = Field(
        description="Alert when the count exceeds that by more than this many events."
    )
    warn_at: Level | None = Field(
        None, description="Warn from this excess on: a number, or a share of the floor."
    )
    recover_at: Level | None = Field(
        default=None, description="Recover only at this excess: a number or a share."
    )

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        yield from wrong_levels(">", fields.get("floor"), fields)


def compile_spike(spec: Spike, context: GuardContext) -> Compiled:
    """`sum(last_W):Q - times * (day_before(Q) + week_before(Q)) / 2 > floor`

    Linear on purpose: neither the rollup nor the order of arithmetic changes a sum of differences, a missing
    baseline is 0, and nothing is divided by data.
    """
    now = counted(spec, context)
    shifted = [_before(now, shift) for shift in spec.baseline]
    usual = Binary(
        "*", NumberNode(float(spec.times)), reduce(lambda left, right: Binary("+", left, right), shifted)
    )
    if len(shifted) > 1:
        usual = Binary("/", usual, NumberNode(float(len(shifted))))
    return Compiled(
        query=MetricAlert(
            TimeAggregation("sum", window_node(spec.window)), Binary("-", now, usual), ">", float(spec.floor)
        ),
        thresholds=thresholds(">", spec.floor, warn_at=spec.warn_at, recover_at=spec.recover_at),
        options=options(spec.by, spec.window, ">"),
        notes=_notes(spec),
    )


def _before(metric: Expression, shift: timedelta) -> Expression:
    name = _NAMED.get(shift)
    if name is not None:
        return Call(name, (metric,))
    return Call("timeshift", (metric, NumberNode(float(-seconds_of(shift)))))


def _notes(spec: Spike) -> tuple[str, ...]:
    return (
        f"A group without history has a usual level of 0: it alerts above {spec.floor:g} events a window.",
        "A baseline of 0 is compared like no baseline: the count itself against the floor.",
        "A quiet group is far below its usual level, which never alerts: this guard looks for too many only.",
    )


GUARD = Guard(
    "spike", Spike, compile_spike, "more than so many times a group's usual count, and by at least a floor"
)
