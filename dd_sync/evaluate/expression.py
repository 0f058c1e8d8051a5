"""A rule's value at every evaluation time, per group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dd_sync.evaluate import functions
from dd_sync.evaluate.aggregate import (
    Frame,
    Table,
    align,
    bucketed,
    fill,
    over_space,
    over_window,
)
from dd_sync.evaluate.combine import combined, counted, joined, negated, plain_number, pointwise
from dd_sync.evaluate.findings import Values
from dd_sync.evaluate.grid import Axis, Stretches, cell_size, into_cells
from dd_sync.evaluate.leaves import Leaf, Leaves, is_shift, look_back
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.series import Bools, Floats, Ints, MetricType, SeriesSource
from dd_sync.evaluate.support import constant, has_arithmetic, numbered, reading_of
from dd_sync.evaluate.unsupported import Unsupported
from dd_sync.query.nodes import Binary, Call, Expression, Metric, Negative, Number
from dd_sync.query.tools import metrics_in

# Numbers held at once for one metric; more evaluation times than fit are taken one stretch after another.
_BUDGET = 4_000_000


def values_of(rule: MetricRule, source: SeriesSource, times: Ints) -> Values:
    """The value per group at each of `times` (epoch seconds, ascending, at least one).

    Memory is bounded: besides the points and the result, a few times _BUDGET numbers. The result at a time
    does not depend, to the last bit, on which other times are asked for.
    Raises Unsupported where a metric's own type makes the query one that is not evaluated here.
    """
    ends = times - rule.delay
    leaves = Leaves(rule, source, int(ends[0]) - rule.window, int(ends[-1]))
    per_time = max(leaves.rows, 1) * (rule.window // min(rule.steps) + 2)
    size = max(1, _BUDGET // per_time)
    parts = [_Evaluation(rule, leaves, ends[at : at + size]).run() for at in range(0, ends.size, size)]
    values, full = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    return Values(leaves.groups, values, full == 1.0)


class _Evaluation:
    """One rule at some times. Tables by bucket and by evaluation time are built up from the leaves."""

    def __init__(self, rule: MetricRule, leaves: Leaves, ends: Ints) -> None:
        self._rule = rule
        self._leaves = leaves
        self._ends = ends
        self._start = int(ends[0]) - rule.window
        self._end = int(ends[-1])
        self._cell = cell_size((rule.window, *rule.steps, rule.check or rule.window), ends)
        self._frames: dict[int, Frame] = {}

    def run(self) -> tuple[Floats, Floats]:
        """Values, and 1 where the window is full, both float64 [groups, T]."""
        # A result too large for a number is no value, like any other that is not finite.
        with np.errstate(over="ignore", invalid="ignore"):
            table = self._table(self._rule.alert.expression)
        values = np.where(table.present & np.isfinite(table.values), table.values, np.nan)
        return values, np.ones_like(values) if self._rule.check is None else self._full()

    def _table(self, expression: Expression) -> Table:
        aggregation = self._rule.alert.aggregation
        if aggregation.change is not None:
            return over_window(self._changes(expression), aggregation.method)
        return self._line(expression, 0) if self._rule.split else self._operand(expression, 0)

    # --- by evaluation time: the path of counts ------------------------------------------------

    def _line(self, expression: Expression, shift: int) -> Table:
        match expression:
            case Number(value=value):
                return plain_number(value, (self._ends.size,))
            case Negative(item=item):
                return negated(self._line(item, shift))
            case Binary(operator=operator, left=left, right=right):
                return combined(operator, self._line(left, shift), self._line(right, shift))
            case Call() if has_arithmetic(expression):
                inner = self._line(expression.arguments[0], shift + look_back(expression))
                return pointwise(expression, inner)
        operand = self._operand(expression, shift)
        # Here a count that is missing is 0, whatever is done to it next.
        values = np.where(np.isnan(operand.values), 0.0, operand.values) if operand.zero else operand.values
        return replace(operand, values=values)

    def _operand(self, expression: Expression, shift: int) -> Table:
        """Buckets, then the outer aggregation; in one step where the two are one and the same."""
        method = self._rule.alert.aggregation.method
        while isinstance(expression, Call) and is_shift(expression):
            shift += look_back(expression)
            expression = expression.arguments[0]
        if isinstance(expression, Metric):
            return self._direct(expression, shift, method)
        return over_window(self._buckets(expression, shift), method)

    def _direct(self, metric: Metric, shift: int, method: str) -> Table:
        leaf = self._leaves.of(metric, shift)
        same = leaf.method == method == metric.aggregation and method != "avg" and leaf.reading.fill is None
        if not same or (method == "sum" and leaf.type is MetricType.GAUGE):
            return over_window(self._metric(metric, shift, None), method)
        axis = Axis.covering(self._start, self._end, self._cell, self._rule.window)
        cells = into_cells(leaf.series, axis, shift, method, leaf.scale)
        whole = Stretches(cells, self._rule.window // self._cell)
        first = axis.cell(self._ends - self._rule.window)
        rows = whole.over_windows(first)[leaf.rows]
        values = over_space(rows, leaf.owners, len(leaf.groups), method) / leaf.divisor
        return self._of_groups(leaf, values)

    # --- by bucket -----------------------------------------------------------------------------

    def _frame(self, step: int) -> Frame:
        if step not in self._frames:
            self._frames[step] = Frame.of(self._ends, self._rule.window, step)
        return self._frames[step]

    def _step(self, expression: Expression) -> int:
        """The rollup of an expression by bucket; all its metrics have the same."""
        first = next(metrics_in(expression), None)
        step = None if first is None else reading_of(first).step
        return step or self._rule.step

    def _buckets(self, expression: Expression, shift: int) -> Table:
        match expression:
            case Number(value=value):
                return plain_number(value, (self._ends.size, 1))
            case Metric():
                return self._metric(expression, shift, None)
            case Negative(item=item):
                return negated(self._buckets(item, shift))
            case Binary(operator=operator, left=left, right=right):
                return combined(operator, self._buckets(left, shift), self._buckets(right, shift))
            case Call(name=name, arguments=arguments) if name in functions.PAIRWISE and len(arguments) == 2:
                one, other = (self._buckets(argument, shift) for argument in arguments)
                return joined(functions.PAIRWISE[name], one, other)
            case Call():
                return self._call(expression, shift + look_back(expression))
        raise Unsupported("this expression is not evaluated here")

    def _call(self, call: Call, shift: int) -> Table:
        argument = call.arguments[0]
        if call.name in functions.DIFFERENCES and isinstance(argument, Metric):
            return self._metric(argument, shift, call.name)
        table = self._buckets(argument, shift)
        if call.name in functions.POINTWISE:
            return pointwise(call, table)
        if is_shift(call):
            return table
        step = self._step(argument)
        if call.name == "default_zero":
            return self._zeros(table, self._frame(step).exists)
        if call.name in functions.COUNTS:
            return counted(table, call.name)
        return Table.of(table.groups, self._smoothed(call, table.known(), step), zero=table.zero)

    def _smoothed(self, call: Call, values: Floats, step: int) -> Floats:
        if call.name == "cumsum":
            return functions.cumsum(values)
        if call.name == "throughput":
            return values / step
        if call.name == "moving_rollup":
            seconds = constant(call.arguments[1]) or step
            method = getattr(call.arguments[2], "value", "avg")
            return functions.moving_rollup(values, max(1, int(-(-seconds // step))), method)
        kind, number = numbered(call.name) or ("ewma", 1)
        return functions.ewma(values, number) if kind == "ewma" else functions.median(values, number)

    def _zeros(self, table: Table, exists: Bools) -> Table:
        """default_zero: every bucket of the window is 0 that has no value; a count stays as it is."""
        if table.zero:
            return table
        values = np.where(np.isnan(table.known()) & exists, 0.0, table.known())
        return Table.of(table.groups, values)

    def _changes(self, expression: Expression) -> Table:
        """Per bucket the change, or the percentage, against the shift earlier."""
        change = self._rule.alert.aggregation.change
        shift = int(change.shift.length.total_seconds()) if change else 0
        now, then = self._buckets(expression, 0), self._buckets(expression, shift)
        rise = combined("-", now, then)
        if change is None or change.kind == "change":
            return rise
        hundred = plain_number(100.0, (self._ends.size, 1))
        return combined("*", combined("/", rise, then), hundred)

    # --- the leaves ----------------------------------------------------------------------------

    def _of_groups(self, leaf: Leaf, values: Floats) -> Table:
        """A row for every group of the rule, also where this metric has none."""
        table = Table.of(leaf.groups, values, zero=leaf.counts)
        return table if leaf.counted_only else table.regrouped(self._leaves.groups)

    def _metric(self, metric: Metric, shift: int, change: str | None) -> Table:
        leaf = self._leaves.of(metric, shift)
        frame = self._frame(leaf.step)
        axis = Axis.covering(self._start, self._end, self._cell, leaf.step)
        cells = into_cells(leaf.series, axis, shift, leaf.method, leaf.scale)
        rows = bucketed(cells, frame)[leaf.rows] / leaf.divisor
        if leaf.reading.fill is not None:
            rows = fill(rows, frame, *leaf.reading.fill)
        elif leaf.type is MetricType.GAUGE:
            rows = align(rows, frame, leaf.owners, len(leaf.groups))
        if change is not None:
            rows = functions.difference(rows, leaf.step, change)
        values = over_space(rows, leaf.owners, len(leaf.groups), metric.aggregation or "avg")
        return self._of_groups(leaf, values)

    def _full(self) -> Floats:
        """1 where the first piece of the window has data and at most three pieces have none, else 0."""
        check = self._rule.check or self._rule.window
        pieces = -(-self._rule.window // check)
        starts = (self._ends - self._rule.window)[:, None] + check * np.arange(pieces)
        present = np.zeros((len(self._leaves.groups), self._ends.size, pieces), dtype=np.bool_)
        for _, shift, leaf in self._leaves.all():
            if shift == 0:
                present |= self._reported(leaf, starts, check)
        return np.where(present[:, :, 0] & ((~present).sum(axis=2) <= 3), 1.0, 0.0)

    def _reported(self, leaf: Leaf, starts: Ints, check: int) -> Bools:
        axis = Axis.covering(self._start, self._end + check, self._cell, self._cell)
        cells = into_cells(leaf.series, axis, 0, "count", np.ones(len(leaf.series)))
        sums = np.concatenate([np.zeros((len(leaf.series), 1)), np.cumsum(cells.total, axis=1)], axis=1)
        first = axis.cell(starts)
        last = axis.cell(np.minimum(starts + check, self._ends[:, None]))
        rows = (sums[:, last] - sums[:, first])[leaf.rows]
        by_group = over_space(rows, leaf.owners, len(leaf.groups), "sum")
        if leaf.counted_only:
            return np.asarray([(by_group > 0).any(axis=0)], dtype=np.bool_)
        return np.asarray(self._of_groups(leaf, by_group).values > 0)
