"""A snooze's preview as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dd_sync.model.group import TRIGGERED, LiveGroup
from dd_sync.snooze.preview import Preview
from dd_sync.text import within_line

_MOST_GROUPS = 12
_MOST_LOUD = 8
_WIDEST = 50


def preview_lines(preview: Preview, *, keys: Sequence[str] = (), protected: Sequence[str] = ()) -> list[str]:
    """keys: of the chosen monitors, none for all that may be snoozed; protected: keys nobody can snooze."""
    monitors = [f"  monitors: {within_line(', '.join(keys))}"] if keys else []
    return [*monitors, *_silenced(preview), f"  stays loud: {_loud(preview, keys, protected)}"]


def _silenced(preview: Preview) -> list[str]:
    found = preview.groups
    if found is None:
        return ["  silenced now: unknown"]
    if not found.items:
        return ["  silenced now: nothing"]
    worst = f", {preview.triggered} of them triggered" if preview.triggered else ", none of them triggered"
    lines = [f"  silenced now: {found.total} group{'' if found.total == 1 else 's'}{worst}"]
    shown = sorted(found.items, key=_worst_first)[:_MOST_GROUPS]
    rows = [(one.status, within_line(preview.key(one), _WIDEST), _group_text(one)) for one in shown]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines += [f"    {a.ljust(widths[0])}  {b.ljust(widths[1])}  {c}" for a, b, c in rows]
    return lines + ([f"    … and {found.total - len(rows)} more"] if found.total > len(rows) else [])


def _worst_first(one: LiveGroup) -> tuple[int, str, tuple[str, ...]]:
    order = TRIGGERED.index(one.status) if one.status in TRIGGERED else len(TRIGGERED)
    return order, one.monitor, one.tags


def _group_text(one: LiveGroup) -> str:
    return within_line(",".join(one.tags)) + (" (silent already)" if one.muted else "")


def _loud(preview: Preview, keys: Sequence[str], protected: Sequence[str]) -> str:
    if keys:
        return "every other monitor"
    if preview.loud is None:
        known = ", ".join(f"{key} (protected)" for key in protected[:_MOST_LOUD])
        return f"{known}{', and ' if known else ''}what is not grouped by tenant"
    found = preview.loud
    named = sorted((preview.key(one) not in protected, preview.key(one), one.status) for one in found.items)
    shown = [
        within_line(key, _WIDEST) + ("" if is_open else " (protected)") + _state(status)
        for is_open, key, status in named[:_MOST_LOUD]
    ]
    more = found.total - len(shown)
    return (
        (", ".join(shown) + (f", and {more} more" if more > 0 else ""))
        if shown
        else "nothing of this catalog"
    )


def _state(status: str) -> str:
    return f" [{status}]" if status in TRIGGERED else ""


def preview_json(preview: Preview) -> dict[str, Any]:
    """groups and loud are null where Datadog did not say; each shows one page, total is of all."""
    groups, loud = preview.groups, preview.loud
    return {
        "groups": None
        if groups is None
        else {
            "total": groups.total,
            "triggered": preview.triggered,
            "shown": [
                {
                    "monitor_id": one.monitor_id,
                    "monitor": preview.key(one),
                    "tags": list(one.tags),
                    "status": one.status,
                    "muted": one.muted,
                }
                for one in groups.items
            ],
        },
        "loud": None
        if loud is None
        else {
            "total": loud.total,
            "shown": [
                {"monitor_id": one.id, "monitor": preview.key(one), "status": one.status}
                for one in loud.items
            ],
        },
        "warnings": list(preview.warnings),
    }
