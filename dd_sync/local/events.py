"""/api/v2/events: the alert events that notifications leave behind. A muted alert leaves none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dd_sync.local.http import Answer, Call, bad_request, invalid
from dd_sync.local.verdicts_table import Told
from dd_sync.timeframe import parse_duration

_DEFAULT_SPAN = timedelta(minutes=15)
_LARGEST_PAGE = 1000
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
    terms = wanted.get("filter[query]", "").split()
    told = call.org.store.told.between(int(start.timestamp()), int(end.timestamp()) + 1)
    found = [one for one in told if all(_matches(one, term) for term in terms)]
    sort = wanted.get("sort", "timestamp")
    if sort not in ("timestamp", "-timestamp"):
        raise invalid("sort")
    if sort == "-timestamp":
        found.reverse()
    after, size = _number(wanted, "page[cursor]", 0), _number(wanted, "page[limit]", 10)
    answer: dict[str, Any] = {"data": [_event(one) for one in found[after : after + size]]}
    if after + size < len(found):
        answer["meta"] = {"page": {"after": str(after + size)}}
    return Answer(answer)


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


def _matches(told: Told, term: str) -> bool:
    """A term: `source:alert`, `status:error`, a tag as written, or a word of the title."""
    field, _, value = term.partition(":")
    if field == "source":
        return value in ("alert", "monitor")
    if field == "status":
        return _status(told) == value
    return term in told.tags if value else term.lower() in told.title.lower()


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
