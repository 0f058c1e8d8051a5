"""What happened against what is expected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from dd_sync.evaluate.judge import CODES
from dd_sync.evaluate.replay import Notification, Replay, Transition
from dd_sync.evaluate.select import ANY_TAGS, TOTAL
from dd_sync.message.fill import format_number
from dd_sync.scenarios.schema import (
    ABSENT,
    ExpectForm,
    NotificationForm,
    ScenarioForm,
    TransitionForm,
    severity_of,
)
from dd_sync.timeframe import format_duration

# What one line can list and still be read.
_MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """path: from `expect` to the part that was not met; at: seconds from the start; wanted: instead, then.

    others: what else of the same list was not met, by its time.
    """

    problem: str
    path: tuple[str | int, ...]
    group: str | None = None
    at: int | None = None
    wanted: str = ""
    others: tuple[tuple[int, str], ...] = ()


def compare(form: ScenarioForm, done: Replay) -> Iterator[Difference]:
    """Everything that differs, in the order of the expectations."""
    start, tags = int(form.start.timestamp()), _tags_given(form)
    told = [one.group for one in done.notifications] + [one.group for one in done.suppressed]
    known = {*done.groups, *told}
    for index, written in enumerate(form.expect):
        group = _as_known(written.group, known)
        expect = written if group == written.group else written.model_copy(update={"group": group})
        yield from _Comparison(expect, index, start, done, group in known, tags).run()


def _tags_given(form: ScenarioForm) -> frozenset[str] | None:
    """The tags of all it gives, None where it may have others, in files and events, or gives nothing."""
    if form.events or not (form.series or form.checks) or any(one.file is not None for one in form.series):
        return None
    tags = [one.tags for one in form.series] + [one.tags for one in form.checks]
    return frozenset(tag.lower() for each in tags for tag in each)


def _as_known(group: str | None, known: Collection[str]) -> str | None:
    """The group in the order of the query's keys, in whatever order it was written."""
    if group is None or group in known:
        return group
    parts = sorted(group.split(","))
    return next((one for one in known if sorted(one.split(",")) == parts), group)


def clock(seconds: int, start: int) -> str:
    """A time of the scenario in both ways: `1h30m (2026-03-02 01:30)`."""
    moment = np.datetime64(start + seconds, "s").astype("datetime64[m]")
    return f"{relative(seconds)} ({str(moment).replace('T', ' ')})"


def relative(seconds: int) -> str:
    return "0m" if seconds == 0 else format_duration(timedelta(seconds=seconds))


