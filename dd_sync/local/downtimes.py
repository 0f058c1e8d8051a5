"""/api/v2/downtime: create, read, update, cancel, and which downtimes match a monitor."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dd_sync.evaluate.select import group_tags, matcher
from dd_sync.local.downtime_rules import attributes_of, normalised_downtime
from dd_sync.local.downtimes_table import StoredDowntime
from dd_sync.local.group_scope import parse_group_scope
from dd_sync.local.http import Answer, Call, Refused, bad_request
from dd_sync.local.normal import moment
from dd_sync.local.org import Org
from dd_sync.local.schedule import current_span, status_of

_USER = "00000000-0000-4000-8000-000000000001"
_LARGEST_PAGE = 1000
_LIVE = ("active", "scheduled")


def create(call: Call) -> Answer:
    org, now = call.org, call.org.clock()
    sent = attributes_of(call.mapping(), "downtime")
    with org.store.transaction():
        attributes = normalised_downtime(sent, now, _exists(org))
        _refuse_duplicate(org, attributes, now)
        downtime = StoredDowntime(str(uuid.uuid4()), attributes, now, now)
        org.store.downtimes.insert(downtime)
    return Answer(_written(org, downtime))


def read(call: Call) -> Answer:
    downtime = _wanted(call, "Downtime not found")
    include = call.words("include")
    answer: dict[str, Any] = {"data": _data(downtime, call.org.clock(), include)}
    if include:
        answer["included"] = _included(call.org, [downtime], include)
    return Answer(answer)


def listing(call: Call) -> Answer:
    now, include = call.org.clock(), call.words("include")
    downtimes = call.org.store.downtimes.all()
    if call.flag("current_only"):
        downtimes = [one for one in downtimes if _status(one, now) in _LIVE]
    start = call.number("page[offset]", default=0)
    size = call.number("page[limit]", default=30, least=1, most=_LARGEST_PAGE)
    page = downtimes[start : start + size]
    answer: dict[str, Any] = {
        "data": [_data(one, now, include) for one in page],
        "meta": {"page": {"total_filtered_count": len(downtimes)}},
    }
    if include:
        answer["included"] = _included(call.org, page, include)
    return Answer(answer)


def update(call: Call) -> Answer:
    org, now = call.org, call.org.clock()
    sent = attributes_of(call.mapping(), "downtime")
    with org.store.transaction():
        before = _wanted(call, "Downtime not found")
        if before.canceled is not None:
            raise bad_request("Downtime is canceled and can no longer be changed")
        attributes = normalised_downtime(sent, now, _exists(org), before.attributes)
        after = org.store.downtimes.update(before, attributes, now)
    return Answer(_written(org, after))


def cancel(call: Call) -> Answer:
    with call.org.store.transaction():
        downtime = _wanted(call, f"Downtime {call.path['id']} not found")
        call.org.store.downtimes.cancel(downtime, call.org.clock())
    return Answer(None, status=204)


def matches(call: Call) -> Answer:
    text = call.path["id"]
    monitor = call.org.store.monitors.get(int(text)) if text.isdecimal() and len(text) < 18 else None
    if monitor is None:
        raise Refused(404, f"Monitor with id {text[:20]} not found")
    now = call.org.clock()
    groups = list(call.org.store.verdicts.groups(monitor.id))
    data = [
        _match(downtime, now, groups)
        for downtime in call.org.store.downtimes.all()
        if downtime.covers(monitor.id, monitor.tags) and _status(downtime, now) in _LIVE
    ]
    return Answer({"data": data, "meta": {"page": {"total_filtered_count": len(data)}}})


def _match(downtime: StoredDowntime, now: datetime, groups: list[str]) -> dict[str, Any]:
    scope = downtime.attributes["scope"]
    matches = matcher(parse_group_scope(scope))
    silenced = ["*"] if scope == "*" else [group for group in groups if matches(group_tags(group))]
    start, end = current_span(downtime.attributes["schedule"], now) or (None, None)
    return {
        "type": "downtime_match",
        "id": downtime.id,
        "attributes": {
            "groups": silenced,
            "scope": scope,
            "start": None if start is None else start.isoformat(),
            "end": None if end is None else end.isoformat(),
        },
    }


def _exists(org: Org) -> Any:
    return lambda number: org.store.monitors.get(number) is not None


def _status(downtime: StoredDowntime, now: datetime) -> str:
    return status_of(downtime.attributes["schedule"], downtime.canceled is not None, now)


def _wanted(call: Call, missing: str) -> StoredDowntime:
    text = call.path["id"]
    try:
        number = str(uuid.UUID(text))
    except ValueError:
        raise bad_request("Invalid URL param: downtime_id must be an uuid") from None
    downtime = call.org.store.downtimes.get(number)
    if downtime is None:
        raise Refused(404, missing)
    return downtime


def _refuse_duplicate(org: Org, attributes: Mapping[str, Any], now: datetime) -> None:
    """An equal request. A start of "now" is never equal to another's, which began at another time."""
    twins = [
        downtime.id
        for downtime in org.store.downtimes.all()
        if downtime.attributes == attributes and _status(downtime, now) in _LIVE
    ]
    if twins:
        raise bad_request(
            f"The downtime being created is a duplicate of one or more existing downtimes: {twins}"
        )


