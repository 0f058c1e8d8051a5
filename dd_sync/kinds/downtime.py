"""Declared downtimes: known by a line of their message, compared by what they silence and when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dd_sync.errors import DatadogError
from dd_sync.kinds.kind import LiveResource
from dd_sync.model.downtime import END_STATES
from dd_sync.model.recurrence import Recurrence, duration_text, minutes_of
from dd_sync.model.resource import Kind, marked
from dd_sync.ports import DowntimeBodies, Json

_LIVE = ("active", "scheduled")
# What a request may carry; all else of an answer is Datadog's own.
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


@dataclass(frozen=True, slots=True)
class DowntimeCalls:
    """catalog: its name, with the environment; now: the clock, for a start that passes meanwhile."""

    downtimes: DowntimeBodies
    catalog: str
    now: Callable[[], datetime]

    @property
    def kind(self) -> Kind:
        return "downtime"

    def read(self, keys: Collection[str]) -> list[LiveResource]:
        """Those that are active or to come. One that has ended or was canceled is gone, and so is a snooze,
        which carries another mark."""
        found = []
        for data in self.downtimes.bodies():
            attributes = data.get("attributes") or {}
            key = marked(str(attributes.get("message") or ""), "downtime", self.catalog)
            if key is not None and attributes.get("status") in _LIVE:
                body = {name: attributes.get(name) for name in (*_ATTRIBUTES, "status")}
                born = str(attributes.get("created") or "")
                found.append(LiveResource(key, str(data["id"]), body, comparable(body), born))
        return found

    def create(self, body: Mapping[str, Any]) -> str:
        try:
            return self._create(body)
        except DatadogError as error:
            # The start has passed: refused for certain, so it may be sent again, to begin as it can.
            if not _is_too_late(error):
                raise
            return self._create(in_time(body, self.now()))

    def _create(self, body: Mapping[str, Any]) -> str:
        return str(self.downtimes.create_body(body)["id"])

    def update(self, live: LiveResource, body: Mapping[str, Any]) -> None:
        """Only what differs is sent: Datadog refuses the start of one that has begun, even the same."""
        ours, theirs = self.compared(body, live)
        changed = {name: body[name] for name in body if ours.get(name) != theirs.get(name)}
        if "schedule" in changed and changed["schedule"].get("start", "") is None:
            changed["schedule"] = {"end": changed["schedule"]["end"]}
            if live.body.get("status") == "scheduled":
                changed["schedule"] = {"start": None, **changed["schedule"]}
        try:
            self.downtimes.update_body(live.id, changed)
        except DatadogError as error:
            if not _is_too_late(error):
                raise
            self.downtimes.update_body(live.id, in_time(changed, self.now()))

    def delete(self, live: LiveResource) -> None:
        self.downtimes.cancel(live.id)

    def compared(self, body: Mapping[str, Any], live: LiveResource) -> tuple[Json, Json]:
        ours, theirs = comparable(body), comparable(live.body)
        _leave_start_open(ours["schedule"], theirs["schedule"], str(live.body.get("status") or ""))
        return ours, theirs

    def shown(self, path: str, value: Any) -> Any:
        return value

    def labels(self, action: str, body: Mapping[str, Any] | None, paths: Collection[str]) -> tuple[str, ...]:
        if action == "delete":
            return ("silence ends",)
        if body is None or not (action == "create" or any(path.startswith("schedule") for path in paths)):
            return ()
        schedule = body["schedule"]
        if "recurrences" in schedule:
            return ("silences again and again",)
        return (f"silences until {datetime.fromisoformat(schedule['end']):%Y-%m-%d %H:%M} UTC",)


def comparable(attributes: Mapping[str, Any]) -> Json:
    """A downtime's attributes with everything left out that makes no difference.

    The order of states and types means nothing, and changes from answer to answer; Z is +00:00.
    """
    identifier = attributes.get("monitor_identifier") or {}
    tags = identifier.get("monitor_tags")
    return {
        "scope": str(attributes.get("scope") or "*").strip(),
        "monitor_identifier": {"monitor_tags": sorted(set(tags))} if tags else dict(identifier),
        "schedule": _schedule(attributes.get("schedule") or {}),
        "message": str(attributes.get("message") or "").strip(),
        "display_timezone": attributes.get("display_timezone") or "UTC",
        "mute_first_recovery_notification": bool(attributes.get("mute_first_recovery_notification")),
        "notify_end_states": sorted(_members(attributes.get("notify_end_states"), END_STATES)),
        "notify_end_types": sorted(_members(attributes.get("notify_end_types"), ("expired",))),
    }


def in_time(body: Mapping[str, Any], now: datetime) -> Json:
    """The same with no start in the past: once, it begins now; again and again, at its next time."""
    schedule = body["schedule"]
    if "recurrences" not in schedule:
        return {**body, "schedule": {**schedule, "start": None}}
    zone = ZoneInfo(schedule.get("timezone") or "UTC")
    recurrences = [_moved(one, zone, now) for one in schedule["recurrences"]]
    return {**body, "schedule": {**schedule, "recurrences": recurrences}}


def _moved(recurrence: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> Json:
    rule = Recurrence.of(recurrence)
    if rule.start.replace(tzinfo=zone) > now:
        return dict(recurrence)
    coming = rule.next(zone, now)
    return {**recurrence, "start": recurrence["start"] if coming is None else coming.isoformat()}


def _members(value: Any, default: tuple[str, ...]) -> set[str]:
    return set(default if value is None else value)


def _schedule(schedule: Mapping[str, Any]) -> Json:
    if "recurrences" not in schedule:
        return {"start": _utc(schedule.get("start")), "end": _utc(schedule.get("end"))}
    return {
        "timezone": schedule.get("timezone") or "UTC",
        "recurrences": [
            {
                "rrule": one.get("rrule"),
                "duration": _duration(one.get("duration")),
                "start": one.get("start"),
            }
            for one in schedule["recurrences"] or ()
        ],
    }


def _utc(text: Any) -> str | None:
    return None if not text else datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")


def _duration(text: Any) -> Any:
    """Durations that are equal in one spelling; anything else as it is."""
    try:
        return duration_text(timedelta(minutes=minutes_of(text)))
    except (ValueError, TypeError):
        return text


def _leave_start_open(ours: Json, theirs: Json, status: str) -> None:
    """A start that has passed is no difference, nor one moved to a later time of the same rule."""
    if "recurrences" not in ours and "recurrences" not in theirs:
        # Times are in one zone and spelling, so that they sort as text.
        if status == "active" and (ours["start"] or "") <= (theirs["start"] or ""):
            theirs["start"] = ours["start"]
        return
    mine, other = ours.get("recurrences", ()), theirs.get("recurrences", ())
    if len(mine) != len(other) or ours["timezone"] != theirs["timezone"]:
        return
    zone = ZoneInfo(ours["timezone"])
    for our, their in zip(mine, other, strict=True):
        same_rule = (our["rrule"], our["duration"]) == (their["rrule"], their["duration"])
        if same_rule and our["start"] != their["start"] and _comes_at(our, their["start"], zone):
            their["start"] = our["start"]


def _comes_at(recurrence: Mapping[str, Any], start: Any, zone: ZoneInfo) -> bool:
    try:
        return Recurrence.of(recurrence).comes_at(zone, datetime.fromisoformat(start))
    except (ValueError, TypeError):
        return False


def _is_too_late(error: DatadogError) -> bool:
    return error.status == 400 and any("in the past" in text for text in error.details)
