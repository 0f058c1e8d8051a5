"""Judged once a day at a set time, instead of all the time."""

from __future__ import annotations

import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from dd_sync.errors import Unfit
from dd_sync.guards.guard import Spec
from dd_sync.guards.values import found

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
# A schedule begins at some day; which one changes nothing, as long as it is always the same.
_FIRST_DAY = "2026-01-01"


def clock_time(value: Any) -> str:
    """`06:00`, hours and minutes of a day. Raises Unfit."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise Unfit(f"{found(value)} is not a time of day", hint='write it in quotes, as in "06:00"')
    return value


def zone(value: Any) -> str:
    """`Europe/Berlin`, a name of the time-zone database. Raises Unfit."""
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            pass
        else:
            return value
    raise Unfit(f"{found(value)} is not a time zone", hint="a name such as UTC or Europe/Berlin")


ClockTime = Annotated[str, BeforeValidator(clock_time)]
Zone = Annotated[str, BeforeValidator(zone)]


class Scheduled(Spec):
    """A guard that may be judged once a day."""

    daily_at: ClockTime | None = Field(
        default=None, description="Judge the window once a day at this time, such as 06:00."
    )
    timezone: Zone = Field(default="UTC", description="The time zone of `daily_at`.")

    def scheduled(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options with the schedule, if there is one. Datadog takes no full window beside it."""
        if self.daily_at is None:
            return options
        recurrence = {
            "rrule": "FREQ=DAILY;INTERVAL=1",
            "timezone": self.timezone,
            "start": f"{_FIRST_DAY}T{self.daily_at}:00",
        }
        return {
            **{name: value for name, value in options.items() if name != "require_full_window"},
            "scheduling_options": {"custom_schedule": {"recurrences": [recurrence]}},
        }

    def schedule_notes(self) -> tuple[str, ...]:
        if self.daily_at is None:
            return ()
        return (
            f"Judged once a day at {self.daily_at} {self.timezone}, and told whenever it is not OK.",
            "Datadog lets nobody add or remove a schedule later: that takes a new monitor.",
        )
