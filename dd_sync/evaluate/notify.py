"""States to transitions, and transitions to what is said to whom, or why it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from dd_sync.evaluate.findings import Words
from dd_sync.evaluate.judge import ABSENT, CODES
from dd_sync.evaluate.rule import Missing, Rule
from dd_sync.evaluate.series import Bytes, Floats, Ints
from dd_sync.evaluate.silence import Hush, Silence
from dd_sync.evaluate.state import GroupState
from dd_sync.evaluate.wording import Told, say
from dd_sync.model.state import State


class Kind(StrEnum):
    ALERT = "alert"
    WARNING = "warning"
    NO_DATA = "no data"
    UNKNOWN = "unknown"
    RECOVERY = "recovery"
    RENOTIFY = "renotify"
    DOWNTIME_ENDED = "downtime ended"


@dataclass(frozen=True, slots=True)
class Transition:
    """A group's change of state at an evaluation, epoch seconds. value: None without data."""

    at: int
    group: str
    before: State
    after: State
    value: float | None


@dataclass(frozen=True, slots=True)
class Notification:
    """What is sent: title and body as a reader sees them, handles with their `@`."""

    at: int
    group: str
    kind: Kind
    state: State
    title: str
    body: str
    handles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A notification that was not sent, and why."""

    at: int
    group: str
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to one group. final: None for a group that does not exist at the end."""

    transitions: tuple[Transition, ...]
    notifications: tuple[Notification, ...]
    suppressed: tuple[Suppressed, ...]
    final: GroupState | None