class _Comparison:
    """One line of `expect`. known: whether there ever was its group; given: the tags there are."""

    def __init__(
        self,
        expect: ExpectForm,
        index: int,
        start: int,
        done: Replay,
        known: bool,
        given: Collection[str] | None,
    ) -> None:
        self._expect, self._index, self._start, self._done = expect, index, start, done
        self._known, self._given = known, given

    def run(self) -> Iterator[Difference]:
        expect = self._expect
        if wrong := self._wrong_group():
            yield self._difference(wrong, "group")
            return
        if expect.at is not None:
            yield from self._at(expect.at)
        if expect.never is not None:
            for name in expect.never:
                yield from self._never(name)
        if expect.transitions is not None:
            yield from self._transitions(expect.transitions)
        if expect.transitions_at_least is not None:
            yield from self._transitions_at_least(expect.transitions_at_least)
        if expect.notifications is not None:
            yield from self._notifications(expect.notifications)
        if expect.notifications_at_least is not None:
            yield from self._notifications_at_least(expect.notifications_at_least)

    def _needs_group(self) -> bool:
        """Whether what is expected cannot hold of a group that never was there."""
        expect = self._expect
        return bool(
            expect.state not in (None, ABSENT)
            or expect.value is not None
            or expect.transitions
            or expect.transitions_at_least
            or expect.notifications
            or expect.notifications_at_least
        )

    def _wrong_group(self) -> str:
        """Why what is expected of its group would hold of no monitor, or of any; "" if it means something."""
        group, rule = self._expect.group, self._done.rule
        if group is None or self._known:
            return ""
        told_by = rule.keys if rule.notify_by is None else rule.notify_by
        if not (_fits(group, rule.keys) or _fits(group, told_by)):
            grouped = f"is grouped by {', '.join(rule.keys)}" if rule.keys else "has no groups"
            return f"there is no group {group}: the monitor {grouped}"
        if self._needs_group() or not (self._expect.state == ABSENT or self._may_be(group)):
            return f"there never was a group {group}; there was {self._groups()}"
        return ""

    def _may_be(self, group: str) -> bool:
        """Whether the scenario gives anything with its tags, which the monitor then leaves out."""
        return self._given is None or all(tag in self._given for tag in group.lower().split(","))

    def _groups(self) -> str:
        return ", ".join(self._done.groups) or "none at all"

    def _difference(
        self,
        problem: str,
        *path: str | int,
        at: int | None = None,
        wanted: str = "",
        group: str | None = None,
        others: tuple[tuple[int, str], ...] = (),
    ) -> Difference:
        return Difference(problem, (self._index, *path), group or self._expect.group, at, wanted, others)

    # --- at a time -----------------------------------------------------------------------------

    def _at(self, at: int) -> Iterator[Difference]:
        expect, moment = self._expect, self._start + at
        group = expect.group or TOTAL
        if expect.group is None and self._done.rule.keys:
            yield self._difference("the monitor has groups; say which one is meant with `group:`")
            return
        if expect.state is not None:
            state = self._done.state_at(group, moment)
            got = ABSENT if state is None else state.value
            if got != expect.state:
                yield self._difference(
                    f"{group} at {clock(at, self._start)}: expected {expect.state}, got {got}",
                    "state",
                    at=at,
                    wanted=expect.state,
                )
        if expect.value is not None:
            yield from self._value(group, at, float(expect.value))

    def _value(self, group: str, at: int, expected: float) -> Iterator[Difference]:
        value = self._done.value_at(group, self._start + at)
        tolerance = self._expect.tolerance
        allowed = 1e-9 * max(1.0, abs(expected)) if tolerance is None else float(tolerance)
        if value is None or abs(value - expected) > allowed:
            got = "no value" if value is None else format_number(value)
            yield self._difference(
                f"{group} at {clock(at, self._start)}: expected {format_number(expected)}, got {got}",
                "value",
                at=at,
                wanted=format_number(expected),
            )

    # --- over the whole scenario ---------------------------------------------------------------

    def _concerns(self, group: str) -> bool:
        return self._expect.group in (None, group)

    def _never(self, name: str) -> Iterator[Difference]:
        done = self._done
        for row, group in enumerate(done.groups):
            hits = np.flatnonzero(done.states[row] == severity_of(name))
            if self._concerns(group) and hits.size:
                at = int(done.times[hits[0]]) - self._start
                yield self._difference(
                    f"{group} is {name} at {clock(at, self._start)}",
                    "never",
                    at=at,
                    wanted=f"never {name}",
                    group=group,
                )

    def _moved(self) -> list[Transition]:
        return [one for one in self._done.transitions if self._concerns(one.group)]

    def _is(self, expected: TransitionForm, got: Transition) -> bool:
        return expected.at == got.at - self._start and expected.to == got.after.value

    def _transitions(self, expected: Sequence[TransitionForm]) -> Iterator[Difference]:
        got = self._moved()
        same = len(got) == len(expected) and all(map(self._is, expected, got))
        if not same:
            at, wanted, others = _differing(
                [(one.at, one.to) for one in expected],
                [(one.at - self._start, one.after.value) for one in got],
                "a change to",
            )
            yield self._difference(
                f"expected {_listed(self._expected(one) for one in expected)}, "
                f"got {_listed(self._got(one) for one in got)}",
                "transitions",
                at=at,
                wanted=wanted or "no change",
                others=others,
            )

    def _transitions_at_least(self, expected: Sequence[TransitionForm]) -> Iterator[Difference]:
        got = self._moved()
        for index, one in enumerate(expected):
            if not any(self._is(one, other) for other in got):
                yield self._difference(
                    f"expected {self._expected(one)}, got {_listed(self._got(other) for other in got)}",
                    "transitions_at_least",
                    index,
                    at=one.at,
                    wanted=f"a change to {one.to}",
                )

    def _expected(self, one: TransitionForm) -> str:
        return f"{one.to} at {relative(one.at)}"

    def _got(self, one: Transition) -> str:
        who = "" if self._expect.group else f"{one.group} "
        return f"{who}{one.after.value} at {relative(one.at - self._start)}"

    # --- notifications -------------------------------------------------------------------------

    def _notifications(self, expected: Sequence[NotificationForm]) -> Iterator[Difference]:
        got = [one for one in self._done.notifications if self._concerns(one.group)]
        said = [f"{one.kind} at {relative(one.at - self._start)}" for one in got]
        wanted = [f"{one.kind} at {relative(one.at)}" for one in expected]
        if said != wanted:
            at, first, others = _differing(
                [(one.at, one.kind) for one in expected],
                [(one.at - self._start, one.kind) for one in got],
                "the notification",
            )
            yield self._difference(
                f"expected the notifications {_listed(wanted)}, got {_listed(said)}{self._why_not()}",
                "notifications",
                at=at,
                wanted=first or "no notification",
                others=others,
            )
            return
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from self._notification(one, other, ("notifications", index))

    def _notifications_at_least(self, expected: Sequence[NotificationForm]) -> Iterator[Difference]:
        got = [one for one in self._done.notifications if self._concerns(one.group)]
        for index, one in enumerate(expected):
            path = ("notifications_at_least", index)
            same = [each for each in got if (each.kind, each.at) == (one.kind, self._start + one.at)]
            told = [list(self._notification(one, each, path)) for each in same]
            if not same:
                said = _listed(f"{each.kind} at {relative(each.at - self._start)}" for each in got)
                yield self._difference(
                    f"expected {one.kind} at {relative(one.at)}, got {said}{self._why_not()}",
                    *path,
                    at=one.at,
                    wanted=f"the notification {one.kind}",
                )
            elif all(told):
                yield from told[0]

    def _why_not(self) -> str:
        held = [one for one in self._done.suppressed if self._concerns(one.group)]
        told = _listed(f"{one.kind} at {relative(one.at - self._start)}: {one.reason}" for one in held)
        return f" (not sent: {told})" if held else ""

    def _notification(
        self, expected: NotificationForm, got: Notification, path: tuple[str | int, ...]
    ) -> Iterator[Difference]:
        where, text = f"the {got.kind} at {clock(expected.at, self._start)}", f"{got.title}\n{got.body}"
        if expected.handles is not None and sorted(expected.handles) != sorted(got.handles):
            yield self._difference(
                f"{where} tells {_listed(got.handles)}, expected {_listed(expected.handles)}",
                *(*path, "handles"),
                at=expected.at,
                wanted=_listed(expected.handles),
            )
        for part in expected.contains or ():
            if part not in text:
                yield self._difference(
                    f"{where} does not say '{part}'; it says: {got.title} / {got.body}",
                    *(*path, "contains"),
                    at=expected.at,
                    wanted=f"to hear '{part}'",
                )
        for part in expected.contains_not or ():
            if part in text:
                yield self._difference(
                    f"{where} says '{part}'; it says: {got.title} / {got.body}",
                    *(*path, "contains_not"),
                    at=expected.at,
                    wanted=f"not to hear '{part}'",
                )


def _fits(group: str, keys: Sequence[str]) -> bool:
    """Whether it is written as a group of these keys, in any order."""
    if tuple(keys) == (ANY_TAGS,):
        return True
    if not keys:
        return group == TOTAL
    return sorted(part.partition(":")[0] for part in group.split(",")) == sorted(keys)


def _listed(parts: Iterable[str]) -> str:
    """The parts in one line, the first of many."""
    found = list(parts)
    more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return (", ".join(found[:_MOST_LISTED]) or "none") + more


def _differing(
    expected: Sequence[tuple[int, str]], got: Sequence[tuple[int, str]], word: str
) -> tuple[int | None, str, tuple[tuple[int, str], ...]]:
    """The time of the first one of either that the other does not have, what was expected then, if any, and
    the later ones that were expected and did not come. word: before what was expected.

    All of them may be the same and only their order another: then there is no such time.
    """
    at = min((moment for moment, _ in {*expected} ^ {*got}), default=None)
    first = next((f"{word} {name}" for moment, name in expected if moment == at), "")
    missed = (one for one in expected if one not in got and one[0] != at)
    return at, first, tuple((moment, f"{word} {name}") for moment, name in missed)


def state_name(code: int) -> str:
    return CODES[code].value if code in CODES else ABSENT
