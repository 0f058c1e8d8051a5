"""States of a monitor's groups, in Datadog's words."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    OK = "OK"
    WARN = "Warn"
    ALERT = "Alert"
    NO_DATA = "No Data"

    @property
    def severity(self) -> int:
        """Alert 4 > Warn 3 > No Data 2 > OK 1."""
        return {"OK": 1, "No Data": 2, "Warn": 3, "Alert": 4}[self.value]
