"""Levels: whom a monitor tells, added to its message."""

from __future__ import annotations

from collections.abc import Mapping

from dd_sync.catalog.settings import Level

_OWN = ("is_alert", "is_alert_recovery", "is_no_data", "is_no_data_recovery")
_MILDER = ("is_warning", "is_warning_recovery")


def suffix(levels: Mapping[int, Level], level: int | None) -> str:
    """What the level adds to a message.

    An alert, no data, and the recovery from either tell the level's own handles; a warning and its recovery
    tell those of the next milder declared level, so that a warning never pages.
    """
    if level is None or level not in levels:
        return ""
    milder = max((other for other in levels if other < level), default=None)
    own = "".join(_block(condition, levels[level].handles) for condition in _OWN)
    below = levels[milder].handles if milder is not None else ()
    blocks = own + "".join(_block(condition, below) for condition in _MILDER)
    return f"\n{blocks}" if blocks else ""


def _block(condition: str, handles: tuple[str, ...]) -> str:
    # Spaces inside: a handle ends only at one, and is told only if Datadog can see where it ends.
    return f"{{{{#{condition}}}}} {' '.join(handles)} {{{{/{condition}}}}}" if handles else ""
