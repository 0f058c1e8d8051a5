"""Values to states: thresholds, recovery thresholds, missing data, new groups and forgotten ones."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dd_sync.evaluate.kernel import held
from dd_sync.evaluate.lives import lives
from dd_sync.evaluate.rule import Missing, Rule, Thresholds
from dd_sync.evaluate.series import Bools, Bytes, Floats, Ints
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
    first_seen, missing_since: int64 [groups], epoch seconds, as of the last evaluation; -1 for none.
    """

    states: Bytes
    values: Floats
    first_seen: Ints
    missing_since: Ints

    @classmethod
    def room(cls, groups: int, times: int) -> Judged:
        """To be filled with put()."""
        shape = groups, times
        return cls(
            np.empty(shape, np.int8), np.empty(shape), np.empty(groups, np.int64), np.empty(groups, np.int64)
        )

    def put(self, rows: slice, part: Judged) -> None:
        """What was judged of some groups."""
        self.states[rows], self.values[rows] = part.states, part.values
        self.first_seen[rows], self.missing_since[rows] = part.first_seen, part.missing_since


def judge(
    rule: Rule,
    bounds: Thresholds,
    times: Ints,
    values: Floats,
    full: Bools | None,
    previous: Sequence[GroupState | None],
    recovering: Floats | None = None,
    seen: Bools | None = None,
) -> Judged:
    """States of every group at every time.

    values: float64 [groups, T], T >= 1, NaN where a window held no data; full: where the window is as full as
    the rule asks, None if it asks nothing. previous: per group its state before times[0], None for one not
    known. recovering: what is compared with the recovery thresholds instead; to reach one is then enough.
    seen: where the window holds points, for values that need none; a group lives as long as it has some.
    """
    gaps: Bools = np.asarray(np.isnan(values))
    life = lives(rule, times, ~gaps if seen is None else seen, previous)
    if seen is not None:
        # Values go on, so that nothing is resolved for want of them.
        life = replace(life, resolved=np.zeros_like(gaps))
        values = np.where(life.alive, values, np.nan)
    counted = life.alive & ~life.waiting & ~life.resolved
    if rule.missing is Missing.ZERO and not np.isnan(rule.empty):
        values = np.where(gaps, np.where(life.alive, rule.empty, np.nan), values)
    else:
        counted &= ~gaps
    if full is not None:
        counted &= full | life.missing
    cleared = ~life.alive | life.resolved | life.no_data
    if rule.missing is Missing.OK:
        cleared |= life.missing
    judging = _Judging(bounds, values, recovering, rule.independent)
    signs = judging.signs(bounds.critical, bounds.critical_recovery)
    alert = _held(signs, counted, cleared, was(previous, State.ALERT))
    states = life.alive.astype(np.int8)
    _raise(states, State.ALERT, alert)
    if bounds.warning is not None:
        signs = judging.signs(bounds.warning, bounds.warning_recovery)
        warn = _held(signs, counted, cleared | alert, was(previous, State.WARN))
        _raise(states, State.WARN, warn)
    lost = was(previous, State.NO_DATA)
    if lost.any() or life.no_data.any():
        _raise(states, State.NO_DATA, held(life.no_data, (counted | cleared) & ~life.no_data, lost))
    return Judged(states, values, life.first_seen, life.missing_since)


def _raise(states: Bytes, state: State, where: Bools) -> None:
    """OK to another state, where a group is in it."""
    states += where.view(np.int8) * np.int8(state.severity - State.OK.severity)


def was(previous: Sequence[GroupState | None], state: State) -> Bools:
    """Which groups were in the state before."""
    return np.array([before is not None and before.state is state for before in previous], dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class _Judging:
    """independent: what was before has no bearing on it, so nothing is recovered from."""

    bounds: Thresholds
    values: Floats
    recovering: Floats | None
    independent: bool

    def signs(self, threshold: float, recovery: float | None) -> tuple[Bools, Bools]:
        """Where a value is past the threshold, and where it is good enough to leave the state."""
        hit = _HIT[self.bounds.comparator](self.values, threshold)
        if recovery is None or self.independent:
            return hit, ~hit
        if self.recovering is None:
            return hit, ~hit & _RECOVERED[self.bounds.comparator](self.values, recovery)
        return hit, ~hit & _RECOVERED[self.bounds.comparator[0]](self.recovering, recovery)


def _held(signs: tuple[Bools, Bools], counted: Bools, cleared: Bools, before: Bools) -> Bools:
    """Where the state holds: entered past its threshold, left past its recovery threshold."""
    hit, good = signs
    return held(counted & hit & ~cleared, (counted & good) | cleared, before)
