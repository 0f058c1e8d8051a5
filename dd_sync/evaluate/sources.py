"""What an evaluation looks at: series, runs of checks, events, and other monitors' replays."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

from dd_sync.evaluate.replayed import Replay
from dd_sync.evaluate.series import SeriesSet, SeriesSource


class Status(IntEnum):
    """What a run of a service check found, as Datadog's API counts it."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of a service check. at: epoch seconds; tags: `host:a` among them; message: empty for OK."""

    at: int
    check: str
    status: Status
    tags: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A log, a span, a RUM event or anything else that is searched. at: epoch seconds.

    source: as a query names it, `logs`, `events`, `rum`, …; tags: `env:prod`, `service:web`, `status:error`
    among them. attributes: what `@` searches, nested as sent or under dotted keys. index: of a log.
    """

    at: int
    source: str
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    index: str = "main"


_ALIASES = {
    "audit": "audits",
    "database-queries": "database-monitoring",
    "network": "network-performance",
    "spans": "trace-analytics",
}


def canonical_source(name: str) -> str:
    """A source of events as a query names it, for the names that variables of formulas and the API have."""
    dashed = name.replace("_", "-")
    return _ALIASES.get(dashed, dashed)


class CheckSource(Protocol):
    def select(self, check: str, start: int, end: int) -> Sequence[CheckRun]:
        """The runs of a check with start <= at < end, oldest first."""
        ...


class EventSource(Protocol):
    def select(self, source: str, start: int, end: int) -> Sequence[Event]:
        """The events of a source, by its canonical name, with start <= at < end, oldest first."""
        ...


class _Timed(Protocol):
    @property
    def at(self) -> int: ...


_One = TypeVar("_One", bound=_Timed)


class _InOrder(Generic[_One]):
    """By name, oldest first; of two at one time the one given later comes later."""

    def __init__(self, given: Iterable[_One], name: Callable[[_One], str]) -> None:
        self._found: dict[str, list[_One]] = {}
        for one in sorted(given, key=lambda one: one.at):
            self._found.setdefault(name(one), []).append(one)

    def between(self, name: str, start: int, end: int) -> Sequence[_One]:
        found = self._found.get(name, [])
        first, last = (bisect_left(found, moment, key=lambda one: one.at) for moment in (start, end))
        return found[first:last]


class CheckRuns:
    """Runs held in memory, given in any order; of two at one time the one given later comes later."""

    def __init__(self, runs: Iterable[CheckRun]) -> None:
        self._runs = _InOrder(runs, lambda run: run.check)

    def select(self, check: str, start: int, end: int) -> Sequence[CheckRun]:
        return self._runs.between(check, start, end)


class Events:
    """Events held in memory, given in any order."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = _InOrder(events, lambda event: canonical_source(event.source))

    def select(self, source: str, start: int, end: int) -> Sequence[Event]:
        return self._events.between(source, start, end)


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """All that a monitor of any type can look at; whatever is left out is empty.

    parts: what the monitors of a composite did over the same times, by what names them in its query: an id,
    or a key for `${monitor:key}`. `parts_of` says which ones a rule needs.
    """

    series: SeriesSource = field(default_factory=lambda: SeriesSet(()))
    checks: CheckSource = field(default_factory=lambda: CheckRuns(()))
    events: EventSource = field(default_factory=lambda: Events(()))
    parts: Mapping[int | str, Replay] = field(default_factory=dict)
