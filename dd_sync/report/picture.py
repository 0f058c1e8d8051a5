"""One group of a replay as a picture: values, thresholds, states, snoozes and who was told."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np

from dd_sync.evaluate.replay import Notification, Replay, Silence
from dd_sync.evaluate.series import Bytes, Floats, Ints
from dd_sync.message.fill import format_number
from dd_sync.model.state import State
from dd_sync.scenarios.compare import relative, state_name
from dd_sync.text import within_line
from dd_sync.timeframe import format_duration

_WIDTH, _LEFT, _RIGHT = 860, 64, 96
_PLOT, _TOP = 120, 22
_BAND, _GAP = 18, 5
_COLUMNS = _WIDTH - _LEFT - _RIGHT
# Candidates for the distance of two marks of the time axis, in minutes.
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760, 10080)
_MOST_TICKS = 9
_CLASSES = {
    State.OK.value: "ok",
    State.WARN.value: "warn",
    State.ALERT.value: "alert",
    State.NO_DATA.value: "nodata",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """A time, in seconds from the start, and what was wanted then instead of what was: "" if it was met."""

    at: int
    met: bool
    wanted: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What is drawn. start: of the scenario, epoch seconds.

    told: notifications of the group, which the picture numbers from 1. parts: of a composite, their names
    and states over the same times.
    """

    replay: Replay
    group: str
    start: int
    silences: Sequence[Silence]
    expected: Sequence[Expected]
    told: Sequence[Notification]
    parts: Sequence[tuple[str, Bytes]] = ()


def draw(picture: Picture) -> str:
    """An SVG element; its colours come from the page's style sheet."""
    return _Drawing(picture).svg()


