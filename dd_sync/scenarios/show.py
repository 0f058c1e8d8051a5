"""A scenario's outcome as people read it: one line, and for a failure a timeline of what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.replay import Replay
from dd_sync.message.fill import format_number
from dd_sync.scenarios.compare import relative, state_name
from dd_sync.scenarios.run import Failure, Outcome
from dd_sync.text import pointed_at, within_line

# A timeline shows so many lines and groups; what matters is shown first.
_LINES = 24
_GROUPS = 5
_FAILURES = 20
_WIDEST = 118
_WIDEST_SOURCE = 104
# Values are aligned by their last digit.
_RIGHT = 2


def show(outcome: Outcome) -> str:
    """`ok` or `FAILED` with the scenario's name; then each failure with its place, and timelines."""
    mark = "ok    " if outcome.passed else "FAILED"
    lines = [f"{mark} {outcome.scenario.monitor}: {outcome.scenario.name}"]
    for failure in outcome.failures[:_FAILURES]:
        lines.append(f"  {failure.where}: {failure.problem}")
        lines.extend(f"    {line}" for line in pointed(failure))
        if failure.hint:
            lines.append(f"    = {failure.hint}")
    if len(outcome.failures) > _FAILURES:
        lines.append(f"  … and {len(outcome.failures) - _FAILURES} more")
    if outcome.failures and outcome.replay is not None:
        lines.extend(_timelines(outcome, outcome.replay))
    if outcome.failures:
        lines.extend(f"  note: {note}" for note in outcome.notes)
    return "\n".join(lines)


def pointed(failure: Failure) -> Sequence[str]:
    """The line of the catalog that is to blame and carets under the part of it; none for other failures."""
    if failure.source is None:
        return ()
    where = failure.where
    line, before, length = pointed_at(failure.source, where.column, where.length, _WIDEST_SOURCE)
    margin = " " * len(str(where.line))
    return f"{where.line} | {line}".rstrip(), f"{margin} | {' ' * before}{'^' * length}"


def _timelines(outcome: Outcome, done: Replay) -> Iterator[str]:
    blamed = {failure.group for failure in outcome.failures}
    groups = [group for group in done.groups if group in blamed or None in blamed]
    start = int(outcome.scenario.form.start.timestamp())
    for group in groups[:_GROUPS] if done.times.size else ():
        missed = [one for failure in outcome.failures for one in failure.missed(group)]
        yield from _Timeline(done, group, start, missed).lines()
    if len(groups) > _GROUPS:
        yield f"  … and {len(groups) - _GROUPS} more groups"


@dataclass(frozen=True, slots=True, eq=False)
class _Timeline:
    """Time, clock, value and state of a group, around its changes and what was expected."""

    done: Replay
    group: str
    start: int
    missed: Sequence[tuple[int, str]]

    def lines(self) -> Iterator[str]:
        row, times = self.done.groups.index(self.group), self.done.times
        shown, left_out = self._interesting(row)
        table = [("time", "clock", "value", "state", "")]
        for index in shown:
            at = int(times[index]) - self.start
            value = float(self.done.values[row, index])
            table.append(
                (
                    relative(at),
                    str(np.datetime64(self.start + at, "s").astype("datetime64[m]")).replace("T", " "),
                    "-" if np.isnan(value) else format_number(value),
                    state_name(int(self.done.states[row, index])),
                    "; ".join(self._remarks(index)),
                )
            )
        yield f"  {self.group}"
        yield from _aligned(table)
        if left_out:
            yield f"    … and {left_out} more changes"

    def _interesting(self, row: int) -> tuple[list[int], int]:
        """Evaluations to show, and how many changes are not among them.

        The first and last, each change and the one before it, and what failed; of too many those that are
        nearest to what failed first.
        """
        changes = [int(at) for at in np.flatnonzero(np.diff(self.done.states[row])) + 1]
        must = {index for at, _ in self.missed if (index := self._index(at)) is not None}
        nice = {0, self.done.times.size - 1, *changes, *(at - 1 for at in changes)} - must
        middle = min(must, default=0)
        nearest = sorted(nice, key=lambda index: (abs(index - middle), index))
        shown = {*must, *nearest[: max(0, _LINES - len(must))]}
        return sorted(shown), len([at for at in changes if at not in shown])

    def _index(self, at: int) -> int | None:
        return self.done.index(self.start + at)

    def _remarks(self, index: int) -> Iterator[str]:
        moment = int(self.done.times[index])
        for one in self.done.notifications:
            if (one.at, one.group) == (moment, self.group):
                yield f"told: {one.kind}"
        for held in self.done.suppressed:
            if (held.at, held.group) == (moment, self.group):
                yield f"not told: {held.kind}, {held.reason}"
        wanted = dict.fromkeys(wanted for at, wanted in self.missed if self._index(at) == index)
        if wanted:
            yield f"<- expected {' and '.join(wanted)}"


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        cells = [
            cell.rjust(width) if column == _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "    " + within_line("  ".join(cells).rstrip(), _WIDEST - 4)
