"""How one value of a metric monitor came about: the buckets of its window, and what each part of the query
made of them. Worked out by the evaluation itself, watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.aggregate import Table
from dd_sync.evaluate.metric_findings import MetricFindings
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Ints, SeriesSource
from dd_sync.query.nodes import NOWHERE, Expression


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the query. text: as it is written, empty where it was not read from a text.

    buckets: where each begins, epoch seconds, empty where the step is by evaluation: then there is one value,
    the part aggregated over the window. values: one per bucket, None where there is none. earlier: how many
    seconds before the times of the buckets its data was, by the shifts it stands in.
    """

    text: str
    buckets: tuple[int, ...]
    values: tuple[float | None, ...]
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Steps:
    """One evaluation of one group. Times in epoch seconds.

    start, end: the window, start <= point < end. bucket: their length, in seconds. steps: in the order in
    which they are worked out; a part that is read twice, as with a change, is there twice. method: the
    aggregation over the window. value: what is compared, None without data. full: False where a full window
    is required and there is none. series: how many series of the group had points.
    """

    group: Group
    at: int
    start: int
    end: int
    bucket: int
    steps: tuple[Step, ...]
    method: str
    value: float | None
    full: bool
    series: int
    notes: tuple[str, ...]


def explain_value(rule: MetricRule, source: SeriesSource, group: Group, at: int) -> Steps:
    """How the value of `group` at the evaluation `at` (epoch seconds) came about.

    group: the values of rule.keys, () for a simple alert; one without data gives steps without values.
    Raises Unsupported, and what the source raises, as a replay does.
    """
    times = np.array([at], dtype=np.int64)
    findings = MetricFindings(rule, source, times)
    seen: list[Step] = []

    def watch(expression: Expression, table: Table, buckets: Ints | None, shift: int) -> None:
        seen.append(_step(rule, group, expression, table, buckets, shift))

    values, full, leaves = findings.watched(group, watch)
    end = at - rule.delay
    return Steps(
        group=group,
        at=at,
        start=int(rule.starts(np.array([end], dtype=np.int64))[0]),
        end=end,
        bucket=rule.steps[0],
        steps=tuple(seen),
        method=rule.alert.aggregation.method,
        value=_number(values),
        full=full,
        series=sum(len(leaf.series) for leaf, _ in leaves.part((group,)).now()),
        notes=rule.notes,
    )


def _step(
    rule: MetricRule, group: Group, expression: Expression, table: Table, buckets: Ints | None, shift: int
) -> Step:
    row = _row(table, group)
    known = np.atleast_1d(table.known()[row, 0]) if row is not None else np.empty(0)
    starts: Sequence[int] = () if buckets is None else buckets.tolist()
    return Step(
        text=_text(rule, expression),
        buckets=tuple(starts[: known.size]),
        values=tuple(_number(float(value)) for value in known),
        earlier=shift,
    )


def _row(table: Table, group: Group) -> int | None:
    if group in table.groups:
        return table.groups.index(group)
    return None


def _text(rule: MetricRule, expression: Expression) -> str:
    start, end = expression.span
    return "" if expression.span == NOWHERE else rule.monitor.query[start:end]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
