"""rate: too many, or too few, events in a rolling window."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dd_sync.errors import Unfit
from dd_sync.guards.counts import counted, options
from dd_sync.guards.fields import BOUNDS, Bounded, Counted, thresholds, window_node
from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.query.nodes import MetricAlert, TimeAggregation


class Rate(Counted, Bounded):
    """Events of one metric in a rolling window, per group, against a bound."""

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        for name in BOUNDS:
            value = fields.get(name)
            least = 0 if name in ("above", "at_most") else 1
            if value is not None and (value < 0 or (least and value == 0)):
                outcome = "always" if name in ("above", "at_least") else "never"
                yield Unfit(
                    f"'{name}: {value:g}' would {outcome} alert, since a count is 0 or more",
                    hint="use a larger bound",
                    path=(name,),
                )


def compile_rate(spec: Rate, context: GuardContext) -> Compiled:
    """`sum(last_W):sum:metric{scope} by {keys}.as_count() > N`"""
    _, comparator, critical = spec.bound()
    return Compiled(
        query=MetricAlert(
            TimeAggregation("sum", window_node(spec.window)),
            counted(spec, context),
            comparator,
            float(critical),
        ),
        thresholds=thresholds(comparator, critical, warn_at=spec.warn_at, recover_at=spec.recover_at),
        options=options(spec.by, spec.window, comparator),
        notes=_notes(spec),
    )


def _notes(spec: Rate) -> tuple[str, ...]:
    name, _, _ = spec.bound()
    if name in ("above", "at_least"):
        return (
            "A window without events counts 0, so a quiet group recovers.",
            "A group never seen before is judged from its first event on.",
        )
    return (
        "A window without events counts 0, so silence alerts.",
        "A group never seen before is judged after one whole window.",
        "A group that sends nothing for 24 hours is forgotten, and so is its alert.",
    )


GUARD = Guard("rate", Rate, compile_rate, "too many, or too few, events in a rolling window")
