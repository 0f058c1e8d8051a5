"""A query in one English sentence, for people who do not read Datadog's language every day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dd_sync.errors import QueryError
from dd_sync.query.alerts import (
    BurnRate,
    CompositeAlert,
    Condition,
    Conjunction,
    Disjunction,
    ErrorBudget,
    EventAlert,
    FormulaAlert,
    MonitorId,
    MonitorKey,
    Negation,
    NoQuery,
    ProcessAlert,
    Query,
    Rollup,
    ServiceCheck,
)
from dd_sync.query.canonical import render_number, render_scope
from dd_sync.query.canonical_alerts import render_search
from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Everything,
    Expression,
    In,
    Keyword,
    Metric,
    MetricAlert,
    Modifier,
    Negative,
    Not,
    Number,
    Scope,
    Tag,
    Text,
    TimeAggregation,
    Variable,
    Window,
)
from dd_sync.query.search import parse_search
from dd_sync.query.search_nodes import Empty, Search, Word
from dd_sync.text import within_line

_METHODS = {"avg": "average", "sum": "sum", "min": "minimum", "max": "maximum", "last": "last value"}
_COMPARATORS = {
    ">": "is more than",
    ">=": "is at least",
    "<": "is less than",
    "<=": "is at most",
    "==": "is exactly",
    "!=": "is not",
}
_COUNTED = re.compile(r"count\(v: v([<>=!]+)(.+)\)")
_OPERATORS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month"}
_MODIFIERS = {"as_count": "as counts", "as_rate": "per second", "weighted": "weighted"}
_SOURCES = {
    "logs": "logs",
    "events": "events",
    "rum": "RUM events",
    "audits": "audit events",
    "trace-analytics": "spans",
    "ci-pipelines": "CI pipelines",
    "ci-tests": "CI tests",
    "error-tracking": "errors",
    "error-tracking-logs": "errors in logs",
    "error-tracking-rum": "RUM errors",
    "error-tracking-traces": "errors in spans",
    "database-monitoring": "database queries",
    "network-performance": "network flows",
    "network-path": "network paths",
    "llm-observability": "LLM spans",
}

# What variables of formulas call the same.
_DATA_SOURCES = {
    "audit": "audits",
    "ci_pipelines": "ci-pipelines",
    "ci_tests": "ci-tests",
    "database_queries": "database-monitoring",
    "llm_observability": "llm-observability",
    "network": "network-performance",
    "network_path": "network-path",
    "spans": "trace-analytics",
}


def read_aloud(query: Query) -> str:
    """When the monitor alerts, as one sentence: `Alerts when the sum over the last hour of …`"""
    match query:
        case MetricAlert():
            return f"Alerts when {_metric_alert(query)}."
        case EventAlert():
            return f"Alerts when {_events(query)}."
        case FormulaAlert():
            return f"Alerts when {_formula(query)}."
        case ProcessAlert():
            return f"Alerts when {_processes(query)}."
        case ServiceCheck():
            return f"Alerts when {_service_check(query)}."
        case CompositeAlert():
            return f"Alerts when {_condition(query.condition)}."
        case ErrorBudget():
            said = f"the error budget of SLO {query.slo} consumed over {_length(query.over)}, in percent,"
            return f"Alerts when {said} {_comparison(query.comparator, query.threshold)}."
        case BurnRate():
            windows = f"the last {_length(query.long_window)} and the last {_length(query.short_window)}"
            said = f"the error budget of SLO {query.slo} burns, over both {windows}, at a rate that"
            return f"Alerts when {said} {_comparison(query.comparator, query.threshold)}."
        case NoQuery():
            return "Alerts when its Synthetic test fails."


# --- metrics and formulas --------------------------------------------------------------------


def _metric_alert(alert: MetricAlert) -> str:
    over, groups = _aggregation(alert.aggregation), _groups(_keys(alert.expression))
    said = f"{over} {_expression(alert.expression, alert.aggregation.method)}{groups}"
    return f"{said}{',' if groups else ''} {_comparison(alert.comparator, alert.threshold)}"


def _aggregation(node: TimeAggregation) -> str:
    method = _METHODS.get(node.method, node.method)
    over = f"the {method} over {_window(node.window)} of"
    if node.change is None:
        return over
    how = "change, in percent," if node.change.kind == "pct_change" else "change"
    return f"the {how} against {_ago(node.change.shift)} earlier of {over}"


def _formula(alert: FormulaAlert) -> str:
    algorithm = ""
    if alert.algorithm:
        given = ", ".join(map(_argument, (*alert.algorithm.arguments, *alert.algorithm.keywords)))
        algorithm = f"the {alert.algorithm.name}{f' ({given})' if given else ''} of "
    rolled = f"the {_METHODS.get(alert.rollup.method, alert.rollup.method)} of " if alert.rollup else ""
    groups = _groups(alert.by)
    said = f"{algorithm}{rolled}{_expression(alert.formula)} over {_window(alert.window)}{groups}"
    return f"{said}{',' if groups else ''} {_comparison(alert.comparator, alert.threshold)}"


def _keys(expression: Expression) -> tuple[str, ...]:
    match expression:
        case Metric():
            return expression.by
        case Binary():
            return tuple(dict.fromkeys((*_keys(expression.left), *_keys(expression.right))))
        case Negative():
            return _keys(expression.item)
        case Call():
            return tuple(dict.fromkeys(key for argument in expression.arguments for key in _keys(argument)))
    return ()


def _expression(node: Expression, outer: str = "") -> str:
    """outer: the aggregation over time, which goes without saying if it is the one over the group too."""
    match node:
        case Metric():
            return _metric(node, outer)
        case Number():
            return render_number(node.value)
        case Variable():
            return node.name
        case Text():
            return node.value
        case Negative():
            return f"minus {_operand(node.item, outer)}"
        case Binary():
            operator = _OPERATORS[node.operator]
            left = _operand(node.left, outer)
            if isinstance(node.left, Metric) and _scope(node.left.scope):
                # What stands behind a scope would read as part of it.
                left = f"({left})"
            return f"{left} {operator} {_operand(node.right, outer)}"
        case Call():
            given = ", ".join(_argument(item, outer) for item in (*node.arguments, *node.keywords))
            return f"{node.name}({given})"


def _operand(node: Expression, outer: str) -> str:
    text = _expression(node, outer)
    return f"({text})" if isinstance(node, Binary) else text


def _argument(node: Expression | Keyword, outer: str = "") -> str:
    if isinstance(node, Keyword):
        return f"{node.name} {_expression(node.value, outer)}"
    return _expression(node, outer)


def _metric(metric: Metric, outer: str) -> str:
    """`the p99 of request.duration (as counts) for env:prod`"""
    notes = list(map(_modifier, metric.modifiers))
    over = metric.aggregation
    across = f"the {_method(over)} of " if over and over != outer else ""
    return f"{across}{metric.name}{f' ({_joined(notes)})' if notes else ''}{_scope(metric.scope)}"


def _method(name: str) -> str:
    """`average`, `p99`, or `count of values at least 0.5`"""
    counted = _COUNTED.fullmatch(name)
    if counted is None:
        return _METHODS.get(name, name)
    return f"count of values {_COMPARATORS[counted[1]].removeprefix('is ')} {counted[2]}"


def _modifier(modifier: Modifier) -> str:
    given = [value if isinstance(value, str) else render_number(value) for value in modifier.arguments]
    if modifier.name == "rollup" and given:
        return f"rolled up by {' '.join(given)}{' s' if given[-1].isdigit() else ''}"
    if modifier.name == "fill" and given:
        return f"gaps filled with {given[0]}"
    return _MODIFIERS.get(modifier.name, modifier.name)


def _scope(scope: Scope) -> str:
    """` for env:prod, not tenant:load-test`"""
    items = scope.items if isinstance(scope, And) else (scope,)
    items = tuple(item for item in items if not isinstance(item, Everything))
    if not items:
        return ""
    if all(isinstance(item.item if isinstance(item, Not) else item, Tag | In) for item in items):
        return f" for {', '.join(map(_filter, items))}"
    return f" for {render_scope(scope)}"


def _where(scopes: tuple[Scope, ...]) -> str:
    """Of the scopes of `.over(…)`, which all have to hold."""
    items = (item for scope in scopes for item in (scope.items if isinstance(scope, And) else (scope,)))
    return _scope(And(tuple(items)))


def _filter(item: Scope) -> str:
    if isinstance(item, Not):
        return f"not {_filter(item.item)}"
    if isinstance(item, In):
        return f"{item.key} {' or '.join(item.values)}"
    return render_scope(item)


# --- everything else -------------------------------------------------------------------------


def _events(alert: EventAlert) -> str:
    what = _SOURCES.get(alert.source, f"{alert.source} events")
    if alert.issues:
        what = f"{'new' if alert.issues == 'new' else 'high-impact'} issues"
    groups = _groups(alert.by)
    said = f"{_rolled_up(alert.rollup, what)}{_matching(alert.search)} over {_window(alert.window)}{groups}"
    return f"{said}{',' if groups else ''} {_comparison(alert.comparator, alert.threshold)}"


def read_variables(variables: object) -> Iterator[str]:
    """What each query is that a formula names: `query1 is the number of logs matching status:error.`

    variables: `options.variables`, whatever it is. A query of a form that is not known here is not told.
    """
    for variable in variables if isinstance(variables, list | tuple) else ():
        said = _variable(variable) if isinstance(variable, Mapping) else None
        if said:
            yield within_line(f"{variable.get('name')} is {said}.", 400)


def _variable(variable: Mapping[str, object]) -> str | None:
    search, compute, written = (variable.get(name) for name in ("search", "compute", "query"))
    if isinstance(written, str):
        return written.strip()
    if "measure" in variable:
        return f"the {variable['measure']} of {variable.get('filter')}"
    if not isinstance(search, Mapping) or not isinstance(compute, Mapping):
        return None
    source = str(variable.get("data_source"))
    measure = compute.get("metric")
    rollup = Rollup(str(compute.get("aggregation")), str(measure) if measure else None)
    try:
        matching = _matching(parse_search(str(search.get("query", ""))))
    except QueryError:
        return None
    what = _SOURCES.get(_DATA_SOURCES.get(source, source), f"{source} events")
    return f"{_rolled_up(rollup, what)}{matching}{_groups(_facets(variable.get('group_by')))}"


def _facets(group_by: object) -> Iterator[str]:
    for group in group_by if isinstance(group_by, list | tuple) else ():
        if isinstance(group, Mapping) and group.get("facet"):
            yield str(group["facet"])


def _processes(alert: ProcessAlert) -> str:
    where = _where(alert.over)
    groups = _groups(alert.by)
    said = f"{_rolled_up(alert.rollup, 'processes')}{_matching(alert.search)}{where}"
    return (
        f"{said} over {_window(alert.window)}{groups}{',' if groups else ''} "
        f"{_comparison(alert.comparator, alert.threshold)}"
    )


def _rolled_up(rollup: Rollup | None, what: str) -> str:
    if rollup is None or rollup.method == "count":
        return f"the number of {what}"
    if rollup.method == "cardinality":
        return f"the number of different values of {rollup.measure or 'the measure'} in {what}"
    return f"the {_METHODS.get(rollup.method, rollup.method)} of {rollup.measure or 'the measure'} in {what}"


def _matching(search: Search) -> str:
    everything = isinstance(search, Empty) or search == Word("*")
    return "" if everything else f" matching {render_search(search)}"


def _service_check(check: ServiceCheck) -> str:
    where = _where(check.over)
    left_out = (
        f" (without {_joined([render_scope(item) for item in check.exclude])})" if check.exclude else ""
    )
    groups = _groups(check.by)
    last = f" in the last {check.last} runs" if check.last and check.last > 1 else ""
    if check.method == "pct_by_status":
        return f"too large a share of {check.check}{where}{left_out} fails{last}{groups}"
    return f"{check.check}{where}{left_out} fails as often as its thresholds say{last}{groups}"


def _condition(condition: Condition) -> str:
    match condition:
        case MonitorId():
            return f"monitor {condition.id} alerts"
        case MonitorKey():
            return f"{condition.key} alerts"
        case Negation(item=MonitorId() | MonitorKey() as part):
            return f"{_condition(part).removesuffix(' alerts')} does not alert"
        case Negation():
            return f"not ({_condition(condition.item)})"
        case Conjunction():
            return " and ".join(
                f"({_condition(item)})" if isinstance(item, Disjunction) else _condition(item)
                for item in condition.items
            )
        case Disjunction():
            return " or ".join(
                f"({_condition(item)})" if isinstance(item, Conjunction) else _condition(item)
                for item in condition.items
            )


# --- words -----------------------------------------------------------------------------------


def _comparison(comparator: str, threshold: float | None) -> str:
    than = "the threshold's own query" if threshold is None else render_number(threshold)
    return f"{_COMPARATORS[comparator]} {than}"


def _window(window: Window) -> str:
    """`the last hour`, `the last 5 minutes`, `the current day`, `the next week`"""
    return f"the {window.kind} {_length(window)}"


def _length(window: Window) -> str:
    unit = _UNITS[window.unit]
    return unit if window.count == 1 else f"{window.count} {unit}s"


def _ago(window: Window) -> str:
    """`an hour`, `2 days`"""
    article = "" if window.count > 1 else "an " if window.unit == "h" else "a "
    return article + _length(window)


def _groups(keys: Iterable[str]) -> str:
    named = [key for key in keys if key != "*"]
    return f", for each {_joined(named)}" if named else ""


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
