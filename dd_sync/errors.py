"""What can go wrong, said with a place, the problem and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum


class Exit(IntEnum):
    """Exit codes of every command; docs/cli.md lists them."""

    DONE = 0
    WRONG = 1
    CHANGES = 2
    UNSAFE = 3
    UNREACHABLE = 4
    USAGE = 64
    INTERRUPTED = 130


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span of text a person can open: lines and columns count from 1, length in characters."""

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def offset_in(self, text: str) -> int:
        """The offset of this place in the text that its line and column count in."""
        start = 0
        for _ in range(self.line - 1):
            start = text.find("\n", start) + 1
        return min(start + self.column - 1, len(text))


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `rule` is the id users filter and ignore by; `source` is the line at `where`."""

    rule: str
    problem: str
    hint: str
    where: Place | None = None
    severity: Severity = Severity.ERROR
    source: str | None = None

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by file, line and column; those without a place come first."""
    nowhere = Place("", 0, 0)
    return tuple(sorted(problems, key=lambda p: (p.where or nowhere, p.rule, p.problem)))


class DdSyncError(Exception):
    """A failure we foresaw. The command line shows it without a traceback and exits with `exit`."""

    exit = Exit.WRONG
    rule = "error"

    def __init__(self, problem: str, *, hint: str = "", where: Place | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.where = where

    def problems(self) -> tuple[Problem, ...]:
        return (Problem(self.rule, self.problem, self.hint, self.where),)


class CatalogError(DdSyncError):
    """The catalog cannot be used; carries every problem found, not only the first."""

    rule = "catalog"

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = in_order(problems)
        super().__init__(f"{len(found)} problem{'' if len(found) == 1 else 's'} in the catalog")
        self._problems = found

    def problems(self) -> tuple[Problem, ...]:
        return self._problems


class QueryError(DdSyncError):
    """A query that is not in Datadog's language. `where` is relative to the query's own text."""

    rule = "query-syntax"

    def __init__(self, problem: str, *, hint: str = "", where: Place) -> None:
        super().__init__(problem, hint=hint, where=where)
        self.place = where


class TemplateError(DdSyncError):
    """A notification message that is not in Datadog's template language; `where` as in QueryError."""

    rule = "message-syntax"

    def __init__(self, problem: str, *, hint: str = "", where: Place) -> None:
        super().__init__(problem, hint=hint, where=where)
        self.place = where


class RequestError(DdSyncError):
    """What the user asked for cannot be done as asked."""

    rule = "request"


class UnsafePlan(DdSyncError):
    """Refused: carrying it out could harm monitors nobody meant to touch."""

    exit = Exit.UNSAFE
    rule = "unsafe"


class DatadogError(DdSyncError):
    """Datadog could not be reached, or answered with an error. Never carries keys or headers.

    status: the HTTP status, None if there was no answer; details: Datadog's own error texts;
    sent: False when the request certainly never reached Datadog.
    """

    exit = Exit.UNREACHABLE
    rule = "datadog"

    def __init__(
        self,
        problem: str,
        *,
        hint: str = "",
        status: int | None = None,
        details: tuple[str, ...] = (),
        sent: bool = True,
    ) -> None:
        super().__init__(problem, hint=hint)
        self.status = status
        self.details = details
        self.sent = sent

    @property
    def is_unclear(self) -> bool:
        """Whether the request may have been carried out although it failed."""
        status = self.status
        return self.sent and (status is None or status < 300 or status == 408 or status >= 500)


class Unfit(ValueError):
    """A value that cannot be meant, found while a model is validated or a guard is compiled.

    path: from the value being read to the wrong part of it; offset, length: characters in that part's text.
    """

    def __init__(
        self,
        problem: str,
        *,
        hint: str = "",
        path: tuple[str | int, ...] = (),
        offset: int | None = None,
        length: int = 1,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.path = path
        self.offset = offset
        self.length = length


def moved(problem: Problem, where: Place, source: str | None) -> Problem:
    """The same problem at the place a user can open."""
    return replace(problem, where=where, source=source)
