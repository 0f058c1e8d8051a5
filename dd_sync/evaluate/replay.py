"""A rule replayed over a source of series: values, states, transitions and notifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.combine import value_when_empty
from dd_sync.evaluate.expression import values_of
from dd_sync.evaluate.judge import ABSENT, CODES, Bytes, judge
from dd_sync.evaluate.notify import Course, Kind, Notification, Story, Suppressed, Transition, tell
from dd_sync.evaluate.rule import Rule, compile_rule
from dd_sync.evaluate.select import TOTAL, Group, group_name
from dd_sync.evaluate.series import Floats, Ints, SeriesSource
from dd_sync.evaluate.silence import Silence, silences_of
from dd_sync.evaluate.state import GroupState
from dd_sync.evaluate.unsupported import Unsupported
from dd_sync.model.state import State

__all__ = [
    "GroupState",
    "Kind",
    "Notification",
    "Replay",
    "Rule",
    "Silence",
    "Suppressed",
    "Transition",
    "Unsupported",
    "compile_rule",
    "evaluation_times",
    "replay",
]


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What a monitor did.

    times: int64 [T], epoch seconds. groups: names such as `tenant:acme`, `*` for a simple alert.
    values: float64 [groups, T], what was compared, NaN where nothing was.
    states: int8 [groups, T], severities of State, 0 where the group does not exist.
    transitions, notifications, suppressed: in the order of time, then of groups.
    final: the state of every group that exists at the end, for the next replay's `previous`.
    step: the rollup, in seconds, of metrics that name none; notes: choices the result depends on.
    """

    rule: Rule
    times: Ints
    groups: tuple[str, ...]
    values: Floats
    states: Bytes
    transitions: tuple[Transition, ...]
    notifications: tuple[Notification, ...]
    suppressed: tuple[Suppressed, ...]
    final: Mapping[str, GroupState]

    @property
    def step(self) -> int:
        return self.rule.step

    @property
    def notes(self) -> tuple[str, ...]:
        return self.rule.notes

    def index(self, at: int) -> int | None:
        """The last evaluation at or before a time, None before the first."""
        found = int(np.searchsorted(self.times, at, side="right")) - 1
        return None if found < 0 else found

    def state_at(self, group: str, at: int) -> State | None:
        """The state as of the last evaluation at or before a time; None where the group does not exist."""
        index = self.index(at)
        if index is None or group not in self.groups:
            return None
        code = int(self.states[self.groups.index(group), index])
        return None if code == ABSENT else CODES[code]

    def value_at(self, group: str, at: int) -> float | None:
        """The value of the last evaluation at or before a time, None where there was none."""
        index = self.index(at)
        if index is None or group not in self.groups:
            return None
        value = float(self.values[self.groups.index(group), index])
        return None if np.isnan(value) else value


def evaluation_times(rule: Rule, start: int, end: int) -> Ints:
    """When Datadog evaluates the rule, start <= time < end in epoch seconds.

    Every minute; with a window of a day or more every 10 minutes, from two days on every 30.
    """
    first = -(-start // rule.frequency) * rule.frequency
    return np.arange(first, max(first, end), rule.frequency, dtype=np.int64)


def replay(
    rule: Rule,
    source: SeriesSource,
    times: Ints,
    *,
    previous: Mapping[str, GroupState] | None = None,
    downtimes: Sequence[Silence] = (),
) -> Replay:
    """Evaluate a rule at `times` (int64 epoch seconds, ascending), as Datadog would have.

    previous: `final` of the replay before, by group; replaying in pieces gives what one replay gives.
    downtimes: those of this monitor, the ones that ended since the last evaluation included.
    Raises Unsupported, and what the source raises.
    """
    known = dict(previous or {})
    if not times.size:
        nothing = np.empty((0, 0))
        return Replay(rule, times, (), nothing, nothing.astype(np.int8), (), (), (), known)
    found = values_of(rule, source, times)
    by_name = {group_name(rule.keys, group): group for group in found.groups}
    by_name.update({name: _group_of(rule, name) for name in known if name not in by_name})
    names = tuple(sorted(by_name))
    at = {group: row for row, group in enumerate(found.groups)}
    rows = [at.get(by_name[name], -1) for name in names]
    before = [known.get(name) for name in names]
    # One row of nothing, for groups that are known but have no data any more.
    values = np.concatenate([found.values, np.full((1, times.size), np.nan)])[rows]
    full = np.concatenate([found.full, np.zeros((1, times.size), dtype=np.bool_)])[rows]
    empty = value_when_empty(rule.alert.expression)
    judged = judge(rule, times, values, full, empty=empty, previous=before)
    stories = [
        tell(
            rule,
            times,
            Course(
                group=by_name[name],
                name=name,
                states=judged.states[row],
                values=judged.values[row],
                first_seen=judged.first_seen[row],
                missing_since=judged.missing_since[row],
                before=before[row],
                silences=silences_of(name, downtimes),
            ),
        )
        for row, name in enumerate(names)
    ]
    return Replay(
        rule,
        times,
        names,
        judged.values,
        judged.states,
        *_in_order(stories),
        {name: story.final for name, story in zip(names, stories, strict=True) if story.final is not None},
    )


def _in_order(
    stories: Sequence[Story],
) -> tuple[tuple[Transition, ...], tuple[Notification, ...], tuple[Suppressed, ...]]:
    return (
        tuple(sorted((one for story in stories for one in story.transitions), key=lambda one: one.at)),
        tuple(sorted((one for story in stories for one in story.notifications), key=lambda one: one.at)),
        tuple(sorted((one for story in stories for one in story.suppressed), key=lambda one: one.at)),
    )


def _group_of(rule: Rule, name: str) -> Group:
    """The values a group's name holds, in the order of the rule's keys."""
    if name == TOTAL:
        return ()
    values = dict(part.partition(":")[::2] for part in name.split(","))
    return tuple(values.get(key, "") for key in rule.keys)
