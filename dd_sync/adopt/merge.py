"""Three texts into one: what changed between two of them, made in a third that says the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

Lines = Sequence[str]


class TooClose(Exception):
    """Two changes fall into one part that the texts write differently."""


def merged(original: str, before: str, after: str) -> str:
    """The original with the changes from `before` to `after`; all its other lines stay. Raises TooClose."""
    lines, old, new = _lines(original), _lines(before), _lines(after)
    same = _same_lines(old, lines)
    made: list[str] = []
    done = 0
    for tag, *span in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        i, i_end, j, j_end = _widened(span, same, len(old))
        start = same[i - 1] + 1 if i > 0 else 0
        end = same[i_end] if i_end < len(old) else len(lines)
        beside = i if i < i_end and i in same else i - 1
        while beside >= 0 and j < j_end and _stands_apart(old[beside], new[j]):
            beside -= 1
        shift = _indent(lines[same[beside]]) - _indent(old[beside]) if beside in same else 0
        changed = [_shifted(line, shift) for line in new[j:j_end]]
        start, end = _without_what_stands_apart(lines, start, end, changed)
        if start < done:
            raise TooClose
        made += [*lines[done:start], *changed]
        done = end
    return "".join([*made, *lines[done:]])


def _widened(span: Sequence[int], same: Mapping[int, int], length: int) -> tuple[int, int, int, int]:
    """The span of a change, up to lines that the original has as well."""
    i, i_end, j, j_end = span
    while i > 0 and i - 1 not in same:
        i, j = i - 1, j - 1
    while i_end < length and i_end not in same:
        i_end, j_end = i_end + 1, j_end + 1
    return i, i_end, j, j_end


def _without_what_stands_apart(lines: Lines, start: int, end: int, new: Lines) -> tuple[int, int]:
    """What stands empty or as a comment after a value belongs to the next: new lines go before it."""
    if start == end and new:
        while start > 0 and _stands_apart(lines[start - 1], new[0]):
            start -= 1
        return start, start
    while not new and end > start and _stands_apart(lines[end - 1], lines[start]):
        end -= 1
    return start, end


def _stands_apart(line: str, other: str) -> bool:
    """Whether a line is empty, or a comment that is not indented as far as the other line."""
    return not line.strip() or (line.lstrip(" ").startswith("#") and _indent(line) < _indent(other))


def _shifted(line: str, shift: int) -> str:
    """The line as far to the right as its neighbours are in the original."""
    if not line.strip():
        return line
    return " " * shift + line if shift >= 0 else line.removeprefix(" " * -shift)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _same_lines(before: Lines, original: Lines) -> dict[int, int]:
    """The lines of `before` that the original has too, or has in another form, with their numbers in it."""
    same: dict[int, int] = {}
    for tag, i, i_end, j, j_end in SequenceMatcher(None, before, original, autojunk=False).get_opcodes():
        if tag == "equal" or i_end - i == j_end - j:
            same.update(zip(range(i, i_end), range(j, j_end), strict=True))
    return same


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]
