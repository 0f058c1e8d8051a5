"""The words of a notification: title, body and whom it is sent to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.rule import Rule, Thresholds
from dd_sync.evaluate.select import Group, group_name
from dd_sync.message.fill import Context, fill
from dd_sync.message.tools import handles
from dd_sync.model.state import State
from dd_sync.query.nodes import And, Metric, Scope, Tag
from dd_sync.query.tools import metrics_in

_WORDS = {
    State.ALERT: "Triggered",
    State.WARN: "Warn",
    State.UNKNOWN: "Unknown",
    State.NO_DATA: "No data",
    State.OK: "Recovered",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a notification is about. Times are epoch seconds; before and after are equal for a reminder."""

    at: int
    before: State
    after: State
    renotify: bool
    value: float | None
    first_triggered_at: int
    last_triggered_at: int


def say(
    rule: Rule, keys: Sequence[str], group: Group, told: Told, words: Mapping[str, str | float]
) -> tuple[str, str, tuple[str, ...]]:
    """Title, body and handles. words: variables that only this type of monitor has."""
    context = _context(rule, {**_variables(rule, keys, group, told), **words}, told)
    body = fill(rule.message, context).rstrip()
    if told.renotify and rule.escalation is not None:
        body = f"{body}\n\n{fill(rule.escalation, context).rstrip()}".lstrip("\n")
    word = "Re-Triggered" if told.renotify else _WORDS[told.after]
    on = f" on {{{group_name(keys, group)}}}" if rule.include_tags and keys else ""
    priority = f"[P{rule.monitor.priority}] " if rule.monitor.priority else ""
    title = f"{priority}[{word}{on}] {fill(rule.name, context)}"
    return title, body, handles(body)


def _context(rule: Rule, variables: Mapping[str, str | float], told: Told) -> Context:
    recovered = told.after is State.OK
    return Context(
        is_alert=told.after is State.ALERT,
        is_warning=told.after is State.WARN,
        is_no_data=told.after is State.NO_DATA,
        is_unknown=told.after is State.UNKNOWN,
        is_recovery=recovered,
        is_alert_recovery=recovered and told.before is State.ALERT,
        is_warning_recovery=recovered and told.before is State.WARN,
        is_no_data_recovery=recovered and told.before is State.NO_DATA,
        is_alert_to_warning=told.before is State.ALERT and told.after is State.WARN,
        is_renotify=told.renotify,
        priority=rule.monitor.priority,
        variables=variables,
    )


def _variables(rule: Rule, keys: Sequence[str], group: Group, told: Told) -> dict[str, str | float]:
    bounds = rule.thresholds
    numbers = {
        "value": told.value,
        **({} if bounds is None else _of_thresholds(bounds)),
        "first_triggered_at_epoch": told.first_triggered_at * 1000.0,
        "last_triggered_at_epoch": told.last_triggered_at * 1000.0,
        "triggered_duration_sec": float(told.at - told.first_triggered_at),
    }
    variables: dict[str, str | float] = _scope_tags(rule)
    variables.update({name: number for name, number in numbers.items() if number is not None})
    if bounds is not None:
        variables["comparator"] = bounds.comparator
    variables.update(
        first_triggered_at=_text(told.first_triggered_at),
        last_triggered_at=_text(told.last_triggered_at),
    )
    variables.update({f"{key}.name": value for key, value in zip(keys, group, strict=True)})
    return variables


def _of_thresholds(bounds: Thresholds) -> dict[str, float | None]:
    return {
        "threshold": bounds.critical,
        "warn_threshold": bounds.warning,
        "alert_recovery_threshold": bounds.critical_recovery,
        "warn_recovery_threshold": bounds.warning_recovery,
    }


def _scope_tags(rule: Rule) -> dict[str, str | float]:
    """Tags that every series of the query carries, since its scope asks for them."""
    found: dict[str, set[str]] = {}
    for metric in metrics_in(rule.alert.expression) if isinstance(rule, MetricRule) else ():
        for tag in _required(metric):
            if tag.value is not None and "*" not in tag.value:
                found.setdefault(f"{tag.key}.name", set()).add(tag.value)
    return {name: ",".join(sorted(values)) for name, values in found.items()}


def _required(metric: Metric) -> list[Tag]:
    items: tuple[Scope, ...] = metric.scope.items if isinstance(metric.scope, And) else (metric.scope,)
    return [item for item in items if isinstance(item, Tag)]


def _text(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
