"""A rule replayed over its sources: values, states, transitions and notifications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from dd_sync.evaluate.compiling import compile_rule
from dd_sync.evaluate.composite import CompositeFindings, CompositeRule, parts_of, with_parts
from dd_sync.evaluate.event_rule import EventRule
from dd_sync.evaluate.events import EventFindings
from dd_sync.evaluate.findings import Findings
from dd_sync.evaluate.judge import Judged
from dd_sync.evaluate.metric_findings import MetricFindings
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.notify import Course, Kind, Notification, Story, Suppressed, Transition, tell
from dd_sync.evaluate.replayed import Replay
from dd_sync.evaluate.rule import Rule
from dd_sync.evaluate.select import Group, group_name, group_of
from dd_sync.evaluate.series import Bytes, Floats, Ints
from dd_sync.evaluate.service_check import CheckFindings, CheckRule
from dd_sync.evaluate.silence import OwnHush, Silence, silences_of
from dd_sync.evaluate.sources import Sources
from dd_sync.evaluate.state import GroupState
from dd_sync.evaluate.together import Member, merged, share
from dd_sync.evaluate.unsupported import Unsupported

__all__ = [
    "GroupState",
    "Kind",
    "Notification",
    "Replay",
    "Rule",
    "Silence",
    "Sources",
    "Suppressed",
    "Transition",
    "Unsupported",
    "compile_rule",
    "evaluation_times",
    "parts_of",
    "replay",
]


# Values judged at once.
_BUDGET = 2_000_000


def evaluation_times(rule: Rule, start: int, end: int) -> Ints:
    """When Datadog evaluates the rule, start <= time < end in epoch seconds.

    Every minute; with a window of a day or more every 10 minutes, from two days on every 30; by its schedule
    if it has one.
    """
    if rule.schedule is not None:
        return rule.schedule.between(start, end)
    first = -(-start // rule.frequency) * rule.frequency
    return np.arange(first, max(first, end), rule.frequency, dtype=np.int64)


def replay(
    rule: Rule,
    sources: Sources,
    times: Ints,
    *,
    previous: Mapping[str, GroupState] | None = None,
    downtimes: Sequence[Silence] = (),
) -> Replay:
    """Evaluate a rule at `times` (int64 epoch seconds, ascending), as Datadog would have.

    previous: `final` of the replay before, by group; replaying in pieces gives what one replay gives.
    downtimes: those of this monitor, the ones that ended since the last evaluation included.
    Raises Unsupported, and what the sources raise.
    """
    known = dict(previous or {})
    if isinstance(rule, CompositeRule):
        rule = with_parts(rule, sources.parts)
    if not times.size:
        nothing = np.empty((0, 0))
        return Replay(rule, times, (), nothing, nothing.astype(np.int8), (), (), (), known, known)
    findings = find(rule, sources, times, known)
    groups = {group_name(rule.keys, group): group for group in findings.groups}
    groups.update({name: group_of(rule.keys, name) for name in known if name not in groups})
    judging = _Judging(rule, times, findings, groups, known, downtimes)
    names = tuple(sorted(groups))
    size = max(1, _BUDGET // times.size)
    blocks = [judging.block(names[at : at + size]) for at in range(0, len(names), size)]
    values = np.concatenate([block.values for block in blocks]) if blocks else np.empty((0, times.size))
    states = (
        np.concatenate([block.states for block in blocks]) if blocks else np.empty((0, times.size), np.int8)
    )
    stories = {name: story for block in blocks for name, story in block.stories.items()}
    final = {name: story.final for name, story in stories.items() if story.final is not None}
    told = list(stories.values())
    if rule.notify_by is not None:
        shared = judging.together(rule.notify_by, names, values, states, final)
        told = [story for story, _ in shared]
        final = {name: replace(final[name], together=story.final) for story, of in shared for name in of}
    return Replay(
        rule,
        times,
        names,
        values,
        states,
        _in_order(one for story in stories.values() for one in story.transitions),
        _in_order(one for story in told for one in story.notifications),
        _in_order(one for story in told for one in story.suppressed),
        final,
        known,
    )


def find(rule: Rule, sources: Sources, times: Ints, known: Mapping[str, GroupState]) -> Findings:
    """What a rule of any type finds at `times`; known: its groups before. Raises what replay raises."""
    if isinstance(rule, MetricRule):
        return MetricFindings(rule, sources.series, times)
    if isinstance(rule, CompositeRule):
        return CompositeFindings(rule, sources.parts, times)
    if isinstance(rule, EventRule):
        return EventFindings(rule, sources.events, times)
    if isinstance(rule, CheckRule):
        before = [state.evaluated_at for state in known.values()]
        return CheckFindings(rule, sources.checks, times, max(before, default=int(times[0]) - rule.window))
    raise Unsupported(f"monitors of type '{rule.monitor.type}' are not evaluated here", path=("type",))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    values: Floats
    states: Bytes
    stories: Mapping[str, Story]


@dataclass(frozen=True, slots=True, eq=False)
class _Judging:
    """Judges some groups at a time, since judging takes several times the memory of its result."""

    rule: Rule
    times: Ints
    findings: Findings
    groups: Mapping[str, Group]
    known: Mapping[str, GroupState]
    downtimes: Sequence[Silence]

    def block(self, names: Sequence[str]) -> _Block:
        """The groups of these names, in this order."""
        before = [self.known.get(name) for name in names]
        judged = self.findings.judge([self.groups[name] for name in names], before)
        stories = {name: self._story(name, judged, row) for row, name in enumerate(names)}
        return _Block(judged.values, judged.states, stories)

    def _story(self, name: str, judged: Judged, row: int) -> Story:
        course = Course(
            keys=self.rule.keys,
            group=self.groups[name],
            name=name,
            states=judged.states[row],
            values=judged.values[row],
            first_seen=int(judged.first_seen[row]),
            missing_since=int(judged.missing_since[row]),
            before=self.known.get(name),
            hush=OwnHush(self._silences(name)),
            words=self.findings.words(self.groups[name]),
            quiet=self.rule.notify_by is not None,
        )
        return tell(self.rule, self.times, course)

    def _silences(self, name: str) -> tuple[Silence, ...]:
        return silences_of(self.rule.keys, self.groups[name], self.downtimes)

    def together(
        self,
        by: tuple[str, ...],
        names: Sequence[str],
        values: Floats,
        states: Bytes,
        final: Mapping[str, GroupState],
    ) -> list[tuple[Story, list[str]]]:
        """What is told of the groups with the same values of the keys `by`, and which of them still exist."""
        members: dict[Group, list[Member]] = {}
        living: dict[Group, list[str]] = {}
        for row, name in enumerate(names):
            group = self.groups[name]
            own = share(self.rule, by, group)
            member = Member(
                group=group,
                states=states[row],
                values=values[row],
                first_seen=final[name].first_seen if name in final else -1,
                before=self.known.get(name),
                silences=self._silences(name),
                words=self.findings.words(group),
            )
            members.setdefault(own, []).append(member)
            living.setdefault(own, []).extend([name] if name in final else [])
        return [
            (tell(self.rule, self.times, merged(self.rule, by, own, members[own])), living[own])
            for own in sorted(members)
        ]


class _Timed(Protocol):
    @property
    def at(self) -> int: ...


_Event = TypeVar("_Event", bound=_Timed)


def _in_order(events: Iterable[_Event]) -> tuple[_Event, ...]:
    """By time, and at one time by group, as which they come."""
    return tuple(sorted(events, key=lambda event: event.at))
