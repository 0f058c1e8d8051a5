"""Problems as they are found, each given its place in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dd_sync.catalog.complaints import Complaint, Path
from dd_sync.catalog.source import Source
from dd_sync.errors import Place, Problem, Severity, in_order

RULE = "schema"
# A line with a secret in it is not repeated: what is shown ends in the logs of CI.
LITERAL = "literal-secret"
# What one file can have wrong before the rest is only counted: nobody reads further, and output has an end.
MOST_IN_A_FILE = 1000
# From here on, an offset far into a text is not mapped back to the file: that takes as long as the text is.
_MANY = 50
_FAR = 2000


@dataclass(slots=True)
class Found:
    """Collects problems, each once. Places, and hints given as functions, are worked out only when listed.

    What stands where the YAML itself is wrong is no further problem: it would be the same one, said again.
    """

    problems: list[Problem] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)
    _seen: set[tuple[object, ...]] = field(default_factory=set)

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
        same = (source.file, path, key, offset, problem)
        if same in self._seen:
            return
        count = self._counts.get(source.file, 0)
        if count >= MOST_IN_A_FILE:
            self._counts[source.file] = count + 1
            return
        self._seen.add(same)
        if offset is not None and offset > _FAR and count > _MANY:
            offset = None
        where, line = source.locate(path, key=key, offset=offset, length=length)
        if any(
            p.where and (p.where.line, p.where.column) == (where.line, where.column) for p in source.problems
        ):
            return
        self._counts[source.file] = count + 1
        hint = hint if isinstance(hint, str) else hint()
        shown = None if rule == LITERAL else line
        self.problems.append(Problem(rule, problem, hint, where, severity, shown))

    def is_full(self, source: Source) -> bool:
        """Whether more problems of the file are only counted, so that nothing need be worked out for them."""
        return self._counts.get(source.file, 0) >= MOST_IN_A_FILE

    def more(self, source: Source, count: int) -> None:
        """So many more problems of a file that is full."""
        self._counts[source.file] += count

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
