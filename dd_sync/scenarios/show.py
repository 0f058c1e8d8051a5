"""A scenario's outcome as people read it: one line, and for a failure a timeline of what happened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dd_sync.evaluate.replay import Replay
from dd_sync.message.fill import format_number
from dd_sync.scenarios.compare import relative, state_name
from dd_sync.scenarios.run import Outcome

# A timeline shows so many lines and groups; what matters is shown first.
_LINES = 24
_GROUPS = 5


def show(outcome: Outcome) -> str:
    """`ok` or `FAILED` with the scenario's name; then each failure with its place, and timelines."""
    mark = "ok    " if outcome.passed else "FAILED"
    lines = [f"{mark} {outcome.scenario.monitor}: {outcome.scenario.name}"]
    for failure in outcome.failures:
        lines.append(f"  {failure.where}: {failure.problem}")
        if failure.hint:
            lines.append(f"    = {failure.hint}")
    if outcome.failures and outcome.replay is not None:
        lines.extend(_timelines(outcome, outcome.replay))
    if outcome.failures:
        lines.extend(f"  note: {note}" for note in outcome.notes)
    return "\n".join(lines)


def _timelines(outcome: Outcome, done: Replay) -> list[str]:
    blamed = {failure.group for failure in outcome.failures}
    groups = [group for group in done.groups if group in blamed or None in blamed]
    lines: list[str] = []
    for group in groups[:_GROUPS]:
        lines.extend(_timeline(outcome, done, group))
    if len(groups) > _GROUPS:
        lines.append(f"  … and {len(groups) - _GROUPS} more groups")
    return lines


def _timeline(outcome: Outcome, done: Replay, group: str) -> list[str]:
    """Time, clock, value and state of a group, around its changes and what was expected."""
    start = int(outcome.scenario.form.start.timestamp())
    failed = {one.at for one in outcome.failures if one.at is not None and one.group in (None, group)}
    row = done.groups.index(group)
    shown = _interesting(done, row, [start + at for at in failed])
    table = [("time", "clock", "value", "state", "")]
    for index in shown:
        at = int(done.times[index]) - start
        value = float(done.values[row, index])
        table.append(
            (
                relative(at) if at >= 0 else f"-{relative(-at)}",
                str(np.datetime64(start + at, "s").astype("datetime64[m]")).replace("T", " "),
                "-" if np.isnan(value) else format_number(value),
                state_name(int(done.states[row, index])),
                _remarks(done, group, int(done.times[index]), expected=at in failed),
            )
        )
    return [f"  {group}", *_aligned(table)]


def _interesting(done: Replay, row: int, moments: Sequence[int]) -> list[int]:
    """Evaluations to show: the first and last, each change and the one before it, and `moments`."""
    changes = np.flatnonzero(np.diff(done.states[row])) + 1
    wanted = [done.index(moment) for moment in moments]
    must = {index for index in wanted if index is not None}
    nice = {0, done.times.size - 1, *(int(at) for at in changes), *(int(at) - 1 for at in changes)}
    room = max(0, _LINES - len(must))
    return sorted(must | set(sorted(nice - must)[:room]))


def _remarks(done: Replay, group: str, moment: int, *, expected: bool) -> str:
    told = [f"told: {one.kind}" for one in done.notifications if (one.at, one.group) == (moment, group)]
    held = [
        f"not told: {one.kind}, {one.reason}"
        for one in done.suppressed
        if (one.at, one.group) == (moment, group)
    ]
    return "; ".join([*told, *held, *(["<- expected otherwise"] if expected else [])])


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    return [
        "    " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
