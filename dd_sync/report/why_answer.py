"""What `dd-sync why` answers: a group of a monitor at a time, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dd_sync.evaluate.event_steps import Searched
from dd_sync.evaluate.replay import Notification, Replay, Silence, Sources, Suppressed
from dd_sync.evaluate.sources import CheckRun
from dd_sync.evaluate.steps import Steps
from dd_sync.model.state import State

# Of the events that were counted, so many are shown, the last ones.
MOST_COUNTED = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A replay and what it was made of. start: epoch seconds that relative times count from.

    name: of the scenario, '' for files. silences: the monitor's; parts: a composite's, by what names them.
    """

    key: str
    done: Replay
    sources: Sources
    start: int
    name: str = ""
    silences: Sequence[Silence] = ()
    parts: Mapping[int | str, Replay] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold. past: whether the value is past it; None without a value."""

    name: str
    comparator: str
    threshold: float
    past: bool | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """A handle of the message. why: under which conditions it is told; '' for none."""

    handle: str
    told: bool
    why: str


@dataclass(frozen=True, slots=True)
class Downtime:
    """A downtime of the monitor. effect: what it does to the group at the time; name: '' for a snooze."""

    name: str
    scope: str
    start: int
    end: int | None
    effect: str
    silences: bool


@dataclass(frozen=True, slots=True)
class PartState:
    """A monitor of a composite at the time; group: its own, '' where it has none that goes with it."""

    name: str
    group: str
    state: State | None
    value: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the group. told: whom, or why nobody; None where nothing was to tell."""

    at: int
    what: str
    value: float | None
    told: str | None


@dataclass(frozen=True, slots=True)
class Why:
    """The answer. Times are epoch seconds; at: of the evaluation that holds, the last by the time asked.

    state, before: None where the group does not exist. since: when the state began, within the replay.
    reasons: sentences. steps: how the value came about, None for monitors without metrics. searches: what
    each query of a monitor on events found; parts: of a composite; runs: the last ones of a service check,
    oldest first.
    sent, held: what this evaluation told, or kept back. after: what is told next, None within the replay.
    """

    case: Case
    group: str
    at: int
    state: State | None
    before: State | None
    since: int
    value: float | None
    reasons: tuple[str, ...]
    levels: tuple[Level, ...]
    steps: Steps | None
    searches: tuple[Searched, ...]
    parts: tuple[PartState, ...]
    runs: tuple[CheckRun, ...]
    sent: tuple[Notification, ...]
    held: tuple[Suppressed, ...]
    recipients: tuple[Recipient, ...]
    last: Notification | None
    after: Notification | None
    downtimes: tuple[Downtime, ...]
    events: tuple[Event, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        return self.case.done.notes
