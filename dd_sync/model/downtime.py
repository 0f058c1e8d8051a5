"""A downtime of Datadog's v2 API: what silences notifications, for whom, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

END_STATES = ("alert", "no data", "warn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Downtime:
    """A one-time downtime, or a recurring one as far as `schedule` tells.

    scope: group scope such as `tenant:acme`, `*` for all groups.
    monitor_id or monitor_tags (all of which must match), exactly one of them.
    start, end: aware datetimes in UTC; start None means from now, end None means for ever.
    status: scheduled, active, ended or canceled; empty before it is created. canceled: when.
    """

    scope: str
    monitor_id: int | None = None
    monitor_tags: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    message: str = ""
    notify_end_states: tuple[str, ...] = END_STATES
    notify_end_types: tuple[str, ...] = ("expired",)
    mute_first_recovery_notification: bool = False
    display_timezone: str = "UTC"
    id: str = ""
    status: str = ""
    recurring: bool = False
    canceled: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.status in ("active", "scheduled")

    def attributes(self) -> dict[str, Any]:
        """The `data.attributes` of a create request."""
        identifier: dict[str, Any] = (
            {"monitor_id": self.monitor_id}
            if self.monitor_id is not None
            else {"monitor_tags": list(self.monitor_tags)}
        )
        return {
            "scope": self.scope,
            "monitor_identifier": identifier,
            "schedule": {"start": _iso(self.start), "end": _iso(self.end)},
            "message": self.message,
            "display_timezone": self.display_timezone,
            "mute_first_recovery_notification": self.mute_first_recovery_notification,
            "notify_end_states": sorted(self.notify_end_states),
            "notify_end_types": sorted(self.notify_end_types),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Downtime:
        """From one `data` object of Datadog's answer. Tolerates absent and null attributes."""
        attributes = data.get("attributes") or {}
        identifier = attributes.get("monitor_identifier") or {}
        schedule = attributes.get("schedule") or {}
        recurring = "recurrences" in schedule
        span = (schedule.get("current_downtime") or {}) if recurring else schedule
        return cls(
            id=str(data.get("id") or ""),
            scope=str(attributes.get("scope") or ""),
            monitor_id=identifier.get("monitor_id"),
            monitor_tags=tuple(identifier.get("monitor_tags") or ()),
            start=_moment(span.get("start")),
            end=_moment(span.get("end")),
            message=str(attributes.get("message") or ""),
            notify_end_states=tuple(sorted(attributes.get("notify_end_states") or ())),
            notify_end_types=tuple(sorted(attributes.get("notify_end_types") or ())),
            mute_first_recovery_notification=bool(attributes.get("mute_first_recovery_notification")),
            display_timezone=str(attributes.get("display_timezone") or "UTC"),
            status=str(attributes.get("status") or ""),
            recurring=recurring,
            canceled=_moment(attributes.get("canceled")),
        )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(text)
