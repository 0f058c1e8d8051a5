"""Values to states: thresholds, recovery thresholds, missing data, new groups and forgotten ones."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dd_sync.evaluate.rule import Missing, Rule, Thresholds
from dd_sync.evaluate.series import Bools, Floats, Ints
from dd_sync.evaluate.state import GroupState
from dd_sync.model.state import State

# A state as a number is its severity; 0 is a group that does not exist (any more, or yet).
ABSENT = 0
CODES = {state.severity: state for state in State}

_HIT: dict[str, Callable[[Any, float], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
# Recovered past a recovery threshold: the value has to be on the good side of it.
_RECOVERED: dict[str, Callable[[Any, float], Any]] = {
    ">": operator.le,
    ">=": operator.lt,
    "<": operator.ge,
    "<=": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """Per group and evaluation, [groups, T].

    states: int8 severities, 0 where the group does not exist. values: what was compared, NaN where nothing.
    first_seen, missing_since: int64 epoch seconds, -1 where there is none.
    """

    states: Bytes
    values: Floats
    first_seen: Ints
    missing_since: Ints


Bytes = np.ndarray[Any, np.dtype[np.int8]]


def judge(
    rule: Rule,
    times: Ints,
    values: Floats,
    full: Bools,
    *,
    empty: float,
    previous: Sequence[GroupState | None],
) -> Judged:
    """States of every group at every time.

    values: float64 [groups, T], NaN where a window held no data; full: where the window is as full as the
    rule asks. empty: the query's value over no data at all, NaN if it has none. previous: per group its
    state before times[0], None for one not known.
    """
    life = _lives(rule, times, values, previous)
    judged = np.where(np.isnan(values), empty if rule.missing is Missing.ZERO else np.nan, values)
    missing = np.isnan(values) & life.alive
    resolved = missing & _longer(life.missing_for, rule.resolve_after)
    counted = life.alive & ~life.waiting & ~np.isnan(judged) & (full | missing) & ~resolved
    no_data = missing & ~resolved & _is_no_data(rule, life.missing_for)
    cleared = ~life.alive | resolved | no_data | (missing & (rule.missing is Missing.OK))
    bounds = rule.thresholds
    signs = _signs(bounds, bounds.critical, bounds.critical_recovery, judged)
    alert = _held(signs, counted, cleared, _was(previous, State.ALERT))
    warn = np.zeros_like(alert)
    if bounds.warning is not None:
        signs = _signs(bounds, bounds.warning, bounds.warning_recovery, judged)
        warn = _held(signs, counted, cleared | alert, _was(previous, State.WARN))
    lost = _carried(no_data, counted | (cleared & ~no_data), _was(previous, State.NO_DATA))
    states = np.select(
        [~life.alive, alert, warn, lost],
        [ABSENT, State.ALERT.severity, State.WARN.severity, State.NO_DATA.severity],
        State.OK.severity,
    )
    return Judged(
        states.astype(np.int8),
        np.where(life.alive, judged, np.nan),
        np.where(life.alive, life.first_seen, -1),
        np.where(missing, life.missing_since, -1),
    )


@dataclass(frozen=True, slots=True)
class _Lives:
    """alive: the group exists. waiting: it is too new to be judged. The times are in epoch seconds."""

    alive: Bools
    waiting: Bools
    first_seen: Ints
    missing_since: Ints
    missing_for: Ints


def _lives(rule: Rule, times: Ints, values: Floats, previous: Sequence[GroupState | None]) -> _Lives:
    has = ~np.isnan(values)
    index = np.arange(times.size)
    latest = np.maximum.accumulate(np.where(has, index, -1), axis=1)
    was_alive = np.array([before is not None for before in previous], dtype=np.bool_)
    began_missing = np.array([_missing_since(before, int(times[0])) for before in previous], dtype=np.int64)
    after = times[np.minimum(latest + 1, times.size - 1)]
    missing_since = np.where(latest >= 0, after, began_missing[:, None])
    missing_for = np.where(has, 0, times - missing_since)
    alive = has | (((latest >= 0) | was_alive[:, None]) & ~_longer(missing_for, rule.retention))
    before_it = np.concatenate([was_alive[:, None], alive[:, :-1]], axis=1)
    begun = np.maximum.accumulate(np.where(has & ~before_it, index, -1), axis=1)
    was_seen = np.array([0 if before is None else before.first_seen for before in previous], dtype=np.int64)
    first_seen = np.where(begun >= 0, times[np.maximum(begun, 0)], was_seen[:, None])
    waiting = alive & (times - first_seen < rule.new_group_delay)
    return _Lives(alive, waiting, first_seen, missing_since, missing_for)


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


def _was(previous: Sequence[GroupState | None], state: State) -> Bools:
    return np.array([before is not None and before.state is state for before in previous], dtype=np.bool_)


def _signs(
    bounds: Thresholds, threshold: float, recovery: float | None, values: Floats
) -> tuple[Bools, Bools]:
    """Where a value is past the threshold, and where it is good enough to leave the state."""
    hit = _HIT[bounds.comparator](values, threshold)
    if recovery is None:
        return hit, ~hit
    return hit, ~hit & _RECOVERED[bounds.comparator](values, recovery)


def _held(signs: tuple[Bools, Bools], counted: Bools, cleared: Bools, before: Bools) -> Bools:
    """Where the state holds: entered past its threshold, left past its recovery threshold."""
    hit, good = signs
    return _carried(counted & hit & ~cleared, (counted & good) | cleared, before)


def _carried(on: Bools, off: Bools, before: Bools) -> Bools:
    """On or off since the last sample that decided it; `before` decides where none has yet."""
    decided = on | off
    if decided.all():
        return on
    latest = np.maximum.accumulate(np.where(decided, np.arange(on.shape[1]), -1), axis=1)
    carried = np.take_along_axis(on, np.maximum(latest, 0), axis=1)
    return np.where(latest >= 0, carried, before[:, None])
