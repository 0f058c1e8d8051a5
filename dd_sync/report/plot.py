"""The field of an SVG picture: its axes, lines and bands. Colours come from the page's style sheet."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np

from dd_sync.evaluate.rule import Thresholds
from dd_sync.evaluate.series import Bytes, Floats, Ints
from dd_sync.message.fill import format_number
from dd_sync.model.state import State
from dd_sync.scenarios.compare import relative, state_name
from dd_sync.text import within_line
from dd_sync.timeframe import format_duration

BAND = 18
STYLES = {
    State.OK.value: "ok",
    State.WARN.value: "warn",
    State.ALERT.value: "alert",
    State.NO_DATA.value: "nodata",
}
# Candidates for the distance of two marks of the time axis, in minutes.
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760, 10080)

# Name, value and style of a line across the field.
Bound = tuple[str, float, str]


@dataclass(frozen=True, slots=True)
class Plot:
    """Where the field is, in the picture's units, and what its edges mean: epoch seconds, and values."""

    left: int
    top: int
    width: int
    height: int
    first: int
    last: int
    low: float = 0.0
    high: float = 1.0

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def x(self, moment: int) -> float:
        return self.left + self.width * (moment - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        return self.top + self.height * (self.high - value) / (self.high - self.low)

    def frame(self, shown: Callable[[float], str] = format_number) -> Iterator[str]:
        """The edge, and a few round values."""
        yield (
            f'<rect class="plot" x="{self.left}" y="{self.top}" width="{self.width}" height="{self.height}"/>'
        )
        for value in marks(self.low, self.high):
            y = self.y(value)
            yield f'<line class="grid" x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield label(self.left - 6, y + 3.5, shown(value), "end")

    def bounds(self, bounds: Sequence[Bound], shown: Callable[[float], str] = format_number) -> Iterator[str]:
        """Lines across, their names to the right of the field, none over another."""
        taken: list[float] = []
        for name, value, style in bounds:
            y = self.y(value)
            yield (
                f'<line class="{style}" x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}">'
                f"<title>{html.escape(within_line(name))} {shown(value)}</title></line>"
            )
            at = y + 3.5
            while any(abs(at - other) < 11 for other in taken):
                at += 11
            taken.append(at)
            yield label(self.right + 6, at, f"{name} {shown(value)}", "start", style)

    def path(self, all_times: Ints, all_values: Floats) -> str:
        """The line of the values, broken at gaps, with as many points as can be told apart."""
        times, values = thinned(all_times, all_values, self.first, self.last, self.width)
        commands: list[str] = []
        pen = False
        for index, (moment, value) in enumerate(zip(times, values, strict=True)):
            if np.isnan(value):
                pen = False
                continue
            inner = 0 < index < len(values) - 1
            if pen and inner and values[index - 1] == value == values[index + 1]:
                continue
            commands.append(f"{'L' if pen else 'M'}{self.x(moment):.1f} {self.y(value):.1f}")
            pen = True
        return "".join(commands)

    def lone(self, times: Ints, values: Floats) -> Iterator[str]:
        """Values between two gaps, of which a line shows nothing."""
        has = np.isfinite(values)
        around = np.concatenate([[False], has, [False]])
        for index in np.flatnonzero(has & ~around[:-2] & ~around[2:])[:500]:
            x, y = self.x(int(times[index])), self.y(float(values[index]))
            yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="1.6"/>'

    def band(self, name: str, y: int, start: int, all_times: Ints, all_states: Bytes) -> Iterator[str]:
        """A row of states at `y`, of more than can be told apart the worst. start: epoch seconds of 0m."""
        times, states = _worst(all_times, all_states, self.first, self.last, self.width)
        for begin, stop, state in _stretches(states):
            if state not in STYLES:
                continue
            left = self.x(int(times[begin]))
            right = self.x(int(times[stop])) if stop < times.size else self.right
            since = relative_to(start, int(times[begin]))
            yield (
                f'<rect class="state {STYLES[state]}" x="{left:.1f}" y="{y}" '
                f'width="{max(1.0, right - left):.1f}" height="{BAND}">'
                f"<title>{html.escape(within_line(name))}: {state} from {since}</title></rect>"
            )
            if right - left > 8 * len(state):
                yield label((left + right) / 2, y + 13, state, "middle", f"on-{STYLES[state]}")

    def ticks(self, start: int, end: int, most: int) -> Iterator[str]:
        """About `most` marks of the time since `start` (epoch seconds), from the top down to `end`."""
        minutes = max(1, (self.last - self.first) // 60)
        tick = next((each for each in _TICKS if minutes / each <= most), _TICKS[-1]) * 60
        for moment in range(self.first + (start - self.first) % tick, self.last + 1, tick):
            x = self.x(moment)
            yield f'<path class="tick" d="M{x:.1f} {self.top}V{end + 4}"/>'
            yield label(x, end + 16, relative_to(start, moment), "middle")


def relative_to(start: int, moment: int) -> str:
    return (
        relative(moment - start)
        if moment >= start
        else f"-{format_duration(timedelta(seconds=start - moment))}"
    )


def label(x: float, y: float, text: str, anchor: str, style: str = "", longest: int = 40) -> str:
    named = f' class="{style}"' if style else ""
    shown = html.escape(within_line(text, longest))
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{shown}</text>'


def bounds_of(bounds: Thresholds | None) -> list[Bound]:
    """The thresholds, the greatest first."""
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


def value_range(values: Floats, bounds: Iterable[float]) -> tuple[float, float]:
    """The least and the greatest, with some room; from 0 on where that is near."""
    finite = values[np.isfinite(values)]
    every = [*bounds, *([float(finite.min()), float(finite.max())] if finite.size else [0.0])]
    low, high = min(every), max(every)
    if 0 < low < (high - low):
        low = 0.0
    room = (high - low) * 0.06 or max(1.0, abs(high) * 0.1)
    return (low if low == 0 else low - room), high + room


def marks(low: float, high: float) -> list[float]:
    """A few round numbers between the two."""
    step = 10.0 ** np.floor(np.log10((high - low) / 2))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 4)
    first = np.ceil(low / step)
    return [float((first + index) * step) for index in range(6) if (first + index) * step <= high]


def thinned(
    times: Ints, values: Floats, first: int, last: int, columns: int
) -> tuple[list[int], list[float]]:
    """All points, or of too many the least and the greatest of each column of the picture."""
    if times.size <= 2 * columns:
        return times.tolist(), values.tolist()
    column = (times - first) * columns // (last - first)
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


def _worst(times: Ints, states: Bytes, first: int, last: int, columns: int) -> tuple[Ints, Bytes]:
    """All states, or of more than can be told apart the worst of each column of the picture."""
    if times.size <= 2 * columns:
        return times, states
    edges = np.flatnonzero(np.diff((times - first) * columns // (last - first), prepend=-1))
    return times[edges], np.maximum.reduceat(states, edges)


def _stretches(codes: Bytes) -> Iterator[tuple[int, int, str]]:
    """Start, end and name of each stretch of one state."""
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), codes.size]
    for start, stop in pairwise(edges):
        yield start, stop, state_name(int(codes[start]))
