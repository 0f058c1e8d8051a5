"""What a metric monitor's evaluations find, worked out for some groups at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from dd_sync.evaluate.algorithm_values import algorithm_values
from dd_sync.evaluate.expression import Evaluation, Watch
from dd_sync.evaluate.findings import Words, no_words
from dd_sync.evaluate.functions import crosses_groups
from dd_sync.evaluate.judge import Judged, judge
from dd_sync.evaluate.leaves import Leaves
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Bools, Floats, Ints, SeriesSource
from dd_sync.evaluate.state import GroupState

_Array = TypeVar("_Array", Floats, Bools)

# Numbers that one metric takes at a time: few enough to stay in the
# processor's cache, so many that the steps between them weigh nothing.
_BUDGET = 200_000
# A group that takes more than this is evaluated at some of its times after the others.
_MOST = 4_000_000


class MetricFindings:
    """Memory is bounded: besides the points and what is asked for, a few times _MOST numbers.

    A value does not depend, to the last bit, on which other times and groups are asked for.
    Raises Unsupported where a metric's own type makes the query one that is not evaluated here.
    """

    def __init__(self, rule: MetricRule, source: SeriesSource, times: Ints) -> None:
        """times: int64 epoch seconds, ascending, at least one."""
        self._rule, self._times = rule, times
        ends = times - rule.delay
        self._leaves = Leaves.of(rule, source, int(ends[0]) - rule.lookback, int(ends[-1]))
        self._together = _together(rule)
        self._all: _Found | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        return self._leaves.groups

    def words(self, group: Group) -> Words:
        return no_words

    def judge(self, groups: Sequence[Group], previous: Sequence[GroupState | None]) -> Judged:
        judged = Judged.room(len(groups), self._times.size)
        leaves = None if self._together else self._leaves.part(tuple(groups))
        size = len(groups) if leaves is None else self._groups_at_once(leaves)
        for at in range(0, len(groups), size):
            rows = slice(at, at + size)
            found = self._of_all(groups) if leaves is None else self._found(leaves.part(tuple(groups[rows])))
            bounds, before = self._rule.thresholds, previous[rows]
            judged.put(
                rows,
                judge(
                    self._rule,
                    bounds,
                    self._times,
                    found.values,
                    found.full,
                    before,
                    recovering=found.recovering,
                    seen=found.seen,
                ),
            )
        return judged

    def _groups_at_once(self, leaves: Leaves) -> int:
        series_of_one = leaves.rows / max(len(leaves.groups), 1)
        return max(1, int(_BUDGET // max(self._times.size * max(series_of_one, 1), 1)))

    def _of_all(self, groups: Sequence[Group]) -> _Found:
        """Some groups, where what one comes to depends on the others. Those without data are allowed."""
        if self._all is None:
            self._all = self._found(self._leaves)
        at = {group: row for row, group in enumerate(self.groups)}
        rows = np.array([at.get(group, len(at)) for group in groups], dtype=np.int64)
        values = np.concatenate([self._all.values, np.full((1, self._times.size), np.nan)])[rows]
        return _Found(values, _rows(self._all.full, rows), seen=_rows(self._all.seen, rows))

    def watched(self, group: Group, watch: Watch) -> tuple[float, bool, Leaves]:
        """The value of one group at the one time that was asked for, its parts shown to `watch`; whether its
        window is full; and what was read. NaN without data."""
        leaves = self._leaves if self._together else self._leaves.part((group,))
        row = self.groups.index(group) if self._together and group in self.groups else 0
        if self._rule.algorithm is not None:
            found, _ = algorithm_values(self._rule, self._rule.algorithm, leaves, self._times, watch)
            return float(found[row, 0]), True, leaves
        evaluation = Evaluation(self._rule, leaves, self._times, watch)
        full = self._rule.check is None or bool(evaluation.full()[row, 0])
        return float(evaluation.values()[row, 0]), full, leaves

    def _found(self, leaves: Leaves) -> _Found:
        rule = self._rule
        if rule.algorithm is not None:
            found, recovering = algorithm_values(rule, rule.algorithm, leaves, self._times)
            return _Found(found, recovering=recovering)
        per_time = max(leaves.rows, 1) * (rule.window // min(rule.steps) + 2)
        size = max(1, _MOST // per_time)
        parts = [
            Evaluation(rule, leaves, self._times[at : at + size]) for at in range(0, self._times.size, size)
        ]
        return _Found(
            _joined([part.values() for part in parts]),
            None if rule.check is None else _joined([part.full() for part in parts]),
            seen=_joined([part.seen() for part in parts]) if rule.keys and rule.is_zeroed else None,
        )


def _together(rule: MetricRule) -> bool:
    """Whether what one group comes to depends on the others."""
    outliers = rule.algorithm is not None and rule.algorithm.name == "outliers"
    return outliers or crosses_groups(rule.alert.expression)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What judge() takes, [groups, T]."""

    values: Floats
    full: Bools | None = None
    recovering: Floats | None = None
    seen: Bools | None = None


def _rows(flags: Bools | None, rows: Ints) -> Bools | None:
    """Some rows of them; one more than there are is of a group without data."""
    if flags is None:
        return None
    return np.concatenate([flags, np.zeros((1, flags.shape[1]), dtype=np.bool_)])[rows]


def _joined(parts: list[_Array]) -> _Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
