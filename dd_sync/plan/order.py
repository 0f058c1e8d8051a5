"""In which order changes are made: parts before the composites that name them, deletes the other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dd_sync.plan.changes import Adopt, Change, Create, Delete, Replace, Update

Write = Create | Update | Adopt | Replace


def write_rounds(changes: Sequence[Change]) -> Iterator[tuple[Write, ...]]:
    """All but the deletes, each round free of references into itself or a later one."""
    left: list[Write] = [change for change in changes if not isinstance(change, Delete)]
    while left:
        waiting = {change.key for change in left}
        ready: list[Write] = []
        blocked: list[Write] = []
        for change in left:
            waits = any(other in waiting and other != change.key for other in change.references)
            (blocked if waits else ready).append(change)
        if not ready:
            # The catalog refuses cycles; a plan file that has one gets an attempt rather than a hang.
            ready, blocked = blocked, []
        yield tuple(ready)
        left = blocked


def delete_rounds(changes: Sequence[Change]) -> Iterator[tuple[Delete, ...]]:
    """Composites first: Datadog refuses to delete a monitor that one of them still names."""
    deletes = [change for change in changes if isinstance(change, Delete)]
    for composite in (True, False):
        group = tuple(change for change in deletes if change.composite == composite)
        if group:
            yield group
