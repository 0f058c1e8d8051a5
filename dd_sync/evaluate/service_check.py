"""Service checks: consecutive statuses of each group, or the share of a cluster's checks in a status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dd_sync.evaluate.findings import Words
from dd_sync.evaluate.judge import ABSENT, Judged
from dd_sync.evaluate.lives import Lives, latest_where, lives
from dd_sync.evaluate.rule import DAY, Missing, Rule, read_missing, read_numbers, read_rule
from dd_sync.evaluate.select import ANY_TAGS, Group, groups_of, matcher
from dd_sync.evaluate.series import Bools, Bytes, Floats, Ints
from dd_sync.evaluate.sources import CheckRun, CheckSource, Status
from dd_sync.evaluate.state import GroupState
from dd_sync.evaluate.unsupported import Unsupported, unsupported
from dd_sync.model.monitor import Monitor
from dd_sync.model.state import State
from dd_sync.query.alerts import ServiceCheck
from dd_sync.query.service_check import read_service_check

# How long a group without runs is kept, and a monitor that says nothing waits for one.
RETENTION = 2 * DAY
_NO_DATA_AFTER = DAY
_LONGEST_MESSAGE = 500

_STATES = {
    Status.OK: State.OK,
    Status.WARNING: State.WARN,
    Status.CRITICAL: State.ALERT,
    Status.UNKNOWN: State.UNKNOWN,
}
_NAMES = {
    Status.OK: "ok",
    Status.WARNING: "warning",
    Status.CRITICAL: "critical",
    Status.UNKNOWN: "unknown",
}
_CODES = np.array([_STATES[status].severity for status in Status], dtype=np.int8)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CheckRule(Rule):
    """needs: per status how many runs in a row, or which percentage of a cluster's checks, make its state;
    a status that is missing makes none."""

    check: ServiceCheck
    needs: Mapping[Status, float]


def compile_check(key: str, monitor: Monitor, monitor_id: int) -> CheckRule:
    """Raises QueryError, TemplateError and Unsupported; places are relative to the query or the message."""
    check = read_service_check(monitor.query)
    if odd := [by for by in check.by if ":" in by]:
        raise unsupported(monitor.query, check, f"grouping by '{odd[0]}', which is a tag and no key of tags")
    cluster = check.method == "pct_by_status"
    keys = () if cluster and ANY_TAGS in check.by else tuple(dict.fromkeys(check.by))
    if ANY_TAGS in keys:
        keys = (ANY_TAGS,)
    basis = read_rule(key, monitor, monitor_id, keys, window=60, no_data_after=_NO_DATA_AFTER)
    basis = replace(
        basis,
        missing=read_missing(monitor.options, default=Missing.KEEP),
        retention=RETENTION if keys else None,
        notes=_CLUSTER_NOTES if cluster else (),
    )
    return CheckRule(**basis.shared(), check=check, needs=_needs(monitor, check))


_CLUSTER_NOTES = ("the warning share of a cluster counts its CRITICAL checks too; Datadog does not say",)


def _needs(monitor: Monitor, check: ServiceCheck) -> dict[Status, float]:
    given = read_numbers(monitor.options, frozenset(_NAMES.values()))
    needs = {status: given[name] for status, name in _NAMES.items() if name in given}
    if check.method == "pct_by_status":
        if wrong := [name for name, number in given.items() if not 0 <= number <= 100]:
            raise Unsupported(
                f"the threshold '{wrong[0]}' is no percentage",
                hint="write a number of 0 to 100",
                path=("options", "thresholds", wrong[0]),
            )
        return needs
    for name, number in given.items():
        if number < 1 or number != int(number):
            raise Unsupported(
                f"the threshold '{name}' is no number of runs",
                hint="write a whole number, 1 or more",
                path=("options", "thresholds", name),
            )
        if check.last is not None and number > check.last:
            raise unsupported(
                monitor.query,
                check,
                f"it looks at {check.last} runs, the threshold '{name}' needs {number:g}",
                "Datadog refuses this monitor; make .last() as large as the largest threshold",
            )
    return {Status.OK: 1, Status.WARNING: 1, Status.CRITICAL: 1, **needs}


class CheckFindings:
    """States of the groups that ran since the evaluation before, or ever before."""

    def __init__(self, rule: CheckRule, source: CheckSource, times: Ints, since: int) -> None:
        """times: int64 epoch seconds, ascending, at least one; since: what ran earlier was judged before."""
        self._rule, self._times = rule, times
        self._edges = np.concatenate([[since], times])
        found = source.select(rule.check.check, int(times[0]) - RETENTION, int(times[-1]))
        self._runs = _by_group(rule, found)

    @property
    def groups(self) -> Iterable[Group]:
        return [group for group, runs in self._runs.items() if runs[-1].at >= self._edges[0]]

    def judge(self, groups: Sequence[Group], previous: Sequence[GroupState | None]) -> Judged:
        shape = (len(groups), self._times.size)
        found = [self._runs.get(group, []) for group in groups]
        moments = [np.array([run.at for run in runs], dtype=np.int64) for runs in found]
        has = np.array([np.diff(np.searchsorted(at, self._edges)) > 0 for at in moments]).reshape(shape)
        life = lives(self._rule, self._times, has, previous)
        decided, values = np.zeros(shape, dtype=np.int8), np.full(shape, np.nan)
        due = np.zeros(shape, dtype=np.bool_)
        for row, (runs, at) in enumerate(zip(found, moments, strict=True)):
            since = self._edges[:-1].copy()
            for column, birth in self._first_judged(life, row, previous[row]):
                since[column], due[row, column] = birth - self._rule.frequency, True
            if self._rule.check.method == "pct_by_status":
                decided[row], values[row] = self._shares(runs)
            else:
                first, last = np.searchsorted(at, since), np.searchsorted(at, self._times)
                decided[row] = self._in_a_row(runs, first, last)
        decided[life.waiting | (life.missing & ~due)] = ABSENT
        return self._judged(decided, life, values, previous)

    def _first_judged(self, life: Lives, row: int, before: GroupState | None) -> Iterator[tuple[int, int]]:
        """Where a new group is judged for the first time, by all its runs so far: the evaluation's index,
        and when the group was first seen, epoch seconds."""
        new = before is not None and before.evaluated_at < before.first_seen + self._rule.new_group_delay
        earlier = 0 if before is None else before.first_seen
        waited = np.concatenate([[new], life.waiting[row, :-1]])
        for column in np.flatnonzero(waited & ~life.waiting[row] & life.alive[row]).tolist():
            begins = np.flatnonzero(~waited[:column])
            yield column, int(self._times[begins[-1]]) if begins.size else earlier

    def _in_a_row(self, runs: Sequence[CheckRun], first: Ints, last: Ints) -> Bytes:
        """The state that the runs of each evaluation decide, 0 where none does. int8 [T]."""
        if not runs:
            return np.zeros(first.shape, dtype=np.int8)
        statuses = np.array([run.status for run in runs], dtype=np.int64)
        begins = np.concatenate([[True], statuses[1:] != statuses[:-1]])
        length = np.arange(statuses.size) - latest_where(begins[None])[0] + 1
        needs = np.array([self._rule.needs.get(status, np.inf) for status in Status])
        deciding = latest_where((length >= needs[statuses])[None])[0]
        latest = np.where(last > 0, deciding[np.maximum(last - 1, 0)], -1)
        return np.where(latest >= first, _CODES[statuses[latest]], ABSENT).astype(np.int8)

    def _shares(self, runs: Sequence[CheckRun]) -> tuple[Bytes, Floats]:
        """The state that the shares of a cluster's checks make, and the percentage that is CRITICAL."""
        counts = np.zeros((len(Status), self._times.size))
        members: dict[frozenset[str], list[CheckRun]] = {}
        for run in runs:
            members.setdefault(frozenset(run.tags), []).append(run)
        for member in members.values():
            at = np.array([run.at for run in member], dtype=np.int64)
            statuses = np.array([run.status for run in member], dtype=np.int64)
            latest = np.searchsorted(at, self._times) - 1
            alive = (latest >= 0) & (self._times - at[latest] <= self._rule.no_data_after)
            np.add.at(counts, (statuses[latest[alive]], np.flatnonzero(alive)), 1)
        total = counts.sum(axis=0)
        share = np.divide(100 * counts, total, out=np.zeros_like(counts), where=total > 0)
        failing = share[Status.WARNING] + share[Status.CRITICAL]
        states = np.select(
            [
                total == 0,
                self._reaches(Status.CRITICAL, share[Status.CRITICAL]),
                self._reaches(Status.WARNING, failing),
                self._reaches(Status.UNKNOWN, share[Status.UNKNOWN]),
            ],
            [ABSENT, State.ALERT.severity, State.WARN.severity, State.UNKNOWN.severity],
            State.OK.severity,
        )
        return states.astype(np.int8), np.where(total > 0, share[Status.CRITICAL], np.nan)

    def _reaches(self, status: Status, share: Floats) -> Bools:
        """A share of 0 is none at all, whatever the threshold."""
        need = self._rule.needs.get(status)
        if need is None:
            return np.zeros(share.shape, dtype=np.bool_)
        return np.asarray((share >= need) & (share > 0))

    def _judged(
        self, decided: Bytes, life: Lives, values: Floats, previous: Sequence[GroupState | None]
    ) -> Judged:
        cleared = ~life.alive | life.resolved | (life.missing & (self._rule.missing is Missing.OK))
        events = np.select([cleared, life.no_data], [State.OK.severity, State.NO_DATA.severity], decided)
        before = np.array([State.OK.severity if one is None else one.state.severity for one in previous])
        latest = latest_where(events != ABSENT)
        states = np.take_along_axis(events, np.maximum(latest, 0), axis=1)
        states = np.where(latest >= 0, states, before[:, None])
        return Judged(
            np.where(life.alive, states, ABSENT).astype(np.int8),
            np.where(life.alive, values, np.nan),
            life.first_seen,
            life.missing_since,
        )

    def words(self, group: Group) -> Words:
        needs = {_THRESHOLDS[status]: number for status, number in self._rule.needs.items()}

        def said(index: int) -> Mapping[str, str | float]:
            runs = self._runs.get(group, [])
            at = [run.at for run in runs]
            latest = int(np.searchsorted(at, self._times[index])) - 1
            tags = dict(tag.partition(":")[::2] for tag in _any_tags(self._rule, group))
            found: dict[str, str | float] = {f"{key}.name": value for key, value in tags.items()}
            if latest >= 0 and runs[latest].status is not Status.OK:
                found["check_message"] = runs[latest].message[:_LONGEST_MESSAGE]
            return {**needs, **found}

        return said