def _data(downtime: StoredDowntime, now: datetime, include: tuple[str, ...]) -> dict[str, Any]:
    attributes = dict(downtime.attributes)
    schedule = dict(attributes["schedule"])
    if "recurrences" in schedule and (span := current_span(schedule, now)) is not None:
        start, end = span
        schedule["current_downtime"] = {
            "start": start.isoformat(),
            "end": None if end is None else end.isoformat(),
        }
    data: dict[str, Any] = {
        "type": "downtime",
        "id": downtime.id,
        "attributes": {
            "message": attributes["message"],
            "status": _status(downtime, now),
            **attributes,
            "schedule": schedule,
            "created": moment(downtime.created),
            "modified": moment(downtime.modified),
            "canceled": None if downtime.canceled is None else moment(downtime.canceled),
        },
    }
    relationships = _relationships(downtime, include)
    if relationships:
        data["relationships"] = relationships
    return data


def _relationships(downtime: StoredDowntime, include: tuple[str, ...]) -> dict[str, Any]:
    number = downtime.attributes["monitor_identifier"].get("monitor_id")
    whole = {
        "created_by": {"data": {"type": "users", "id": _USER}},
        "monitor": {"data": None if number is None else {"type": "monitor", "id": str(number)}},
    }
    return {name: whole[name] for name in whole if name in include}


def _included(org: Org, downtimes: list[StoredDowntime], include: tuple[str, ...]) -> list[dict[str, Any]]:
    included: list[dict[str, Any]] = []
    if "created_by" in include and downtimes:
        user = {"name": "Local Datadog", "handle": "local@example.com", "email": "local@example.com"}
        included.append({"type": "users", "id": _USER, "attributes": user})
    if "monitor" in include:
        numbers = {one.attributes["monitor_identifier"].get("monitor_id") for one in downtimes} - {None}
        monitors = [org.store.monitors.get(number) for number in sorted(numbers)]
        included += [
            # In recorded traffic the included monitor's id is a number, in the relationship a string.
            {"type": "monitor", "id": monitor.id, "attributes": {"name": monitor.name}}
            for monitor in monitors
            if monitor is not None
        ]
    return included


def _written(org: Org, downtime: StoredDowntime) -> dict[str, Any]:
    """The answer to a create or an update: with everything that a read must ask for."""
    include = ("created_by", "monitor")
    return {
        "data": _data(downtime, org.clock(), include),
        "included": _included(org, [downtime], include),
    }
