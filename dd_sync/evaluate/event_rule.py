"""The rule of a monitor on events: logs, spans, RUM, CI, audit trail, events; and formulas over searches."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dd_sync.errors import QueryError
from dd_sync.evaluate.event_formula import check, value_of, variables_in
from dd_sync.evaluate.rule import Missing, Rule, Thresholds, read_missing, read_rule, read_thresholds, whole
from dd_sync.evaluate.sources import canonical_source
from dd_sync.evaluate.unsupported import Unsupported, unsupported
from dd_sync.evaluate.windows import Cumulative, empty_for, read_cumulative
from dd_sync.model.monitor import Monitor
from dd_sync.query.alerts import EventAlert, FormulaAlert
from dd_sync.query.nodes import Expression, Variable, Window
from dd_sync.query.queries import parse_query
from dd_sync.query.search import parse_search
from dd_sync.query.search_nodes import Search
from dd_sync.query.words import SOURCES
from dd_sync.timeframe import parse_duration

COUNTS = ("count", "cardinality")
# What does not depend on the pieces that a window is cut into.
_ADDITIVE = ("count", "sum", "min", "max")
_AGGREGATIONS = (*COUNTS, "avg", "sum", "min", "max", "median")
_PERCENTILE = re.compile(r"pc?(\d{1,2}(?:\.\d+)?)")
# What a single search is, as a formula.
_ONE: Expression = Variable("query")
_OPTIONS = frozenset(
    ("aggregation", "evaluation_delay", "group_retention_duration", "scheduling_options", "variables")
)
_VARIABLES = ("options", "variables")
_NOMINAL = {"h": 3600, "d": 86400, "mo": 30 * 86400}


@dataclass(frozen=True, slots=True)
class Top:
    """Of a facet, only the `limit` values that rank first are seen. measure: None for the count."""

    limit: int
    method: str = "count"
    measure: str | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class EventQuery:
    """One search and what is made of the events found. by: facets; tops: one for each of them, or None."""

    source: str
    search: Search
    indexes: tuple[str, ...] = ()
    method: str = "count"
    measure: str | None = None
    by: tuple[str, ...] = ()
    tops: tuple[Top | None, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether nothing found is 0, rather than no value."""
        return self.method in COUNTS


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EventRule(Rule):
    """queries: by the name the formula has for them. cumulative: of windows that begin anew."""

    thresholds: Thresholds
    queries: Mapping[str, EventQuery]
    formula: Expression
    cumulative: Cumulative | None


def compile_events(key: str, monitor: Monitor, monitor_id: int) -> EventRule:
    """Raises QueryError, TemplateError and Unsupported; places are relative to the query or the message."""
    alert = parse_query(monitor.type, monitor.query)
    if isinstance(alert, EventAlert):
        queries, formula = {"query": _query(monitor, alert)}, _ONE
    elif isinstance(alert, FormulaAlert):
        queries, formula = _variables(monitor, alert), alert.formula
    else:
        raise Unsupported(f"monitors of type '{monitor.type}' are not evaluated here", path=("type",))
    options = monitor.options
    cumulative, window = _window(monitor.query, alert.window, options)
    keys = _keys(monitor.query, alert, queries, formula)
    least = empty_for(window, cumulative)
    basis = read_rule(
        key,
        monitor,
        monitor_id,
        keys,
        window=window,
        no_data_after=least,
        empty_for=least,
        also=_OPTIONS,
    )
    empty = _when_empty(formula, queries)
    missing = Missing.KEEP if math.isnan(empty) else Missing.ZERO
    if alert.threshold is None:
        problem = "a threshold that is a query of its own is not evaluated here"
        raise unsupported(monitor.query, alert, problem)
    basis = replace(
        basis,
        delay=whole(options, "evaluation_delay") or 0,
        missing=read_missing(options, default=missing, legacy=missing),
        retention=_retention(options, basis.retention),
        empty=empty,
        standing=not keys and not math.isnan(empty),
        notes=_notes(alert),
        thresholds=read_thresholds(alert.comparator, alert.threshold, options),
    )
    return EventRule(**basis.shared(), queries=queries, formula=formula, cumulative=cumulative)


def _when_empty(formula: Expression, queries: Mapping[str, EventQuery]) -> float:
    """The value where no query finds anything: counts are 0, anything else is nothing (NaN)."""
    nothing = {name: np.array(0.0 if query.counts else np.nan) for name, query in queries.items()}
    return float(value_of(formula, nothing))


def _window(text: str, window: Window, options: Mapping[str, Any]) -> tuple[Cumulative | None, int]:
    if window.kind == "last":
        return None, int(window.length.total_seconds())
    if window.count != 1 or window.unit not in _NOMINAL:
        raise unsupported(text, window, "this window has no published meaning", "use 1h, 1d or 1mo")
    cumulative = read_cumulative(window.unit, options)
    return cumulative, cumulative.longest


def _retention(options: Mapping[str, Any], otherwise: int | None) -> int | None:
    given = options.get("group_retention_duration")
    if otherwise is None or given is None:
        return otherwise
    try:
        return int(parse_duration(str(given)).total_seconds())
    except ValueError as error:
        path = ("options", "group_retention_duration")
        problem = f"group_retention_duration: {error}"
        raise Unsupported(problem, hint="write 60m to 72h", path=path) from None


# --- one search ----------------------------------------------------------------------------------


