"""What a metric monitor's evaluations find, worked out for some groups at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dd_sync.evaluate.expression import Evaluation, Watch
from dd_sync.evaluate.findings import Words, no_words
from dd_sync.evaluate.functions import crosses_groups
from dd_sync.evaluate.judge import Judged, judge
from dd_sync.evaluate.leaves import Leaves
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Bools, Floats, Ints, SeriesSource
from dd_sync.evaluate.state import GroupState

# Numbers held at once for one metric; more evaluation times than fit are taken one stretch after another.
_BUDGET = 4_000_000


class MetricFindings:
    """Memory is bounded: besides the points and what is asked for, a few times _BUDGET numbers.

    A value does not depend, to the last bit, on which other times and groups are asked for.
    Raises Unsupported where a metric's own type makes the query one that is not evaluated here.
    """

    def __init__(self, rule: MetricRule, source: SeriesSource, times: Ints) -> None:
        """times: int64 epoch seconds, ascending, at least one."""
        self._rule, self._times = rule, times
        ends = times - rule.delay
        self._leaves = Leaves.of(rule, source, int(ends[0]) - rule.window, int(ends[-1]))
        self._together = crosses_groups(rule.alert.expression)
        self._all: tuple[Floats, Bools | None] | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        return self._leaves.groups

    def judge(self, groups: Sequence[Group], previous: Sequence[GroupState | None]) -> Judged:
        values, full = self.values(groups)
        return judge(self._rule, self._rule.thresholds, self._times, values, full, previous)

    def words(self, group: Group) -> Words:
        return no_words

    def values(self, groups: Sequence[Group]) -> tuple[Floats, Bools | None]:
        """float64 [groups, T], NaN where a window held nothing; where windows are full, None if they may be
        as they are. Groups without data are allowed."""
        if not self._together:
            return self._stretches(self._leaves.part(tuple(groups)))
        if self._all is None:
            self._all = self._stretches(self._leaves)
        at = {group: row for row, group in enumerate(self.groups)}
        rows = np.array([at.get(group, len(at)) for group in groups], dtype=np.int64)
        values, full = self._all
        values = np.concatenate([values, np.full((1, self._times.size), np.nan)])
        if full is not None:
            full = np.concatenate([full, np.zeros((1, self._times.size), dtype=np.bool_)])[rows]
        return values[rows], full

    def watched(self, group: Group, watch: Watch) -> tuple[float, bool, Leaves]:
        """The value of one group at the one time that was asked for, its parts shown to `watch`; whether its
        window is full; and what was read. NaN without data."""
        leaves = self._leaves if self._together else self._leaves.part((group,))
        evaluation = Evaluation(self._rule, leaves, self._times, watch)
        row = self.groups.index(group) if self._together and group in self.groups else 0
        full = self._rule.check is None or bool(evaluation.full()[row, 0])
        return float(evaluation.values()[row, 0]), full, leaves

    def _stretches(self, leaves: Leaves) -> tuple[Floats, Bools | None]:
        rule = self._rule
        size = max(1, _BUDGET // (max(leaves.rows, 1) * (rule.window // min(rule.steps) + 2)))
        parts = [
            Evaluation(rule, leaves, self._times[at : at + size]) for at in range(0, self._times.size, size)
        ]
        values = np.concatenate([part.values() for part in parts], axis=1)
        if rule.check is None:
            return values, None
        return values, np.concatenate([part.full() for part in parts], axis=1)
