"""The query of any monitor, text to nodes: its type says what it can be, its first word what it is."""

from __future__ import annotations

import re
from collections.abc import Callable

from dd_sync.errors import QueryError
from dd_sync.query.alerts import NoQuery, Query
from dd_sync.query.composite import read_composite
from dd_sync.query.events import read_events, read_processes
from dd_sync.query.formula import read_formula
from dd_sync.query.lexer import error_at, refuse_endless, shortened
from dd_sync.query.parser import parse
from dd_sync.query.service_check import read_service_check
from dd_sync.query.slo import read_slo

_FIRST = re.compile(
    r"""
    \s*(?:
        (?P<formula>formula\s*\()
      | (?P<slo>(?:error_budget|burn_rate)\b)
      | (?P<processes>processes\s*\()
      | (?P<no_query>no_query\b)
      | (?P<check>["'])
      | (?P<composite>[\d!(]|\$\{monitor:)
      | (?P<events>[a-z][a-z-]*\s*\(\s*["'])
      | (?P<metric>)
    )
    """,
    re.VERBOSE,
)


def _no_query(text: str) -> NoQuery:
    if text.strip() != "no_query":
        refuse_endless(text)
        problem = f"a Synthetic test's monitor has no query of its own, not '{shortened(text.strip())}'"
        raise error_at(text, problem, "write no_query", 0, len(text))
    return NoQuery(span=(0, len(text)))


_READERS: dict[str, Callable[[str], Query]] = {
    "metric": parse,
    "formula": read_formula,
    "events": read_events,
    "check": read_service_check,
    "processes": read_processes,
    "composite": read_composite,
    "slo": read_slo,
    "no_query": _no_query,
}

# The first form is the one that errors are about when the text begins like none of them.
_METRIC, _EVENTS, _FORMULA = ("metric", "formula"), ("events", "formula"), ("formula",)
FORMS: dict[str, tuple[str, ...]] = {
    "metric alert": _METRIC,
    "query alert": _METRIC,
    "service check": ("check",),
    "composite": ("composite",),
    "slo alert": ("slo",),
    "process alert": ("processes",),
    "synthetics alert": ("no_query",),
    "event alert": _EVENTS,
    "event-v2 alert": _EVENTS,
    "log alert": _EVENTS,
    "rum alert": _EVENTS,
    "trace-analytics alert": _EVENTS,
    "audit alert": _EVENTS,
    "ci-pipelines alert": _EVENTS,
    "ci-tests alert": _EVENTS,
    "error-tracking alert": _EVENTS,
    "database-monitoring alert": _EVENTS,
    "network-performance alert": _EVENTS,
    "network-path alert": _EVENTS,
    "llm-observability alert": _EVENTS,
    "cost alert": _FORMULA,
    "data-quality alert": _FORMULA,
    "data-jobs alert": _FORMULA,
}

_NAMES = {
    "metric": "a metric query",
    "formula": "a formula",
    "events": "a search such as logs(…)",
    "check": "a service check",
    "processes": "a search of processes",
    "composite": "a composite of monitors",
    "slo": "an SLO query",
    "no_query": "no_query",
}


def parse_query(type: str | None, text: str) -> Query:
    """The nodes of a monitor's query.

    type: the monitor's, as in Datadog's API; None, or one that is not known here, lets the text decide.
    Raises QueryError and nothing else; its place is relative to `text`.
    Source: Datadog's API reference and documentation, and queries in recorded API traffic.
    """
    form = form_of(text)
    allowed = FORMS.get(type or "", (form,))
    if form in allowed:
        return _READERS[form](text)
    try:
        found = _READERS[form](text)
    except QueryError:
        return _READERS[allowed[0]](text)
    problem = f"this is {_NAMES[form]}, which a monitor of the type {type} cannot have"
    hint = f"write {' or '.join(_NAMES[name] for name in allowed)}, or change the type"
    raise error_at(text, problem, hint, *found.span)


def form_of(text: str) -> str:
    """What the text begins like: metric, formula, events, check, processes, composite, slo or no_query."""
    match = _FIRST.match(text)
    return (match and match.lastgroup) or "metric"
