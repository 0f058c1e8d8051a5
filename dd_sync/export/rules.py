"""Monitors as alert rules of Prometheus: what is the same there, and why the rest is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.errors import RequestError
from dd_sync.export.template import Severity, translated
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.promql.alerts import Levels, critical, is_silence, silence, warning
from dd_sync.promql.matchers import label_name
from dd_sync.promql.writer import NotExpressible, metric_name
from dd_sync.query.alerts import Query
from dd_sync.query.nodes import Metric, MetricAlert
from dd_sync.query.tools import metrics_in

_OWN = ("managed_by:", "dd_sync_")


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule. key: of the monitor; notes: what a reader should know, as comments."""

    key: str
    alert: str
    severity: Severity
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """rules: by monitor, as declared. left_out: by key, or by key and part, the reason."""

    rules: tuple[Rule, ...]
    left_out: Mapping[str, str]


def export(monitors: Iterable[Declared], queries: Mapping[str, Query]) -> Exported:
    """The rules of these monitors. Raises RequestError where two would be one in Prometheus."""
    rules: list[Rule] = []
    left_out: dict[str, str] = {}
    metrics: dict[str, Metric] = {}
    for declared in monitors:
        query = queries[declared.key]
        if not isinstance(query, MetricAlert):
            left_out[declared.key] = f"no metric query (it is of the type {declared.monitor.type})"
            continue
        twins = _of_one_name(query)
        if twins:
            left_out[declared.key] = f"its metrics {twins[0]} and {twins[1]} have one name in Prometheus"
            continue
        made = list(_rules(declared, query, left_out))
        if made:
            _refuse_one_name_for_two(declared, query, metrics)
        rules += made
    _refuse_one_alert_for_two(rules)
    return Exported(tuple(rules), left_out)


def alert_name(key: str) -> str:
    """`stream-rate` is `StreamRate`."""
    name = "".join(part[:1].upper() + part[1:] for part in key.split("-") if part)
    return f"Monitor{name}" if not name[:1].isalpha() else name


def _rules(declared: Declared, query: MetricAlert, left_out: dict[str, str]) -> Iterator[Rule]:
    levels, name = Levels.of(declared.monitor.options), alert_name(declared.key)
    if is_silence(query):
        yield from _silent(declared, query, declared.key, left_out)
        return
    try:
        yield _rule(declared, name, "critical", critical(query, levels, name), query, _critical_notes(levels))
        below = warning(query, levels, name)
        if below is not None:
            yield _rule(declared, f"{name}Warning", "warning", below, query, _warning_notes(levels))
    except NotExpressible as error:
        left_out[declared.key] = error.problem
        return
    if _tells_silence(declared.monitor):
        yield from _silent(declared, query, f"{declared.key}, its No Data", left_out)


def _silent(declared: Declared, query: MetricAlert, what: str, left_out: dict[str, str]) -> Iterator[Rule]:
    try:
        expr = silence(query)
    except NotExpressible as error:
        left_out[what] = error.problem
        return
    yield _rule(declared, f"{alert_name(declared.key)}NoData", "nodata", expr, query)


def _tells_silence(monitor: Monitor) -> bool:
    missing = monitor.options.get("on_missing_data")
    if missing is not None:
        return bool(missing == "show_and_notify_no_data")
    return bool(monitor.options.get("notify_no_data"))


def _critical_notes(levels: Levels) -> tuple[str, ...]:
    if levels.critical_recovery is None:
        return ()
    return (f"recovers at {levels.critical_recovery:g}: until then it asks whether it fires already",)


def _warning_notes(levels: Levels) -> tuple[str, ...]:
    if levels.warning_recovery is None:
        return ()
    return (f"its recovery level {levels.warning_recovery:g} is left out: it warns without memory",)


def _rule(
    declared: Declared,
    name: str,
    severity: Severity,
    expr: str,
    query: MetricAlert,
    notes: tuple[str, ...] = (),
) -> Rule:
    thresholds = declared.monitor.options.get("thresholds") or {}
    numbers = {_VARIABLES[name]: float(value) for name, value in thresholds.items() if name in _VARIABLES}
    numbers.setdefault("threshold", query.threshold or 0.0)
    summary, _ = translated(declared.monitor.name, severity, numbers)
    text, told = translated(declared.monitor.message, severity, numbers)
    annotations = {"summary": summary, "description": text, "told": " ".join(told)}
    return Rule(
        key=declared.key,
        alert=name,
        severity=severity,
        expr=expr,
        labels=_labels(declared, severity),
        annotations={key: value for key, value in annotations.items() if value},
        notes=notes,
    )


_VARIABLES = {
    "critical": "threshold",
    "warning": "warn_threshold",
    "critical_recovery": "alert_recovery_threshold",
    "warning_recovery": "warn_recovery_threshold",
}


def _labels(declared: Declared, severity: Severity) -> dict[str, str]:
    """The monitor's own tags by key, several of a key joined; then what the rule is."""
    found: dict[str, list[str]] = {}
    for tag in declared.monitor.tags:
        key, mark, value = tag.partition(":")
        if mark and value and not tag.startswith(_OWN):
            found.setdefault(label_name(key), []).append(value)
    labels: dict[str, Any] = {key: ",".join(values) for key, values in found.items()}
    if declared.level is not None:
        labels["level"] = str(declared.level)
    return {**labels, "monitor": declared.key, "severity": severity}


def _of_one_name(query: MetricAlert) -> tuple[str, str] | None:
    """Two metrics of one query that would be one in Prometheus."""
    known: dict[str, str] = {}
    for metric in metrics_in(query.expression):
        other = known.setdefault(metric_name(metric), metric.name)
        if other != metric.name:
            return other, metric.name
    return None


def _refuse_one_name_for_two(declared: Declared, query: MetricAlert, known: dict[str, Metric]) -> None:
    for metric in metrics_in(query.expression):
        name = metric_name(metric)
        other = known.setdefault(name, metric)
        if re.sub(r"_total$", "", other.name) != re.sub(r"_total$", "", metric.name):
            raise RequestError(
                f"{declared.key}: the metrics {other.name} and {metric.name} are both {name} in Prometheus",
                hint="export them apart, by their keys, or rename one",
            )


def _refuse_one_alert_for_two(rules: Iterable[Rule]) -> None:
    known: dict[str, str] = {}
    for rule in rules:
        other = known.setdefault(rule.alert, rule.key)
        if other != rule.key:
            raise RequestError(
                f"{other} and {rule.key} would both be the alert {rule.alert}",
                hint="rename one of the keys; `was:` keeps its history",
            )
