"""Whose time it is: the machine's, or one that a demo moves by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def machine_clock() -> datetime:
    return datetime.now(UTC)


class SimulatedClock:
    """Stands still until it is moved; never goes back. `start` is aware."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def move(self, to: datetime) -> None:
        self._now = max(self._now, to.astimezone(UTC))


def whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def until_next_minute(moment: datetime) -> float:
    """Seconds to the next whole minute, more than 0 and at most 60."""
    return (whole_minute(moment) + timedelta(minutes=1) - moment).total_seconds()
