"""Fields that guards share: metrics, grouping keys, windows, bounds and levels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from dd_sync.errors import Unfit
from dd_sync.guards.guard import Spec, scope_of
from dd_sync.guards.values import AllUnfit, Number, Numeric, duration, number
from dd_sync.query.nodes import Comparator, Unit, Window
from dd_sync.timeframe import window_text

LONGEST_WINDOW = timedelta(days=30)

_METRIC = re.compile(r"[a-zA-Z][a-zA-Z0-9_.]{0,199}")
_TAG_KEY = re.compile(r"[a-z][a-z0-9_./-]{0,199}")
_SHARE = re.compile(r"(\d{1,4}(?:\.\d{1,6})?)\s?%")


def window(value: Any) -> timedelta:
    """A rolling evaluation window that Datadog takes: whole minutes, up to 30 days."""
    span = duration(value)
    if span > LONGEST_WINDOW:
        raise Unfit(f"a window of {value} is longer than Datadog's 30d", hint="use a window of at most 30d")
    try:
        text = window_text(span)
    except ValueError as error:
        raise Unfit(str(error), hint="write for example 5m or 1h") from None
    if text.endswith("m") and span > timedelta(minutes=10080):
        raise Unfit(f"a window of {value} in minutes is longer than Datadog's 10080", hint="use whole hours")
    return span


@lru_cache(maxsize=256)
def window_node(span: timedelta) -> Window:
    """A window as Datadog writes it, by the same rule as `window_text`."""
    text = window_text(span).removeprefix("last_")
    unit = next(unit for unit in get_args(Unit) if text.endswith(unit))
    return Window("last", int(text.removesuffix(unit)), unit)


@dataclass(frozen=True, slots=True)
class Share:
    """`80%` of the bound: of = 0.8."""

    of: float


def level(value: Any) -> Numeric | Share:
    """A number, or a share such as `80%`."""
    if isinstance(value, str):
        match = _SHARE.fullmatch(value)
        if match is None or not float(match[1]):
            raise Unfit(f"'{value}' is neither a number nor a share", hint="write for example 400 or 80%")
        return Share(float(match[1]) / 100)
    return number(value)


def _metric(value: Any) -> Any:
    if isinstance(value, str) and not _METRIC.fullmatch(value):
        raise Unfit(
            f"'{value}' is not a metric's name",
            hint="letters, digits, '_' and '.', beginning with a letter; the scope has a key of its own",
        )
    return value


def _tag_key(value: Any) -> Any:
    if isinstance(value, str) and not _TAG_KEY.fullmatch(value):
        raise Unfit(
            f"'{value}' is not a tag's key", hint="a key such as `tenant`, in lower case and without ':'"
        )
    return value


def each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise AllUnfit(
            Unfit(f"'{value}' is there twice", hint="leave one out", path=(index,))
            for index, value in enumerate(values)
            if value in values[:index]
        )
    return values


Level = Annotated[Numeric | Share, PlainValidator(level, json_schema_input_type=float | str)]
RollingWindow = Annotated[timedelta, PlainValidator(window, json_schema_input_type=str)]
MetricName = Annotated[str, BeforeValidator(_metric)]
TagKey = Annotated[str, BeforeValidator(_tag_key)]
# Lists come as lists, and frozen forms hold tuples.
TagKeys = Annotated[tuple[TagKey, ...], Field(strict=False), AfterValidator(each_once)]


class Sourced(Spec):
    """What every guard over one metric asks for, its window aside."""

    metric: MetricName = Field(description="The metric's name.")
    scope: str = Field(
        default="*", description="Which series count: `env:prod`, `env:prod,!region:test`, or `*` for all."
    )
    by: TagKeys = Field(default=(), description="Tag keys to judge apart, each combination on its own.")

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        try:
            scope_of(fields.get("scope", "*"))
        except Unfit as error:
            yield error


class Counted(Sourced):
    """One metric over a rolling window."""

    window: RollingWindow = Field(description="The rolling window, such as 1h or 24h.")


BOUNDS: dict[str, Comparator] = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}


class Bounded(Spec):
    """Exactly one bound; `warn_at` and `recover_at` as numbers or as shares of it."""

    above: Number | None = Field(default=None, description="Alert when the value is greater.")
    at_least: Number | None = Field(default=None, description="Alert when the value is this or greater.")
    below: Number | None = Field(default=None, description="Alert when the value is smaller.")
    at_most: Number | None = Field(default=None, description="Alert when the value is this or smaller.")
    warn_at: Level | None = Field(
        default=None, description="Warn from here on: a number, or a share such as 80%."
    )
    recover_at: Level | None = Field(
        default=None, description="Recover only here: a number, or a share such as 50%."
    )

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        given = [name for name in BOUNDS if name in written and fields.get(name, ...) is not None]
        if not given:
            yield Unfit("no bound", hint=f"add one of {', '.join(BOUNDS)}")
        for other in given[1:]:
            yield Unfit(f"two bounds, {given[0]} and {other}", hint="keep one of them", path=(other,))
        bound = fields.get(given[0]) if len(given) == 1 else None
        comparator = BOUNDS[given[0]] if bound is not None else ">"
        yield from wrong_levels(comparator, bound, fields)

    def bound(self) -> tuple[str, Comparator, Numeric]:
        """The bound's name, its comparator and its value."""
        return next(
            (name, comparator, value)
            for name, comparator in BOUNDS.items()
            if (value := getattr(self, name)) is not None
        )


