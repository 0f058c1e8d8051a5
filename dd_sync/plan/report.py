"""What apply did, monitor by monitor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Did = Literal["created", "adopted", "updated", "replaced", "deleted", "unchanged", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One change's end. why: the reason for failed and skipped, else what is worth knowing; hint: what to do.

    adopted: as the catalog says, or a create that was found to be done already. kind: monitor, downtime,
    dashboard or webhook; monitor_id is a monitor's, id that of any other.
    """

    key: str
    did: Did
    monitor_id: int | None = None
    why: str = ""
    hint: str = ""
    kind: str = "monitor"
    id: str | None = None

    @property
    def is_done(self) -> bool:
        return self.did not in ("failed", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """outcomes: in the plan's order. differing: keys that, read again at the end, are not as planned.

    unread: why nothing could be read again at the end; empty if it could, or nothing was written.
    """

    outcomes: tuple[Outcome, ...]
    differing: tuple[str, ...] = ()
    unread: str = ""

    @property
    def done(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.is_done)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.did == "failed")

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.did == "skipped")

    @property
    def is_complete(self) -> bool:
        return not (self.failed or self.skipped or self.differing or self.unread)
