"""Groups of monitors and monitors as Datadog's search shows them: what is live, and in which state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item_co = TypeVar("Item_co", covariant=True)

TRIGGERED = ("Alert", "Warn", "No Data")


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """One group of a monitor. tags: what it is grouped by, `tenant:acme`; status: `Alert`, `Warn`, `OK`, …

    monitor_tags: the monitor's own, with the group's; muted: whether some downtime silences it now, as far
    as Datadog says.
    """

    monitor_id: int
    monitor: str
    tags: tuple[str, ...]
    status: str
    monitor_tags: tuple[str, ...] = ()
    muted: bool = False


@dataclass(frozen=True, slots=True)
class LiveMonitor:
    """tags: the monitor's own; status: of the whole monitor."""

    id: int
    name: str
    tags: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Found(Generic[Item_co]):
    """One page of a search. total: how many there are in all; statuses: how many of them in each."""

    items: tuple[Item_co, ...]
    total: int
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return len(self.items) >= self.total
