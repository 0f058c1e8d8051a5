"""Problems as they are found, each given its place in the file."""

from __future__ import annotations

from dataclasses import dataclass, field

from dd_sync.catalog.complaints import Complaint, Path
from dd_sync.catalog.source import Source
from dd_sync.errors import Problem, Severity

RULE = "schema"


@dataclass(slots=True)
class Found:
    """Collects problems. Places are looked up only here, so a file without problems is read once."""

    problems: list[Problem] = field(default_factory=list)

    def add(
        self,
        source: Source,
        path: Path,
        problem: str,
        hint: str,
        *,
        rule: str = RULE,
        key: bool = False,
        offset: int | None = None,
        length: int = 1,
        severity: Severity = Severity.ERROR,
    ) -> None:
        where, line = source.locate(path, key=key, offset=offset, length=length)
        self.problems.append(Problem(rule, problem, hint, where, severity, line))

    def complain(self, source: Source, path: Path, complaint: Complaint, *, rule: str = RULE) -> None:
        """A complaint about what stands at `path`."""
        self.add(
            source,
            (*path, *complaint.path),
            complaint.problem,
            complaint.hint,
            rule=rule,
            key=complaint.key,
            offset=complaint.offset,
            length=complaint.length,
        )
