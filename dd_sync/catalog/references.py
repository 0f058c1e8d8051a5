"""References between monitors: `${monitor:key}` in a raw query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from dd_sync.model.monitor import Declared

_MOST_SHOWN = 10
REFERENCE = re.compile(r"\$\{monitor:([^{}$\n]*)\}")


def references_in(query: str) -> tuple[str, ...]:
    """The keys a query names, each once, in the order of the text."""
    return tuple(dict.fromkeys(REFERENCE.findall(query)))


def offset_of(query: str, key: str) -> int:
    return query.index("${monitor:" + key + "}")


def shown(circle: Sequence[str]) -> str:
    """A circle as errors tell it: all of a short one, both ends of a long one."""
    if len(circle) > _MOST_SHOWN:
        left_out = f"… {len(circle) - _MOST_SHOWN + 1:,} more …"
        circle = (*circle[: _MOST_SHOWN - 3], left_out, *circle[-2:])
    return " -> ".join(circle)


def cycles(monitors: Sequence[Declared]) -> Iterator[tuple[str, ...]]:
    """Keys that refer to each other in a circle: from the first one met and back to it."""
    graph: Mapping[str, tuple[str, ...]] = {declared.key: declared.references for declared in monitors}
    done: set[str] = set()
    for start in sorted(graph):
        path: dict[str, int] = {}
        waiting: list[tuple[str, Iterator[str]]] = []
        if start not in done:
            path[start] = 0
            waiting.append((start, iter(graph[start])))
        while waiting:
            key, rest = waiting[-1]
            for other in rest:
                if other in path:
                    yield (*islice(path, path[other], None), other)
                elif other in graph and other not in done:
                    path[other] = len(path)
                    waiting.append((other, iter(graph[other])))
                    break
            else:
                done.add(key)
                path.popitem()
                waiting.pop()
