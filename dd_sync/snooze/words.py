"""How snoozes are told to people: what is silent, how long still, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dd_sync.snooze.request import Snooze
from dd_sync.text import within_line
from dd_sync.timeframe import format_duration

_LONGEST_CELL = 60


def what(one: Snooze) -> str:
    """`tenant:acme on monitor 42`, fit to show."""
    return within_line(one.scope) + (f" on monitor {one.monitor_id}" if one.monitor_id else "")


def why(one: Snooze) -> str:
    """The reason with its ticket, and the second reason of one that goes past the policy."""
    text = one.reason + (f" [{one.ticket}]" if one.ticket else "")
    if one.longer_because:
        text += f" (longer than policy: {one.longer_because})"
    return within_line(text)


def left(one: Snooze, now: datetime) -> str:
    """How long it still lasts; of one that is to come, how long until it begins."""
    if one.status == "scheduled" and one.start is not None and one.start > now:
        return f"begins in {rough(one.start - now)}"
    return rough(one.left(now)) if one.end else "no end"


def rough(span: timedelta) -> str:
    """Whole minutes are enough for a person; the last minute is told in seconds."""
    if span > timedelta(minutes=1):
        span = timedelta(minutes=round(span / timedelta(minutes=1)))
    return format_duration(span)


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "somebody ends it"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells under each other; all but the last cell of a row are padded."""
    shown = [[within_line(cell, _LONGEST_CELL) for cell in row[:-1]] + [within_line(row[-1])] for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(len(shown[0]) - 1)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in shown
    )
    return "\n".join(line.rstrip() for line in lines)
