"""zscore: so many standard deviations away from what is usual."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import Field

from dd_sync.errors import Unfit
from dd_sync.guards.derived import Derived, derivation, source, watched
from dd_sync.guards.fields import window_node
from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.guards.values import Number, Numeric
from dd_sync.model.derivation import ZSCORE
from dd_sync.query.nodes import Call, Keyword, MetricAlert, Text, TimeAggregation
from dd_sync.query.nodes import Number as NumberNode
from dd_sync.timeframe import format_duration, window_text

LARGEST = 100


class Zscore(Derived):
    """The newest bucket against the mean and the standard deviation of the window before it."""

    above: Number | None = Field(default=None, description="Alert when it is so many deviations higher.")
    below: Number | None = Field(
        default=None, description="Alert when it is so many deviations lower: a negative number."
    )

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        given = [name for name in ("above", "below") if fields.get(name) is not None]
        is_wrong = any(name in written and name not in fields for name in ("above", "below"))
        if len(given) != 1 and not is_wrong:
            yield Unfit(
                "no bound" if not given else "two bounds, above and below",
                hint="one of `above: 3` and `below: -3`; each has a monitor of its own",
                path=tuple(given[1:]),
            )
        for name in given:
            yield from _wrong_bound(name, fields[name])

    def bound(self) -> tuple[bool, Numeric]:
        """Whether it is an upper one, and its value."""
        return (True, self.above) if self.above is not None else (False, self.below or 0)


def _wrong_bound(name: str, value: Numeric) -> Iterator[Unfit]:
    right = 0 < value <= LARGEST if name == "above" else -LARGEST <= value < 0
    if not right:
        sign = "" if name == "above" else "-"
        yield Unfit(
            f"'{name}: {value:g}' is no number of deviations on that side of the mean",
            hint=f"{sign}3 is a start; {sign}{LARGEST} is the furthest",
            path=(name,),
        )


def compile_zscore(spec: Zscore, context: GuardContext) -> Compiled:
    """`max(last_5m):max:dd_sync.zscore{…} by {keys} > N`; native: `anomalies(…, 'basic', N)`."""
    upper, bound = spec.bound()
    if spec.native:
        return _native(spec, context, upper=upper, bound=abs(bound))
    return watched(spec, context, ">" if upper else "<", bound, derivation(spec, context, ZSCORE))


def _native(spec: Zscore, context: GuardContext, *, upper: bool, bound: Numeric) -> Compiled:
    if context.sustained is not None:
        raise Unfit(
            "'for' beside native",
            hint="anomalies() has its own window; leave 'native' out",
            path=("native",),
        )
    trigger = window_text(5 * spec.bucket)
    keywords = (
        Keyword("direction", Text("above" if upper else "below")),
        Keyword("alert_window", Text(trigger)),
        Keyword("interval", NumberNode(float(spec.bucket.total_seconds()))),
        Keyword("count_default_zero", Text("true" if spec.kind == "count" else "false")),
    )
    call = Call("anomalies", (source(spec, context), Text("basic"), NumberNode(float(bound))), keywords)
    found: dict[str, Any] = {
        "include_tags": True,
        "notify_audit": False,
        "on_missing_data": "show_no_data",
        "require_full_window": False,
        "threshold_windows": {"trigger_window": trigger, "recovery_window": trigger},
    }
    if spec.by:
        found["new_group_delay"] = int(spec.window.total_seconds())
    return Compiled(
        query=MetricAlert(TimeAggregation("avg", window_node(spec.window)), call, ">=", 1.0),
        thresholds={"critical": 1},
        options=found,
        notes=(
            "Near, not the same: Datadog's 'basic' band is a range of quantiles, not mean and deviation.",
            f"It alerts once all of the last {format_duration(5 * spec.bucket)} lie beyond the band.",
        ),
    )


GUARD = Guard("zscore", Zscore, compile_zscore, "so many standard deviations from what is usual", lasts=True)