def _query(monitor: Monitor, alert: EventAlert) -> EventQuery:
    rollup = alert.rollup
    method, measure = ("count", None) if rollup is None else (rollup.method, _facet(rollup.measure))
    if problem := _wrong(method, measure):
        raise unsupported(monitor.query, rollup or alert, problem)
    by = tuple(dict.fromkeys(key for key in alert.by if key != "*"))
    return EventQuery(
        canonical_source(alert.source), alert.search, alert.indexes, method, measure, by, (None,) * len(by)
    )


def _facet(measure: object) -> str | None:
    return None if measure in (None, "", "*") else str(measure)


def _wrong(method: str, measure: str | None) -> str | None:
    if method not in _AGGREGATIONS and _PERCENTILE.fullmatch(method) is None:
        return f"the rollup '{method}' is not evaluated here"
    if method != "count" and measure is None:
        return f"'{method}' of no measure has no meaning"
    return None


def percentile_of(method: str) -> float | None:
    """95 for pc95 or p95, 50 for median; None for anything else."""
    if method == "median":
        return 50.0
    found = _PERCENTILE.fullmatch(method)
    return None if found is None else float(found[1])


def _notes(alert: EventAlert | FormulaAlert) -> tuple[str, ...]:
    if isinstance(alert, FormulaAlert) or alert.issues is None:
        return ()
    return (f"the events given are taken to be those that .{alert.issues}() leaves over",)


# --- formulas ------------------------------------------------------------------------------------


def _variables(monitor: Monitor, alert: FormulaAlert) -> dict[str, EventQuery]:
    text = monitor.query
    if alert.algorithm is not None:
        raise unsupported(text, alert.algorithm, f".{alert.algorithm.name}() is not evaluated here")
    if alert.rollup is not None:
        raise unsupported(text, alert.rollup, "a formula with a .rollup() of its own is not evaluated here")
    check(text, alert.formula)
    given = monitor.options.get("variables") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise Unsupported("options.variables is not a list of queries", path=_VARIABLES)
    known = {str(one.get("name")): one for one in given}
    queries = {}
    for leaf in variables_in(alert.formula):
        if leaf.name not in known:
            hint = "give it in options.variables"
            raise unsupported(text, leaf, f"there is no query named '{leaf.name}'", hint)
        queries[leaf.name] = _of_variable(leaf.name, known[leaf.name], alert)
    if not queries:
        raise unsupported(text, alert.formula, "a formula without a query is not evaluated here")
    return queries


def _of_variable(name: str, given: Mapping[str, Any], alert: FormulaAlert) -> EventQuery:
    source = canonical_source(str(given.get("data_source")))
    if source not in _EVENT_SOURCES:
        said = f"'{given.get('data_source')}', which is not evaluated here"
        raise Unsupported(f"the query '{name}' is of {said}", path=_VARIABLES)
    compute = _mapping(name, given, "compute")
    method, measure = str(compute.get("aggregation", "count")), _facet(compute.get("metric"))
    if problem := _wrong(method, measure):
        raise Unsupported(f"the query '{name}': {problem}", path=_VARIABLES)
    interval = compute.get("interval")
    pieces = isinstance(interval, int | float) and 0 < interval < 1000 * alert.window.length.total_seconds()
    if method not in _ADDITIVE and pieces:
        problem = f"the query '{name}': '{method}' by intervals is not evaluated here"
        raise Unsupported(problem, path=_VARIABLES)
    groups = [_group(name, one) for one in _list(name, given, "group_by")]
    return EventQuery(
        source,
        _search(name, _mapping(name, given, "search").get("query")),
        tuple(str(index) for index in _list(name, given, "indexes")),
        method,
        measure,
        tuple(facet for facet, _ in groups),
        tuple(top for _, top in groups),
    )


_EVENT_SOURCES = frozenset(canonical_source(source) for source in SOURCES)


def _mapping(name: str, given: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    found = given.get(part) or {}
    if not isinstance(found, Mapping):
        raise Unsupported(f"the query '{name}': '{part}' is not an object", path=_VARIABLES)
    return found


def _list(name: str, given: Mapping[str, Any], part: str) -> list[Any]:
    found = given.get(part) or []
    if not isinstance(found, list):
        raise Unsupported(f"the query '{name}': '{part}' is not a list", path=_VARIABLES)
    return found


def _search(name: str, text: object) -> Search:
    try:
        return parse_search("" if text is None else str(text))
    except QueryError as error:
        problem = f"the query '{name}': {error.problem}"
        raise Unsupported(problem, hint=error.hint, path=_VARIABLES) from None


def _group(name: str, given: Any) -> tuple[str, Top | None]:
    if not isinstance(given, Mapping) or not isinstance(given.get("facet"), str):
        raise Unsupported(f"the query '{name}': a group without a facet", path=_VARIABLES)
    limit, sort = given.get("limit"), given.get("sort") or {}
    if limit is None:
        return given["facet"], None
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1 or not isinstance(sort, Mapping):
        raise Unsupported(f"the query '{name}': the limit of a group is not a whole number", path=_VARIABLES)
    method, measure = str(sort.get("aggregation", "count")), _facet(sort.get("metric"))
    if problem := _wrong(method, measure):
        raise Unsupported(f"the query '{name}': {problem}", path=_VARIABLES)
    return given["facet"], Top(limit, method, measure, sort.get("order") != "asc")


def _keys(
    text: str, alert: EventAlert | FormulaAlert, queries: Mapping[str, EventQuery], formula: Expression
) -> tuple[str, ...]:
    """The facets of the groups: those of every query that has any."""
    by: list[tuple[str, ...]] = [query.by for query in queries.values() if query.by]
    if any(set(one) != set(by[0]) for one in by[1:]):
        raise unsupported(
            text, formula, "queries grouped by different facets are combined", "group them by the same ones"
        )
    return by[0] if by else ()
