"""The catalog's own downtimes in a scenario: which of them are for a monitor, and when they silence it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dd_sync.catalog.catalog import Catalog
from dd_sync.catalog.complaints import Complaint
from dd_sync.catalog.group_scope import read_group_scope
from dd_sync.evaluate.silence import Silence
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import CATALOG, KEY, MANAGED
from dd_sync.model.recurrence import Recurrence
from dd_sync.model.resource import Resource
from dd_sync.scenarios.schema import ScenarioForm

# Of the monitors a downtime is for, so many are named.
_MOST_NAMED = 3


def silences_of(form: ScenarioForm, declared: Declared, catalog: Catalog) -> Iterator[Silence]:
    """Each time that a downtime of the scenario silences the monitor while it runs."""
    for one in _downtimes(catalog) if form.downtimes else ():
        if (form.downtimes is True or one.name in form.downtimes) and _is_for(one, declared):
            yield from _silences(one, form)


def complaints_of(form: ScenarioForm, declared: Declared, catalog: Catalog) -> Iterator[Complaint]:
    """What is wrong with the downtimes it names: they could be left out, and nothing would change."""
    for index, key in enumerate(() if form.downtimes is True else form.downtimes):
        named = [one for one in _downtimes(catalog) if one.name == key]
        own = [one for one in named if _is_for(one, declared)]
        path = ("downtimes", index)
        if not own:
            yield Complaint(path, f"the downtime '{key}' is not for '{declared.key}'", _meant(named))
        elif not any(True for one in own for _ in _silences(one, form)):
            begins, ends = _span(form)
            problem = f"the downtime '{key}' never silences from {_clock(begins)} to {_clock(ends)} UTC"
            hint = f"{_when(own[0], ends)}; move the scenario with `start:`"
            yield Complaint(path, problem, hint)


def _downtimes(catalog: Catalog) -> Sequence[Resource]:
    return [one for one in catalog.resources if one.kind == "downtime"]


# --- which monitors ------------------------------------------------------------------------------


def _is_for(downtime: Resource, declared: Declared) -> bool:
    """Whether the monitor carries all its tags. Whether Datadog tells capitals apart is not known."""
    return {tag.lower() for tag in _tags(downtime)} <= {tag.lower() for tag in declared.monitor.tags}


def _tags(downtime: Resource) -> Sequence[str]:
    tags: Sequence[str] = downtime.body["monitor_identifier"]["monitor_tags"]
    return tags


def _meant(named: Sequence[Resource]) -> str:
    """For whom it is, by the tags that a person wrote, or by the keys."""
    tags = [tag for one in named for tag in _tags(one) if tag != MANAGED and not tag.startswith(CATALOG)]
    keys = [tag.removeprefix(KEY) for tag in tags if tag.startswith(KEY)]
    if not keys:
        return f"it is for monitors that carry {' and '.join(tags)}"
    more = f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else ""
    return f"it is for {', '.join(keys[:_MOST_NAMED])}{more}"


# --- when ----------------------------------------------------------------------------------------


def _silences(downtime: Resource, form: ScenarioForm) -> Iterator[Silence]:
    body = downtime.body
    for start, end in _times(downtime, *_span(form)):
        yield Silence(
            scope=read_group_scope(body["scope"]),
            start=int(start.timestamp()),
            end=int(end.timestamp()),
            notify_end_states=tuple(body["notify_end_states"]),
            notify_end_types=tuple(body["notify_end_types"]),
            mute_first_recovery=body["mute_first_recovery_notification"],
            name=downtime.name,
        )


def _span(form: ScenarioForm) -> tuple[datetime, datetime]:
    """start <= time < end: the last evaluation may be right when the scenario ends."""
    return form.start, form.start + form.lasts + timedelta(seconds=1)


def _times(downtime: Resource, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When it lasts, in UTC, as far as that is between two times; without a start from the first on."""
    schedule = downtime.body["schedule"]
    if "recurrences" in schedule:
        zone = ZoneInfo(schedule["timezone"])
        for each in schedule["recurrences"]:
            yield from _spans(Recurrence.of(each), zone, begins, ends)
        return
    start, end = _once(downtime)
    if (start is None or start < ends) and end > begins:
        yield start or begins, end


# Every mutant asks again, and a rule that began years ago is followed from there on.
@lru_cache(maxsize=1024)
def _spans(
    rule: Recurrence, zone: ZoneInfo, begins: datetime, ends: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    return tuple(rule.spans(zone, begins, ends))


def _once(downtime: Resource) -> tuple[datetime | None, datetime]:
    start, end = (downtime.body["schedule"][name] for name in ("start", "end"))
    return None if start is None else datetime.fromisoformat(start), datetime.fromisoformat(end)


def _when(downtime: Resource, after: datetime) -> str:
    """When it is, in a few words: of one that comes again and again, the next time after `after`."""
    schedule = downtime.body["schedule"]
    if "recurrences" not in schedule:
        start, end = _once(downtime)
        since = "" if start is None else f"from {_clock(start)} "
        return f"it lasts {since}to {_clock(end)} UTC"
    zone = ZoneInfo(schedule["timezone"])
    rules = [Recurrence.of(each) for each in schedule["recurrences"]]
    coming = [found for rule in rules if (found := rule.next(zone, after)) is not None]
    if not coming:
        return "its last time was before"
    return f"it comes next at {_clock(min(coming).replace(tzinfo=zone))} UTC"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
