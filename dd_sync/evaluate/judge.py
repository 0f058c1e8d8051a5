"""Values to states: thresholds, recovery thresholds, missing data, new groups and forgotten ones."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dd_sync.evaluate.lives import lives
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
    bounds: Thresholds,
    times: Ints,
    values: Floats,
    full: Bools | None,
    previous: Sequence[GroupState | None],
) -> Judged:
    """States of every group at every time.

    values: float64 [groups, T], NaN where a window held no data; full: where the window is as full as the
    rule asks. previous: per group its state before times[0], None for one not known.
    """
    life = lives(rule, times, ~np.isnan(values), previous)
    judged = np.where(np.isnan(values), rule.empty if rule.missing is Missing.ZERO else np.nan, values)
    counted = life.alive & ~life.waiting & ~np.isnan(judged) & ~life.resolved
    if full is not None:
        counted &= full | life.missing
    cleared = ~life.alive | life.resolved | life.no_data | (life.missing & (rule.missing is Missing.OK))
    signs = _signs(bounds, bounds.critical, bounds.critical_recovery, judged)
    alert = _held(signs, counted, cleared, was(previous, State.ALERT))
    warn = np.zeros_like(alert)
    if bounds.warning is not None:
        signs = _signs(bounds, bounds.warning, bounds.warning_recovery, judged)
        warn = _held(signs, counted, cleared | alert, was(previous, State.WARN))
    lost = carried(life.no_data, counted | (cleared & ~life.no_data), was(previous, State.NO_DATA))
    states = np.select(
        [~life.alive, alert, warn, lost],
        [ABSENT, State.ALERT.severity, State.WARN.severity, State.NO_DATA.severity],
        State.OK.severity,
    )
    return Judged(
        states.astype(np.int8),
        np.where(life.alive, judged, np.nan),
        life.first_seen,
        life.missing_since,
    )


def was(previous: Sequence[GroupState | None], state: State) -> Bools:
    """Which groups were in the state before."""
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
    return carried(counted & hit & ~cleared, (counted & good) | cleared, before)


def carried(on: Bools, off: Bools, before: Bools) -> Bools:
    """On or off since the last sample that decided it; `before` decides where none has yet."""
    decided = on | off
    if decided.all():
        return on
    latest = np.maximum.accumulate(np.where(decided, np.arange(on.shape[1]), -1), axis=1)
    carried = np.take_along_axis(on, np.maximum(latest, 0), axis=1)
    return np.where(latest >= 0, carried, before[:, None])
