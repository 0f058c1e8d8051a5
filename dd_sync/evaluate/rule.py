"""A monitor, read once and made ready to be evaluated at any number of times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dd_sync.evaluate.aggregate import OUTER, default_step
from dd_sync.evaluate.functions import SHIFTS
from dd_sync.evaluate.support import Support, has_arithmetic, reading_of
from dd_sync.evaluate.unsupported import Unsupported, unsupported
from dd_sync.message.nodes import Template
from dd_sync.message.parser import parse as parse_message
from dd_sync.model.monitor import Monitor
from dd_sync.model.state import State
from dd_sync.query.nodes import (
    Binary,
    Call,
    Comparator,
    Expression,
    Metric,
    MetricAlert,
    Negative,
)
from dd_sync.query.parser import parse as parse_query
from dd_sync.query.tools import is_metric_query, metrics_in

DAY = 86400
NEW_GROUP_SECONDS = 60
NEW_HOST_SECONDS = 300

# Options that change what is said or who may edit, never what is evaluated or whether it is notified.
_INERT = frozenset(
    (
        "avalanche_window",
        "enable_logs_sample",
        "enable_samples",
        "groupby_simple_monitor",
        "locked",
        "min_failure_duration",
        "min_location_failed",
        "notification_preset_name",
        "notify_audit",
        "silenced",
    )
)
_READ = frozenset(
    (
        "escalation_message",
        "evaluation_delay",
        "include_tags",
        "new_group_delay",
        "new_host_delay",
        "no_data_timeframe",
        "notify_no_data",
        "on_missing_data",
        "renotify_interval",
        "renotify_occurrences",
        "renotify_statuses",
        "require_full_window",
        "thresholds",
        "timeout_h",
    )
)


class Missing(StrEnum):
    """What a group becomes when its window holds no data."""

    ZERO = "its value counts as 0"
    KEEP = "it keeps its state"
    NO_DATA = "No Data, told to nobody"
    NO_DATA_NOTIFIED = "No Data, notified"
    OK = "OK"


@dataclass(frozen=True, slots=True)
class Thresholds:
    comparator: Comparator
    critical: float
    warning: float | None = None
    critical_recovery: float | None = None
    warning_recovery: float | None = None


@dataclass(frozen=True, slots=True)
class Renotify:
    """interval: seconds; occurrences: at most so many, None for no limit."""

    interval: int
    occurrences: int | None
    states: frozenset[State]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A monitor ready to be evaluated. All times are in seconds.

    keys: what it is grouped by, () for a simple alert. frequency: seconds between evaluations.
    step: the rollup where the query names none. check: the length of the pieces a full window is made of,
    None where one point suffices. no_data_after: how long data has to be missing for No Data.
    split: whether operands are aggregated over time before the arithmetic.
    """

    key: str
    monitor_id: int
    monitor: Monitor
    alert: MetricAlert
    name: Template
    message: Template
    escalation: Template | None
    keys: tuple[str, ...]
    window: int
    delay: int
    frequency: int
    step: int
    check: int | None
    split: bool
    thresholds: Thresholds
    missing: Missing
    no_data_after: int
    resolve_after: int | None
    new_group_delay: int
    retention: int | None
    renotify: Renotify | None
    include_tags: bool
    draft: bool
    steps: tuple[int, ...]
    notes: tuple[str, ...]


