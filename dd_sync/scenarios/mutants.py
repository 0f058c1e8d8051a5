"""Mutants of a monitor: the same monitor with one thing a little wrong, as by a slip of the hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dd_sync.model.monitor import Monitor
from dd_sync.query.alerts import (
    CompositeAlert,
    EventAlert,
    FormulaAlert,
    ProcessAlert,
    Query,
    ServiceCheck,
)
from dd_sync.query.canonical import render, render_number
from dd_sync.query.nodes import NOWHERE, Comparator, MetricAlert, Span
from dd_sync.query.queries import parse_query
from dd_sync.scenarios.mutants_metric import metric_changes
from dd_sync.scenarios.mutants_other import composite_changes, event_changes, service_check_changes
from dd_sync.scenarios.mutation import Change, moved_number, windows_beside

_NAMES = {
    "critical": "critical threshold",
    "warning": "warning threshold",
    "critical_recovery": "recovery threshold",
    "warning_recovery": "warning's recovery threshold",
    "ok": "threshold for OK",
    "unknown": "threshold for UNKNOWN",
}
_STRICTNESS: Mapping[str, Comparator] = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "==": "!=", "!=": "=="}
_MISSING = ("default", "show_and_notify_no_data", "show_no_data", "resolve")
# Options with a number of their own: what the mutant makes of it, in words and as a number.
_HALVED_OR_LEFT_OUT = ("evaluation_delay", "new_group_delay", "timeout_h")
_DOUBLED = ("renotify_interval", "no_data_timeframe")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutant. id: the same for one change whatever the monitor's numbers are, each once a monitor.

    words: what was changed. part: which part of the monitor that is: `critical`, `window`, `by`, `scope`,
    `number`, `on_missing_data`, …; span: where it stands in the query's text, (-1, -1) for an option.
    was: the number that was changed or the term that was left out, None for anything else.
    """

    id: str
    words: str
    part: str
    monitor: Monitor
    span: Span = NOWHERE
    was: float | str | None = None


def mutants_of(monitor: Monitor) -> tuple[Mutant, ...]:
    """Every mutant, in a stable order; those that come out as the monitor itself are left out.

    Raises QueryError where the query is not in Datadog's language.
    """
    query = parse_query(monitor.type, monitor.query)
    found: dict[str, Mutant] = {}
    for mutant in (*_of_thresholds(monitor, query), *_of_query(monitor, query), *_of_options(monitor)):
        if mutant.monitor != monitor:
            found.setdefault(mutant.id, mutant)
    return tuple(found.values())


# --- thresholds ------------------------------------------------------------------------------


def _of_thresholds(monitor: Monitor, query: Query) -> Iterator[Mutant]:
    thresholds = {name: value for name, value in _thresholds(monitor).items() if _is_number(value)}
    own = getattr(query, "threshold", None)
    if own is not None:
        thresholds = {"critical": own, **thresholds}
    for name, value in thresholds.items():
        words = _NAMES.get(name, name)
        others = [other for key, other in thresholds.items() if key != name]
        for way in ("up", "down"):
            number = moved_number(value, others, up=way == "up", whole=isinstance(query, ServiceCheck))
            changed = _with_threshold(monitor, query, name, number)
            said = f"{words} {render_number(value)} -> {render_number(number)}"
            yield Mutant(f"{name}-{way}", said, name, changed, was=value)
        if name != "critical":
            changed = _with_threshold(monitor, query, name, None)
            yield Mutant(f"{name}-gone", f"{words} {render_number(value)} taken away", name, changed)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _thresholds(monitor: Monitor) -> Mapping[str, Any]:
    return monitor.options.get("thresholds") or {}


def _with_threshold(monitor: Monitor, query: Query, name: str, value: float | None) -> Monitor:
    """The monitor with another threshold, in the options and, if it is the query's own, there too."""
    thresholds = {key: old for key, old in _thresholds(monitor).items() if key != name}
    if value is not None and name in _thresholds(monitor):
        thresholds[name] = value
    options = {**monitor.options, "thresholds": thresholds}
    if name == "critical" and isinstance(query, MetricAlert | EventAlert | FormulaAlert | ProcessAlert):
        return replace(monitor, query=render(replace(query, threshold=value)), options=options)
    return replace(monitor, options=options)


# --- the query -------------------------------------------------------------------------------


def _of_query(monitor: Monitor, query: Query) -> Iterator[Mutant]:
    for change in _changes(query):
        changed = replace(monitor, query=render(change.query))
        yield Mutant(change.id, change.words, change.part, changed, change.span, change.was)


def _changes(query: Query) -> Iterator[Change]:
    if isinstance(query, MetricAlert | EventAlert | FormulaAlert | ProcessAlert):
        other = _STRICTNESS[query.comparator]
        yield Change(
            "comparator", f"{query.comparator} became {other}", "critical", replace(query, comparator=other)
        )
    match query:
        case MetricAlert():
            yield from metric_changes(query)
        case CompositeAlert():
            yield from composite_changes(query)
        case ServiceCheck():
            yield from service_check_changes(query)
        case EventAlert():
            yield from event_changes(query)
        case FormulaAlert() | ProcessAlert():
            for name, said, window in windows_beside(query.window):
                yield Change(name, said, "window", replace(query, window=window), query.window.span)


# --- options ---------------------------------------------------------------------------------


def _of_options(monitor: Monitor) -> Iterator[Mutant]:
    yield from _of_missing(monitor)
    options = monitor.options
    if options.get("require_full_window") is True:
        changed = _with_option(monitor, "require_full_window", False)
        yield Mutant("full-window", "judges a window that is not full", "require_full_window", changed)
    for name in _HALVED_OR_LEFT_OUT:
        value = options.get(name)
        if _is_number(value) and value:
            changed = _with_option(monitor, name, None if name == "timeout_h" else 0)
            yield Mutant(f"{name}-gone", f"{name} {value:g} taken away", name, changed, was=value)
    for name in _DOUBLED:
        value = options.get(name)
        if _is_number(value) and value:
            changed = _with_option(monitor, name, value * 2)
            words = f"{name} {value:g} -> {value * 2:g}"
            yield Mutant(f"{name}-doubled", words, name, changed, was=value)


def _of_missing(monitor: Monitor) -> Iterator[Mutant]:
    """What becomes of a group without data: each other policy that a reader could mistake it for."""
    policy = monitor.options.get("on_missing_data")
    if policy is None:
        if monitor.type in ("composite", "slo alert"):
            return
        notifies = monitor.options.get("notify_no_data") is True
        words = f"notify_no_data {str(notifies).lower()} -> {str(not notifies).lower()}"
        changed = _with_option(monitor, "notify_no_data", not notifies)
        yield Mutant("notify-no-data", words, "notify_no_data", changed)
        return
    for other in _MISSING[:2] if policy not in _MISSING[:2] else _MISSING:
        if other != policy:
            changed = _with_option(monitor, "on_missing_data", other)
            words = f"on_missing_data {policy} -> {other}"
            yield Mutant(f"missing-{other}", words, "on_missing_data", changed)


def _with_option(monitor: Monitor, name: str, value: object) -> Monitor:
    options = {key: old for key, old in monitor.options.items() if key != name}
    return replace(monitor, options=options if value is None else {**options, name: value})
