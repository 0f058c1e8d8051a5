"""Why a group of a monitor was in its state at a time, and who was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np

from dd_sync.evaluate.algorithms import Algorithm
from dd_sync.evaluate.composite import CompositeRule
from dd_sync.evaluate.event_rule import EventRule
from dd_sync.evaluate.event_steps import Searched, explain_events
from dd_sync.evaluate.judge import ABSENT, CODES
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.replay import Kind, Notification, Replay
from dd_sync.evaluate.rule import Missing, Rule, Thresholds
from dd_sync.evaluate.select import TOTAL, group_name, group_of
from dd_sync.evaluate.service_check import CheckRule, runs_of
from dd_sync.evaluate.silence import Silence, silences_of
from dd_sync.evaluate.sources import CheckRun
from dd_sync.evaluate.steps import Steps, explain_value
from dd_sync.message.fill import format_number
from dd_sync.message.tools import handles_in
from dd_sync.model.state import State
from dd_sync.query.canonical import render_scope
from dd_sync.report.why_answer import Case, Downtime, Event, Level, PartState, Recipient, Why
from dd_sync.report.why_words import OPPOSITE, PAST, by_value, listed, relation
from dd_sync.timeframe import format_duration

_POLICIES = {
    Missing.ZERO: "a count without data is 0",
    Missing.KEEP: "it keeps the state it had",
    Missing.NO_DATA: "it is No Data, which is told to nobody",
    Missing.NO_DATA_NOTIFIED: "it is No Data",
    Missing.OK: "it counts as recovered",
}
_MOST_EVENTS = 8
_MOST_RUNS = 8


def why(case: Case, group: str, at: int) -> Why:
    """About `group`, one of the replay's, as of the last evaluation at or before `at`, which there has to be.

    Raises what an evaluation raises.
    """
    return _Asking(case, group, at).answer()


class _Asking:
    def __init__(self, case: Case, group: str, at: int) -> None:
        self.case, self.group, self.done, self.rule = case, group, case.done, case.done.rule
        self.index = case.done.index(at) or 0
        self.at = int(self.done.times[self.index])
        self.values = group_of(self.rule.keys, group)
        row = self.done.groups.index(group)
        self.codes = self.done.states[row]
        self.code = int(self.codes[self.index])
        number = float(self.done.values[row, self.index])
        self.value = None if np.isnan(number) else number

    def answer(self) -> Why:
        steps = self._steps()
        told = [one for one in self.done.notifications if one.group in self._names()]
        sent = tuple(one for one in told if one.at == self.at)
        return Why(
            case=self.case,
            group=self.group,
            at=self.at,
            state=_state(self.code),
            before=self._before(),
            since=self._since(),
            value=self.value,
            reasons=tuple(self._reasons(steps)),
            levels=tuple(self._levels()),
            steps=steps,
            searches=self._searches(),
            parts=tuple(self._parts()),
            runs=tuple(self._runs()[-_MOST_RUNS:]),
            sent=sent,
            held=tuple(
                one for one in self.done.suppressed if one.at == self.at and one.group in self._names()
            ),
            recipients=tuple(self._recipients(sent)),
            last=next((one for one in reversed(told) if one.at < self.at), None),
            after=next((one for one in told if one.at > self.at), None),
            downtimes=tuple(self._downtimes()),
            events=tuple(self._events(told)),
        )

    def _names(self) -> tuple[str, ...]:
        """Its own name, and that of the groups it is told with."""
        by = self.rule.notify_by
        if by is None:
            return (self.group,)
        values = dict(zip(self.rule.keys, self.values, strict=True))
        return (self.group, group_name(by, tuple(values[key] for key in by)))

    # --- the state -----------------------------------------------------------------------------

    def _before(self) -> State | None:
        if self.index:
            return _state(int(self.codes[self.index - 1]))
        known = self.done.before.get(self.group)
        return None if known is None else known.state

    def _since(self) -> int:
        """The first evaluation of the present state without a break."""
        other = np.flatnonzero(self.codes[: self.index] != self.code)
        return int(self.done.times[int(other[-1]) + 1 if other.size else 0])

    def _reasons(self, steps: Steps | None) -> Iterator[str]:
        if self.code == ABSENT:
            yield self._absence()
            return
        if steps is not None and steps.value is None:
            yield f"The window holds no data; by its missing-data policy {self._policy()}."
        if isinstance(self.rule, EventRule) and self.value is None:
            yield f"The events in the window give no value; by its missing-data policy {self._policy()}."
        bounds = self.rule.thresholds
        if self.value is not None and bounds is not None:
            yield from self._comparison(bounds, self.value, steps)
        if isinstance(self.rule, CompositeRule):
            parts = [f"{one.state or 'nothing'} for {one.name}" for one in self._parts()]
            yield f"{self.rule.monitor.query} is {CODES[self.code]} with {listed(parts)}."
        if isinstance(self.rule, CheckRule) and self.rule.check.method == "count_by_status":
            yield from self._in_a_row(self.rule, self._runs())
        if self._is_new():
            delay = format_duration(timedelta(seconds=self.rule.new_group_delay))
            yield f"The group is new, and is judged from {delay} after its first data on."

    def _policy(self) -> str:
        missing = self.rule.missing
        waits = missing in (Missing.NO_DATA, Missing.NO_DATA_NOTIFIED) and self.code != State.NO_DATA.severity
        if not waits:
            return _POLICIES[missing]
        span = format_duration(timedelta(seconds=self.rule.no_data_after))
        return f"it becomes No Data once data has been missing for {span}"

    def _in_a_row(self, rule: CheckRule, runs: Sequence[CheckRun]) -> Iterator[str]:
        """How many equal runs came last, and how many it takes."""
        if not runs:
            yield "There was no run by then."
            return
        latest = runs[-1].status
        count = next((at for at, one in enumerate(reversed(runs)) if one.status is not latest), len(runs))
        need = rule.needs.get(latest)
        takes = "which decides nothing here" if need is None else f"and it takes {need:g} in a row"
        many = "run was" if count == 1 else f"{count} runs were"
        yield f"The last {many} {latest.name}, {takes}."

    def _absence(self) -> str:
        alive = np.flatnonzero(self.codes != ABSENT)
        if not alive.size or alive[0] > self.index:
            return "No data of this group had been seen by then, so the group does not exist."
        return "The group was forgotten after a long time without data, and does not exist any more."

    def _comparison(self, bounds: Thresholds, value: float, steps: Steps | None) -> Iterator[str]:
        asked = by_value(bounds, value)
        yield f"{format_number(value)} is {relation(bounds, asked)}."
        if asked is CODES[self.code] or self._is_new():
            return
        if steps is not None and not steps.full:
            yield "The window is not full, as require_full_window asks for, so the state stays."
        else:
            yield from self._held(bounds)

    def _is_new(self) -> bool:
        """Whether the group is not judged yet."""
        return self.at - self._first_seen() < self.rule.new_group_delay

    def _first_seen(self) -> int:
        gone = np.flatnonzero(self.codes[: self.index] == ABSENT)
        if not gone.size and self.group in self.done.before:
            return self.done.before[self.group].first_seen
        return int(self.done.times[int(gone[-1]) + 1 if gone.size else 0])

    def _held(self, bounds: Thresholds) -> Iterator[str]:
        recoveries = {State.ALERT: bounds.critical_recovery, State.WARN: bounds.warning_recovery}
        recovery = recoveries.get(CODES[self.code])
        if recovery is not None:
            yield (
                f"It stays {CODES[self.code]} until the value is {self._opposite(bounds)} "
                f"{format_number(recovery)}, the recovery threshold."
            )
        else:
            yield f"It keeps the state it had: {CODES[self.code]}."

    def _opposite(self, bounds: Thresholds) -> str:
        """What a recovery threshold asks of the value; anomalies have recovered as soon as they reach it."""
        sign = bounds.comparator if anomalies_of(self.rule) is None else bounds.comparator[0]
        return OPPOSITE.get(sign, "")

    def _levels(self) -> Iterator[Level]:
        bounds = self.rule.thresholds
        if bounds is None:
            return
        opposite = self._opposite(bounds)
        for name, comparator, threshold in (
            ("Alert", bounds.comparator, bounds.critical),
            ("Warn", bounds.comparator, bounds.warning),
            ("Alert is over", opposite, bounds.critical_recovery),
            ("Warn is over", opposite, bounds.warning_recovery),
        ):
            if threshold is not None:
                past = None if self.value is None else bool(PAST[comparator](self.value, threshold))
                yield Level(name, comparator, threshold, past)

    def _steps(self) -> Steps | None:
        if not isinstance(self.rule, MetricRule):
            return None
        return explain_value(self.rule, self.case.sources.series, self.values, self.at)

    def _searches(self) -> tuple[Searched, ...]:
        if not isinstance(self.rule, EventRule):
            return ()
        return explain_events(self.rule, self.case.sources.events, self.values, self.at)

    def _parts(self) -> Iterator[PartState]:
        """Each monitor of a composite, in the group whose tags this one's has, or whose values."""
        for name, done in self.case.parts.items():
            group = _counterpart(done, set(self.values))
            if group is None:
                yield PartState(str(name), "", None, None)
            else:
                yield PartState(
                    str(name), group, done.state_at(group, self.at), done.value_at(group, self.at)
                )

    def _runs(self) -> Sequence[CheckRun]:
        if not isinstance(self.rule, CheckRule):
            return ()
        return runs_of(self.rule, self.case.sources.checks, self.values, self.at)

    # --- who was told --------------------------------------------------------------------------

    def _recipients(self, sent: Sequence[Notification]) -> Iterator[Recipient]:
        """Whom this evaluation told, and which other handles the message has."""
        told = dict.fromkeys(handle for one in sent for handle in one.handles)
        yield from (Recipient(handle, True, "") for handle in told)
        uses = [(use.handle, use.conditions) for use in handles_in(self.rule.message)]
        if self.rule.escalation is not None:
            again = handles_in(self.rule.escalation)
            uses += [(use.handle, ("is_renotify", *use.conditions)) for use in again]
        others: dict[str, list[str]] = {}
        for handle, conditions in uses:
            others.setdefault(handle, []).append(" and ".join(dict.fromkeys(conditions)))
        for handle, cases in others.items():
            if handle not in told and "{{" not in handle:
                asked = "" if "" in cases else " or ".join(dict.fromkeys(cases))
                yield Recipient(handle, False, f"only if {asked}" if asked else "nothing was sent")

    def _downtimes(self) -> Iterator[Downtime]:
        reaching = silences_of(self.rule.keys, self.values, self.case.silences)
        for one in self._near():
            over = one.over_at
            if one not in reaching:
                effect = f"is not about {self.group}"
            elif one.covers(self.at):
                effect = "silences it"
            elif self.at < one.start:
                effect = "begins later"
            else:
                effect = "was over"
            silences = one in reaching and one.covers(self.at)
            yield Downtime(one.name, render_scope(one.scope), one.start, over, effect, silences)

    def _near(self) -> Iterator[Silence]:
        """All silences, but of a declared downtime only the last one that had begun, and the next."""
        last: dict[str, int] = {}
        coming: dict[str, int] = {}
        for one in self.case.silences:
            if one.start <= self.at:
                last[one.name] = max(one.start, last.get(one.name, one.start))
            else:
                coming[one.name] = min(one.start, coming.get(one.name, one.start))
        for one in self.case.silences:
            if not one.name or one.start in (last.get(one.name), coming.get(one.name)):
                yield one

    def _events(self, told: Sequence[Notification]) -> Iterator[Event]:
        """What happened to the group nearest to the time, oldest first."""
        found: dict[int, list[Event]] = {}
        for moved in self.done.transitions:
            if moved.group == self.group:
                what = f"{moved.before} -> {moved.after}"
                found.setdefault(moved.at, []).append(Event(moved.at, what, moved.value, None))
        for said in self._said(told):
            known = found.setdefault(said.at, [])
            if len(known) == 1 and known[0].told is None and said.what not in _BY_ITSELF:
                known[0] = Event(said.at, known[0].what, known[0].value, said.told)
            else:
                known.append(said)
        events = [one for at in sorted(found) for one in found[at]]
        nearest = sorted(events, key=lambda one: (abs(one.at - self.at), one.at))[:_MOST_EVENTS]
        yield from (one for one in events if one in nearest)

    def _said(self, told: Sequence[Notification]) -> Iterator[Event]:
        for one in told:
            whom = " ".join(one.handles) or "nobody: no handle applies"
            yield Event(one.at, str(one.kind), None, f"told {whom}")
        for held in self.done.suppressed:
            if held.group in self._names():
                yield Event(held.at, str(held.kind), None, f"not told: {held.reason}")


_BY_ITSELF = (str(Kind.RENOTIFY), str(Kind.DOWNTIME_ENDED))


def anomalies_of(rule: Rule) -> Algorithm | None:
    """How the rule asks for anomalies, None if it does not."""
    algorithm = rule.algorithm if isinstance(rule, MetricRule) else None
    return algorithm if algorithm is not None and algorithm.name == "anomalies" else None


def _state(code: int) -> State | None:
    return CODES.get(code)


def _counterpart(done: Replay, values: set[str]) -> str | None:
    """The part's group that has only values of the composite's group; the total of a simple monitor."""
    if not done.rule.keys:
        return TOTAL if TOTAL in done.groups else None
    return next((name for name in done.groups if set(group_of(done.rule.keys, name)) <= values), None)
