"""A monitor in words: when it alerts, who is told, what tests it, and how each target expresses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dd_sync.errors import TemplateError
from dd_sync.message.parser import parse
from dd_sync.message.tools import handles_in
from dd_sync.model.monitor import Declared
from dd_sync.promql.writer import NotExpressible, write
from dd_sync.query.alerts import EventAlert, Query, ServiceCheck
from dd_sync.query.aloud import read_aloud, read_variables
from dd_sync.query.nodes import MetricAlert
from dd_sync.query.tools import metrics_in

_NO_DATA = "Without data it goes to No Data and says so."
# What Datadog does with a window without data, by `on_missing_data`.
_MISSING = {
    "show_no_data": "Without data it shows No Data and tells nobody.",
    "show_and_notify_no_data": _NO_DATA,
    "resolve": "Without data it resolves.",
}
_EMPTY = "A window without data"
# By threshold: what a service check does, and the status that makes it.
_STATUSES = (
    ("critical", "Alerts", "CRITICAL"),
    ("warning", "Warns", "WARNING"),
    ("unknown", "Becomes Unknown", "UNKNOWN"),
    ("ok", "Recovers", "OK"),
)
_SHARES = {"warning": "WARNING or CRITICAL"}
_STATES = (
    ("is_alert", "alert"),
    ("is_warning", "warning"),
    ("is_no_data", "no data"),
    ("is_recovery", "recovery"),
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of an explanation, each sentences or lines; `as_data` and `as_text` show it."""

    key: str
    name: str
    alerts: tuple[str, ...]
    told: Mapping[str, tuple[str, ...]]
    tests: tuple[str, ...]
    notes: tuple[str, ...]
    datadog: str
    promql: str
    not_promql: str

    def as_data(self) -> dict[str, Any]:
        """`--format json`: promql is null where `not_promql` says why."""
        return {
            "key": self.key,
            "name": self.name,
            "alerts": list(self.alerts),
            "told": {state: list(handles) for state, handles in self.told.items()},
            "scenarios": list(self.tests),
            "notes": list(self.notes),
            "datadog": self.datadog,
            "promql": self.promql or None,
            "not_promql": self.not_promql or None,
        }

    def as_text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.key}: {self.name}"
        yield from (f"  {sentence}" for sentence in self.alerts)
        yield ""
        yield "Told"
        width = max(len(state) for state in self.told)
        for state, handles in self.told.items():
            yield f"  {state.ljust(width)}  {' '.join(handles) or 'nobody'}"
        if self.notes:
            yield ""
            yield "Good to know"
            yield from (f"  {note}" for note in self.notes)
        yield ""
        yield "Scenarios"
        yield from (
            f"  {name}" for name in self.tests or ("none: nothing shows that it alerts when it should",)
        )
        yield ""
        yield "Datadog"
        yield f"  {self.datadog}"
        yield ""
        yield "Prometheus"
        yield f"  {self.promql or f'not expressible: {self.not_promql}'}"


def explain(declared: Declared, query: Query, tests: Sequence[str]) -> Explanation:
    """Everything about one monitor. query: its nodes; tests: names of the scenarios that cover it."""
    monitor = declared.monitor
    promql, not_promql = _promql(query)
    return Explanation(
        key=declared.key,
        name=monitor.name,
        alerts=(
            read_aloud(query),
            *read_variables(monitor.options.get("variables")),
            *_thresholds(query, monitor.options.get("thresholds") or {}),
            *_missing(query, monitor.options),
            *_options(monitor.options),
        ),
        told=dict(_told(monitor.message)),
        tests=tuple(tests),
        notes=declared.notes,
        datadog=monitor.query,
        promql=promql,
        not_promql=not_promql,
    )


def _thresholds(query: Query, thresholds: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(query, ServiceCheck):
        yield from _runs(query, thresholds)
        return
    if "warning" in thresholds:
        yield f"Warns at {thresholds['warning']:g}."
    if "critical_recovery" in thresholds:
        yield f"Recovers from an alert at {thresholds['critical_recovery']:g}."
    else:
        yield "Recovers as soon as that is no longer so."
    if "warning_recovery" in thresholds:
        yield f"Recovers from a warning at {thresholds['warning_recovery']:g}."


def _runs(check: ServiceCheck, thresholds: Mapping[str, Any]) -> Iterator[str]:
    """What the thresholds of a service check mean: runs in a row, or per cent of those that report."""
    of_all = check.method == "pct_by_status"
    usual = {} if of_all else {"critical": 1, "ok": 1}
    for name, does, status in _STATUSES:
        number = thresholds.get(name) or usual.get(name)
        if number is None:
            continue
        if of_all:
            yield f"{does} once {number:g} % are {_SHARES.get(name, status)}."
        else:
            runs = "run" if number == 1 else "runs in a row"
            yield f"{does} after {number:g} {status} {runs}."
    if of_all:
        yield "Recovers as soon as that is no longer so."


def _missing(query: Query, options: Mapping[str, Any]) -> Iterator[str]:
    missing = options.get("on_missing_data")
    if missing == "default":
        counts = _is_count(query)
        if counts is None:
            yield f"{_EMPTY} counts as 0 for a count, and leaves the state as it is otherwise."
        else:
            yield f"{_EMPTY} counts as 0." if counts else f"{_EMPTY} leaves the state as it is."
    elif missing in _MISSING:
        yield _MISSING[missing]
    elif options.get("notify_no_data"):
        yield _NO_DATA


def _is_count(query: Query) -> bool | None:
    """Whether nothing reported is a count of 0 rather than no value; None where several queries decide."""
    match query:
        case MetricAlert():
            return any(metric.has("as_count") for metric in metrics_in(query.expression))
        case EventAlert():
            return query.rollup is None or query.rollup.method in ("count", "cardinality")
    return None


def _options(options: Mapping[str, Any]) -> Iterator[str]:
    if options.get("renotify_interval"):
        yield f"Says so again every {options['renotify_interval']} minutes while it lasts."
    if options.get("evaluation_delay"):
        yield f"Looks {options['evaluation_delay']} seconds back, so that late data is in."


def _told(message: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        uses = handles_in(parse(message))
    except TemplateError:
        uses = ()
    for condition, state in _STATES:
        told = (use.handle for use in uses if _applies(use.conditions, condition))
        yield state, tuple(dict.fromkeys(told))


def _applies(conditions: Iterable[str], wanted: str) -> bool:
    """Whether text under these conditions is sent with the state; a match on a tag may or may not hold."""
    named = [one for one in conditions if one.removeprefix("not ").startswith("is_")]
    states = [one for one in named if not one.removeprefix("not ").startswith(("is_match", "is_exact_match"))]
    recovery = wanted == "is_recovery"
    return all(
        (one == wanted or (recovery and one.endswith("_recovery")))
        if not one.startswith("not ")
        else one.removeprefix("not ") != wanted
        for one in states
    )


def _promql(query: Query) -> tuple[str, str]:
    if not isinstance(query, MetricAlert):
        return "", "only metric queries have a counterpart"
    try:
        return write(query), ""
    except NotExpressible as error:
        return "", error.problem
