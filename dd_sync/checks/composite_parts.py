"""A composite that Datadog cannot put together, or whose parts never speak of the same group."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Severity
from dd_sync.model.monitor import Declared
from dd_sync.query.alerts import CompositeAlert, MonitorKey
from dd_sync.query.composite import parts_of

_MOST = 10


def check(subject: Subject) -> Iterator[Finding]:
    """Parts that are only numbers are of another catalog, or of none, and are counted but not looked at."""
    query = subject.any_query
    if not isinstance(query, CompositeAlert):
        return
    parts = list(dict.fromkeys(parts_of(query.condition)))
    if len(parts) > _MOST:
        hint = "split it; Datadog refuses the monitor otherwise"
        yield subject.at(query, f"{len(parts)} parts, and a composite has at most {_MOST}", hint, _ERROR)
    known = [(part, subject.catalog.declared(part.key)) for part in parts if isinstance(part, MonitorKey)]
    for part, declared in known:
        if declared is not None and declared.monitor.type == "composite":
            problem = f"'{part.key}' is a composite itself"
            yield subject.at(part, problem, "write its parts here; composites cannot be nested", _ERROR)
    yield from _groups(subject, [(part, declared) for part, declared in known if declared is not None])


_ERROR = Severity.ERROR


def _groups(subject: Subject, parts: list[tuple[MonitorKey, Declared]]) -> Iterator[Finding]:
    """Datadog judges only groups that all grouped parts have: one's tags have to hold the other's."""
    grouped = [
        (part, frozenset(keys))
        for part, declared in parts
        if (keys := Subject(declared, subject.catalog).group_keys)
    ]
    for (first, tags), (second, others) in combinations(grouped, 2):
        if tags <= others or others <= tags:
            continue
        problem = (
            f"'{first.key}' is grouped by {_listed(tags)} and '{second.key}' by {_listed(others)}: "
            "they have no group in common"
        )
        hint = "group both by the same tags; a composite judges only the groups all its parts have"
        yield subject.at(second, problem, hint)
        return


def _listed(keys: frozenset[str]) -> str:
    return ", ".join(sorted(keys))
