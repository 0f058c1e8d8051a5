"""What widgets show, as SVG."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

import numpy as np

from dd_sync.evaluate.series import Floats
from dd_sync.report.dashboards.scenes import Scene
from dd_sync.report.dashboards.shown import Changes, Chart, Line, Ranking
from dd_sync.report.plot import BAND, Bound, Plot, bounds_of, label, value_range
from dd_sync.text import within_line

COLOURS = 8
_LEFT, _TOP, _FOOT = 46, 8, 22
# Room for half of the last mark of the time axis.
_EDGE = 22
_LONGEST_NAME = 14
_ROW = 24
# More bars than this in a plot are drawn as an area.
_MOST_BARS = 120
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(value: float) -> str:
    """A number in at most six characters or so: 12.3k."""
    for size, unit in _UNITS:
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}" if abs(value) < 1e15 else f"{value:.1e}"
    return f"{value:.3g}"


def chart(shown: Chart, width: int, height: int) -> str:
    """Lines, areas or bars over time, with the markers of the widget."""
    lines = _stacked(shown.lines)
    every = np.concatenate([values for _, values, _ in lines])
    low, high = value_range(every, [value for _, value, _ in shown.bounds])
    if any(base is not None for _, _, base in lines):
        low = min(low, 0.0)
    bounds = [(within_line(name, _LONGEST_NAME), value, style) for name, value, style in shown.bounds]
    plot = _plot(width, height, _beside(bounds), (shown.first, shown.last), (low, high))
    parts = [*plot.frame(short), *plot.ticks(shown.scene.start, plot.bottom, _most_ticks(plot))]
    for number, (line, values, base) in enumerate(lines):
        parts.append(f'<g class="s{number % COLOURS}">{"".join(_line(plot, line, values, base))}</g>')
    parts.extend(plot.bounds(bounds, short))
    return _svg(width, height, "values over time", parts)


def sparkline(shown: Chart, width: int, height: int) -> str:
    """The first line of a chart, and nothing else."""
    line = shown.lines[0]
    plot = Plot(0, 3, width, height - 6, shown.first, shown.last, *value_range(line.values, ()))
    path = f'<path class="value" d="{plot.path(line.times, line.values)}"/>'
    return _svg(width, height, "values over time", [path, *plot.lone(line.times, line.values)])


def alert(scene: Scene, width: int, height: int, most: int) -> str:
    """What a monitor compared, group by group, with its thresholds, and the worst state of all groups."""
    done = scene.replay
    bounds = bounds_of(done.rule.thresholds)
    has_values = bool(np.isfinite(done.values).any())
    plot = _plot(
        width,
        height - BAND - 4 if has_values else _TOP + _FOOT,
        _beside(bounds if has_values else ()),
        (int(done.times[0]), max(int(done.times[-1]), int(done.times[0]) + 60)),
        value_range(done.values, [value for _, value, _ in bounds]),
    )
    y = plot.bottom + 4
    end = y + BAND
    parts = [*plot.ticks(scene.start, end, _most_ticks(plot))]
    if has_values:
        parts.extend([*plot.frame(short), *plot.bounds(bounds, short)])
        for number, values in enumerate(done.values[:most]):
            drawn = f'<path class="value" d="{plot.path(done.times, values)}"/>'
            dots = "".join(plot.lone(done.times, values))
            parts.append(f'<g class="s{number % COLOURS}">{drawn}{dots}</g>')
    parts.append(label(_LEFT - 6, y + 13, "state", "end"))
    parts.extend(plot.band("worst state", y, scene.start, done.times, done.states.max(axis=0)))
    return _svg(width, end + _FOOT, "values and states over time", parts)


def ranking(shown: Ranking, width: int) -> str:
    """A bar for each name, the value before it."""
    most = max((abs(value) for _, value in shown.rows), default=0.0) or 1.0
    parts = []
    for number, (name, value) in enumerate(shown.rows):
        y = number * _ROW
        length = max(1.0, (width - 64) * abs(value) / most)
        parts.append(
            f'<rect class="bar" x="64" y="{y + 2}" width="{length:.1f}" height="{_ROW - 4}" rx="3"/>'
        )
        parts.append(label(58, y + 16, short(value), "end", "strong"))
        parts.append(label(72, y + 16, name, "start", "on-bar", longest=_fitting(width - 80)))
    return _svg(width, max(1, len(shown.rows)) * _ROW, "values by name", parts)


def changes(shown: Changes, width: int) -> str:
    """A row for each name: what it is, and by how much it changed."""
    parts = []
    for number, (name, now, before) in enumerate(shown.rows):
        y = number * _ROW
        parts.append(label(0, y + 16, name, "start", "strong", longest=_fitting(width - 170)))
        parts.append(label(width - 100, y + 16, short(now), "end", "strong"))
        parts.append(label(width, y + 16, _change(now, before), "end"))
        parts.append(f'<path class="rule" d="M0 {y + _ROW - 1}H{width}"/>')
    return _svg(width, max(1, len(shown.rows)) * _ROW, f"values, and {shown.earlier}", parts)


def _change(now: float, before: float | None) -> str:
    if before is None:
        return "no data before"
    sign = "+" if now >= before else "\N{MINUS SIGN}"
    percent = f" ({sign}{abs(now - before) / abs(before):.0%})" if before else ""
    return f"{sign}{short(abs(now - before))}{percent}"


def _beside(bounds: Sequence[Bound]) -> int:
    """The room that the names of lines across take to the right of the field."""
    return max([_EDGE, *(14 + int(6.4 * len(f"{name} {short(value)}")) for name, value, _ in bounds)])


def _fitting(width: float) -> int:
    """How many characters of usual text are that wide."""
    return max(8, int(width / 6.4))


def _most_ticks(plot: Plot) -> int:
    return max(2, plot.width // 62)


def _plot(width: int, height: int, right: int, times: tuple[int, int], values: tuple[float, float]) -> Plot:
    return Plot(_LEFT, _TOP, width - _LEFT - right, height - _TOP - _FOOT, *times, *values)


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    named = html.escape(within_line(title), quote=True)
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{named}">{"".join(parts)}</svg>'


def _stacked(lines: Sequence[Line]) -> list[tuple[Line, Floats, Floats | None]]:
    """Each with the values of its upper edge, and of the lower one if it is an area or bars."""
    sums: dict[tuple[int, ...], Floats] = {}
    found: list[tuple[Line, Floats, Floats | None]] = []
    for line in lines:
        if line.style not in ("area", "bars"):
            found.append((line, line.values, None))
            continue
        at = (int(line.times[0]), line.interval, line.times.size)
        base = sums.get(at, np.zeros(line.values.size))
        sums[at] = base + np.nan_to_num(line.values)
        found.append((line, np.where(np.isnan(line.values), np.nan, sums[at]), base))
    return found


def _line(plot: Plot, line: Line, values: Floats, base: Floats | None) -> Iterator[str]:
    if base is None:
        yield f'<path class="value" d="{plot.path(line.times, values)}"/>'
        yield from plot.lone(line.times, values)
        return
    known = np.flatnonzero(np.isfinite(values))
    stride = max(1, -(-known.size // _MOST_BARS))
    for at in known[::stride]:
        left = max(plot.x(int(line.times[at])), float(plot.left))
        right = min(plot.x(int(line.times[at]) + stride * line.interval), float(plot.right))
        top, bottom = sorted((plot.y(float(values[at])), plot.y(float(base[at]))))
        gap = 1.0 if line.style == "bars" and right - left > 3 else 0.0
        yield (
            f'<rect class="fill" x="{left:.1f}" y="{top:.1f}" width="{max(0.5, right - left - gap):.1f}" '
            f'height="{max(0.0, bottom - top):.1f}"/>'
        )
