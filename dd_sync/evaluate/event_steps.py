"""How one value of a monitor on events came about: which events of its window were counted.
Found by the evaluation itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dd_sync.evaluate.event_rule import COUNTS, EventQuery, EventRule
from dd_sync.evaluate.events import EventFindings, number_of
from dd_sync.evaluate.searching import Document, Value
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.sources import EventSource


@dataclass(frozen=True, slots=True)
class Counted:
    """An event that was counted. at: epoch seconds; values: of the measure, () where events are counted."""

    at: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """One query of a monitor at one evaluation. name: as its formula has it.

    start, end: the window in epoch seconds, start <= event < end. facets: keys of the query's groups with the
    group's values. value: what the rollup makes of the events, None for none. events: oldest first; none for
    a group that is not among the first ones the query is limited to.
    """

    name: str
    query: EventQuery
    start: int
    end: int
    facets: tuple[tuple[str, str], ...]
    value: float | None
    events: tuple[Counted, ...]


def explain_events(rule: EventRule, source: EventSource, group: Group, at: int) -> tuple[Searched, ...]:
    """The queries of a rule in the order of its formula, at the evaluation `at` (epoch seconds).

    group: the values of rule.keys, () for a simple alert. Raises what the source raises.
    """
    findings = EventFindings(rule, source, np.array([at], dtype=np.int64))
    start, end = findings.window
    return tuple(
        Searched(
            name=name,
            query=found.query,
            start=start,
            end=end,
            facets=tuple(zip(found.query.by, own, strict=True)),
            value=None if np.isnan(found.values(own)[0]) else float(found.values(own)[0]),
            events=tuple(_counted(found.query, found.within(own))),
        )
        for name, found, own in findings.queries(group)
    )


def _counted(query: EventQuery, documents: Iterator[Document]) -> Iterator[Counted]:
    """Those that have what is measured: any value to be counted, numbers for all else."""
    for one in documents:
        values = () if query.measure is None else tuple(one.values(query.measure))
        if query.method not in COUNTS:
            values = tuple(value for value in values if not np.isnan(number_of(value)))
        if values or query.measure is None:
            yield Counted(one.event.at, values)