_KINDS = {
    State.ALERT: Kind.ALERT,
    State.WARN: Kind.WARNING,
    State.NO_DATA: Kind.NO_DATA,
    State.UNKNOWN: Kind.UNKNOWN,
    State.OK: Kind.RECOVERY,
}


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One group through the evaluation times: its row of what was judged.

    keys, group, name: what it is grouped by, its values, and how Datadog writes it. before: its state at the
    last evaluation before, None for a group that is new. hush: what silences it. words: variables of its
    type of monitor at an evaluation's index. quiet: its transitions are told with those of others.
    """

    keys: tuple[str, ...]
    group: tuple[str, ...]
    name: str
    states: Bytes
    values: Floats
    first_seen: int
    missing_since: int
    before: GroupState | None
    hush: Hush
    words: Words
    quiet: bool = False


def tell(rule: Rule, times: Ints, course: Course) -> Story:
    """Follow one group through the evaluation times (int64 epoch seconds, at least one)."""
    return _Teller(rule, times, course).run()


class _Teller:
    """Steps from event to event; between two of them nothing can happen to the group."""

    def __init__(self, rule: Rule, times: Ints, course: Course) -> None:
        self._rule, self._times, self._course = rule, times, course
        self._ends = sorted(self._ending(), key=lambda end: end[0])
        self._memory = _Memory() if course.before is None else _Memory.of(course.before)
        self._transitions: list[Transition] = []
        self._notifications: list[Notification] = []
        self._suppressed: list[Suppressed] = []

    def run(self) -> Story:
        if self._rule.independent:
            self._each()
        else:
            self._follow()
        return Story(
            tuple(self._transitions), tuple(self._notifications), tuple(self._suppressed), self._final()
        )

    def _follow(self) -> None:
        position = 0
        for at in self._changes():
            self._between(position, at)
            self._change(at)
            position = at + 1
        self._between(position, self._times.size)

    def _each(self) -> None:
        """Evaluations that stand by themselves: each one that is not OK is told, and no recovery."""
        for at, code in enumerate(self._course.states):
            before = self._memory.state
            after = CODES.get(int(code), State.OK)
            if after is not before:
                self._move(at, after)
            if after is not State.OK and not self._course.quiet:
                self._trouble(at, before, after)

    def _changes(self) -> list[int]:
        before = ABSENT if self._course.before is None else self._course.before.state.severity
        earlier = np.concatenate([[before], self._course.states[:-1]])
        return [int(at) for at in np.flatnonzero(self._course.states != earlier)]

    def _ending(self) -> Iterator[tuple[int, Silence]]:
        """The first evaluation after the end of each silence that had begun."""
        seen = -1 if self._course.before is None else self._course.before.evaluated_at
        for silence in self._course.hush.silences:
            over = silence.over_at
            if over is not None and silence.start < over and over > seen:
                yield int(np.searchsorted(self._times, over)), silence

    # --- what happens --------------------------------------------------------------------------

    def _change(self, at: int) -> None:
        code, moment = int(self._course.states[at]), int(self._times[at])
        before = self._memory.state
        if code == ABSENT:
            self._memory = _Memory()
            return
        after = CODES[code]
        if after is before:
            self._memory = replace(self._memory, since=moment)
            return
        self._move(at, after)
        if self._course.quiet:
            return
        if after is State.OK:
            self._recover(at, before)
        else:
            self._trouble(at, before, after)

    def _move(self, at: int, after: State) -> None:
        moment, before = int(self._times[at]), self._memory.state
        self._transitions.append(Transition(moment, self._course.name, before, after, self._value(at)))
        self._memory = self._memory.moved(after, moment)

    def _recover(self, at: int, before: State) -> None:
        muted = self._course.hush.of_recovery(int(self._times[at]))
        if not self._memory.told:
            self._hold_back(at, Kind.RECOVERY, "nobody was told of the trouble")
        elif muted is not None:
            self._hold_back(at, Kind.RECOVERY, f"{muted} mutes the first recovery")
        else:
            self._send(at, Kind.RECOVERY, before)
        self._memory = replace(self._memory, told=False)

    def _trouble(self, at: int, before: State, after: State) -> None:
        moment, kind = int(self._times[at]), _KINDS[after]
        if after is State.NO_DATA and self._rule.missing is Missing.NO_DATA:
            self._hold_back(at, kind, "missing data is shown, not notified")
            return
        renotify = self._rule.renotify
        if renotify is not None and after in renotify.states:
            self._memory = replace(self._memory, renotify_at=moment + renotify.interval)
        silence = self._silence(at)
        if silence is not None:
            self._hold_back(at, kind, str(silence))
        else:
            self._send(at, kind, before)

    def _between(self, start: int, stop: int) -> None:
        """Renotifications and ends of downtimes while the state stays."""
        if self._memory.state is State.OK or self._course.quiet:
            return
        ends = [(at, silence) for at, silence in self._ends if start <= at < stop]
        while True:
            due = self._due(start)
            at = min(ends[0][0] if ends else stop, due)
            if at >= stop:
                return
            ended = [silence for moment, silence in ends if moment == at]
            ends = [(moment, silence) for moment, silence in ends if moment > at]
            if any(silence.tells_end(self._memory.state) for silence in ended) and self._may_tell_end(at):
                self._send(at, Kind.DOWNTIME_ENDED, self._memory.state)
                self._postpone(at)
            elif due == at:
                self._renotify(at)

    def _may_tell_end(self, at: int) -> bool:
        silent_state = self._memory.state is State.NO_DATA and self._rule.missing is Missing.NO_DATA
        return not silent_state and self._silence(at) is None

    def _due(self, start: int) -> int:
        due = self._memory.renotify_at
        return self._times.size if due is None else max(start, int(np.searchsorted(self._times, due)))

    def _renotify(self, at: int) -> None:
        silence = self._silence(at)
        if silence is not None:
            self._hold_back(at, Kind.RENOTIFY, str(silence))
        else:
            self._memory = replace(self._memory, renotified=self._memory.renotified + 1)
            self._send(at, Kind.RENOTIFY, self._memory.state)
        self._postpone(at)

    def _postpone(self, at: int) -> None:
        """The next renotification is an interval from now, unless there have been as many as allowed."""
        renotify = self._rule.renotify
        if renotify is None or self._memory.renotify_at is None:
            return
        done = renotify.occurrences is not None and self._memory.renotified >= renotify.occurrences
        due = None if done else int(self._times[at]) + renotify.interval
        self._memory = replace(self._memory, renotify_at=due)

    # --- what is said --------------------------------------------------------------------------

    def _silence(self, at: int) -> Silence | None:
        return self._course.hush.at(at, int(self._times[at]))

    def _hold_back(self, at: int, kind: Kind, reason: str) -> None:
        self._suppressed.append(Suppressed(int(self._times[at]), self._course.name, kind, reason))

    def _send(self, at: int, kind: Kind, before: State) -> None:
        if self._rule.draft:
            self._hold_back(at, kind, "the monitor is a draft")
            return
        moment, memory = int(self._times[at]), self._memory
        told = Told(
            at=moment,
            before=before,
            after=memory.state,
            renotify=kind is Kind.RENOTIFY,
            value=self._value(at),
            first_triggered_at=memory.first_triggered_at or moment,
            last_triggered_at=memory.last_triggered_at or moment,
        )
        words = self._course.words(at)
        course = self._course
        title, body, handles = say(self._rule, course.keys, course.group, told, words)
        self._notifications.append(
            Notification(moment, self._course.name, kind, memory.state, title, body, handles)
        )
        self._memory = replace(memory, told=True, last_notified_at=moment)

    def _value(self, at: int) -> float | None:
        value = float(self._course.values[at])
        return None if np.isnan(value) else value

    def _final(self) -> GroupState | None:
        if int(self._course.states[-1]) == ABSENT:
            return None
        memory, missing = self._memory, self._course.missing_since
        known = np.flatnonzero(~np.isnan(self._course.values))
        value = self._course.before.value if self._course.before is not None else None
        return GroupState(
            state=memory.state,
            since=memory.since,
            evaluated_at=int(self._times[-1]),
            first_seen=self._course.first_seen,
            missing_since=None if missing < 0 else missing,
            value=float(self._course.values[known[-1]]) if known.size else value,
            first_triggered_at=memory.first_triggered_at,
            last_triggered_at=memory.last_triggered_at,
            told=memory.told,
            last_notified_at=memory.last_notified_at,
            renotified=memory.renotified,
            renotify_at=memory.renotify_at,
        )


@dataclass(frozen=True, slots=True)
class _Memory:
    """The part of a GroupState that changes with what is said."""

    state: State = State.OK
    since: int = 0
    first_triggered_at: int | None = None
    last_triggered_at: int | None = None
    told: bool = False
    last_notified_at: int | None = None
    renotified: int = 0
    renotify_at: int | None = None

    @classmethod
    def of(cls, before: GroupState) -> _Memory:
        return cls(
            before.state,
            before.since,
            before.first_triggered_at,
            before.last_triggered_at,
            before.told,
            before.last_notified_at,
            before.renotified,
            before.renotify_at,
        )

    def moved(self, state: State, moment: int) -> _Memory:
        """In another state: the renotifications are counted anew, the trouble goes on or ends."""
        first, last = self.first_triggered_at, self.last_triggered_at
        if state is not State.OK:
            first, last = moment if self.state is State.OK else first, moment
        return replace(
            self,
            state=state,
            since=moment,
            first_triggered_at=first,
            last_triggered_at=last,
            renotified=0,
            renotify_at=None,
        )
