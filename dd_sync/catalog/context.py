"""What the readers of downtimes, dashboards and webhooks know of the rest of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dd_sync.catalog.interpolation import Interpolation
from dd_sync.catalog.problems import Found
from dd_sync.catalog.settings import Settings
from dd_sync.model.monitor import Declared


@dataclass(frozen=True, slots=True)
class Context:
    """name: the catalog's, with its environment; now: aware, or as in read_schedule.

    keys: of all monitors, those with mistakes included; monitors: those without.
    whole: whether every file could be read, so that all keys are known.
    """

    settings: Settings
    name: str
    interpolation: Interpolation
    now: datetime | None
    found: Found
    keys: frozenset[str]
    monitors: Sequence[Declared]
    whole: bool
