"""One group of a replay as a picture: values, thresholds, states, snoozes and who was told."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.replay import Notification, Replay, Silence
from dd_sync.evaluate.series import Bytes, Ints
from dd_sync.report.plot import BAND, Plot, bounds_of, label, relative_to, value_range
from dd_sync.text import within_line

_WIDTH, _LEFT, _RIGHT = 860, 64, 124
_PLOT, _TOP = 120, 22
_GAP = 5
_MOST_TICKS = 9


@dataclass(frozen=True, slots=True)
class Expected:
    """A time, in seconds from the start, and what was wanted then instead of what was: "" if it was met."""

    at: int
    met: bool
    wanted: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What is drawn. start: of the scenario, epoch seconds.

    told: notifications of the group, which the picture numbers from 1. parts: of a composite, their names,
    and their states at the times they are evaluated at.
    """

    replay: Replay
    group: str
    start: int
    silences: Sequence[Silence]
    expected: Sequence[Expected]
    told: Sequence[Notification]
    parts: Sequence[tuple[str, Ints, Bytes]] = ()


def draw(picture: Picture) -> str:
    """An SVG element; its colours come from the page's style sheet."""
    return _Drawing(picture).svg()


class _Drawing:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        done = picture.replay
        row = done.groups.index(picture.group)
        self._times, self._values, self._states = done.times, done.values[row], done.states[row]
        first = int(done.times[0])
        self._bounds = bounds_of(done.rule.thresholds)
        self._has_values = bool(np.isfinite(self._values).any())
        self._plot = Plot(
            _LEFT,
            _TOP,
            _WIDTH - _LEFT - _RIGHT,
            _PLOT if self._has_values else 0,
            first,
            max(int(done.times[-1]), first + 60),
            *value_range(self._values, [value for _, value, _ in self._bounds]),
        )
        rows = [
            "state",
            *(f"part {name}" for name, _, _ in picture.parts),
            *(["expected"] if picture.expected else []),
            *(["silenced"] if picture.silences else []),
        ]
        self._rows = {name: self._plot.bottom + _GAP + at * (BAND + _GAP) for at, name in enumerate(rows)}
        self._end = max(self._rows.values()) + BAND

    def svg(self) -> str:
        axis = self._plot.ticks(self._picture.start, self._end, _MOST_TICKS)
        parts = [*axis, *self._lines(), *self._bands(), *self._snoozes()]
        parts.extend([*self._expectations(), *self._numbers()])
        height = self._end + 22
        label = html.escape(f"{self._picture.group}: values and states over time", quote=True)
        return (
            f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">'
            + "".join(parts)
            + "</svg>"
        )

    # --- values --------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        if not self._has_values:
            return
        yield from self._plot.frame()
        yield from self._plot.bounds(self._bounds)
        yield f'<path class="value" d="{self._plot.path(self._times, self._values)}"/>'
        yield from self._plot.lone(self._times, self._values)

    # --- what happened -------------------------------------------------------------------------

    def _bands(self) -> Iterator[str]:
        yield from self._band("state", self._rows["state"], self._times, self._states)
        for name, times, states in self._picture.parts:
            yield from self._band(name, self._rows[f"part {name}"], times, states)

    def _band(self, row: str, y: int, times: Ints, states: Bytes) -> Iterator[str]:
        yield label(_LEFT - 6, y + 13, row, "end", longest=9)
        yield from self._plot.band(row, y, self._picture.start, times, states)

    def _snoozes(self) -> Iterator[str]:
        if not self._picture.silences:
            return
        y = self._rows["silenced"]
        declared = any(silence.name for silence in self._picture.silences)
        yield label(_LEFT - 6, y + 13, "silenced" if declared else "snoozed", "end")
        for silence in self._picture.silences:
            over = silence.over_at
            left = self._plot.x(max(silence.start, self._plot.first))
            right = self._plot.x(min(self._plot.last if over is None else over, self._plot.last))
            if right > left:
                yield (
                    f'<rect class="snooze" x="{left:.1f}" y="{y}" width="{right - left:.1f}" '
                    f'height="{BAND}" fill="url(#hatch)"><title>{html.escape(str(silence))}</title></rect>'
                )

    def _expectations(self) -> Iterator[str]:
        if not self._picture.expected:
            return
        y = self._rows["expected"]
        yield label(_LEFT - 6, y + 13, "expected", "end")
        for one in self._picture.expected:
            x, style = self._plot.x(self._picture.start + one.at), "met" if one.met else "unmet"
            when = relative_to(self._picture.start, self._picture.start + one.at)
            said = f"as expected at {when}" if one.met else f"expected {one.wanted} at {when}"
            yield (
                f'<line class="{style}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{self._plot.bottom}">'
                f"<title>{html.escape(within_line(said))}</title></line>"
            )
            yield label(x, y + 15, "\u2713" if one.met else "\u2717", "middle", style)

    def _numbers(self) -> Iterator[str]:
        """The numbers of the notifications above the plot, no two over each other."""
        right = -100.0
        for number, one in enumerate(self._picture.told, 1):
            own = self._plot.x(one.at)
            x = max(own, right + 15)
            right = x
            if x > _WIDTH - 8:
                return
            yield (
                f'<line class="stem" x1="{own:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_TOP - 5}"/>'
                f'<circle class="told" cx="{x:.1f}" cy="{_TOP - 12}" r="7"/>'
            )
            yield label(x, _TOP - 8.6, str(number), "middle", "number")
