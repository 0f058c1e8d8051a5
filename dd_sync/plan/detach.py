"""Letting a live monitor go: our tags are taken off, and nothing else about it changes."""

from __future__ import annotations

from dataclasses import dataclass

from dd_sync.model.ownership import RESERVED
from dd_sync.plan.changes import Json
from dd_sync.ports import Monitors


@dataclass(frozen=True, slots=True, kw_only=True)
class Detachment:
    """What letting a monitor go would change. taken, kept: tags, in the monitor's order."""

    monitor_id: int
    name: str
    taken: tuple[str, ...]
    kept: tuple[str, ...]


def detachment(monitor_id: int, monitors: Monitors) -> Detachment:
    """Reads the monitor and changes nothing. Raises DatadogError, with status 404 if there is none."""
    return _of(monitors.get(monitor_id))


def detach(planned: Detachment, monitors: Monitors) -> Detachment:
    """Takes off the tags that mark this tool's monitors, and gives what is left: done twice, it does nothing.

    The tags are read again first, and only they are sent: Datadog keeps every field that is not.
    """
    now = detachment(planned.monitor_id, monitors)
    if not now.taken:
        return now
    return _of(monitors.update(now.monitor_id, {"tags": list(now.kept)}))


def _of(live: Json) -> Detachment:
    tags = tuple(str(tag) for tag in live.get("tags") or ())
    return Detachment(
        monitor_id=int(live["id"]),
        name=str(live.get("name") or ""),
        taken=tuple(tag for tag in tags if tag.startswith(RESERVED)),
        kept=tuple(tag for tag in tags if not tag.startswith(RESERVED)),
    )
