"""A window that Datadog does not have for this kind of query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.recovery_overlap import seconds
from dd_sync.checks.walk import calls
from dd_sync.errors import Severity
from dd_sync.query.alerts import BurnRate, EventAlert
from dd_sync.query.nodes import Call, MetricAlert, Text, Window
from dd_sync.timeframe import format_duration

_MONTH = timedelta(days=31)
_TWO_DAYS = timedelta(days=2)
_CUMULATIVE = frozenset((("h", 1), ("d", 1), ("mo", 1)))
_BUDGETS = frozenset(timedelta(days=days) for days in (7, 30, 90))


def check(subject: Subject) -> Iterator[Finding]:
    match subject.any_query:
        case MetricAlert() as alert:
            yield from _metric(subject, alert)
        case EventAlert(window=window) if window.length > _TWO_DAYS:
            yield subject.at(
                window,
                f"a window of {format_duration(window.length)} over events",
                "Datadog's reference allows at most 2 days, 2880m or 48h",
            )
        case BurnRate() as alert:
            yield from _burn_rate(subject, alert)


def _metric(subject: Subject, alert: MetricAlert) -> Iterator[Finding]:
    window = alert.aggregation.window
    forecast = next(calls(alert.expression, "forecast"), None)
    if window.kind == "next" and forecast is None:
        hint = "write last_…, or judge a forecast(…)"
        yield subject.at(window, "only a forecast looks ahead", hint, Severity.ERROR)
    elif window.kind != "next" and forecast is not None:
        yield subject.at(window, "a forecast looks ahead", "write the window as next_1d or next_1w")
    elif window.kind == "current" and (window.unit, window.count) not in _CUMULATIVE:
        hint = "write current_1h, current_1d or current_1mo"
        yield subject.at(window, "Datadog's cumulative windows are an hour, a day or a month", hint)
    elif window.kind == "last" and window.length > _MONTH:
        length = format_duration(window.length)
        problem = f"a window of {length} is longer than a month"
        yield subject.at(window, problem, "Datadog's longest is last_1mo", Severity.ERROR)
    yield from _outliers(subject, alert, window)
    yield from _anomalies(subject, alert, window)


def _outliers(subject: Subject, alert: MetricAlert, window: Window) -> Iterator[Finding]:
    if window.length > timedelta(days=1) and any(calls(alert.expression, "outliers")):
        problem = f"outliers over {format_duration(window.length)}"
        yield subject.at(window, problem, "Datadog's reference allows 1 minute to 24 hours")


def _anomalies(subject: Subject, alert: MetricAlert, window: Window) -> Iterator[Finding]:
    call = next(calls(alert.expression, "anomalies"), None)
    windows = subject.options.get("threshold_windows")
    trigger = windows.get("trigger_window") if isinstance(windows, dict) else None
    if call is None:
        if windows:
            hint = "leave them out; only anomalies(…) has them"
            yield Finding(
                ("options", "threshold_windows"),
                "trigger and recovery windows without anomalies",
                hint,
                Severity.WARNING,
                key=True,
            )
        return
    judged = _alert_window(call)
    length = seconds(judged)
    if length is None:
        return
    if length > window.length.total_seconds():
        problem = f"the window is shorter than the alert_window, {judged}"
        yield subject.at(window, problem, f"use five times {judged}, or so")
    if trigger is not None and seconds(trigger) != length:
        yield Finding(
            ("options", "threshold_windows", "trigger_window"),
            f"the trigger_window is {trigger}, and the query's alert_window {judged}",
            "make both the same; Datadog judges one window",
        )


def judged_window(subject: Subject, alert: MetricAlert) -> timedelta:
    """The part of the past that is compared: of anomalies what they trigger by, not what they learn from."""
    call = next(calls(alert.expression, "anomalies"), None)
    if call is None:
        return alert.aggregation.window.length
    windows = subject.options.get("threshold_windows")
    trigger = seconds(windows.get("trigger_window")) if isinstance(windows, dict) else None
    judged = trigger or seconds(_alert_window(call))
    return timedelta(seconds=judged) if judged else alert.aggregation.window.length


def _alert_window(call: Call) -> str | None:
    values = (keyword.value for keyword in call.keywords if keyword.name == "alert_window")
    return next((value.value for value in values if isinstance(value, Text)), None)


def _burn_rate(subject: Subject, alert: BurnRate) -> Iterator[Finding]:
    long, short = alert.long_window.length, alert.short_window.length
    if not timedelta(hours=1) <= long <= timedelta(hours=48):
        problem = f"a long window of {format_duration(long)}"
        yield subject.at(alert.long_window, problem, "Datadog has 1h to 48h", Severity.ERROR)
    elif short >= long:
        problem = f"the short window, {format_duration(short)}, is not shorter than the long one"
        hint = f"use a twelfth of it, {format_duration(long / 12)}"
        yield subject.at(alert.short_window, problem, hint, Severity.ERROR)
    if alert.over.length not in _BUDGETS:
        problem = f"a budget over {format_duration(alert.over.length)}"
        yield subject.at(alert.over, problem, "an SLO's budget is over 7d, 30d or 90d")
