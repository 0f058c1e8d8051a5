"""What a week of snoozes looks like: what ends soon, lasts long, comes again and again, or hides a fire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dd_sync.errors import DatadogError
from dd_sync.model.group import TRIGGERED, LiveGroup
from dd_sync.model.ownership import CATALOG, MANAGED, SNOOZABLE, key_of
from dd_sync.ports import Downtimes, Search
from dd_sync.snooze.request import Snooze, read_snooze
from dd_sync.snooze.tenants import SHOWN
from dd_sync.text import within_line

SOON = timedelta(days=1)
_MANY = 1000


@dataclass(frozen=True, slots=True)
class Often:
    """How often, and how long in all within the time looked at, something was silent."""

    name: str
    times: int
    silent: timedelta


@dataclass(frozen=True, slots=True)
class Firing:
    """A group that a snooze silences and that is in alert, in warning or without data all the same."""

    snooze: Snooze
    monitor: str
    group: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """days: how far back `tenants` and `monitors` look. gone: snoozes whose groups no longer exist.

    expiring, longest and gone are of those live now. exemptions: what the catalog says of those that end
    soon or have ended. unknown: what could not be found out, and why.
    """

    catalog: str
    at: datetime
    days: int
    expiring: tuple[Snooze, ...]
    longest: tuple[Snooze, ...]
    tenants: tuple[Often, ...]
    monitors: tuple[Often, ...]
    gone: tuple[Snooze, ...]
    firing: tuple[Firing, ...]
    exemptions: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def build_report(
    downtimes: Downtimes,
    search: Search,
    catalog: str,
    now: datetime,
    *,
    days: int,
    keys: Mapping[int, str],
    exemptions: Iterable[str] = (),
) -> Report:
    """keys: of the catalog's live monitors, by id. Raises DatadogError if the downtimes cannot be read."""
    whole = [one for one in map(read_snooze, downtimes.list(current_only=False)) if one is not None]
    ours = [one for one in whole if one.catalog == catalog]
    live = [one for one in ours if one.status in ("active", "scheduled")]
    active = [one for one in live if one.status == "active"]
    gone, firing, unknown = _groups(search, catalog, active)
    since = now - timedelta(days=days)
    return Report(
        catalog=catalog,
        at=now,
        days=days,
        expiring=tuple(sorted((one for one in live if _ends_by(one, now + SOON)), key=_end)),
        longest=tuple(sorted(live, key=lambda one: (-_seconds(one), one.scope, one.id))),
        tenants=_often(((one.scope, one) for one in ours), since, now),
        monitors=_often(((_monitor(one, keys), one) for one in ours), since, now),
        gone=gone,
        firing=firing,
        exemptions=tuple(exemptions),
        unknown=unknown,
    )


def _ends_by(one: Snooze, moment: datetime) -> bool:
    return one.end is not None and one.end <= moment


def _end(one: Snooze) -> tuple[float, str]:
    return one.end.timestamp() if one.end else float("inf"), one.scope


def _seconds(one: Snooze) -> float:
    return one.length.total_seconds() if one.length is not None else float("inf")


def _monitor(one: Snooze, keys: Mapping[int, str]) -> str:
    if one.monitor_id is None:
        return "all that may be snoozed"
    return keys.get(one.monitor_id) or f"monitor {one.monitor_id}, which is not this catalog's any more"


def _often(named: Iterable[tuple[str, Snooze]], since: datetime, now: datetime) -> tuple[Often, ...]:
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for name, one in named:
        begin = max(one.start or now, since)
        end = min(moment for moment in (one.end, one.canceled, now) if moment is not None)
        if begin < end:
            spans.setdefault(name, []).append((begin, end))
    found = [Often(name, len(own), _covered(own)) for name, own in spans.items()]
    return tuple(sorted(found, key=lambda one: (-one.times, -one.silent, one.name)))


def _covered(spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long any of the spans held: what two cover is counted once."""
    whole, until = timedelta(), None
    for begin, end in sorted(spans):
        start = begin if until is None else max(begin, until)
        if end > start:
            whole += end - start
            until = end
    return whole


def _groups(
    search: Search, catalog: str, active: Iterable[Snooze]
) -> tuple[tuple[Snooze, ...], tuple[Firing, ...], tuple[str, ...]]:
    """Snoozes of groups that are no more, silenced groups that are triggered, and what could not be asked."""
    tags = (MANAGED, CATALOG + catalog, SNOOZABLE)
    gone: list[Snooze] = []
    firing: list[Firing] = []
    unknown: list[str] = []
    by_scope: dict[str, list[Snooze]] = {}
    for one in active:
        by_scope.setdefault(one.scope, []).append(one)
    for scope, snoozes in by_scope.items():
        try:
            found = search.groups(tags, group=scope, most=_MANY).items
        except DatadogError as error:
            # A scope that somebody widened in Datadog is refused by itself; anything else, each would be.
            whose = within_line(scope, SHOWN) if error.status == 400 else "the snoozes"
            what = f"whether the groups of {whose} still exist, and which of them are triggered"
            unknown.append(f"{what}: {error.problem}")
            if error.status != 400:
                break
            continue
        for one in snoozes:
            groups = [group for group in found if one.monitor_id in (None, group.monitor_id)]
            if not groups:
                gone.append(one)
            firing += _firing(one, groups, catalog)
    return tuple(gone), tuple(firing), tuple(unknown)


def _firing(one: Snooze, groups: Iterable[LiveGroup], catalog: str) -> Iterator[Firing]:
    for group in groups:
        if group.status in TRIGGERED:
            key = key_of(group.monitor_tags, catalog) or group.monitor
            yield Firing(one, key, ",".join(group.tags), group.status)
