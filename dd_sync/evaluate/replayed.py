"""What a monitor did, as scenarios, reports, composites and the local Datadog read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.judge import ABSENT, CODES
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.notify import Notification, Suppressed, Transition
from dd_sync.evaluate.rule import Rule
from dd_sync.evaluate.series import Bytes, Floats, Ints
from dd_sync.evaluate.state import GroupState
from dd_sync.model.state import State


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What a monitor did.

    times: int64 [T], epoch seconds. groups: names such as `tenant:acme`, `*` for a simple alert.
    values: float64 [groups, T], what was compared, NaN where nothing was.
    states: int8 [groups, T], severities of State, 0 where the group does not exist.
    transitions, notifications, suppressed: in the order of time, then of groups.
    final: the state of every group that exists at the end, for the next replay's `previous`.
    before: the `previous` it began with. step: the rollup, in seconds, of metrics that name none, 0 where
    there are no metrics; notes: choices the result depends on.
    """

    rule: Rule
    times: Ints
    groups: tuple[str, ...]
    values: Floats
    states: Bytes
    transitions: tuple[Transition, ...]
    notifications: tuple[Notification, ...]
    suppressed: tuple[Suppressed, ...]
    final: Mapping[str, GroupState]
    before: Mapping[str, GroupState]

    @property
    def step(self) -> int:
        return self.rule.step if isinstance(self.rule, MetricRule) else 0

    @property
    def notes(self) -> tuple[str, ...]:
        return self.rule.notes

    def index(self, at: int) -> int | None:
        """The last evaluation at or before a time, None before the first."""
        found = int(np.searchsorted(self.times, at, side="right")) - 1
        return None if found < 0 else found

    def state_at(self, group: str, at: int) -> State | None:
        """The state as of the last evaluation at or before a time; None where the group does not exist."""
        index = self.index(at)
        if index is None or group not in self.groups:
            return None
        code = int(self.states[self.groups.index(group), index])
        return None if code == ABSENT else CODES[code]

    def value_at(self, group: str, at: int) -> float | None:
        """The value of the last evaluation at or before a time, None where there was none."""
        index = self.index(at)
        if index is None or group not in self.groups:
            return None
        value = float(self.values[self.groups.index(group), index])
        return None if np.isnan(value) else value
