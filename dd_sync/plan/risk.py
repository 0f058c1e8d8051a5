"""What a change to a monitor means to those whom it wakes, in a few words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dd_sync.model.monitor import Monitor
from dd_sync.plan.changes import FieldChange

_TAIL = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*([-+]?\d[\d.]*(?:[eE][-+]?\d+)?|threshold)\s*$")
_NO_DATA = ("notify_no_data", "no_data_timeframe", "on_missing_data", "timeout_h", "require_full_window")
_LEVELS = ("critical", "warning")
_WEAKER = frozenset({"less sensitive", "more and less sensitive", "pages nobody", "sends nothing (draft)"})


def labels(
    declared: Monitor, live: Monitor, fields: Sequence[FieldChange], *, protected: bool = False
) -> tuple[str, ...]:
    """The labels of an update, those first that matter most. declared: references resolved."""
    paths = {field.path for field in fields}
    found = [*_sensitivity(declared, live), *_handles(declared, live)]
    if "query" in paths and _without_threshold(declared.query) != _without_threshold(live.query):
        # Datadog starts the groups of a changed query anew: open alerts close without a word.
        found.append("resets group state")
    if any(path.startswith("options.") and path.split(".")[1] in _NO_DATA for path in paths):
        found.append("no-data handling changed")
    if "draft_status" in paths:
        found.append("sends nothing (draft)" if declared.draft_status == "draft" else "leaves draft")
    if protected and fields:
        weaker = _WEAKER.intersection(found)
        found.append("protected monitor weakened" if weaker else "protected monitor touched")
    return tuple(found)


def _sensitivity(declared: Monitor, live: Monitor) -> Iterator[str]:
    up = _alerts_upwards(declared)
    if up is None or up != _alerts_upwards(live):
        return
    moved = {_direction(_level(declared, name), _level(live, name)) for name in _LEVELS} - {0}
    less = {direction == (1 if up else -1) for direction in moved} | _warning_moved(declared, live)
    if len(less) == 2:
        yield "more and less sensitive"
    elif less:
        yield "less sensitive" if True in less else "more sensitive"


def _warning_moved(declared: Monitor, live: Monitor) -> set[bool]:
    """Whether it is less sensitive for want of a warning that it had; empty where both have one, or none."""
    ours, theirs = (_level(monitor, "warning") is None for monitor in (declared, live))
    return set() if ours == theirs else {ours}


def _alerts_upwards(monitor: Monitor) -> bool | None:
    """Whether greater values alert; None where there is no such direction."""
    if monitor.type == "service check":
        return True
    tail = _TAIL.search(monitor.query)
    return None if tail is None or tail[1] in ("==", "!=") else tail[1].startswith(">")


def _level(monitor: Monitor, name: str) -> float | None:
    thresholds = monitor.options.get("thresholds")
    value: Any = thresholds.get(name) if isinstance(thresholds, Mapping) else None
    if value is None and name == "critical":
        tail = _TAIL.search(monitor.query)
        value = tail[2] if tail and tail[2] != "threshold" else None
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _direction(after: float | None, before: float | None) -> int:
    if after is None or before is None:
        return 0
    return (after > before) - (after < before)


def _handles(declared: Monitor, live: Monitor) -> Iterator[str]:
    texts = _told(declared), _told(live)
    if texts[0] == texts[1]:
        return
    from dd_sync.message.tools import handles

    after, before = (handles(text) for text in texts)
    if before and not after:
        yield "pages nobody"
    new = [handle for handle in after if handle not in before]
    if new:
        yield f"also pages {' '.join(new)}"


def _told(monitor: Monitor) -> str:
    return f"{monitor.message.rstrip()}\n{monitor.options.get('escalation_message') or ''}".rstrip()


def _without_threshold(query: str) -> str:
    return _TAIL.sub(lambda tail: f" {tail[1]}", query.strip())
