"""Events: those that notifications leave behind, of which a muted alert leaves none, and those posted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dd_sync.local.event_search import Searched, finds, read_search
from dd_sync.local.http import Answer, Call, bad_request, invalid
from dd_sync.local.org import Org
from dd_sync.local.posted_table import Posted
from dd_sync.local.verdicts_table import Told
from dd_sync.timeframe import parse_duration

_DEFAULT_SPAN = timedelta(minutes=15)
_LARGEST_PAGE = 1000
_LONGEST_TEXT = 4000
_OLDEST = timedelta(hours=18)
# Numbers of posted events begin here, so that they are none of an alert's, and too large for a float.
_FIRST = 6_000_000_000_000_000_000
_POSTED = {
    "error": "error",
    "warning": "warn",
    "info": "info",
    "success": "success",
    "user_update": "info",
    "recommendation": "info",
    "snapshot": "info",
}
_KINDS = {"alert": "error", "warning": "warn", "no data": "warn", "recovery": "success"}


def listing(call: Call) -> Answer:
    return _answer(call, dict(call.query))


def search(call: Call) -> Answer:
    body = call.body or {}
    if not isinstance(body, dict):
        raise bad_request("The request body must be a JSON object")
    wanted = {"sort": body.get("sort")}
    for group, names in (("filter", ("query", "from", "to")), ("page", ("cursor", "limit"))):
        part = body.get(group) or {}
        if not isinstance(part, dict):
            raise invalid(group)
        wanted |= {f"{group}[{name}]": part.get(name) for name in names}
    return _answer(call, {name: str(value) for name, value in wanted.items() if value is not None})


def _answer(call: Call, wanted: Mapping[str, str]) -> Answer:
    now = call.org.clock()
    start = _moment(wanted.get("filter[from]"), now, now - _DEFAULT_SPAN, "filter[from]")
    end = _moment(wanted.get("filter[to]"), now, now, "filter[to]")
    search = read_search(wanted.get("filter[query]", ""))
    found = [event for at, event in everything(call.org, start, end) if finds(search, at)]
    sort = wanted.get("sort", "timestamp")
    if sort not in ("timestamp", "-timestamp"):
        raise invalid("sort")
    if sort == "-timestamp":
        found.reverse()
    after, size = _number(wanted, "page[cursor]", 0), _number(wanted, "page[limit]", 10)
    answer: dict[str, Any] = {"data": found[after : after + size]}
    if after + size < len(found):
        answer["meta"] = {"page": {"after": str(after + size)}}
    return Answer(answer)


def everything(org: Org, start: datetime, end: datetime) -> list[tuple[Searched, dict[str, Any]]]:
    """All events from `start` to `end`, both included: what can be searched of each, and its answer."""
    told = org.store.told.between(int(start.timestamp()), int(end.timestamp()) + 1)
    posted = org.store.posted.between(int(start.timestamp() * 1000), int(end.timestamp() * 1000) + 1)
    found = [(one.at * 1000, _searched(one), _event(one)) for one in told]
    found += [(one.at, _posted_searched(one), _posted(one)) for one in posted]
    found.sort(key=lambda one: one[0])
    return [(searched, event) for _, searched, event in found]


def _number(wanted: Mapping[str, str], name: str, default: int) -> int:
    text = wanted.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or (
        name == "page[limit]" and not 1 <= int(text) <= _LARGEST_PAGE
    ):
        raise invalid(name)
    return int(text)


def _moment(text: str | None, now: datetime, default: datetime, name: str) -> datetime:
    """ISO 8601, epoch milliseconds, `now` or `now-15m`."""
    if text is None:
        return default
    try:
        if re.fullmatch(r"\d{1,14}", text, re.ASCII):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        if text.startswith("now"):
            return now if text == "now" else now - parse_duration(text.removeprefix("now-"))
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(name) from None


def _searched(told: Told) -> Searched:
    return Searched(f"{told.title}\n{told.body}", told.tags, "alert", _status(told))


def _posted_searched(event: Posted) -> Searched:
    return Searched(f"{event.title}\n{event.text}", event.tags, event.source, _POSTED[event.alert_type])


def _status(told: Told) -> str:
    return _KINDS.get(told.kind, "error")


def _event(told: Told) -> dict[str, Any]:
    return {
        "type": "event",
        "id": str(told.id),
        "attributes": {
            "timestamp": datetime.fromtimestamp(told.at, UTC).isoformat(),
            "message": told.body,
            "tags": list(told.tags),
            "attributes": {
                "title": told.title,
                "status": _status(told),
                "service": None,
                "hostname": None,
                "priority": "normal",
                "aggregation_key": str(told.monitor),
                "timestamp": told.at * 1000,
                "monitor": {"id": told.monitor, "groups": [told.group]},
                "evt": {"id": str(told.id), "type": "alert"},
            },
        },
    }


# --- events of other origin --------------------------------------------------------------------------


def post(call: Call) -> Answer:
    """`POST /api/v1/events`: title and text are required, an old event is refused."""
    body = call.mapping()
    now = call.org.clock()
    for name, most in (("title", None), ("text", _LONGEST_TEXT), ("aggregation_key", 100)):
        value = body.get(name)
        if name != "aggregation_key" and (not isinstance(value, str) or not value):
            raise bad_request(f"Missing required attributes: ['{name}']")
        if most is not None and value is not None and (not isinstance(value, str) or len(value) > most):
            raise invalid(name)
    tags = body.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise invalid("tags")
    event = Posted(
        at=_happened(body.get("date_happened"), now),
        title=body["title"],
        text=body["text"],
        tags=tuple(tags),
        alert_type=_one_of(body, "alert_type", "info", _POSTED),
        priority=_one_of(body, "priority", "normal", ("normal", "low")),
        host=body.get("host") if isinstance(body.get("host"), str) else None,
        aggregation_key=body.get("aggregation_key"),
        source=str(body.get("source_type_name") or "api").lower(),
    )
    number = _FIRST + call.org.store.posted.add(event)
    return Answer(
        {
            "status": "ok",
            "event": {
                # As a number it loses its last digits, as recorded.
                "id": int(float(number)),
                "id_str": str(number),
                "title": event.title,
                "text": event.text,
                "date_happened": event.at // 1000,
                "handle": None,
                "priority": event.priority,
                "related_event_id": None,
                "tags": list(event.tags),
                "url": f"/event/event?id={number}",
            },
        },
        status=202,
    )


def _happened(value: object, now: datetime) -> int:
    if value is None:
        return int(now.timestamp() * 1000)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid("date_happened")
    if value < now.timestamp() - _OLDEST.total_seconds():
        raise bad_request("Event too far in the past")
    return value * 1000


def _one_of(body: Mapping[str, Any], name: str, default: str, known: Iterable[str]) -> str:
    value = body.get(name) or default
    if value not in known:
        raise invalid(name)
    return str(value)


def _posted(event: Posted) -> dict[str, Any]:
    number = str(_FIRST + event.number)
    return {
        "type": "event",
        "id": number,
        "attributes": {
            "timestamp": datetime.fromtimestamp(event.at / 1000, UTC).isoformat(),
            "message": event.text,
            "tags": list(event.tags),
            "attributes": {
                "title": event.title,
                "status": _POSTED[event.alert_type],
                "service": None,
                "hostname": event.host,
                "priority": event.priority,
                "aggregation_key": event.aggregation_key,
                "timestamp": event.at,
                "evt": {"id": number, "type": event.source},
            },
        },
    }