class _Drawing:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        done = picture.replay
        row = done.groups.index(picture.group)
        self._times: Ints = done.times
        self._values: Floats = done.values[row]
        self._states = done.states[row]
        self._first, self._last = int(done.times[0]), max(int(done.times[-1]), int(done.times[0]) + 60)
        self._bounds = _bounds(done)
        self._low, self._high = _range(self._values, [value for _, value, _ in self._bounds])
        self._has_values = bool(np.isfinite(self._values).any())
        self._bottom = _TOP + (_PLOT if self._has_values else 0)
        rows = [
            "state",
            *(f"part {name}" for name, _ in picture.parts),
            *(["expected"] if picture.expected else []),
            *(["snoozed"] if picture.silences else []),
        ]
        self._rows = {name: self._bottom + _GAP + at * (_BAND + _GAP) for at, name in enumerate(rows)}
        self._end = max(self._rows.values()) + _BAND

    def svg(self) -> str:
        parts = [*self._axis(), *self._plot(), *self._bands(), *self._snoozes()]
        parts.extend([*self._expectations(), *self._numbers()])
        height = self._end + 22
        label = html.escape(f"{self._picture.group}: values and states over time", quote=True)
        return (
            f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">'
            + "".join(parts)
            + "</svg>"
        )

    # --- values --------------------------------------------------------------------------------

    def _plot(self) -> Iterator[str]:
        if not self._has_values:
            return
        yield f'<rect class="plot" x="{_LEFT}" y="{_TOP}" width="{_COLUMNS}" height="{_PLOT}"/>'
        for value in _marks(self._low, self._high):
            y = self._y(value)
            yield f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _COLUMNS}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield _label(_LEFT - 6, y + 3.5, format_number(value), "end")
        yield from self._thresholds()
        yield f'<path class="value" d="{self._path()}"/>'
        lone = self._lone()
        yield from (f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="1.6"/>' for x, y in lone)

    def _thresholds(self) -> Iterator[str]:
        taken: list[float] = []
        for name, value, style in self._bounds:
            y = self._y(value)
            yield (
                f'<line class="{style}" x1="{_LEFT}" x2="{_LEFT + _COLUMNS}" y1="{y:.1f}" y2="{y:.1f}">'
                f"<title>{name} {format_number(value)}</title></line>"
            )
            at = y + 3.5
            while any(abs(at - other) < 11 for other in taken):
                at += 11
            taken.append(at)
            yield _label(_LEFT + _COLUMNS + 6, at, f"{name} {format_number(value)}", "start", style)

    def _path(self) -> str:
        """The line of the values, broken at gaps, with as many points as can be told apart."""
        times, values = _thinned(self._times, self._values, self._first, self._last)
        commands: list[str] = []
        pen = False
        for index, (moment, value) in enumerate(zip(times, values, strict=True)):
            if np.isnan(value):
                pen = False
                continue
            inner = 0 < index < len(values) - 1
            if pen and inner and values[index - 1] == value == values[index + 1]:
                continue
            commands.append(f"{'L' if pen else 'M'}{self._x(moment):.1f} {self._y(value):.1f}")
            pen = True
        return "".join(commands)

    def _lone(self) -> Iterator[tuple[float, float]]:
        """Values between two gaps, of which a line shows nothing."""
        has = np.isfinite(self._values)
        around = np.concatenate([[False], has, [False]])
        for index in np.flatnonzero(has & ~around[:-2] & ~around[2:])[:500]:
            yield self._x(int(self._times[index])), self._y(float(self._values[index]))

    # --- what happened -------------------------------------------------------------------------

    def _bands(self) -> Iterator[str]:
        yield from self._band("state", self._rows["state"], self._states)
        for name, states in self._picture.parts:
            yield from self._band(name, self._rows[f"part {name}"], states)

    def _band(self, row: str, y: float, all_states: Bytes) -> Iterator[str]:
        yield _label(_LEFT - 6, y + 13, row, "end", longest=9)
        times, states = _worst(self._times, all_states, self._first, self._last)
        for start, stop, name in _stretches(states):
            if name not in _CLASSES:
                continue
            left = self._x(int(times[start]))
            right = self._x(int(times[stop])) if stop < times.size else _LEFT + _COLUMNS
            since = relative_to(self._picture.start, int(times[start]))
            yield (
                f'<rect class="state {_CLASSES[name]}" x="{left:.1f}" y="{y}" '
                f'width="{max(1.0, right - left):.1f}" height="{_BAND}">'
                f"<title>{html.escape(within_line(row))}: {name} from {since}</title></rect>"
            )
            if right - left > 8 * len(name):
                yield _label((left + right) / 2, y + 13, name, "middle", f"on-{_CLASSES[name]}")

    def _snoozes(self) -> Iterator[str]:
        if not self._picture.silences:
            return
        y = self._rows["snoozed"]
        yield _label(_LEFT - 6, y + 13, "snoozed", "end")
        for silence in self._picture.silences:
            over = silence.over_at
            left = self._x(max(silence.start, self._first))
            right = self._x(min(self._last if over is None else over, self._last))
            if right > left:
                yield (
                    f'<rect class="snooze" x="{left:.1f}" y="{y}" width="{right - left:.1f}" '
                    f'height="{_BAND}" fill="url(#hatch)"><title>{html.escape(str(silence))}</title></rect>'
                )

    def _expectations(self) -> Iterator[str]:
        if not self._picture.expected:
            return
        y = self._rows["expected"]
        yield _label(_LEFT - 6, y + 13, "expected", "end")
        for one in self._picture.expected:
            x, style = self._x(self._picture.start + one.at), "met" if one.met else "unmet"
            when = relative_to(self._picture.start, self._picture.start + one.at)
            said = f"as expected at {when}" if one.met else f"expected {one.wanted} at {when}"
            yield (
                f'<line class="{style}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{self._bottom}">'
                f"<title>{html.escape(within_line(said))}</title></line>"
            )
            yield _label(x, y + 15, "\u2713" if one.met else "\u2717", "middle", style)

    def _numbers(self) -> Iterator[str]:
        """The numbers of the notifications above the plot, no two over each other."""
        right = -100.0
        for number, one in enumerate(self._picture.told, 1):
            x = max(self._x(one.at), right + 15)
            right = x
            if x > _WIDTH - 8:
                return
            yield (
                f'<line class="stem" x1="{self._x(one.at):.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_TOP - 5}"/>'
                f'<circle class="told" cx="{x:.1f}" cy="{_TOP - 12}" r="7"/>'
            )
            yield _label(x, _TOP - 8.6, str(number), "middle", "number")

    def _axis(self) -> Iterator[str]:
        y = self._end + 16
        start = self._picture.start
        minutes = max(1, (self._last - self._first) // 60)
        tick = next((each for each in _TICKS if minutes / each <= _MOST_TICKS), _TICKS[-1]) * 60
        for moment in range(self._first + (start - self._first) % tick, self._last + 1, tick):
            x = self._x(moment)
            yield f'<path class="tick" d="M{x:.1f} {_TOP}V{self._end + 4}"/>'
            yield _label(x, y, relative_to(start, moment), "middle")

    def _x(self, moment: int) -> float:
        return _LEFT + _COLUMNS * (moment - self._first) / (self._last - self._first)

    def _y(self, value: float) -> float:
        return _TOP + _PLOT * (self._high - value) / (self._high - self._low)


def relative_to(start: int, moment: int) -> str:
    return (
        relative(moment - start)
        if moment >= start
        else f"-{format_duration(timedelta(seconds=start - moment))}"
    )


def _label(x: float, y: float, text: str, anchor: str, style: str = "", longest: int = 40) -> str:
    named = f' class="{style}"' if style else ""
    shown = html.escape(within_line(text, longest))
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{shown}</text>'


def _bounds(done: Replay) -> list[tuple[str, float, str]]:
    """Name, value and style of each threshold."""
    bounds = done.rule.thresholds
    if bounds is None:
        return []
    named = [
        ("alert", bounds.critical, "alert-line"),
        ("warn", bounds.warning, "warn-line"),
        ("recovery", bounds.critical_recovery, "recovery-line"),
        ("warn recovery", bounds.warning_recovery, "recovery-line"),
    ]
    found = [(name, value, style) for name, value, style in named if value is not None]
    return sorted(found, key=lambda one: -one[1])


def _range(values: Floats, bounds: Iterable[float]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    every = [*bounds, *([float(finite.min()), float(finite.max())] if finite.size else [0.0])]
    low, high = min(every), max(every)
    if 0 < low < (high - low):
        low = 0.0
    room = (high - low) * 0.06 or max(1.0, abs(high) * 0.1)
    return (low if low == 0 else low - room), high + room


def _marks(low: float, high: float) -> list[float]:
    """A few round numbers between the two."""
    step = 10.0 ** np.floor(np.log10((high - low) / 2))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 4)
    first = np.ceil(low / step)
    return [float((first + index) * step) for index in range(6) if (first + index) * step <= high]


def _thinned(times: Ints, values: Floats, first: int, last: int) -> tuple[list[int], list[float]]:
    """All points, or of too many the least and the greatest of each column of the picture."""
    if times.size <= 2 * _COLUMNS:
        return times.tolist(), values.tolist()
    column = (times - first) * _COLUMNS // (last - first)
    edges = np.flatnonzero(np.diff(column, prepend=-1))
    ends = np.append(edges[1:], times.size)
    kept: list[int] = []
    for start, stop in zip(edges.tolist(), ends.tolist(), strict=True):
        part = values[start:stop]
        if np.isnan(part).all():
            kept.append(start)
        else:
            kept.extend(sorted({start + int(np.nanargmin(part)), start + int(np.nanargmax(part))}))
    return times[kept].tolist(), values[kept].tolist()


def _worst(times: Ints, states: Bytes, first: int, last: int) -> tuple[Ints, Bytes]:
    """All states, or of more than can be told apart the worst of each column of the picture."""
    if times.size <= 2 * _COLUMNS:
        return times, states
    edges = np.flatnonzero(np.diff((times - first) * _COLUMNS // (last - first), prepend=-1))
    return times[edges], np.maximum.reduceat(states, edges)


def _stretches(codes: Bytes) -> Iterator[tuple[int, int, str]]:
    """Start, end and name of each stretch of one state."""
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), codes.size]
    for start, stop in pairwise(edges):
        yield start, stop, state_name(int(codes[start]))
