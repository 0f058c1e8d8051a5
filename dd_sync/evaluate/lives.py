"""When a group exists, when it is too new to be judged, and since when it has had no data.

Most groups have data at most times, so everything is worked out from the gaps, and from where one ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.rule import Missing, Rule
from dd_sync.evaluate.series import Bools, Ints
from dd_sync.evaluate.state import GroupState


@dataclass(frozen=True, slots=True)
class Lives:
    """Per group and evaluation, [groups, T].

    alive: the group exists. waiting: it is too new to be judged. missing: it has no data now.
    resolved: it has had none for so long that it counts as recovered. no_data: for so long that it is No
    Data. first_seen, missing_since: int64 [groups], epoch seconds, as of the last evaluation; -1 where it
    does not exist, or where nothing is missing.
    """

    alive: Bools
    waiting: Bools
    missing: Bools
    resolved: Bools
    no_data: Bools
    first_seen: Ints
    missing_since: Ints


def lives(rule: Rule, times: Ints, has: Bools, previous: Sequence[GroupState | None]) -> Lives:
    """has: bool [groups, T], T >= 1, whether there is data. previous: per group its state before times[0]."""
    was_alive = np.array([rule.standing or before is not None for before in previous], dtype=np.bool_)
    gaps = _Gaps(times, has, previous)
    alive, missing = np.ones_like(has), np.zeros_like(has)
    dead = gaps.first_of_life & ~was_alive[gaps.row]
    if rule.retention is not None:
        dead |= gaps.length >= rule.retention
    alive.reshape(-1)[gaps.at[dead]] = False
    gone = gaps.at[~dead]
    missing.reshape(-1)[gone] = True
    lasting = gaps.length[~dead]
    resolved = _where(has, gone[lasting >= rule.resolve_after] if rule.resolve_after else gone[:0])
    no_data = _where(has, gone[_is_no_data(rule, lasting)])
    begins = _begins(has, gaps.at[dead], was_alive)
    first_seen, waiting = _first_seen(rule, times, has, begins, was_alive, previous)
    return Lives(
        alive=alive,
        waiting=waiting & alive,
        missing=missing,
        resolved=resolved,
        no_data=no_data & ~resolved,
        first_seen=np.where(alive[:, -1], first_seen, -1),
        missing_since=np.where(missing[:, -1], gaps.since_at_end, -1),
    )


class _Gaps:
    """Every evaluation without data. at: its place in the flattened [groups, T]; row: its group.

    length: seconds since the first evaluation of the gap. first_of_life: no data was seen before it here.
    since_at_end: int64 [groups], when the gap at the end began; of no use where there is none.
    """

    def __init__(self, times: Ints, has: Bools, previous: Sequence[GroupState | None]) -> None:
        self.at = np.flatnonzero(~has)
        self.row, column = np.divmod(self.at, times.size)
        begins = np.ones(self.at.size, dtype=np.bool_)
        begins[1:] = np.diff(self.at) != 1
        begins |= column == 0
        number = np.cumsum(begins) - 1
        row, column_of = self.row[begins], column[begins]
        start = int(times[0])
        earlier = np.array([_missing_since(before, start) for before in previous], dtype=np.int64)
        since = np.where(column_of == 0, earlier[row], times[column_of])
        self.length = times[column] - since[number]
        self.first_of_life = (column_of == 0)[number]
        self.since_at_end = np.full(len(has), start)
        self.since_at_end[row] = since


def _begins(has: Bools, dead: Ints, was_alive: Bools) -> tuple[Ints, Ints]:
    """Rows and columns where a group's life begins, by row: data where it did not exist before."""
    length = has.shape[1]
    after = dead[(dead + 1) % length != 0] + 1
    anew = after[has.reshape(-1)[after]]
    at_once = np.flatnonzero(has[:, 0] & ~was_alive) * length
    rows, columns = np.divmod(np.sort(np.concatenate([anew, at_once])), length)
    return rows, columns


def _first_seen(
    rule: Rule,
    times: Ints,
    has: Bools,
    begins: tuple[Ints, Ints],
    was_alive: Bools,
    previous: Sequence[GroupState | None],
) -> tuple[Ints, Bools]:
    """When each group's present life began, as of the end; and where the delay for new groups still runs."""
    rows, columns = begins
    start = int(times[0])
    first_seen = np.array([start if before is None else before.first_seen for before in previous], np.int64)
    waiting = np.zeros_like(has)
    if rule.new_group_delay:
        until = np.searchsorted(times, first_seen + rule.new_group_delay)
        waiting |= was_alive[:, None] & (np.arange(times.size) < until[:, None])
    first_seen[rows] = times[columns]
    if rule.new_group_delay:
        ends = np.searchsorted(times, times[columns] + rule.new_group_delay)
        for row, begin, end in zip(rows.tolist(), columns.tolist(), ends.tolist(), strict=True):
            waiting[row, begin:end] = True
    return first_seen, waiting


def _where(like: Bools, at: Ints) -> Bools:
    flags = np.zeros_like(like)
    flags.reshape(-1)[at] = True
    return flags


def latest_where(flags: Bools) -> Ints:
    """Per row and column, [groups, T], the last column up to it where the flag is set; -1 before any."""
    return np.maximum.accumulate(np.where(flags, np.arange(flags.shape[1]), -1), axis=1)


def _missing_since(before: GroupState | None, start: int) -> int:
    if before is None or before.missing_since is None:
        return start
    return before.missing_since


def _is_no_data(rule: Rule, missing_for: Ints) -> Bools:
    """An empty window says that data has been missing for some time already."""
    if rule.missing not in (Missing.NO_DATA, Missing.NO_DATA_NOTIFIED):
        return np.zeros(missing_for.shape, dtype=np.bool_)
    return np.asarray(missing_for + rule.empty_for >= rule.no_data_after)
