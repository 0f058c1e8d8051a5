"""When a group exists, when it is too new to be judged, and since when it has had no data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.rule import Missing, Rule
from dd_sync.evaluate.series import Bools, Ints
from dd_sync.evaluate.state import GroupState


@dataclass(frozen=True, slots=True)
class Lives:
    """Per group and evaluation, [groups, T]; times in epoch seconds.

    alive: the group exists. waiting: it is too new to be judged. missing: it has no data now.
    resolved: it has had none for so long that it counts as recovered. no_data: for so long that it is No
    Data. first_seen: -1 where it does not exist; missing_since: -1 where nothing is missing.
    """

    alive: Bools
    waiting: Bools
    missing: Bools
    resolved: Bools
    no_data: Bools
    first_seen: Ints
    missing_since: Ints


def lives(rule: Rule, times: Ints, has: Bools, previous: Sequence[GroupState | None]) -> Lives:
    """has: bool [groups, T], whether there is data. previous: per group its state before times[0]."""
    start = int(times[0])
    latest = latest_where(has)
    was_alive = np.array([rule.standing or before is not None for before in previous], dtype=np.bool_)
    began_missing = np.array([_missing_since(before, start) for before in previous], dtype=np.int64)
    after = times[np.minimum(latest + 1, times.size - 1)]
    missing_since = np.where(latest >= 0, after, began_missing[:, None])
    missing_for = np.where(has, 0, times - missing_since)
    alive = has | (((latest >= 0) | was_alive[:, None]) & ~_longer(missing_for, rule.retention))
    before_it = np.concatenate([was_alive[:, None], alive[:, :-1]], axis=1)
    begun = latest_where(has & ~before_it)
    was_seen = np.array([start if before is None else before.first_seen for before in previous], np.int64)
    first_seen = np.where(begun >= 0, times[np.maximum(begun, 0)], was_seen[:, None])
    missing = ~has & alive
    resolved = missing & _longer(missing_for, rule.resolve_after)
    return Lives(
        alive=alive,
        waiting=alive & (times - first_seen < rule.new_group_delay),
        missing=missing,
        resolved=resolved,
        no_data=missing & ~resolved & _is_no_data(rule, missing_for),
        first_seen=np.where(alive, first_seen, -1),
        missing_since=np.where(missing, missing_since, -1),
    )


def latest_where(flags: Bools) -> Ints:
    """Per row and column, [groups, T], the last column up to it where the flag is set; -1 before any."""
    return np.maximum.accumulate(np.where(flags, np.arange(flags.shape[1]), -1), axis=1)


def _missing_since(before: GroupState | None, start: int) -> int:
    if before is None or before.missing_since is None:
        return start
    return before.missing_since


def _longer(spans: Ints, limit: int | None) -> Bools:
    return np.zeros(spans.shape, dtype=np.bool_) if limit is None else np.asarray(spans >= limit)


def _is_no_data(rule: Rule, missing_for: Ints) -> Bools:
    """An empty window says that data has been missing for as long as the window already."""
    if rule.missing not in (Missing.NO_DATA, Missing.NO_DATA_NOTIFIED):
        return np.zeros(missing_for.shape, dtype=np.bool_)
    return np.asarray(missing_for + rule.window >= rule.no_data_after)
