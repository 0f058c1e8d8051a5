"""Dashboards in a few lines of text each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dd_sync.report.dashboards.shown import Board, Box, Watched, Widget
from dd_sync.report.tables import aligned
from dd_sync.text import within_line

_LONGEST = 160


def as_text(boards: Sequence[Board], others: Sequence[Watched]) -> str:
    """others: monitors that no dashboard shows."""
    parts = ["\n".join(_board(board)) for board in boards]
    if others:
        parts.append("\n".join(["On no dashboard", *_watched(others)]))
    return "\n\n".join(parts)


def _board(board: Board) -> Iterator[str]:
    yield f"{board.key}: {within_line(board.title)}"
    widgets = board.each()
    kinds = Counter(within_line(one.kind, 40) for one in widgets)
    listed = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    yield f"  {len(widgets)} widget{'' if len(widgets) == 1 else 's'}{f': {listed}' if listed else ''}"
    yield from _watched(board.monitors)
    yield from (
        f"  {_title(one)}: {within_line(one.shown.why, _LONGEST)}"
        for one in widgets
        if isinstance(one.shown, Box)
    )


def _watched(monitors: Sequence[Watched]) -> Iterator[str]:
    rows = [(one.declared.key, one.state, _scene(one)) for one in monitors]
    yield from aligned(rows, indent="  ")


def _scene(watched: Watched) -> str:
    return "" if watched.scene is None else f"in “{within_line(watched.scene.scenario.name, 100)}”"


def _title(widget: Widget) -> str:
    return f"'{within_line(widget.title, 80)}'" if widget.title else f"a {within_line(widget.kind, 40)}"