def compile_rule(key: str, monitor: Monitor, monitor_id: int = 0) -> Rule:
    """Read a monitor's query, message and options.

    Raises QueryError or TemplateError for what is not in Datadog's languages, and Unsupported for what is
    but cannot be evaluated here; places are relative to the query or the message.
    """
    if not is_metric_query(monitor.type, monitor.query):
        raise Unsupported(f"monitors of type '{monitor.type}' with this form of query are not evaluated here")
    alert = parse_query(monitor.query)
    options = monitor.options
    _refuse_unknown(options)
    window = _window(monitor.query, alert)
    split = _split(alert)
    keys = Support(monitor.query, split=split).keys(alert.expression)
    if keys is None:
        raise unsupported(monitor.query, alert.expression, "a query without a metric is not evaluated here")
    step = default_step(window)
    steps = _steps(monitor.query, alert, step, split)
    escalation = options.get("escalation_message")
    return Rule(
        key=key,
        monitor_id=monitor_id,
        monitor=monitor,
        alert=alert,
        name=parse_message(monitor.name),
        message=parse_message(monitor.message),
        escalation=parse_message(str(escalation)) if escalation else None,
        keys=keys,
        window=window,
        delay=_whole(options, "evaluation_delay") or 0,
        frequency=_frequency(window),
        step=step,
        check=_check(alert) if options.get("require_full_window") else None,
        split=split,
        thresholds=_thresholds(alert, options),
        missing=_missing(alert, options),
        no_data_after=_no_data_after(options, window),
        resolve_after=3600 * (_whole(options, "timeout_h") or 0) or None,
        new_group_delay=_new_group_delay(keys, options),
        retention=DAY if keys else None,
        renotify=_renotify(options),
        include_tags=options.get("include_tags") is not False,
        draft=monitor.draft_status == "draft",
        steps=steps,
        notes=_notes(alert, step, window),
    )


def _refuse_unknown(options: Mapping[str, Any]) -> None:
    for name in sorted(options):
        if name not in _READ and name not in _INERT and options[name] not in (None, [], {}):
            raise Unsupported(f"the option '{name}' is not evaluated here")


def _window(text: str, alert: MetricAlert) -> int:
    aggregation = alert.aggregation
    if aggregation.method not in OUTER:
        raise unsupported(
            text, aggregation, f"the time aggregation '{aggregation.method}' is not evaluated here"
        )
    if aggregation.window.kind != "last":
        raise unsupported(text, aggregation.window, "only rolling windows such as last_1h are evaluated here")
    if aggregation.change is not None and aggregation.change.shift.kind != "last":
        raise unsupported(text, aggregation.change.shift, "this shift is not evaluated here")
    if alert.threshold is None:
        raise unsupported(text, alert, "a threshold that is a query of its own is not evaluated here")
    return int(aggregation.window.length.total_seconds())


