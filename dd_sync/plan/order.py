"""In which order changes are made: parts before the composites that name them, deletes the other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dd_sync.plan.changes import Change, Create, Delete, Replace, Update

Write = Create | Update | Replace


def write_rounds(changes: Sequence[Change]) -> Iterator[tuple[Write, ...]]:
    """Creates, updates and replacements, each round free of references into itself or a later one."""
    left = [change for change in changes if not isinstance(change, Delete)]
    while left:
        waiting = {change.key for change in left}
        ready = [change for change in left if not waiting & (set(change.references) - {change.key})]
        # The catalog refuses cycles; a plan file that has one gets an attempt rather than a hang.
        ready = ready or left
        yield tuple(ready)
        left = [change for change in left if change not in ready]


def delete_rounds(changes: Sequence[Change]) -> Iterator[tuple[Delete, ...]]:
    """Composites first: Datadog refuses to delete a monitor that one of them still names."""
    deletes = [change for change in changes if isinstance(change, Delete)]
    for composite in (True, False):
        group = tuple(change for change in deletes if change.composite == composite)
        if group:
            yield group