_THRESHOLDS = {
    Status.OK: "ok_threshold",
    Status.WARNING: "warn_threshold",
    Status.CRITICAL: "threshold",
    Status.UNKNOWN: "unknown_threshold",
}


def runs_of(rule: CheckRule, source: CheckSource, group: Group, at: int) -> list[CheckRun]:
    """The runs of a group that an evaluation at `at` (epoch seconds) may look at, oldest first."""
    return _by_group(rule, source.select(rule.check.check, at - RETENTION, at)).get(group, [])


def _by_group(rule: CheckRule, found: Iterable[CheckRun]) -> dict[Group, list[CheckRun]]:
    """The runs over the scope, oldest first, by group. All of `over` has to match, and none of `exclude`."""
    over = [matcher(scope) for scope in rule.check.over]
    exclude = [matcher(scope) for scope in rule.check.exclude]
    groups: dict[Group, list[CheckRun]] = {}
    for run in found:
        tags = frozenset(tag.lower() for tag in run.tags)
        if all(match(tags) for match in over) and not any(match(tags) for match in exclude):
            own = replace(run, tags=tuple(sorted(tags)))
            for group in _groups(rule, own.tags):
                groups.setdefault(group, []).append(own)
    return groups


def _groups(rule: CheckRule, tags: tuple[str, ...]) -> list[Group]:
    return [(",".join(tags),)] if rule.keys == (ANY_TAGS,) else groups_of(tags, rule.keys)


def _any_tags(rule: CheckRule, group: Group) -> list[str]:
    return group[0].split(",") if rule.keys == (ANY_TAGS,) else []
