"""A block of the message that no notification of this monitor can ever show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dd_sync.checks.finding import Finding, Path, Subject
from dd_sync.errors import Severity
from dd_sync.message.nodes import Block, Condition, OverriddenPriority, Part, Template

# A notification: what the group went to or came back from, and whether it is told again.
Told = tuple[str, bool]
Case = frozenset[Told]

_CHANGES = ("alert", "warning", "alert to warning", "no data", "unknown")
_RECOVERIES = tuple(f"{state} recovery" for state in ("alert", "warning", "no data", "unknown"))
# Where each condition may hold, and where it surely does. Whether `is_warning` also holds when an alert
# becomes a warning is not known, so there it may, and its opposite may as well.
_HOLDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "is_alert": (frozenset({"alert"}), frozenset({"alert"})),
    "is_warning": (frozenset({"warning", "alert to warning"}), frozenset({"warning"})),
    "is_alert_to_warning": (frozenset({"alert to warning"}), frozenset({"alert to warning"})),
    "is_no_data": (frozenset({"no data"}), frozenset({"no data"})),
    "is_unknown": (frozenset({"unknown"}), frozenset({"unknown"})),
    "is_recovery": (frozenset(_RECOVERIES), frozenset(_RECOVERIES)),
    "is_alert_recovery": (frozenset({"alert recovery"}), frozenset({"alert recovery"})),
    "is_warning_recovery": (frozenset({"warning recovery"}), frozenset({"warning recovery"})),
    "is_no_data_recovery": (frozenset({"no data recovery"}), frozenset({"no data recovery"})),
}
_ALWAYS_WARNS = frozenset(("service check", "composite", "synthetics alert"))
_STATUSES = {"alert": "alert", "warn": "warning", "no data": "no data"}


def check(subject: Subject) -> Iterator[Finding]:
    for path, template in subject.readable():
        if any(isinstance(part, Block) for part in template.parts):
            yield from _Walk(subject, path, template).blocks(template.parts, told(subject))


def told(subject: Subject) -> Case:
    """Every notification this monitor can send."""
    states = {"alert"}
    if subject.declared.monitor.type in _ALWAYS_WARNS or "warning" in subject.thresholds:
        states |= {"warning", "alert to warning"}
    missing = subject.options.get("on_missing_data")
    if subject.options.get("notify_no_data") is True or missing == "show_and_notify_no_data":
        states.add("no data")
    if subject.declared.monitor.type == "service check":
        states.add("unknown")
    # Shown but not told, a state of no data can still be told to be over.
    recovered = states | ({"no data"} if missing == "show_no_data" else set())
    recoveries = {name for name in _RECOVERIES if name.removesuffix(" recovery") in recovered}
    again = _told_again(subject) & (states | recovered)
    return frozenset({(state, False) for state in states | recoveries} | {(state, True) for state in again})


def _told_again(subject: Subject) -> set[str]:
    if not subject.number("renotify_interval"):
        return set()
    statuses = subject.options.get("renotify_statuses")
    chosen = statuses if isinstance(statuses, list) and statuses else ["alert", "no data"]
    return {_STATUSES[status] for status in chosen if isinstance(status, str) and status in _STATUSES}


class _Walk:
    def __init__(self, subject: Subject, path: Path, template: Template) -> None:
        self.subject = subject
        self.path = path
        self.template = template
        self.priority = subject.declared.monitor.priority
        self.overridden = any(_overrides(part) for part in template.parts)

    def blocks(self, parts: Sequence[Part], case: Case) -> Iterator[Finding]:
        for part in parts:
            if isinstance(part, Block):
                yield from self.block(part, case)

    def block(self, block: Block, case: Case) -> Iterator[Finding]:
        holds, fails = self.split(block.condition, case)
        then, otherwise = (fails, holds) if block.negated else (holds, fails)
        if not then:
            yield self.finding(block, "this block is never shown", case)
        else:
            yield from self.blocks(block.then, then)
        if block.otherwise and not otherwise:
            yield self.finding(block, "what follows the {{else}} of this block is never shown", case)
        elif block.otherwise:
            yield from self.blocks(block.otherwise, otherwise)

    def split(self, condition: Condition, case: Case) -> tuple[Case, Case]:
        """The notifications for which the condition may hold, and those for which it may not."""
        if condition.name in _HOLDS:
            may, surely = _HOLDS[condition.name]
            return (
                frozenset(told for told in case if told[0] in may),
                frozenset(told for told in case if told[0] not in surely),
            )
        if condition.name == "is_renotify":
            again = frozenset(told for told in case if told[1])
            return again, case - again
        if condition.name == "is_priority" and not self.overridden:
            own = str(self.priority) in condition.values
            return (case, frozenset()) if own else (frozenset(), case)
        return case, case

    def finding(self, block: Block, problem: str, case: Case) -> Finding:
        start = block.span[0]
        end = self.template.source.find("}}", start) + 2
        hint = _HINTS.get(block.condition.name, "take the block away")
        if case != told(self.subject):
            hint = "the blocks around it leave nothing for it; take it out of them, or take it away"
        return Finding(self.path, problem, hint, Severity.WARNING, offset=start, length=end - start)


_NO_DATA = (
    "this monitor does not tell no data: set on_missing_data to show_and_notify_no_data, or take it away"
)
_WARNING = "this monitor has no warning threshold: add one, or take the block away"
_HINTS = {
    "is_no_data": _NO_DATA,
    "is_no_data_recovery": _NO_DATA,
    "is_warning": _WARNING,
    "is_warning_recovery": _WARNING,
    "is_alert_to_warning": _WARNING,
    "is_unknown": "only service checks have the state unknown; take the block away",
    "is_renotify": "this monitor tells once: add a renotify interval, or take the block away",
    "is_priority": "compare with the monitor's own `priority:`, or take the block away",
}


def _overrides(part: Part) -> bool:
    if isinstance(part, Block):
        return any(map(_overrides, (*part.then, *part.otherwise)))
    return isinstance(part, OverriddenPriority)
