"""Tables of cases: one scenario written once, and run once for each row of values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.catalog.complaints import Complaint, did_you_mean
from dd_sync.guards.values import found

Path = tuple[str | int, ...]
Complain = Callable[[Complaint], None]

MOST_CASES = 1_000
# Of all rows together: what is written out has an end, as what is written down has.
MOST_VALUES = 1_000_000
LONGEST_NAME = 200
_MARK = re.compile(r"\$\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One row. written: the scenario as it stands in the file; filled: with the values of this row."""

    written: Mapping[str, Any]
    filled: dict[str, Any]
    index: int
    row: Mapping[str, Any]

    def origin(self, path: Path) -> tuple[Path, bool]:
        """Where what is at `path` of the filled scenario stands in the file, from the scenario on.

        And whether its characters are those of the file, rather than partly the row's.
        """
        value: Any = self.written
        for depth, step in enumerate(path):
            value = _inside(value, step)
            if isinstance(value, str) and (whole := _MARK.fullmatch(value)):
                return ("cases", self.index, whole[1], *path[depth + 1 :]), True
        return path, not (isinstance(value, str) and _MARK.search(value))

    def __str__(self) -> str:
        return ", ".join(f"{name}={_text(value)}" for name, value in self.row.items())


def cases_of(raw: Mapping[str, Any], complain: Complain) -> list[Case]:
    """The rows of the scenario's `cases:`, those left out about which there is a complaint."""
    rows = raw["cases"]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and row for row in rows):
        complain(
            Complaint(
                ("cases",), "expected a list of rows", "write them as in - {rate: 5, state: OK}", key=True
            )
        )
        return []
    written = {key: value for key, value in raw.items() if key != "cases"}
    size = sum(1 for _ in _values(written, ()))
    if len(rows) > MOST_CASES or len(rows) * size > MOST_VALUES:
        complain(Complaint(("cases",), "too many cases", f"at most {MOST_CASES:,} rows, fewer of a long one"))
        return []
    marks = {name: (path, at) for path, text in _values(written, ()) for name, at in _marks(text)}
    known = {str(name) for row in rows for name in row}
    sound = _names_are_known(marks, known, complain)
    return [
        Case(written, _named(_filled(written, row), written, row), index, row)
        for index, row in enumerate(rows)
        if _fits(row, index, marks, complain) and sound
    ]


def _names_are_known(marks: Mapping[str, tuple[Path, int]], known: set[str], complain: Complain) -> bool:
    unknown = [name for name in marks if name not in known]
    for name in unknown:
        path, at = marks[name]
        hint = did_you_mean(name, known, f"known here: {', '.join(sorted(known))}")
        complain(Complaint(path, f"no case has '{name[:40]}'", hint, offset=at, length=len(name) + 3))
    return not unknown


def _fits(row: Mapping[str, Any], index: int, marks: Mapping[str, object], complain: Complain) -> bool:
    """Whether the row has what the scenario asks for, and nothing else."""
    missing = [name for name in marks if name not in row]
    unused = [name for name in row if name not in marks]
    for name in unused:
        hint = did_you_mean(name, marks, f"write ${{{name}}} where it belongs, or leave it out")
        complain(Complaint(("cases", index, name), f"nothing uses '{name}'", hint, key=True))
    if missing and not unused:
        problem, hint = f"this case has no '{missing[0][:40]}'", f"add `{missing[0][:40]}: …`"
        complain(Complaint(("cases", index), problem, hint))
    return not missing and not unused


def _values(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every value that is no container, with its path; each container too, as itself."""
    waiting: list[tuple[Path, Any]] = [(path, value)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting.extend(((*path, key), each) for key, each in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), each) for index, each in enumerate(value))


def _marks(value: Any) -> Iterator[tuple[str, int]]:
    if isinstance(value, str):
        yield from ((mark[1], mark.start()) for mark in _MARK.finditer(value))


def _filled(value: Any, row: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, row) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, row) for each in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    whole = _MARK.fullmatch(value)
    return row[whole[1]] if whole else _MARK.sub(lambda mark: _text(row[mark[1]]), value)


def _named(filled: dict[str, Any], written: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """With a name of its own, made from the row where the scenario's name is the same for all."""
    name = written.get("name")
    if isinstance(name, str) and not _MARK.search(name):
        listed = ", ".join(f"{key}={_text(value)}" for key, value in row.items())
        filled["name"] = f"{name} [{listed}]"[:LONGEST_NAME]
    elif isinstance(name, str):
        filled["name"] = str(filled["name"])
    return filled


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else found(value)


def _inside(value: Any, step: str | int) -> Any:
    """What is at one step of a path, None if nothing is."""
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None