def _inner(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Binary(left=left, right=right):
            return (left, right)
        case Negative(item=item):
            return (item,)
        case Call(arguments=arguments):
            return arguments
    return ()


def _split(alert: MetricAlert) -> bool:
    """Arithmetic with a count in it is done on aggregated operands; a change is taken bucket by bucket."""
    counts = any(metric.has("as_count") for metric in metrics_in(alert.expression))
    return counts and has_arithmetic(alert.expression) and alert.aggregation.change is None


def _steps(text: str, alert: MetricAlert, default: int, split: bool) -> tuple[int, ...]:
    found: dict[int, Metric] = {}
    for metric in metrics_in(alert.expression):
        found.setdefault(reading_of(metric).step or default, metric)
    if len(found) > 1 and not split:
        last = list(found.values())[-1]
        raise unsupported(
            text,
            last,
            "metrics with different rollups are combined bucket by bucket",
            "give every metric of the query the same .rollup()",
        )
    return tuple(found)


def _frequency(window: int) -> int:
    if window < DAY:
        return 60
    return 600 if window < 2 * DAY else 1800


def _check(alert: MetricAlert) -> int:
    return {"m": 60, "h": 600, "d": 3600, "w": 3600, "mo": 14400}[alert.aggregation.window.unit]


def _thresholds(alert: MetricAlert, options: Mapping[str, Any]) -> Thresholds:
    given = options.get("thresholds") or {}
    numbers = {name: _number(name, given[name]) for name in sorted(given) if given[name] is not None}
    unknown = numbers.keys() - {"critical", "warning", "critical_recovery", "warning_recovery"}
    if unknown:
        raise Unsupported(f"the threshold '{min(unknown)}' is not evaluated here")
    critical = numbers.pop("critical", alert.threshold)
    if critical != alert.threshold or critical is None:
        raise Unsupported(
            f"the query alerts at {alert.threshold:g}, options.thresholds.critical says {critical:g}",
            hint="Datadog refuses this monitor; make the two equal",
        )
    if numbers and alert.comparator in ("==", "!="):
        raise Unsupported(f"'{min(numbers)}' with the comparator {alert.comparator} has no published meaning")
    return Thresholds(alert.comparator, critical, **numbers)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unsupported(f"the threshold '{name}' is not a number", hint="write a number")
    return float(value)


def _whole(options: Mapping[str, Any], name: str) -> int | None:
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 0:
        raise Unsupported(
            f"the option '{name}' is not a whole number", hint="write a whole number, 0 or more"
        )
    return int(value)


def _missing(alert: MetricAlert, options: Mapping[str, Any]) -> Missing:
    policy = options.get("on_missing_data")
    if _has_call(alert.expression, "default_zero"):
        # Such a query is never without data: what is missing is 0 before anything is compared.
        return Missing.ZERO
    if policy is None:
        return Missing.NO_DATA_NOTIFIED if options.get("notify_no_data") else Missing.KEEP
    counts = any(metric.has("as_count") for metric in metrics_in(alert.expression))
    known = {
        "default": Missing.ZERO if counts else Missing.KEEP,
        "show_no_data": Missing.NO_DATA,
        "show_and_notify_no_data": Missing.NO_DATA_NOTIFIED,
        "resolve": Missing.OK,
    }
    if policy not in known:
        raise Unsupported(f"on_missing_data '{policy}' is not evaluated here", hint=f"use {', '.join(known)}")
    return known[policy]


def _has_call(expression: Expression, name: str) -> bool:
    if isinstance(expression, Call) and expression.name == name:
        return True
    return any(_has_call(inner, name) for inner in _inner(expression))


def _no_data_after(options: Mapping[str, Any], window: int) -> int:
    if options.get("on_missing_data") is not None:
        return window
    return 60 * (_whole(options, "no_data_timeframe") or 0) or 2 * window


def _new_group_delay(keys: tuple[str, ...], options: Mapping[str, Any]) -> int:
    if not keys:
        return 0
    given = _whole(options, "new_group_delay")
    if given is not None:
        return given
    if "host" in keys:
        host = _whole(options, "new_host_delay")
        return NEW_HOST_SECONDS if host is None else host
    return NEW_GROUP_SECONDS


def _renotify(options: Mapping[str, Any]) -> Renotify | None:
    interval = _whole(options, "renotify_interval")
    if not interval:
        return None
    names = {"alert": State.ALERT, "warn": State.WARN, "no data": State.NO_DATA}
    chosen = options.get("renotify_statuses") or ["alert", "no data"]
    unknown = [str(name) for name in chosen if name not in names]
    if unknown:
        raise Unsupported(f"renotify_statuses has '{unknown[0]}'", hint="use alert, warn and no data")
    return Renotify(
        60 * interval,
        _whole(options, "renotify_occurrences") or None,
        frozenset(names[name] for name in chosen),
    )


def _notes(alert: MetricAlert, step: int, window: int) -> tuple[str, ...]:
    """What was chosen where Datadog publishes nothing, if the result depends on it."""
    chosen = [metric for metric in metrics_in(alert.expression) if reading_of(metric).step is None]
    if not chosen or (alert.aggregation.method == "sum" and _linear(alert.expression)):
        return ()
    return (f"the query names no rollup: buckets of {step} s were chosen for its window of {window} s",)


def _linear(expression: Expression) -> bool:
    """Whether the size of the buckets cannot matter to the sum over the window."""
    match expression:
        case Metric():
            return expression.has("as_count") and expression.aggregation == "sum"
        case Call(name=name, arguments=arguments):
            return (name in SHIFTS or name == "timeshift") and _linear(arguments[0])
    return all(_linear(inner) for inner in _inner(expression))
