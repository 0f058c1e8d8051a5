"""Everything a handler may touch: one organisation of the local Datadog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from dd_sync.local.limits import RateLimiter
from dd_sync.local.monitors_table import StoredMonitor
from dd_sync.local.store import Store
from dd_sync.ports import Clock


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one evaluation did. unsupported: why, per monitor that cannot be evaluated here."""

    until: datetime
    monitors: int = 0
    notifications: int = 0
    unsupported: Mapping[int, str] = field(default_factory=dict)


class Evaluator(Protocol):
    """Who evaluates the monitors; the routes know no more of it than this."""

    def evaluate(self, until: datetime) -> Evaluated:
        """Catch up with every evaluation that is due up to and including `until`."""
        ...

    def stop(self) -> None:
        """End the evaluation under way after its present monitor, keeping what it found so far."""
        ...

    def changed(self, before: StoredMonitor, after: StoredMonitor) -> None:
        """A monitor was updated; called within the update's own transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Org:
    """clock: the time monitors and downtimes live in, which a demo may move by hand."""

    store: Store
    engine: Evaluator
    clock: Clock
    limiter: RateLimiter
