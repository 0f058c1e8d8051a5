"""Downtimes as an evaluation sees them: whom they silence, and when they end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dd_sync.evaluate.select import TOTAL, Group, matcher, tags_of
from dd_sync.model.downtime import END_STATES
from dd_sync.model.state import State
from dd_sync.query.canonical import render_scope
from dd_sync.query.nodes import Scope

_END_STATE = {State.ALERT: "alert", State.WARN: "warn", State.NO_DATA: "no data"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A downtime that has been matched to the monitor already; its scope is matched to groups here.

    start <= time < end, in epoch seconds; end None means for ever. canceled_at: when somebody ended it.
    notify_end_states, notify_end_types, mute_first_recovery: as in Datadog's downtimes, v2.
    name: what people call it, empty for one that somebody made by hand.
    """

    scope: Scope
    start: int
    end: int | None
    canceled_at: int | None = None
    notify_end_states: tuple[str, ...] = END_STATES
    notify_end_types: tuple[str, ...] = ("expired",)
    mute_first_recovery: bool = False
    name: str = ""

    @property
    def over_at(self) -> int | None:
        """When it stopped silencing, by itself or because it was canceled; None for never."""
        ends = [moment for moment in (self.end, self.canceled_at) if moment is not None]
        return min(ends, default=None)

    def covers(self, moment: int) -> bool:
        over = self.over_at
        return self.start <= moment and (over is None or moment < over)

    def tells_end(self, state: State) -> bool:
        """Whether its end is told for a group in `state`."""
        expired = self.over_at == self.end
        return ("expired" if expired else "canceled") in self.notify_end_types and _END_STATE.get(
            state
        ) in self.notify_end_states

    def __str__(self) -> str:
        scope = render_scope(self.scope)
        if not self.name:
            return f"a downtime on {scope}"
        return f"the downtime {self.name}" if scope == TOTAL else f"the downtime {self.name} on {scope}"


class Hush(Protocol):
    """What silences whoever is told of a group, or of several at once."""

    @property
    def silences(self) -> Sequence[Silence]:
        """All that ever concern it; one that ended since the last evaluation has to be among them."""
        ...

    def at(self, index: int, moment: int) -> Silence | None:
        """What silences it now: at an evaluation's index and time."""
        ...

    def of_recovery(self, moment: int) -> Silence | None:
        """What silences even a recovery from a trouble that was told."""
        ...


@dataclass(frozen=True, slots=True)
class OwnHush:
    """The silences that cover one group."""

    silences: tuple[Silence, ...]

    def at(self, index: int, moment: int) -> Silence | None:
        return next((silence for silence in self.silences if silence.covers(moment)), None)

    def of_recovery(self, moment: int) -> Silence | None:
        silent = (silence for silence in self.silences if silence.covers(moment))
        return next((silence for silence in silent if silence.mute_first_recovery), None)


def silences_of(by: Sequence[str], group: Group, silences: Iterable[Silence]) -> tuple[Silence, ...]:
    """Those whose scope matches the group of a monitor that is grouped by the keys `by`."""
    tags = tags_of(by, group)
    return tuple(silence for silence in silences if matcher(silence.scope)(tags))
