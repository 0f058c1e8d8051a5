"""What a catalog declares beside monitors: downtimes, dashboards and webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["webhook", "downtime", "dashboard"]
# In the order they are written in: webhooks before the monitors that tell them, dashboards after those they
# show; deleted the other way round.
KINDS: tuple[Kind, ...] = ("webhook", "downtime", "dashboard")

_MARK = "managed by dd-sync · catalog "
_REFERENCE = re.compile(r"\$\{monitor:([^{}$\n]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """key: unique within its kind; a downtime chosen by monitors has one for each, `window/stream-rate`.

    name: as people know it. body: what Datadog is sent, `${monitor:key}` still in it.
    file, path: where it is declared. references: keys of monitors, each once.
    """

    kind: Kind
    key: str
    name: str
    body: Mapping[str, Any]
    file: str
    path: tuple[str | int, ...]
    references: tuple[str, ...] = ()


def mark(kind: Kind, catalog: str, key: str) -> str:
    """The line that tells whose a downtime or dashboard is, in its message or description."""
    return f"{_MARK}{catalog} · {kind} {key}"


def marked(text: str, kind: Kind, catalog: str) -> str | None:
    """The key that such a text is marked with; None if it is not this catalog's, or has several marks."""
    lines = [line.strip() for line in text.splitlines()]
    start = f"{_MARK}{catalog} · {kind} "
    keys = {line.removeprefix(start) for line in lines if line.startswith(start)}
    return keys.pop() if len(keys) == 1 else None


def has_mark(text: str) -> bool:
    """Whether a line of the text begins as a mark does, or as that of a snooze."""
    return any(line.strip().startswith((_MARK, "dd-sync snooze")) for line in text.splitlines())


def texts_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a JSON value, with the path to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts_in(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from texts_in(item, (*path, index))


def references_of(value: Any) -> tuple[str, ...]:
    """The keys of monitors that the texts of a JSON value name, each once, in order."""
    found = (key for _, text in texts_in(value) if "${" in text for key in _REFERENCE.findall(text))
    return tuple(dict.fromkeys(found))


def resolved(value: Any, ids: Mapping[str, int]) -> Any:
    """The value with `${monitor:key}` replaced by that monitor's id, as text; unknown keys stay."""
    if isinstance(value, str):
        if "${monitor:" not in value:
            return value
        return _REFERENCE.sub(lambda found: str(ids.get(found[1], found[0])), value)
    if isinstance(value, Mapping):
        return {key: resolved(item, ids) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, ids) for item in value]
    return value
