"""What came of a scenario, small enough to go between processes."""

from __future__ import annotations

from dataclasses import dataclass

from dd_sync.scenarios.run import Failure


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario that ran. text: as people read it, its first word the verdict; picture: as HTML, if asked.

    line: 0 where it was not asked for; seconds: how long it took.
    """

    monitor: str
    name: str
    file: str
    line: int
    failures: tuple[Failure, ...]
    text: str
    seconds: float
    picture: str = ""

    @property
    def passed(self) -> bool:
        return not self.failures
