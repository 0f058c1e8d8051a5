"""Which fields differ, named as people name them: `options.thresholds.critical`."""

from __future__ import annotations

from typing import Any

from dd_sync.plan.changes import FieldChange

Json = dict[str, Any]
_FIRST = ("type", "name", "query", "message", "tags", "priority", "draft_status", "restricted_roles")


def field_changes(declared: Json, live: Json) -> tuple[FieldChange, ...]:
    """The differences between two comparable monitors that differ: top-level fields, then options by name.

    A list of plain values counts as one field; objects are entered, lists of objects too.
    """
    from deepdiff import DeepDiff

    # Numbers are judged below, by their value: deepdiff would round them to twelve digits.
    found = DeepDiff(live, declared, view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0)
    paths = {
        _cut(item.path(output_format="list"), live, declared) for group in found.values() for item in group
    }
    changes = [
        FieldChange(path=_text(path), before=_at(live, path), after=_at(declared, path)) for path in paths
    ]
    return tuple(sorted((c for c in changes if c.before != c.after), key=_rank))


Path = tuple[str | int, ...]


def _cut(path: list[str | int], *sides: Json) -> Path:
    """The path up to the first list that does not hold objects only, or that changed its length."""
    for end in range(len(path)):
        lists = [
            value for value in (_at(side, tuple(path[:end])) for side in sides) if isinstance(value, list)
        ]
        plain = any(not isinstance(item, dict) for value in lists for item in value)
        if plain or len({len(value) for value in lists}) > 1:
            return tuple(path[:end])
    return tuple(path)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _text(path: Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _rank(change: FieldChange) -> tuple[int, str]:
    head = change.path.split(".")[0]
    return (_FIRST.index(head) if head in _FIRST else len(_FIRST), change.path)
