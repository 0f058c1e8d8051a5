"""Dashboards as one page of HTML: no scripts, nothing from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from importlib.resources import files

from dd_sync.evaluate.select import TOTAL
from dd_sync.report.dashboards import charts
from dd_sync.report.dashboards.scenes import Scene
from dd_sync.report.dashboards.shown import (
    AlertGraph,
    AlertValue,
    Board,
    Box,
    Changes,
    Chart,
    Group,
    Listing,
    Note,
    Number,
    Ranking,
    Watched,
    Widget,
)
from dd_sync.report.explain import Explanation
from dd_sync.report.plot import STYLES, relative_to
from dd_sync.text import printable, within_line
from dd_sync.timeframe import format_duration

Explain = Callable[[Watched], Explanation]

_COLUMNS = 12
# The width of a column at the page's full width, and what a widget's edges take.
_COLUMN, _EDGES = 112, 28
_HEIGHT, _LOWEST, _HIGHEST = 170, 90, 1200
_ROW = 66
_MOST_LEGEND = 8
_MOST_LISTED = 40
_FREE_UNIT = 12
_LONGEST_NOTE = 4000
# Widgets of a free layout are about this many units wide, in Datadog's own examples.
_FREE_WIDTH = 96.0


def page(boards: Sequence[Board], others: Sequence[Watched], explain: Explain) -> str:
    """The whole page. others: monitors that no dashboard shows; explain: a monitor in words."""
    sheets = ("scenario_page.css", "dashboard_page.css")
    style = "".join((files("dd_sync.report") / name).read_text("utf-8") for name in sheets)
    links = "".join(f'<a href="#board-{at}">{_safe(one.title, 80)}</a>' for at, one in enumerate(boards))
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>dd-sync report: dashboards</title><style>{style}</style></head><body>",
        f"<header><h1>Dashboards</h1><p>{_counted(boards)}</p></header>",
        f"<nav>{links}</nav><main>" if len(boards) > 1 else "<main>",
        *(_board(at, one, explain) for at, one in enumerate(boards)),
        *_others(others, explain),
        "</main></body></html>\n",
    ]
    return "".join(parts)


def _counted(boards: Sequence[Board]) -> str:
    widgets = [widget for board in boards for widget in board.each()]
    missing = sum(isinstance(one.shown, Box) and one.shown.missing for one in widgets)
    said = f"{len(boards)} of this catalog, {len(widgets)} widgets, drawn from its scenarios"
    return f"{said}; {missing} without data" if missing else said


def _board(at: int, board: Board, explain: Explain) -> str:
    variables = "".join(f"<code>${_safe(name)} = {_safe(value)}</code>" for name, value in board.variables)
    about = "".join(f'<p class="about">{text}</p>' for text in (_text(board.description), variables) if text)
    drawn = _free(board.widgets) if board.free else _grid(board.widgets, _COLUMNS, _COLUMN)
    nothing = "" if board.widgets else '<p class="note">It has no widgets.</p>'
    return (
        f'<section class="board" id="board-{at}"><h2>{_safe(board.title)}<code>{_safe(board.key)}</code></h2>'
        f"{about}{drawn}{nothing}{_monitors('Monitors shown here', board.monitors, explain)}</section>\n"
    )


# --- layout ------------------------------------------------------------------------------------------


def _grid(widgets: Sequence[Widget], columns: int, column: float) -> str:
    """By their layouts if all have one, else in order, each four columns wide and groups all of them.

    column: the width of one, in pixels.
    """
    placed = bool(widgets) and all(_fits(widget, columns) for widget in widgets)
    parts = []
    for widget in widgets:
        if placed and widget.layout is not None:
            x, y, width, height = (int(number) for number in widget.layout)
            style = f"--x:{x};--y:{y};--w:{width};--h:{height}"
        else:
            width = columns if isinstance(widget.shown, Group) else min(4, columns)
            height = 2
            style = f"--w:{width}"
        parts.append(_widget(widget, style, width, column, max(_HEIGHT, height * _ROW - 60)))
    kind = "cells placed" if placed else "cells"
    return f'<div class="{kind}" style="--columns:{columns}">{"".join(parts)}</div>'


def _fits(widget: Widget, columns: int) -> bool:
    if widget.layout is None:
        return False
    x, y, width, height = widget.layout
    return x + width <= columns and y <= 500 and height <= 100


def _free(widgets: Sequence[Widget]) -> str:
    """Each where its layout says, the whole as wide as the page."""
    layouts = [widget.layout or (0.0, 0.0, _FREE_WIDTH / 3, 15.0) for widget in widgets]
    across = max([_FREE_WIDTH, *(x + width for x, _, width, _ in layouts)])
    down = max((y + height for _, y, _, height in layouts), default=0.0)
    parts = []
    for widget, (x, y, width, height) in zip(widgets, layouts, strict=True):
        style = (
            f"--x:{100 * x / across:.2f}%;--y:{_FREE_UNIT * y:.0f}px;"
            f"--w:{100 * width / across:.2f}%;--h:{_FREE_UNIT * height:.0f}px"
        )
        columns = max(2, round(_COLUMNS * width / across))
        inner = min(max(_LOWEST, int(_FREE_UNIT * height) - 96), _HIGHEST)
        parts.append(_widget(widget, style, columns, _COLUMN, inner))
    return f'<div class="free" style="height:{_FREE_UNIT * down:.0f}px">{"".join(parts)}</div>'


def _widget(widget: Widget, style: str, columns: int, column: float, height: int) -> str:
    """columns: how many it takes, each `column` pixels wide; height: of its picture."""
    width = int(columns * column)
    wide = " wide" if width > 5 * _COLUMN - _EDGES else ""
    shown = widget.shown
    if isinstance(shown, Group):
        title = f"<h3>{_safe(widget.title)}</h3>" if widget.title else ""
        # In a narrow group widgets may count its own columns, or twelve as on the whole page.
        own = columns if all(_fits(one, columns) for one in shown.widgets) else _COLUMNS
        inner = _grid(shown.widgets, own, (width - _EDGES) / own)
        return f'<section class="group{wide}" style="{style}">{title}{inner}</section>'
    if isinstance(shown, Note):
        return (
            f'<article class="widget note{wide}" style="{style}">{_text(shown.text, _LONGEST_NOTE)}</article>'
        )
    title = f"<h3>{_safe(widget.title or _untitled(widget), 300)}</h3>"
    box = " box" if isinstance(shown, Box) else ""
    content = "".join(_content(widget, max(160, width - _EDGES), height))
    return f'<article class="widget{box}{wide}" style="{style}">{title}{content}</article>'


def _untitled(widget: Widget) -> str:
    shown = widget.shown
    if isinstance(shown, AlertGraph | AlertValue):
        return shown.watched.declared.monitor.name
    return widget.kind


# --- widgets -----------------------------------------------------------------------------------------


def _content(widget: Widget, width: int, height: int) -> Iterator[str]:
    match widget.shown:
        case Chart() as shown:
            yield charts.chart(shown, width, height)
            yield from _legend([line.name for line in shown.lines], shown.more)
            yield from _left_out(shown.left_out)
            yield _from(shown.scene)
        case Number(value=value, how=how, chart=chart):
            yield f'<p class="number">{charts.short(value)}</p>'
            yield charts.sparkline(chart, width, 48)
            yield _from(chart.scene, f"{how} of {within_line(chart.lines[0].name, 80)}, ")
        case Ranking() as shown:
            yield charts.ranking(shown, width)
            yield from _more(shown.more)
            yield _from(shown.scene, f"{shown.how} of ")
        case Changes() as shown:
            yield charts.changes(shown, width)
            yield from _more(shown.more)
            yield _from(shown.scene, f"{shown.how}, against {shown.earlier}, of ")
        case AlertGraph(watched=watched):
            yield from _alert_graph(watched, width, height)
        case AlertValue(watched=watched):
            yield from _alert_value(watched)
        case Listing() as shown:
            yield from _listing(shown)
        case Box(why=why, said=said):
            yield f"<p>{_safe(why, 600)}</p>"
            yield from (f"<code>{_safe(text, 600)}</code>" for text in said[:6])


def _alert_graph(watched: Watched, width: int, height: int) -> Iterator[str]:
    if watched.scene is None or watched.scene.peak is None:
        yield _nothing(watched)
        return
    groups = watched.scene.replay.groups
    yield charts.alert(watched.scene, width, height, _MOST_LEGEND)
    names = [group for group in groups if group != TOTAL]
    yield from _legend(names[:_MOST_LEGEND], max(0, len(names) - _MOST_LEGEND))
    yield _from(watched.scene)


def _alert_value(watched: Watched) -> Iterator[str]:
    if watched.scene is None or watched.scene.peak is None:
        yield _nothing(watched)
        return
    peak = watched.scene.peak
    value = "" if peak.value is None else charts.short(peak.value)
    yield f'<p class="number">{value}{_pill(watched.state)}</p>'
    group = "" if peak.group == TOTAL else f"{peak.group} "
    yield _from(watched.scene, f"{group}at {relative_to(watched.scene.start, peak.at)} of ")


def _nothing(watched: Watched) -> str:
    said = "no scenario of it could be played" if watched.scene is None else "no group had any data"
    return f'<p class="from">{_safe(watched.declared.key)}: {said}</p>'


def _listing(shown: Listing) -> Iterator[str]:
    rows = "".join(
        f"<tr><td>{_pill(one.state)}</td><td>{_safe(one.declared.monitor.name, 120)}</td></tr>"
        for one in shown.monitors[:_MOST_LISTED]
    )
    yield f"<table>{rows}</table>" if rows else "<p class=held>none</p>"
    yield from _more(len(shown.monitors) - _MOST_LISTED)
    snoozed = " that a scenario snoozes" if "muted:true" in shown.query else ""
    ignored = f"; only Datadog can judge {', '.join(shown.ignored)}" if shown.ignored else ""
    yield f'<p class="from">the worst state of each{snoozed}, in its scenarios{_safe(ignored, 300)}</p>'


def _pill(state: str) -> str:
    return f'<span class="pill {STYLES.get(state, "")}">{_safe(state)}</span>'


def _legend(names: Sequence[str], more: int) -> Iterator[str]:
    if names:
        items = "".join(
            f'<li><i class="s{at % charts.COLOURS}"></i>{_safe(name, 100)}</li>'
            for at, name in enumerate(names[:_MOST_LEGEND])
        )
        left = more + max(0, len(names) - _MOST_LEGEND)
        yield f'<ul class="legend">{items}{f"<li>and {left} more</li>" if left else ""}</ul>'


def _left_out(left_out: Sequence[str]) -> Iterator[str]:
    if left_out:
        yield f'<p class="from">{_safe("; ".join(left_out), 400)}</p>'


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f'<p class="from">and {number} more</p>'


def _from(scene: Scene, what: str = "") -> str:
    lasts = format_duration(timedelta(seconds=scene.end - scene.start))
    return f'<p class="from">{_safe(what)}“{_safe(scene.name, 200)}”, {lasts}</p>'


# --- monitors ----------------------------------------------------------------------------------------


def _others(others: Sequence[Watched], explain: Explain) -> Iterator[str]:
    if others:
        table = _monitors("Monitors", others, explain)
        yield f'<section class="board"><h2>On no dashboard</h2>{table}</section>'


def _monitors(title: str, monitors: Sequence[Watched], explain: Explain) -> str:
    if not monitors:
        return ""
    rows = "".join(_monitor(one, explain(one)) for one in monitors)
    head = "<tr><th>monitor</th><th>alerts when</th><th>thresholds</th><th>who is told</th></tr>"
    return (
        f'<details class="monitors"><summary>{title}: {len(monitors)}</summary>'
        f"<div><table>{head}{rows}</table></div></details>"
    )


def _monitor(watched: Watched, explained: Explanation) -> str:
    thresholds = watched.declared.monitor.options.get("thresholds") or {}
    bounds = "".join(f"<p>{_safe(name)} {charts.short(value)}</p>" for name, value in _numbers(thresholds))
    told = "".join(
        f"<p>{_safe(state)}: {_safe(' '.join(handles))}</p>"
        for state, handles in explained.told.items()
        if handles
    )
    name = f"{_safe(watched.declared.monitor.name, 200)} {_pill(watched.state)}"
    return (
        f"<tr><td>{name}<br><code>{_safe(watched.declared.key)}</code></td>"
        f"<td>{_safe(explained.alerts[0], 1000)}</td><td>{bounds or '–'}</td><td>{told or 'nobody'}</td></tr>"
    )


def _numbers(thresholds: object) -> Iterator[tuple[str, float]]:
    if isinstance(thresholds, dict):
        for name, value in thresholds.items():
            if isinstance(value, int | float):
                yield str(name).replace("_", " "), float(value)


def _text(text: str, longest: int = 2000) -> str:
    shown = printable(text)
    return html.escape(shown if len(shown) <= longest else shown[: longest - 1] + "…")


def _safe(text: str, longest: int | None = None) -> str:
    return html.escape(within_line(text, longest))
