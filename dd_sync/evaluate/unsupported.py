"""What this evaluator does not evaluate is said, with its place, and never guessed."""

from __future__ import annotations

from dd_sync.errors import DdSyncError, Place
from dd_sync.query.nodes import NOWHERE, Node

HINT = "docs/semantics.md lists what can be evaluated locally; Datadog itself may well evaluate this monitor"

QUERY = ("query",)


class Unsupported(DdSyncError):
    """A monitor that cannot be evaluated here.

    path: to the part of the monitor that it is about, as in ("options", "notify_by"), () for the whole;
    where: in the query, and relative to its text.
    """

    rule = "unsupported"

    def __init__(
        self, problem: str, *, hint: str = HINT, path: tuple[str, ...] = (), where: Place | None = None
    ) -> None:
        super().__init__(problem, hint=hint, where=where)
        self.path = path


def unsupported(text: str, node: Node, problem: str, hint: str = HINT) -> Unsupported:
    """The error at a node of the query `text`; without a place for a node that was not read from a text."""
    if node.span == NOWHERE:
        return Unsupported(problem, hint=hint, path=QUERY)
    start, end = node.span
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    where = Place("query", line, column, max(1, end - start))
    return Unsupported(problem, hint=hint, path=QUERY, where=where)
