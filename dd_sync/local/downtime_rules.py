"""Which downtimes Datadog accepts, and what it makes of them when they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dd_sync.local.group_scope import parse_group_scope
from dd_sync.local.http import bad_request
from dd_sync.local.schedule import normalised, read_zone, unknown_property

_ATTRIBUTES = (
    "scope",
    "monitor_identifier",
    "schedule",
    "message",
    "display_timezone",
    "mute_first_recovery_notification",
    "notify_end_states",
    "notify_end_types",
)
_END_STATES = ("alert", "warn", "no data")
_END_TYPES = ("expired", "canceled")
_MOST_TAGS, _LONGEST_TAG, _LONGEST_SCOPE = 32, 256, 10_000

Exists = Callable[[int], bool]


def attributes_of(body: Mapping[str, Any], what: str) -> dict[str, Any]:
    """`data.attributes` of a JSON:API request. Raises Refused 400."""
    data = body.get("data")
    if not isinstance(data, dict):
        raise bad_request("'data' is a required property")
    if data.get("type") != what:
        raise bad_request(f'API input validation failed: Invalid type. Expected "{what}".')
    attributes = data.get("attributes")
    if not isinstance(attributes, dict):
        raise bad_request("'attributes' is a required property")
    return attributes


def normalised_downtime(
    sent: Mapping[str, Any], now: datetime, exists: Exists, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The attributes to keep: those sent, else those of `before`, else the defaults. Raises Refused 400."""
    for name in sent:
        if name not in _ATTRIBUTES:
            raise unknown_property(name)
    whole = {**(before or {}), **sent}
    for name in ("scope", "monitor_identifier"):
        if whole.get(name) is None:
            raise bad_request(f"'{name}' is a required property")
    schedule = sent.get("schedule")
    if schedule is not None and not isinstance(schedule, dict):
        raise bad_request("'schedule' is not of type 'object'")
    earlier = before["schedule"] if before is not None else None
    return {
        "message": _text(whole.get("message"), "message"),
        "monitor_identifier": _identifier(whole["monitor_identifier"], exists),
        "scope": _scope(whole["scope"]),
        "schedule": normalised(schedule, now, earlier)
        if earlier is None or schedule is not None
        else earlier,
        "display_timezone": _timezone(whole.get("display_timezone")),
        "mute_first_recovery_notification": _flag(whole.get("mute_first_recovery_notification")),
        "notify_end_types": _members(
            whole.get("notify_end_types"), "notify_end_types", _END_TYPES, ("expired",)
        ),
        "notify_end_states": _members(
            whole.get("notify_end_states"), "notify_end_states", _END_STATES, _END_STATES
        ),
    }


def _text(value: Any, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise bad_request(f"'{name}' is not of type 'string'")
    return value


def _scope(value: Any) -> str:
    if not isinstance(value, str):
        raise bad_request("'scope' is not of type 'string'")
    if len(value) > _LONGEST_SCOPE:
        raise bad_request("Invalid scope parameter")
    parse_group_scope(value)
    return value


def _timezone(value: Any) -> str:
    if value in (None, ""):
        return "UTC"
    return read_zone(value).key


def _flag(value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise bad_request("'mute_first_recovery_notification' is not of type 'boolean'")
    return bool(value)


def _members(value: Any, name: str, known: tuple[str, ...], default: tuple[str, ...]) -> list[str]:
    if value is None:
        return list(default)
    if not isinstance(value, list) or any(member not in known for member in value):
        raise bad_request(f"'{name}' is a list of {', '.join(known)}")
    return list(dict.fromkeys(value))


def _identifier(value: Any, exists: Exists) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) != 1 or not set(value) <= {"monitor_id", "monitor_tags"}:
        raise bad_request("'monitor_identifier' needs exactly one of monitor_id and monitor_tags")
    if "monitor_id" in value:
        number = value["monitor_id"]
        if not isinstance(number, int) or isinstance(number, bool):
            raise bad_request("'monitor_id' is not of type 'integer'")
        if not 0 < number < 2**53 or not exists(number):
            raise bad_request(f"Monitor with id {str(number)[:20]} not found")
        return {"monitor_id": number}
    tags = value["monitor_tags"]
    if not isinstance(tags, list) or not 1 <= len(tags) <= _MOST_TAGS:
        raise bad_request(f"'monitor_tags' is a list of 1 to {_MOST_TAGS} tags")
    if not all(isinstance(tag, str) and 0 < len(tag) <= _LONGEST_TAG for tag in tags):
        raise bad_request(f"'monitor_tags' is a list of tags of at most {_LONGEST_TAG} characters")
    return {"monitor_tags": list(tags)}
