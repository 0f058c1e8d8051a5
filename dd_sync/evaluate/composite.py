"""Composites: a condition over what other monitors did at the same times.

Alert is worse than Warn, Warn than No Data, No Data than OK; the first three count as true. `&&` is then the
milder of two states, `||` the worse. `docs/semantics.md` says which groups are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from dd_sync.evaluate.findings import Words
from dd_sync.evaluate.judge import ABSENT, CODES, Judged
from dd_sync.evaluate.lives import latest_where, lives
from dd_sync.evaluate.replayed import Replay
from dd_sync.evaluate.rule import Missing, Rule, read_missing, read_notify_by, read_rule
from dd_sync.evaluate.select import Group, group_name, group_of
from dd_sync.evaluate.series import Bools, Bytes, Ints
from dd_sync.evaluate.state import GroupState
from dd_sync.evaluate.unsupported import QUERY, Unsupported, unsupported
from dd_sync.model.monitor import Monitor
from dd_sync.model.state import State
from dd_sync.query.alerts import Condition, Conjunction, Disjunction, MonitorId, MonitorKey, Negation
from dd_sync.query.composite import read_composite

MOST_PARTS = 10
_LETTERS = "abcdefghij"

_NEGATED = np.zeros(max(CODES) + 1, dtype=np.int8)
_NEGATED[State.OK.severity] = State.ALERT.severity
_NEGATED[State.NO_DATA.severity] = State.NO_DATA.severity
_NEGATED[[State.WARN.severity, State.ALERT.severity]] = State.OK.severity


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CompositeRule(Rule):
    """parts: what names the monitors in the query, each once, in the order of the text."""

    condition: Condition
    parts: tuple[int | str, ...]


def compile_composite(key: str, monitor: Monitor, monitor_id: int) -> CompositeRule:
    """Its keys are those of its parts, known only once they are replayed.

    Raises QueryError, TemplateError and Unsupported; places are relative to the query or the message.
    """
    condition = read_composite(monitor.query).condition
    parts = tuple(dict.fromkeys(_name(leaf) for leaf in _leaves(condition)))
    if len(parts) > MOST_PARTS:
        raise unsupported(
            monitor.query,
            condition,
            f"a composite of {len(parts)} monitors",
            f"Datadog takes {MOST_PARTS} at most",
        )
    basis = read_rule(key, monitor, monitor_id, None, window=60)
    missing = read_missing(monitor.options, default=Missing.KEEP)
    return CompositeRule(
        **replace(basis, missing=missing, retention=0).shared(), condition=condition, parts=parts
    )


def parts_of(rule: Rule) -> tuple[int | str, ...]:
    """What names the monitors that a rule is composed of; () for any but a composite."""
    return rule.parts if isinstance(rule, CompositeRule) else ()


def _leaves(condition: Condition) -> Iterable[MonitorId | MonitorKey]:
    match condition:
        case MonitorId() | MonitorKey():
            yield condition
        case Negation(item=item):
            yield from _leaves(item)
        case Conjunction(items=items) | Disjunction(items=items):
            for item in items:
                yield from _leaves(item)


def _name(leaf: MonitorId | MonitorKey) -> int | str:
    return leaf.id if isinstance(leaf, MonitorId) else leaf.key


# --- with its parts ------------------------------------------------------------------------------


def with_parts(rule: CompositeRule, parts: Mapping[int | str, Replay]) -> CompositeRule:
    """The rule with the keys its groups have, which are those of the part with the most.

    Raises Unsupported for a part that is missing, is a composite itself, or cannot be paired with another.
    """
    query = rule.monitor.query
    for leaf in _leaves(rule.condition):
        part = parts.get(_name(leaf))
        if part is None:
            hint = "evaluate the composite together with the monitors it is made of"
            raise unsupported(query, leaf, f"nothing is known of monitor {_name(leaf)}", hint)
        if isinstance(part.rule, CompositeRule):
            hint = "Datadog refuses this; write the condition out of the monitors themselves"
            raise unsupported(query, leaf, f"monitor {_name(leaf)} is a composite itself", hint)
    multi = [parts[name] for name in rule.parts if parts[name].rule.keys]
    keys = max((part.rule.keys for part in multi), key=len, default=())
    for part in multi:
        if not _pairs(part.rule.keys, keys):
            raise Unsupported(
                f"a monitor grouped by {', '.join(part.rule.keys)} has no groups in common with one "
                f"grouped by {', '.join(keys)}",
                hint="group the monitors by the same keys, or one by some of the other's",
                path=QUERY,
            )
    notify_by = read_notify_by(keys, rule.monitor.options)
    return replace(rule, keys=keys, notify_by=notify_by, standing=not keys)


def _pairs(some: Sequence[str], all_: Sequence[str]) -> bool:
    """Keys that the other has as well, or other names altogether for what may be the same values."""
    return set(some) <= set(all_) or not set(some) & set(all_)


class CompositeFindings:
    """States of the groups that all parts have in common."""

    def __init__(self, rule: CompositeRule, parts: Mapping[int | str, Replay], times: Ints) -> None:
        self._rule, self._times = rule, times
        self._parts = {name: _Part(parts[name], rule.keys, times) for name in rule.parts}

    @property
    def groups(self) -> Iterable[Group]:
        if not self._rule.keys:
            return ((),)
        richest = next(part for part in self._parts.values() if part.keys == self._rule.keys)
        return [
            group
            for group in richest.groups
            if all(part.name_for(group) is not None for part in self._parts.values())
        ]

    def judge(self, groups: Sequence[Group], previous: Sequence[GroupState | None]) -> Judged:
        rows = [self._rows(group) for group in groups]
        states = np.array([self._states(self._rule.condition, row) for row in rows], dtype=np.int8)
        has = np.array([np.all([row[name] != ABSENT for name in row], axis=0) for row in rows])
        shape = (len(groups), self._times.size)
        states, has = states.reshape(shape), has.reshape(shape)
        life = lives(self._rule, self._times, has, previous)
        # A group that is not there leaves nothing behind that a later one could keep.
        states = np.where(has, states, State.OK.severity).astype(np.int8)
        if self._rule.missing is not Missing.NO_DATA_NOTIFIED:
            states = _kept(states, previous)
        return Judged(
            np.where(life.alive, states, ABSENT).astype(np.int8),
            np.full(shape, np.nan),
            life.first_seen,
            life.missing_since,
        )

    def _rows(self, group: Group) -> dict[int | str, Bytes]:
        return {name: part.states(group) for name, part in self._parts.items()}

    def _states(self, condition: Condition, rows: Mapping[int | str, Bytes]) -> Bytes:
        match condition:
            case MonitorId() | MonitorKey():
                return rows[_name(condition)]
            case Negation(item=item):
                return np.asarray(_NEGATED[self._states(item, rows)])
            case Conjunction(items=items):
                return np.asarray(np.minimum.reduce([self._states(item, rows) for item in items]))
            case Disjunction(items=items):
                return np.asarray(np.maximum.reduce([self._states(item, rows) for item in items]))

    def words(self, group: Group) -> Words:
        """`a.value` and `a.status` of the first monitor of the query, b of the second, and so on."""

        def said(index: int) -> Mapping[str, str | float]:
            found: dict[str, str | float] = {}
            for letter, part in zip(_LETTERS, self._parts.values(), strict=False):
                found.update({f"{letter}.{name}": value for name, value in part.said(group, index).items()})
            return found

        return said


def _kept(states: Bytes, previous: Sequence[GroupState | None]) -> Bytes:
    """No Data replaced by the state before it; OK where there was none."""
    before = np.array([State.OK.severity if one is None else one.state.severity for one in previous])
    latest = latest_where(states != State.NO_DATA.severity)
    kept = np.take_along_axis(states, np.maximum(latest, 0), axis=1)
    return np.where(latest >= 0, kept, before[:, None]).astype(np.int8)


class _Part:
    """One monitor of a composite, asked for the composite's groups and times."""

    def __init__(self, done: Replay, keys: Sequence[str], times: Ints) -> None:
        self._done, self._times = done, times
        self._latest = np.searchsorted(done.times, times, side="right") - 1
        self.keys = done.rule.keys
        self._all = keys
        names = dict.fromkeys((*done.groups, *done.before))
        self._names = {group_of(self.keys, name): name for name in names}
        self._by_values = {tuple(sorted(group)): name for group, name in self._names.items()}
        self._row = {name: row for row, name in enumerate(done.groups)}

    @property
    def groups(self) -> Iterable[Group]:
        return self._names

    def name_for(self, group: Group) -> str | None:
        """The part's own group that goes with one of the composite's; None if there is none."""
        if set(self.keys) <= set(self._all):
            values = dict(zip(self._all, group, strict=True))
            own = tuple(values[key] for key in self.keys)
            return self._names.get(own, group_name(self.keys, own) if not own else None)
        chosen = combinations(sorted(group), len(self.keys))
        return next((self._by_values[values] for values in chosen if values in self._by_values), None)

    def states(self, group: Group) -> Bytes:
        """int8 [T]; a simple monitor that has seen no data is without data, a group is not there."""
        name = self.name_for(group)
        before = None if name is None else self._done.before.get(name)
        codes = np.full(self._times.shape, ABSENT if before is None else before.state.severity)
        row = None if name is None else self._row.get(name)
        if row is not None:
            known = self._latest >= 0
            codes[known] = self._done.states[row, self._latest[known]]
        unknown = codes == State.UNKNOWN.severity
        nothing: Bools = codes == ABSENT if not self.keys else np.zeros_like(unknown)
        return np.where(unknown | nothing, State.NO_DATA.severity, codes).astype(np.int8)

    def said(self, group: Group, index: int) -> dict[str, str | float]:
        """What the part's own message would say of it: value, status, thresholds."""
        name, moment = self.name_for(group) or "", int(self._times[index])
        bounds = self._done.rule.thresholds
        known = self._latest[index] >= 0
        value = self._done.value_at(name, moment) if known else self._earlier_value(name)
        said: dict[str, str | float] = {"status": CODES[int(self.states(group)[index])].value}
        if value is not None:
            said["value"] = value
        if bounds is not None:
            said |= {"threshold": bounds.critical, "comparator": bounds.comparator}
        return said

    def _earlier_value(self, name: str) -> float | None:
        """Of the part's last evaluation, if that was in a replay before this one."""
        before = self._done.before.get(name)
        if before is None or (
            before.missing_since is not None and self._done.rule.missing is not Missing.ZERO
        ):
            return None
        return before.value
