"""What an evaluation found, before it is judged: the same questions of every type of monitor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from dd_sync.evaluate.judge import Judged
from dd_sync.evaluate.select import Group
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


def no_words(at: int) -> Mapping[str, str | float]:
    return {}
