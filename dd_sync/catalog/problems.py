"""Problems as they are found, each given its place in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dd_sync.catalog.complaints import Complaint, Path
from dd_sync.catalog.source import Source
from dd_sync.errors import Place, Problem, Severity, in_order

RULE = "schema"
# What one file can have wrong before the rest is only counted: nobody reads further, and output has an end.
MOST_IN_A_FILE = 1000


@dataclass(slots=True)
class Found:
    """Collects problems. Places, and hints given as functions, are worked out only for what is listed."""

    problems: list[Problem] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        source: Source,
        path: Path,
        problem: str,
        hint: str | Callable[[], str],
        *,
        rule: str = RULE,
        key: bool = False,
        offset: int | None = None,
        length: int = 1,
        severity: Severity = Severity.ERROR,
    ) -> None:
        count = self._counts[source.file] = self._counts.get(source.file, 0) + 1
        if count > MOST_IN_A_FILE:
            return
        where, line = source.locate(path, key=key, offset=offset, length=length)
        hint = hint if isinstance(hint, str) else hint()
        self.problems.append(Problem(rule, problem, hint, where, severity, line))

    def everything(self) -> tuple[Problem, ...]:
        """All problems, in order, and for each file how many more were not listed."""
        more = [
            Problem(
                RULE,
                f"{count - MOST_IN_A_FILE:,} more problems in this file",
                "mend those above first",
                Place(file, 1, 1),
            )
            for file, count in self._counts.items()
            if count > MOST_IN_A_FILE
        ]
        return in_order([*self.problems, *more])

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
