"""What monitors that are not about metrics give their messages."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from dd_sync.checks.finding import Subject, scope_keys
from dd_sync.checks.variables import GIVEN, OF_CHECKS, Known
from dd_sync.query.alerts import CompositeAlert, EventAlert, MonitorKey, ServiceCheck
from dd_sync.query.composite import parts_of
from dd_sync.query.search_nodes import AllOf, AnyOf, Facet, Search, Without

# What an event itself is called, by product; its attributes and tags are anybody's.
_EVENTS = frozenset(
    (
        *("log", "span", "rum", "audit", "event", "issue", "cipipeline", "citest"),
        *("databasemonitoring", "network", "networkpath", "llmobservability", "host"),
    )
)


def known(subject: Subject) -> Known | None:
    """None where the query does not say: formulas name their groups elsewhere, an SLO has its own."""
    match subject.any_query:
        case EventAlert() as alert:
            return Known((*alert.by, *facets(alert.search)), GIVEN, _EVENTS)
        case ServiceCheck() as check if "*" not in check.by:
            over = (key for scope in check.over for key in scope_keys(scope))
            return Known((*check.by, *over), OF_CHECKS)
        case CompositeAlert() as alert:
            return _of_composite(subject, alert)
    return None


def facets(search: Search) -> Iterator[str]:
    """The keys a search asks for, negated ones included."""
    match search:
        case Facet():
            yield search.key
        case Without():
            yield from facets(search.item)
        case AllOf() | AnyOf():
            for item in search.items:
                yield from facets(item)


def _of_composite(subject: Subject, alert: CompositeAlert) -> Known | None:
    """Its parts are a, b, c, … in the order of the query; what those of other catalogs give is unknown."""
    parts = list(dict.fromkeys(parts_of(alert.condition)))
    keys: list[str] = []
    for part in parts:
        declared = subject.catalog.declared(part.key) if isinstance(part, MonitorKey) else None
        if declared is None:
            return None
        one = Subject(declared, subject.catalog)
        keys += one.group_keys if one.query is None else one.tag_keys
    return Known(tuple(dict.fromkeys(keys)), GIVEN, frozenset(ascii_lowercase[: len(parts)]))
