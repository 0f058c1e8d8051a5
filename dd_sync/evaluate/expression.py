"""A rule's value at every evaluation time, per group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from dd_sync.evaluate import functions
from dd_sync.evaluate.aggregate import (
    CARRY_SECONDS,
    Frame,
    Table,
    align,
    bucketed,
    fill,
    must_align,
    over_line,
    over_space,
    over_window,
    taken,
)
from dd_sync.evaluate.calls import (
    calls_in,
    constant,
    default_of,
    has_arithmetic,
    is_shift,
    look_back,
    numbered,
    ranking,
    word,
)
from dd_sync.evaluate.combine import combined, counted, joined, negated, plain_number, pointwise
from dd_sync.evaluate.grid import Axis, Cells, cell_size, into_cells
from dd_sync.evaluate.kernel import rolling
from dd_sync.evaluate.leaves import Leaf, Leaves
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.pooled import percentiles
from dd_sync.evaluate.series import Bools, Floats, Ints, MetricType
from dd_sync.evaluate.support import percentile, reading_of
from dd_sync.evaluate.unsupported import QUERY, Unsupported
from dd_sync.query.nodes import Binary, Call, Expression, Metric, Negative, Number
from dd_sync.query.tools import metrics_in

# What is seen of each part of a query while it is evaluated: the part, its table, where its buckets start,
# None where the table is by evaluation, and how many seconds earlier it is read.
Watch = Callable[[Expression, Table, Ints | None, int], None]


# Cells held at once.
_CELLS = 1_000_000


class _Cut(Exception):
    """The buckets of these windows cannot be shared."""


class Evaluation:
    """One rule at some times. Tables by bucket and by evaluation time are built up from the leaves."""

    def __init__(self, rule: MetricRule, leaves: Leaves, times: Ints, watch: Watch | None = None) -> None:
        """times: int64 [T], epoch seconds, ascending, at least one."""
        self._rule = rule
        self._leaves = leaves
        self._watch = watch
        self._ends = times - rule.delay
        self._starts = rule.starts(self._ends)
        lengths = (rule.window, rule.frequency, *rule.steps, rule.check or rule.window)
        self._cell = cell_size(lengths, np.concatenate([self._starts[:1], self._starts[-1:], self._ends]))
        if rule.cumulative is not None:
            self._cell = cell_size((self._cell,), self._starts)
        self._frames: dict[int, Frame] = {}
        self._line: Frame | None = None
        self._carried = False

    def values(self) -> Floats:
        """float64 [groups, T], NaN where the window held nothing."""
        # A result too large for a number is no value, like any other that is not finite.
        with np.errstate(over="ignore", invalid="ignore"):
            table = self._table(self._rule.alert.expression)
        values = table.known()
        finite = np.isfinite(values)
        return values if finite.all() else np.where(finite, values, np.nan)

    def buckets(self, expression: Expression) -> Floats:
        """An expression over whole windows that are one bucket each: float64 [groups, T]."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = self._buckets(expression, 0).known()[:, :, 0]
        return np.where(np.isfinite(values), values, np.nan)

    def _table(self, expression: Expression) -> Table:
        aggregation = self._rule.alert.aggregation
        if aggregation.change is not None:
            return self._reduced(expression, lambda: self._changes(expression))
        return self._by_time(expression, 0) if self._rule.split else self._operand(expression, 0)

    # --- by evaluation time: the path of counts ------------------------------------------------

    def _by_time(self, expression: Expression, shift: int) -> Table:
        table = self._of_operands(expression, shift)
        if self._watch and not isinstance(expression, Number):
            self._watch(expression, table, None, shift)
        return table

    def _of_operands(self, expression: Expression, shift: int) -> Table:
        match expression:
            case Number(value=value):
                return plain_number(value, (self._ends.size,))
            case Negative(item=item):
                return negated(self._by_time(item, shift))
            case Binary(operator=operator, left=left, right=right):
                return combined(operator, self._by_time(left, shift), self._by_time(right, shift))
            case Call() if has_arithmetic(expression):
                return pointwise(
                    expression, self._by_time(expression.arguments[0], shift + look_back(expression))
                )
        operand = self._operand(expression, shift)
        if not operand.zero:
            return operand
        # Here a count that is missing is 0, whatever is done to it next.
        return replace(operand, values=np.where(operand.present, operand.values, 0.0), data=operand.present)

    def _operand(self, expression: Expression, shift: int) -> Table:
        """Buckets, then the outer aggregation; in one step where the two are one and the same."""
        outer = expression
        while isinstance(expression, Call) and is_shift(expression):
            shift += look_back(expression)
            expression = expression.arguments[0]
        if isinstance(expression, Metric):
            leaf = self._leaves.of_metric(expression, shift)
            if self._is_direct(leaf):
                if self._watch:
                    self._buckets(expression, shift)
                return self._direct(leaf, shift)
        return self._reduced(outer, lambda: self._buckets(expression, shift))

    def _is_direct(self, leaf: Leaf) -> bool:
        """Whether the buckets cannot matter: the points are added, or the least or largest is looked for."""
        method, space = self._rule.alert.aggregation.method, leaf.metric.aggregation
        if leaf.reading.fill is not None or percentile(space) is not None:
            return False
        if leaf.type is MetricType.DISTRIBUTION:
            return method == space != "avg" or (method, space) == ("sum", "count")
        same = leaf.method == method == space and method in ("sum", "min", "max")
        return same and (method != "sum" or leaf.type is not MetricType.GAUGE)

    def _direct(self, leaf: Leaf, shift: int) -> Table:
        method = self._rule.alert.aggregation.method
        axis = Axis.covering(int(self._starts[0]), int(self._ends[-1]), self._cell, self._cell)
        first = axis.cell(self._starts)

        def whole(cells: Cells) -> Floats:
            if self._rule.cumulative is None:
                return taken(rolling(cells.values, self._rule.window // self._cell, method), first)
            return growing(cells.values, first, axis.cell(self._ends), method)

        found = _by_series(leaf, axis, shift, leaf.method, whole)
        values = over_space(found[leaf.rows], leaf.owners, len(leaf.groups), _space(leaf)) / leaf.divisor
        return self._regrouped(leaf, values)

    # --- by bucket -----------------------------------------------------------------------------

    def _reduced(self, expression: Expression, buckets: Callable[[], Table]) -> Table:
        """The outer aggregation of buckets; those of windows that cut none are worked out only once."""
        method, step = self._rule.alert.aggregation.method, self._step(expression)
        if not self._watch and self._shares(expression, method, step):
            start = int(self._starts[0])
            self._line = Frame.line(start, int(self._ends[-1]), step)
            try:
                first = (self._starts - start) // step
                return over_line(buckets(), method, self._rule.window // step, first)
            except _Cut:
                pass
            finally:
                self._line = None
        return over_window(buckets(), method)

    def _shares(self, expression: Expression, method: str, step: int) -> bool:
        """Whether every window begins and ends at a bucket's edge, and no function looks at a window."""
        if self._rule.cumulative is not None or method in ("last", "percentile"):
            return False
        if self._rule.window % step or (self._starts % step).any():
            return False
        metrics = list(metrics_in(expression))
        filled = any((reading_of(metric).fill or ("null",))[0] != "null" for metric in metrics)
        return not filled and all(
            is_shift(call)
            or call.name in functions.POINTWISE
            or call.name in functions.PAIRWISE
            or call.name in ("throughput", "count_nonzero", "count_not_null")
            or default_of(call) is not None
            for call in calls_in(expression)
        )

    def _frame(self, step: int) -> Frame:
        if self._line is not None:
            return self._line
        if step not in self._frames:
            if self._rule.alert.aggregation.method == "percentile":
                self._frames[step] = Frame.whole(self._starts, self._ends)
            else:
                self._frames[step] = Frame.of(self._starts, self._ends, self._rule.window, step)
        return self._frames[step]

    def _step(self, expression: Expression) -> int:
        """The rollup of an expression by bucket; all its metrics have the same."""
        first = next(metrics_in(expression), None)
        step = None if first is None else reading_of(first).step
        return step or self._rule.step

    def _buckets(self, expression: Expression, shift: int) -> Table:
        table = self._of_buckets(expression, shift)
        if self._watch and not isinstance(expression, Number):
            starts = self._frame(self._step(expression)).times[0]
            self._watch(expression, table, starts, shift)
        return table

    def _of_buckets(self, expression: Expression, shift: int) -> Table:
        match expression:
            case Number(value=value):
                return plain_number(value, (1, 1))
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
        raise Unsupported("this expression is not evaluated here", path=QUERY)

    def _call(self, call: Call, shift: int) -> Table:
        argument = call.arguments[0]
        if call.name in functions.DIFFERENCES and isinstance(argument, Metric):
            return self._metric(argument, shift, call.name)
        default = default_of(call)
        table = (self._buckets if default is None else self._carrying)(argument, shift)
        if call.name in functions.POINTWISE:
            return pointwise(call, table)
        if is_shift(call):
            return table
        step = self._step(argument)
        if default is not None:
            return _defaulted(table, default, self._frame(step).exists)
        if call.name in functions.COUNTS:
            return counted(table, call.name, step)
        return Table(table.groups, _windowed(call, table.known(), step), zero=table.zero)

    def _carrying(self, expression: Expression, shift: int) -> Table:
        """What a default fills up: before that a gauge's gaps are interpolated, in a lone series too."""
        before, self._carried = self._carried, True
        try:
            return self._buckets(expression, shift)
        finally:
            self._carried = before

    def _changes(self, expression: Expression) -> Table:
        """Per bucket the change, or the percentage, against the shift earlier."""
        change = self._rule.alert.aggregation.change
        shift = int(change.shift.length.total_seconds()) if change else 0
        now, then = self._buckets(expression, 0), self._buckets(expression, shift)
        rise = combined("-", now, then)
        if change is None or change.kind == "change":
            return rise
        return combined("*", combined("/", rise, then), plain_number(100.0, (1, 1)))

    # --- the leaves ----------------------------------------------------------------------------

    def _regrouped(self, leaf: Leaf, values: Floats) -> Table:
        return Table(leaf.groups, values, zero=leaf.counts)

    def _metric(self, metric: Metric, shift: int, change: str | None) -> Table:
        leaf = self._leaves.of_metric(metric, shift)
        frame = self._frame(leaf.step)
        rank = percentile(metric.aggregation)
        if rank is None:
            rows = self._rows(leaf, frame, shift)
        else:
            rows = percentiles(leaf.series, frame, shift, rank)[leaf.rows]
        if change is not None:
            rows = functions.difference(rows, leaf.step, change)
        return self._regrouped(leaf, over_space(rows, leaf.owners, len(leaf.groups), _space(leaf)))

    def _rows(self, leaf: Leaf, frame: Frame, shift: int) -> Floats:
        """Each series by bucket, its gaps closed as the query asks or its type has it."""
        axis = Axis.covering(int(frame.first.min()), int(frame.last.max()), self._cell, leaf.step)
        found = _by_series(leaf, axis, shift, leaf.method, lambda cells: bucketed(cells, frame))
        rows = found[leaf.rows] / leaf.divisor
        if leaf.reading.fill is not None:
            return fill(rows, frame, *leaf.reading.fill)
        if leaf.type is not MetricType.GAUGE:
            return rows
        carried = self._carried and bool(np.isnan(rows).any())
        if not (carried or must_align(rows, leaf.owners, len(leaf.groups))):
            return rows
        if self._line is not None:
            raise _Cut
        if carried:
            return fill(rows, frame, "linear", CARRY_SECONDS)
        return align(rows, frame, leaf.owners, len(leaf.groups))

    # --- what is in a window -------------------------------------------------------------------

    def full(self) -> Bools:
        """Where the first piece of the window has data and at most three pieces have none: [groups, T]."""
        check = self._rule.check or self._rule.window
        pieces = -(-self._rule.window // check)
        starts = self._starts[:, None] + check * np.arange(pieces)
        present = self._reported(self._leaves.now(), starts, check)
        return np.asarray(present[:, :, 0] & ((~present).sum(axis=2) <= 3))

    def seen(self) -> Bools:
        """Where the window holds a point of any of the metrics, however early that is read: [groups, T]."""
        return self._reported(self._leaves.read(), self._starts[:, None], self._rule.window)[:, :, 0]

    def _reported(self, leaves: Iterable[tuple[Leaf, int]], starts: Ints, length: int) -> Bools:
        """Where any of them has a point in the pieces from `starts` [T, n] on: [groups, T, n]."""
        present = np.zeros((len(self._leaves.groups), *starts.shape), dtype=np.bool_)
        for leaf, shift in leaves:
            present |= self._has_points(leaf, shift, starts, length)
        return present

    def _has_points(self, leaf: Leaf, shift: int, starts: Ints, length: int) -> Bools:
        first, last = starts - shift, np.minimum(starts + length, self._ends[:, None]) - shift
        found = np.zeros((len(leaf.groups), *starts.shape), dtype=np.bool_)
        for row, owner in zip(leaf.rows.tolist(), leaf.owners.tolist(), strict=True):
            times = leaf.series[row].times
            found[owner] |= np.searchsorted(times, last) > np.searchsorted(times, first)
        return np.asarray(found.any(axis=0, keepdims=True)) if leaf.own else found


def _by_series(leaf: Leaf, axis: Axis, shift: int, method: str, work: Callable[[Cells], Floats]) -> Floats:
    """What `work` makes of the cells of each series, a few of them at a time.

    Cells may be far more than what is made of them: of a second each, if windows end at odd ones.
    """
    size = max(1, _CELLS // max(axis.count, 1))
    parts = [
        work(into_cells(leaf.series[at : at + size], axis, shift, method, leaf.scale[at : at + size]))
        for at in range(0, max(len(leaf.series), 1), size)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _defaulted(table: Table, default: float, exists: Bools) -> Table:
    """Every bucket of the window has the default that has no value; a count that is 0 then stays as it is."""
    if table.zero and default == 0:
        return table
    values = np.where(np.isnan(table.known()) & exists, default, table.known())
    return Table(table.groups, values)


def _space(leaf: Leaf) -> str:
    # A distribution's points are pooled by group already.
    return "sum" if leaf.type is MetricType.DISTRIBUTION else leaf.metric.aggregation or "avg"


def _windowed(call: Call, values: Floats, step: int) -> Floats:
    """Functions of a window's buckets, [groups, T, K]."""
    if ranked := ranking(call):
        return functions.top(values, step, *ranked)
    if call.name in functions.WINDOWED:
        return functions.WINDOWED[call.name](values, step)
    if call.name == "moving_rollup":
        seconds = constant(call.arguments[1]) or step
        return functions.moving_rollup(values, max(1, int(-(-seconds // step))), word(call.arguments[2]))
    kind, number = numbered(call.name, functions.NUMBERED) or ("ewma", 3)
    return functions.ewma(values, number) if kind == "ewma" else functions.median(values, number)


def growing(cells: Floats, first: Ints, last: Ints, method: str) -> Floats:
    """The method from each of `first` up to `last`, not included, where many begin at the same cell.

    cells: float64 [rows, n], NaN for a gap. Returns float64 [rows, len(first)], NaN where all are gaps.
    """
    kind = {"sum": np.add, "min": np.fmin, "max": np.fmax}[method]
    result = np.empty((len(cells), first.size))
    for begin in np.unique(first):
        chosen = first == begin
        part = cells[:, begin : int(last[chosen].max())]
        gaps = np.isnan(part)
        total = kind.accumulate(np.nan_to_num(part) if method == "sum" else part, axis=1)
        total = np.where(np.logical_and.accumulate(gaps, axis=1), np.nan, total)
        result[:, chosen] = total[:, last[chosen] - begin - 1]
    return result
