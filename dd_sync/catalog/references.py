"""References between monitors: `${monitor:key}` in a raw query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dd_sync.model.monitor import Declared

REFERENCE = re.compile(r"\$\{monitor:([^{}$\n]*)\}")


def references_in(query: str) -> tuple[str, ...]:
    """The keys a query names, each once, in the order of the text."""
    return tuple(dict.fromkeys(REFERENCE.findall(query)))


def offset_of(query: str, key: str) -> int:
    return query.index("${monitor:" + key + "}")


def cycles(monitors: Sequence[Declared]) -> Iterator[tuple[str, ...]]:
    """Keys that refer to each other in a circle: from the first one met and back to it."""
    graph: Mapping[str, tuple[str, ...]] = {declared.key: declared.references for declared in monitors}
    done: set[str] = set()
    for start in sorted(graph):
        path: list[str] = []
        waiting: list[tuple[str, Iterator[str]]] = []
        if start not in done:
            path.append(start)
            waiting.append((start, iter(graph[start])))
        while waiting:
            key, rest = waiting[-1]
            for other in rest:
                if other in path:
                    yield (*path[path.index(other) :], other)
                elif other in graph and other not in done:
                    path.append(other)
                    waiting.append((other, iter(graph[other])))
                    break
            else:
                done.add(key)
                path.pop()
                waiting.pop()
