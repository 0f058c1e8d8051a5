"""States of a monitor's groups, in Datadog's words."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    OK = "OK"
    WARN = "Warn"
    ALERT = "Alert"
    NO_DATA = "No Data"
    UNKNOWN = "Unknown"

    @property
    def severity(self) -> int:
        """Alert 5 > Warn 4 > Unknown 3 > No Data 2 > OK 1; only service checks are ever Unknown."""
        return {"OK": 1, "No Data": 2, "Unknown": 3, "Warn": 4, "Alert": 5}[self.value]
