"""A query as a graph: its series by bucket over any time, evaluated as monitors are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dd_sync.evaluate.aggregate import Table
from dd_sync.evaluate.calls import is_shift
from dd_sync.evaluate.expression import Evaluation
from dd_sync.evaluate.leaves import Leaves
from dd_sync.evaluate.metric_rule import MetricRule, compile_metric
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Floats, Ints, SeriesSource
from dd_sync.evaluate.support import reading_of
from dd_sync.evaluate.unsupported import unsupported
from dd_sync.model.monitor import Monitor
from dd_sync.query.nodes import Call, Expression
from dd_sync.query.tools import metrics_in

# The API's own intervals, by the length of what is asked for: hours and seconds.
_INTERVALS = ((1, 20), (4, 60), (24, 300), (48, 600), (168, 3600))
_LONGEST_INTERVAL = 14400


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The groups of a query and their values.

    times: int64 [T], where each bucket begins, epoch seconds. values: float64 [groups, T], NaN without data.
    """

    groups: tuple[Group, ...]
    times: Ints
    values: Floats


def queries_in(text: str) -> list[str]:
    """The queries between the commas that stand in no brackets and no quotes."""
    parts, depth, quote, begin = [], 0, "", 0
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "({[":
            depth += 1
        elif character in ")}]":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    return [one.strip() for one in (*parts, text[begin:])]


def read_graph(text: str) -> MetricRule:
    """A query without a window or threshold. Raises QueryError and Unsupported, at places of no use."""
    return compile_metric("query", Monitor(type="query alert", query=f"avg(last_5m):{text} > 0"), 0)


def interval_of(rule: MetricRule, span: int, least: int = 1) -> int:
    """The length of the buckets over `span`, in seconds: the query's own, else Datadog's choice.

    least: how short that choice may be.
    """
    usual = next((step for hours, step in _INTERVALS if span <= 3600 * hours), _LONGEST_INTERVAL)
    named = next((reading_of(one).step for one in metrics_in(rule.alert.expression)), None)
    return named or max(usual, least)


def graph(rule: MetricRule, source: SeriesSource, start: int, end: int, interval: int) -> Graph:
    """start <= time < end in epoch seconds, whole buckets of `interval` seconds counted from the epoch.

    rule: of `read_graph`, without an algorithm. Raises Unsupported, and what the source raises.
    """
    text = rule.monitor.query
    for metric in metrics_in(rule.alert.expression):
        if reading_of(metric).step not in (None, interval):
            raise unsupported(text, metric, "metrics with different rollups are not drawn in one query")
    rule = replace(rule, step=interval, steps=(interval,), split=False, window=end - start)
    seen: list[tuple[Table, Ints]] = []

    # A query that is another's, earlier, is evaluated as that other one, read earlier.
    whole = rule.alert.expression
    while isinstance(whole, Call) and is_shift(whole):
        whole = whole.arguments[0]

    def watch(expression: Expression, table: Table, buckets: Ints | None, shift: int) -> None:
        if expression is whole and buckets is not None:
            seen.append((table, buckets))

    leaves = Leaves.of(rule, source, start, end)
    if leaves.rows:
        Evaluation(rule, leaves, np.array([end], dtype=np.int64), watch).values()
    for table, buckets in seen[-1:]:
        values = table.known()[:, 0]
        times = buckets[: values.shape[1]]
        kept = times < end
        return Graph(tuple(table.groups), times[kept], values[:, kept])
    return Graph((), np.empty(0, np.int64), np.empty((0, 0)))
