"""Intake of service-check runs, of logs, and of events of any other source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dd_sync.evaluate.sources import CheckRun, Event, Status
from dd_sync.local.http import TEXT_JSON, Answer, Call, bad_request
from dd_sync.local.intake import normalise_tag
from dd_sync.local.points_table import RETENTION

_LATE_RUN = timedelta(minutes=10)
_LATE_LOG = timedelta(hours=18)
_AHEAD = timedelta(minutes=10)
# As old as anything is kept, and as far ahead as a simulated clock moves in one go.
_FAR_AHEAD = timedelta(days=31)
_MOST = 1000
_LONGEST_MESSAGE = 500
_OWN = ("ddsource", "ddtags", "hostname", "message", "timestamp", "date")


def check_runs(call: Call) -> Answer:
    """POST /api/v1/check_run. What is more than 10 minutes old is dropped without a word."""
    _take_runs(call, _LATE_RUN, _AHEAD)
    return Answer({"status": "ok"}, status=202, media_type=TEXT_JSON)


def check_history(call: Call) -> Answer:
    """POST /local/check_run: the same of nearly any time."""
    _take_runs(call, RETENTION, _FAR_AHEAD)
    return Answer({"errors": []}, status=202)


def _take_runs(call: Call, late: timedelta, ahead: timedelta) -> None:
    now = call.org.clock()
    runs = [_run(one, now) for one in _listed(call.body)]
    first, last = (now - late).timestamp(), (now + ahead).timestamp()
    call.org.store.streams.add_runs(run for run in runs if first <= run.at <= last)


def _run(one: Any, now: datetime) -> CheckRun:
    one = _object(one)
    status = one.get("status")
    if isinstance(status, bool) or status not in (0, 1, 2, 3):
        raise bad_request("'status' is one of 0 (OK), 1 (WARNING), 2 (CRITICAL), 3 (UNKNOWN)")
    tags = _words(one.get("tags"))
    if one.get("host_name"):
        tags.append(f"host:{one['host_name']}")
    return CheckRun(
        _moment(one.get("timestamp"), now),
        _text(one, "check"),
        Status(status),
        _tags(tags),
        # Datadog keeps no message of a run that is OK.
        "" if status == Status.OK else str(one.get("message") or "")[:_LONGEST_MESSAGE],
    )


def logs(call: Call) -> Answer:
    """POST /api/v2/logs. What is more than 18 hours old is dropped without a word."""
    now = call.org.clock()
    found = [_log(one, now) for one in _listed(call.body)]
    first, last = (now - _LATE_LOG).timestamp(), (now + _AHEAD).timestamp()
    call.org.store.streams.add_events(event for event in found if first <= event.at <= last)
    return Answer({}, status=202)


def _log(one: Any, now: datetime) -> Event:
    one = _object(one)
    attributes = {key: value for key, value in one.items() if key not in _OWN}
    message = str(one.get("message") or "")
    # A message that is JSON is read as attributes, with a message of its own.
    if inner := _as_object(message):
        attributes, message = {**inner, **attributes}, str(inner.get("message") or message)
    named = {"source": one.get("ddsource"), "host": one.get("hostname")}
    named |= {key: attributes.get(key) for key in ("service", "status")}
    tags = [tag for tag in str(one.get("ddtags") or "").split(",") if tag.strip()]
    tags += [f"{key}:{value}" for key, value in named.items() if value]
    at = _moment(one.get("timestamp", one.get("date")), now, milliseconds=True)
    return Event(at, "logs", _tags(tags), attributes, message)


def _as_object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def event_history(call: Call) -> Answer:
    """POST /local/events: events of any source and nearly any time."""
    now = call.org.clock()
    found = [_event(one, now) for one in _listed(call.body)]
    first, last = (now - RETENTION).timestamp(), (now + _FAR_AHEAD).timestamp()
    call.org.store.streams.add_events(event for event in found if first <= event.at <= last)
    return Answer({"errors": []}, status=202)


def _event(one: Any, now: datetime) -> Event:
    one = _object(one)
    attributes = one.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise bad_request("'attributes' is an object")
    return Event(
        _moment(one.get("timestamp"), now),
        _text(one, "source"),
        _tags(_words(one.get("tags"))),
        attributes,
        str(one.get("message") or ""),
        str(one.get("index") or "main"),
    )


# --- parts of a body -----------------------------------------------------------------------------


def _listed(body: Any) -> list[Any]:
    """A list, or one object in its place."""
    found = body if isinstance(body, list) else [body]
    if len(found) > _MOST:
        raise bad_request(f"at most {_MOST} in one request")
    return found


def _object(one: Any) -> Mapping[str, Any]:
    if not isinstance(one, dict):
        raise bad_request("the body is a list of objects")
    return one


def _text(one: Mapping[str, Any], name: str) -> str:
    value = one.get(name)
    if not isinstance(value, str) or not value:
        raise bad_request(f"'{name}' is a text that is not empty")
    return value


def _words(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise bad_request("'tags' is a list of strings")
    return list(value)


def _tags(tags: list[str]) -> tuple[str, ...]:
    return tuple(sorted({normalised for tag in tags if (normalised := normalise_tag(tag))}))


def _moment(value: Any, now: datetime, *, milliseconds: bool = False) -> int:
    """Epoch seconds, or milliseconds; for logs also ISO 8601; now where nothing is said."""
    if value is None:
        return int(now.timestamp())
    if isinstance(value, str) and milliseconds:
        try:
            moment = datetime.fromisoformat(value)
            return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
        except (ValueError, OverflowError):
            raise bad_request("'timestamp' is not a time") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        raise bad_request("'timestamp' is not a number of seconds")
    return int(value / 1000) if milliseconds else int(value)
