"""What a composite takes from the monitors it is made of: its groups, and whether it may be snoozed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from dd_sync.catalog.monitors import Read
from dd_sync.model.ownership import SNOOZABLE
from dd_sync.query.alerts import CompositeAlert, MonitorKey, Query
from dd_sync.query.composite import keys_of_parts, parts_of
from dd_sync.query.tools import query_keys


def group_keys_of(query: Query, part: Callable[[str], Query | None]) -> tuple[str, ...]:
    """What a monitor alerts by: tag keys or facets.

    part: the query of another monitor by its key. Of parts that are known by their id alone nothing is
    known here.
    """
    if not isinstance(query, CompositeAlert):
        return query_keys(query)
    named = (part(one.key) for one in parts_of(query.condition) if isinstance(one, MonitorKey))
    return keys_of_parts(query_keys(one) for one in named if one is not None)


def with_snoozable(reads: Sequence[Read]) -> list[Read]:
    """The same, with those composites marked as open to snoozes all of whose parts are."""
    may = {read.declared.key for read in reads if SNOOZABLE in read.declared.monitor.tags}
    return [_marked(read) if _is_of(read, may) else read for read in reads]


def _is_of(read: Read, keys: Collection[str]) -> bool:
    query = read.query
    if not isinstance(query, CompositeAlert) or read.declared.protected:
        return False
    return all(isinstance(one, MonitorKey) and one.key in keys for one in parts_of(query.condition))


def _marked(read: Read) -> Read:
    monitor = read.declared.monitor
    return replace(
        read, declared=replace(read.declared, monitor=replace(monitor, tags=(*monitor.tags, SNOOZABLE)))
    )