def thresholds(
    comparator: Comparator,
    critical: Numeric,
    *,
    warn_at: Numeric | Share | None,
    recover_at: Numeric | Share | None,
) -> dict[str, Numeric]:
    """Datadog's thresholds for a bound. Raises Unfit at `warn_at` or `recover_at` on the wrong side of it.

    A share of an upper bound is that part of it. For a lower bound it is mirrored: 80 % of `below: 10` is
    10 / 0.8 = 12.5, so that a smaller share is always further from the alert.
    """
    found: dict[str, Numeric] = {"critical": _shortest(critical)}
    if warn_at is not None:
        found["warning"] = _towards_ok(comparator, critical, warn_at, "warn_at")
    if recover_at is not None:
        found["critical_recovery"] = _towards_ok(comparator, critical, recover_at, "recover_at")
    return found


def wrong_levels(
    comparator: Comparator, critical: Numeric | None, fields: Mapping[str, Any]
) -> Iterator[Unfit]:
    """What is wrong with `warn_at` and `recover_at`. critical: the bound, None where it is not known."""
    warn_at, recover_at = fields.get("warn_at"), fields.get("recover_at")
    if warn_at is not None and recover_at is not None:
        yield Unfit(
            "warn_at and recover_at together",
            hint="keep one: what Datadog does between a recovery level and a warning level is not known",
            path=("recover_at",),
        )
    if critical is None:
        return
    for name, value in (("warn_at", warn_at), ("recover_at", recover_at)):
        if value is not None:
            try:
                _towards_ok(comparator, critical, value, name)
            except Unfit as error:
                yield error


_LEVELS = {"warn_at": "the warning level", "recover_at": "the recovery level"}


def _towards_ok(comparator: Comparator, critical: Numeric, given: Numeric | Share, name: str) -> Numeric:
    upper = comparator in (">", ">=")
    value: Numeric = given if not isinstance(given, Share) else _of(critical, given.of, upper)
    if (value < critical) if upper else (value > critical):
        return _shortest(value)
    side = "below" if upper else "above"
    raise Unfit(
        f"{_LEVELS[name]} {value:g} is not {side} the bound {critical:g}",
        hint=f"use a value {side} {critical:g}, or a share under 100%",
        path=(name,),
    )


def _of(critical: Numeric, share: float, upper: bool) -> Numeric:
    return float(f"{critical * share if upper else critical / share:.12g}")


def _shortest(value: Numeric) -> Numeric:
    """5.0 as 5, so that both ways to write it give one monitor."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def seconds_of(span: timedelta) -> int:
    return int(span.total_seconds())
