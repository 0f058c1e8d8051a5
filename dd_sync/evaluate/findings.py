"""What an evaluation found, before it is judged: the same questions of every type of monitor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dd_sync.evaluate.judge import Judged, judge
from dd_sync.evaluate.rule import Rule, Thresholds
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Bools, Floats, Ints
from dd_sync.evaluate.state import GroupState

# The variables of a message that only this type of monitor knows, at an evaluation's index.
Words = Callable[[int], Mapping[str, str | float]]


class Findings(Protocol):
    @property
    def groups(self) -> Iterable[Group]:
        """The groups that had data."""
        ...

    def judge(self, groups: Sequence[Group], previous: Sequence[GroupState | None]) -> Judged:
        """States of these groups, whether they had data or not. previous: what each was before."""
        ...

    def words(self, group: Group) -> Words: ...


@dataclass(frozen=True, slots=True)
class Values:
    """What a rule evaluated to.

    values: float64 [groups, T], NaN where the window held nothing. full: bool [groups, T], False where a
    full window is required and there was none. groups: in alphabetical order.
    """

    groups: tuple[Group, ...]
    values: Floats
    full: Bools


def no_words(at: int) -> Mapping[str, str | float]:
    return {}


class ValueFindings:
    """A number per group and evaluation, compared with thresholds."""

    def __init__(
        self,
        rule: Rule,
        bounds: Thresholds,
        times: Ints,
        found: Values,
        words: Callable[[Group], Words] | None = None,
    ) -> None:
        self._rule, self._bounds, self._times, self._found = rule, bounds, times, found
        self._row = {group: row for row, group in enumerate(found.groups)}
        self._words = words

    @property
    def groups(self) -> Iterable[Group]:
        return self._found.groups

    def judge(self, groups: Sequence[Group], previous: Sequence[GroupState | None]) -> Judged:
        values = np.full((len(groups), self._times.size), np.nan)
        full = np.zeros(values.shape, dtype=np.bool_)
        for row, group in enumerate(groups):
            # A group that is known but has no data any more is not among those found.
            if (source := self._row.get(group)) is not None:
                values[row], full[row] = self._found.values[source], self._found.full[source]
        return judge(self._rule, self._bounds, self._times, values, full, previous)

    def words(self, group: Group) -> Words:
        return no_words if self._words is None else self._words(group)
