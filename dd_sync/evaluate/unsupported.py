"""What this evaluator does not evaluate is said, with its place, and never guessed."""

from __future__ import annotations

from dd_sync.errors import DdSyncError, Place
from dd_sync.query.nodes import NOWHERE, Node

HINT = "docs/semantics.md lists what can be evaluated locally; Datadog itself may well evaluate this monitor"


class Unsupported(DdSyncError):
    """A monitor that cannot be evaluated here. `where`, if any, is relative to the query's text."""

    rule = "unsupported"

    def __init__(self, problem: str, *, hint: str = HINT, where: Place | None = None) -> None:
        super().__init__(problem, hint=hint, where=where)


def unsupported(text: str, node: Node, problem: str, hint: str = HINT) -> Unsupported:
    """The error at a node of the query `text`; without a place for a node that was not read from a text."""
    if node.span == NOWHERE:
        return Unsupported(problem, hint=hint)
    start, end = node.span
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return Unsupported(problem, hint=hint, where=Place("query", line, column, max(1, end - start)))
