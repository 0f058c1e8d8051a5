"""spike: more than so many times the group's own usual count, and by at least a floor."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from typing import Annotated

from pydantic import Field, model_validator

from dd_sync.errors import Unfit
from dd_sync.guards.counts import counted, options
from dd_sync.guards.fields import Counted, Level, seconds_of, thresholds, window_node
from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.guards.values import Duration, Number
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


class Spike(Counted):
    """The count of a rolling window against the same window at earlier times."""

    baseline: Annotated[tuple[Duration, ...], Field(strict=False)] = Field(
        default=_USUAL,
        description="How long before now the usual level is taken; the mean of all. A day and a week.",
    )
    times: Number = Field(description="How many times the usual level is still tolerated.")
    floor: Number = Field(description="Alert when the count exceeds that by more than this many events.")
    warn_at: Level | None = Field(
        None, description="Warn from this excess on: a number, or a share of the floor."
    )
    recover_at: Level | None = Field(
        default=None, description="Recover only at this excess: a number or a share."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Spike:
        if not 0 < self.times <= 1000:
            raise Unfit("times is a factor above 0 and up to 1000", hint="3 is a start", path=("times",))
        if self.floor <= 0:
            raise Unfit(
                "the floor is above 0",
                hint="with none, one event of a tenant without history would alert",
                path=("floor",),
            )
        _check_baseline(self.baseline, self.window)
        return self


def _check_baseline(baseline: tuple[timedelta, ...], window: timedelta) -> None:
    if not 1 <= len(baseline) <= 8:
        raise Unfit("a baseline has 1 to 8 times", hint="a day and a week: [1d, 7d]", path=("baseline",))
    for index, shift in enumerate(baseline):
        path = ("baseline", index)
        if shift in baseline[:index]:
            raise Unfit(f"{format_duration(shift)} is there twice", hint="leave one out", path=path)
        if shift < window:
            raise Unfit(
                f"a baseline {format_duration(shift)} back overlaps the window of {format_duration(window)}",
                hint="what is happening now would count as usual; go at least a window back",
                path=path,
            )
        if shift > _FURTHEST:
            raise Unfit(
                f"{format_duration(shift)} is more than a year back", hint="use 366d or less", path=path
            )


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
