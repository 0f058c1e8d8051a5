"""The rule of a metric monitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dd_sync.evaluate.aggregate import OUTER, default_step
from dd_sync.evaluate.algorithms import APPROXIMATION, Algorithm, algorithm_of
from dd_sync.evaluate.calls import SHIFTS, calls_in, default_of, has_arithmetic, inner
from dd_sync.evaluate.combine import value_when_empty
from dd_sync.evaluate.rule import Missing, Rule, Thresholds, read_missing, read_rule, read_thresholds, whole
from dd_sync.evaluate.series import Ints
from dd_sync.evaluate.support import Support, percentile, reading_of
from dd_sync.evaluate.unsupported import unsupported
from dd_sync.evaluate.windows import Cumulative, empty_for, evaluation_window, read_cumulative
from dd_sync.model.monitor import Monitor
from dd_sync.query.nodes import Call, Expression, Metric, MetricAlert
from dd_sync.query.parser import parse as parse_query
from dd_sync.query.tools import metrics_in

_OPTIONS = frozenset(("evaluation_delay", "scheduling_options", "threshold_windows"))
# Functions whose published text can be read in more than one way.
READINGS = {
    "integral": "approximation: integral() is read as the sum of seconds times value, by trapezoids",
    "piecewise_constant": "approximation: piecewise_constant() fits the steps that least squares choose",
    "robust_trend": "approximation: robust_trend() is Huber's regression with its usual constants",
}
# The nominal length of a window that begins anew; from it follow the rollup and how often it is evaluated.
_NOMINAL = {"h": 3600, "d": 86400, "mo": 30 * 86400}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MetricRule(Rule):
    """A metric monitor ready to be evaluated. All times are in seconds.

    step: the rollup where the query names none. check: the length of the pieces a full window is made of,
    None where one point suffices. split: whether operands are aggregated over time before the arithmetic.
    steps: every rollup there is. cumulative: for windows that begin anew, which are `window` long at most.
    """

    thresholds: Thresholds
    alert: MetricAlert
    step: int
    check: int | None
    split: bool
    steps: tuple[int, ...]
    cumulative: Cumulative | None = None
    algorithm: Algorithm | None = None

    @property
    def lookback(self) -> int:
        """How far before its end an evaluation reads, in seconds."""
        return self.window if self.algorithm is None else self.algorithm.lookback

    @property
    def is_zeroed(self) -> bool:
        """Whether a window without data has a value of its own, by a default."""
        return _is_zeroed(self.alert.expression, self.empty)

    def starts(self, ends: Ints) -> Ints:
        """Where the windows begin that end at `ends`, int64 [T], epoch seconds."""
        return ends - self.window if self.cumulative is None else self.cumulative.starts(ends)


def compile_metric(key: str, monitor: Monitor, monitor_id: int, rollup: int | None = None) -> MetricRule:
    """Raises QueryError, TemplateError and Unsupported; places are relative to the query or the message."""
    alert = parse_query(monitor.query)
    options = monitor.options
    cumulative = _cumulative(monitor.query, alert, options)
    nominal = _nominal(monitor.query, alert)
    window = nominal if cumulative is None else cumulative.longest
    algorithm = algorithm_of(monitor.query, alert, options)
    judged = window if algorithm is None else algorithm.trigger or window
    inner_part = alert.expression if algorithm is None else algorithm.inner
    split = algorithm is None and _split(alert)
    keys = Support(monitor.query, split=split).keys(inner_part)
    if keys is None:
        raise unsupported(monitor.query, alert.expression, "a query without a metric is not evaluated here")
    basis = read_rule(
        key,
        monitor,
        monitor_id,
        keys,
        window=window,
        no_data_after=2 * judged,
        empty_for=empty_for(judged, cumulative),
        also=_OPTIONS,
    )
    step = rollup or default_step(nominal) if algorithm is None else algorithm.step
    empty = value_when_empty(alert.expression)
    basis = replace(
        basis,
        delay=whole(options, "evaluation_delay") or 0,
        thresholds=read_thresholds(alert.comparator, alert.threshold, options),
        missing=_missing(alert, options, empty),
        empty=empty,
        notes=_notes(alert, step, nominal, algorithm),
    )
    return MetricRule(
        **basis.shared(),
        alert=alert,
        step=step,
        check=_check(alert) if options.get("require_full_window") else None,
        split=split,
        steps=_steps(monitor.query, alert, step, split),
        cumulative=cumulative,
        algorithm=algorithm,
    )


def _nominal(text: str, alert: MetricAlert) -> int:
    """The length of the window, in seconds."""
    aggregation = alert.aggregation
    if aggregation.method not in OUTER:
        raise unsupported(
            text, aggregation, f"the time aggregation '{aggregation.method}' is not evaluated here"
        )
    if aggregation.method == "percentile":
        _refuse_other_aggregations(text, alert.expression)
    if aggregation.window.kind == "next" and not _is_call(alert.expression, "forecast"):
        raise unsupported(
            text, aggregation.window, "only forecast() looks ahead", "write last_1h or the like"
        )
    if aggregation.change is not None and aggregation.change.shift.kind != "last":
        raise unsupported(text, aggregation.change.shift, "this shift is not evaluated here")
    if alert.threshold is None:
        raise unsupported(text, alert, "a threshold that is a query of its own is not evaluated here")
    if aggregation.window.kind == "current":
        return _NOMINAL[aggregation.window.unit]
    return int(aggregation.window.length.total_seconds())


def _is_call(expression: Expression, name: str) -> bool:
    return isinstance(expression, Call) and expression.name == name


def _refuse_other_aggregations(text: str, expression: Expression) -> None:
    for metric in metrics_in(expression):
        if percentile(metric.aggregation) is None:
            said = "a percentile over the window is of a metric with a percentile"
            raise unsupported(text, metric, said, "write p95 or the like before the metric")


def _cumulative(text: str, alert: MetricAlert, options: Mapping[str, Any]) -> Cumulative | None:
    window = alert.aggregation.window
    if window.kind != "current":
        if evaluation_window(options):
            said = "an evaluation_window goes with a window such as current_1d"
            raise unsupported(text, window, said, "leave it out of scheduling_options")
        return None
    if window.count != 1 or window.unit not in _NOMINAL:
        raise unsupported(text, window, "this window has no published meaning", "use current_1h, 1d or 1mo")
    if alert.aggregation.change is not None:
        raise unsupported(text, window, "a change over a window that begins anew has no published meaning")
    return read_cumulative(window.unit, options)


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


def _check(alert: MetricAlert) -> int | None:
    if alert.aggregation.window.kind == "current":
        # Datadog says nothing of full windows that begin anew: one point suffices.
        return None
    return {"m": 60, "h": 600, "d": 3600, "w": 3600, "mo": 14400}[alert.aggregation.window.unit]


def _missing(alert: MetricAlert, options: Mapping[str, Any], empty: float) -> Missing:
    if _is_zeroed(alert.expression, empty):
        return Missing.ZERO
    counts = any(metric.has("as_count") for metric in metrics_in(alert.expression))
    return read_missing(options, default=Missing.ZERO if counts else Missing.KEEP)


def _is_zeroed(expression: Expression, empty: float) -> bool:
    """Whether it is never without a value: what is missing has a default before anything is compared.

    It is not if the default stands around a part of it only, and the rest can still be missing.
    """
    return not np.isnan(empty) and any(default_of(call) is not None for call in calls_in(expression))


def _notes(alert: MetricAlert, step: int, window: int, algorithm: Algorithm | None) -> tuple[str, ...]:
    """What was chosen where Datadog publishes nothing, if the result depends on it."""
    if algorithm is not None:
        return (APPROXIMATION.format(name=algorithm.name),)
    called = {call.name for call in calls_in(alert.expression)}
    bare = dict.fromkeys(metric.name for metric in metrics_in(alert.expression) if not metric.aggregation)
    read = (
        *(READINGS[name] for name in sorted(called & READINGS.keys())),
        *(f"{name} has no space aggregation: its series are averaged" for name in bare),
    )
    chosen = [metric for metric in metrics_in(alert.expression) if reading_of(metric).step is None]
    if not chosen or (alert.aggregation.method == "sum" and _linear(alert.expression)):
        return read
    return (
        *read,
        f"the query names no rollup: buckets of {step} s were chosen for its window of {window} s",
    )


def _linear(expression: Expression) -> bool:
    """Whether the size of the buckets cannot matter to the sum over the window."""
    match expression:
        case Metric():
            return expression.has("as_count") and expression.aggregation == "sum"
        case Call(name=name, arguments=arguments):
            return (name in SHIFTS or name == "timeshift") and _linear(arguments[0])
    return all(_linear(part) for part in inner(expression))
