"""Groups that one notification is for: `notify_by`. Each is judged by itself; all are told of in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.findings import Words
from dd_sync.evaluate.judge import ABSENT
from dd_sync.evaluate.notify import Course
from dd_sync.evaluate.rule import Rule
from dd_sync.evaluate.select import Group, group_name
from dd_sync.evaluate.series import Bytes, Floats
from dd_sync.evaluate.silence import Silence
from dd_sync.evaluate.state import GroupState
from dd_sync.model.state import State

_LARGEST_FIRST = (">", ">=")


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One of the groups: its rows [T] of what was judged, and the silences that cover it."""

    group: Group
    states: Bytes
    values: Floats
    first_seen: int
    before: GroupState | None
    silences: tuple[Silence, ...]
    words: Words


def share(rule: Rule, by: tuple[str, ...], group: Group) -> Group:
    """The part of a group's values that its notification is for. by: keys of the rule's."""
    return tuple(value for key, value in zip(rule.keys, group, strict=True) if key in by)


def merged(rule: Rule, by: tuple[str, ...], group: Group, members: Sequence[Member]) -> Course:
    """The course of all the members: at each time the state of the worst of them, and its value."""
    together = _Together(rule, by, members)
    known = [one.before.together for one in members if one.before is not None and one.before.together]
    seen = [one.first_seen for one in members if one.first_seen >= 0]
    return Course(
        keys=by,
        group=group,
        name=group_name(by, group),
        states=together.states,
        values=together.values,
        first_seen=min(seen, default=-1),
        missing_since=-1,
        before=known[0] if known else None,
        hush=together,
        words=together.words,
    )


class _Together:
    """The members as one. They are silent only where each that is in trouble is silenced."""

    def __init__(self, rule: Rule, by: tuple[str, ...], members: Sequence[Member]) -> None:
        self._rule, self._by, self._members = rule, by, members
        self._rows = np.array([one.states for one in members])
        self.states: Bytes = self._rows.max(axis=0)
        self._worst = self._rows == self.states
        self._before = np.array(
            [ABSENT if one.before is None else one.before.state.severity for one in members]
        )
        self.values: Floats = self._extreme()
        self.silences = tuple({id(one): one for member in members for one in member.silences}.values())

    def _extreme(self) -> Floats:
        values = np.where(self._worst, np.array([one.values for one in self._members]), np.nan)
        bounds = self._rule.thresholds
        largest = bounds is None or bounds.comparator in _LARGEST_FIRST
        return np.asarray((np.fmax if largest else np.fmin).reduce(values, axis=0))

    def at(self, index: int, moment: int) -> Silence | None:
        return self._all(self._in_trouble(index), lambda silence: silence.covers(moment))

    def of_recovery(self, moment: int) -> Silence | None:
        def mutes(silence: Silence) -> bool:
            return silence.mute_first_recovery and silence.covers(moment)

        return self._all(self._members, mutes)

    def _in_trouble(self, index: int) -> list[Member]:
        fine = (ABSENT, State.OK.severity)
        return [
            one for one, code in zip(self._members, self._rows[:, index], strict=True) if code not in fine
        ]

    def _all(self, members: Sequence[Member], holds: Callable[[Silence], bool]) -> Silence | None:
        found = [next(filter(holds, one.silences), None) for one in members]
        return found[0] if found and all(found) else None

    def words(self, index: int) -> Mapping[str, str | float]:
        """The worst members' values of the other keys, comma separated; else the first of them speaks."""
        # A recovery is about those that were in trouble until now.
        earlier = self._rows[:, index - 1] if index else self._before
        recovers = self.states[index] == State.OK.severity < earlier.max()
        chosen = earlier == earlier.max() if recovers else self._worst[:, index]
        worst = [one for one, is_worst in zip(self._members, chosen, strict=True) if is_worst]
        found = dict(worst[0].words(index))
        for position, key in enumerate(self._rule.keys):
            if key not in self._by:
                found[f"{key}.name"] = ",".join(sorted({one.group[position] for one in worst}))
        return found
