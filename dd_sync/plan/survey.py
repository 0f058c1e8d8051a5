"""What Datadog says is live of a catalog: its list, and beside it how many its search counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dd_sync.model.ownership import CATALOG, MANAGED
from dd_sync.ports import Json, Monitors


@dataclass(frozen=True, slots=True)
class Survey:
    """counted: by the search, None if it cannot say."""

    monitors: Sequence[Json]
    counted: int | None

    @property
    def is_doubtful(self) -> bool:
        """Whether the list is shorter than the search counts, or empty and not known to be.

        What a list wrongly leaves out would be created twice.
        """
        if not self.monitors:
            return self.counted != 0
        return self.counted is not None and self.counted > len(self.monitors)


def survey(monitors: Monitors, catalog: str, expected: int = 0) -> Survey:
    """expected: how many monitors there should be. Raises DatadogError."""
    return Survey(*monitors.list_and_count((MANAGED, CATALOG + catalog), expected=expected))
