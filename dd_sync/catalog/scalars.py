"""What a YAML scalar means, and where a character of its decoded text stands in the file."""

from __future__ import annotations

import re
from typing import NamedTuple

Plain = str | int | float | bool | None

_BOOLS = {
    word: value
    for words, value in (("yes true on", True), ("no false off", False))
    for lower in words.split()
    for word in (lower, lower.capitalize(), lower.upper())
}
_NULLS = {"", "~", "null", "Null", "NULL"}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_HEX = re.compile(r"[-+]?0x[0-9a-fA-F_]*[0-9a-fA-F]")
_BITS = re.compile(r"[-+]?0b[01_]*[01]")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?")
_SPECIAL = {
    sign + word
    for sign in ("", "+", "-")
    for lower in (".inf", ".nan")
    for word in (lower, lower.upper(), lower[0] + lower[1:].capitalize())
}
# Everything that is not text starts with one of these; nearly all scalars do not.
_STARTS = frozenset("+-.0123456789~nNtTfFyYoO")
_LONGEST_NUMBER = 300
_USABLE = "write a finite number of at most 1e15, or put it in quotes if it is text"


class NoNumber(ValueError):
    """A number that no program could use, or that two versions of YAML read differently."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


def plain(text: str) -> Plain:
    """The value of an unquoted scalar, as YAML 1.1 has it: `yes` and `off` are booleans.

    Dates and base-60 numbers such as 12:30 stay text. Raises NoNumber, with texts for people.
    """
    if not text:
        return None
    if text[0] not in _STARTS:
        return text
    if text in _BOOLS:
        return _BOOLS[text]
    if text in _NULLS:
        return None
    return _number(text)


def _number(text: str) -> Plain:
    if text[0] in "nNtTfFyYoO":
        return text
    if len(text) > _LONGEST_NUMBER:
        if re.fullmatch(r"[-+]?[0-9][0-9_.]*", text):
            raise NoNumber(f"a number of {len(text)} digits", _USABLE)
        return text
    if _INT.fullmatch(text):
        return int(text.replace("_", ""))
    if _LEADING_ZERO.fullmatch(text):
        problem = f"{text} is octal to one version of YAML and decimal to another"
        raise NoNumber(problem, "write it as a plain decimal number, or put it in quotes")
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    if text in _SPECIAL:
        raise NoNumber(f"{text} is not a number anything can be compared with", _USABLE)
    if _HEX.fullmatch(text) or _BITS.fullmatch(text):
        # Samples such as 0x59, sixty zeros, would silently be the one number 89.
        problem = f"{text[:40]} is the number {int(text.replace('_', ''), 0)} to YAML"
        raise NoNumber(problem, "put it in quotes if it is text, or write it as a plain decimal number")
    return text


class Written(NamedTuple):
    """How a scalar stands in a file: its half-open range of offsets, and its style.

    style: "" plain, ' or " quoted, | literal, > folded; "*" an alias, "{" a mapping or a sequence.
    """

    start: int
    end: int
    style: str


def offset_in_file(text: str, written: Written, value: str, offset: int) -> int:
    """Where character `offset` of the decoded `value` stands in the file's text.

    Exact for literal blocks and for scalars on one line; within whitespace that YAML folds it is the next
    visible character.
    """
    raw = text[written.start : written.end]
    if written.style == "|":
        return written.start + _in_literal(raw, value, offset)
    if written.style in ("*", "{"):
        return written.start
    return written.start + _in_flow(raw, written.style, value, offset)


def _in_literal(raw: str, value: str, offset: int) -> int:
    body = raw.find("\n") + 1
    lines = raw[body:].split("\n")
    declared = re.match(r"\|[-+]?([1-9])", raw)
    first = next((line for line in lines if line.strip()), "")
    indent = len(first) - len(first.lstrip(" "))
    if declared and value:
        # With an indentation indicator the first line may begin with spaces that belong to the text.
        start = next((line for line in value.split("\n") if line.strip()), "")
        indent -= len(start) - len(start.lstrip(" "))
    row = value.count("\n", 0, offset)
    column = offset - (value.rfind("\n", 0, offset) + 1)
    row = min(row, len(lines) - 1)
    return body + sum(len(line) + 1 for line in lines[:row]) + min(indent + column, len(lines[row]))


_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n[ \t]*|.)", re.DOTALL)


def _in_flow(raw: str, style: str, value: str, offset: int) -> int:
    at = raw.find("\n") if style == ">" else len(style)
    seen = 0
    while at < len(raw):
        if style == '"' and raw[at] == "\\":
            at, seen, here = _escape(raw, at, seen)
        else:
            at, seen, here = _step(raw, at, value, seen, style)
        if seen > offset:
            return here
    return min(at, len(raw) - 1)


def _escape(raw: str, at: int, seen: int) -> tuple[int, int, int]:
    match = _ESCAPE.match(raw, at)
    end = match.end() if match else at + 1
    # A backslash at the end of a line continues it and stands for nothing.
    return end, seen + (raw[at + 1 : at + 2] not in "\r\n"), at


def _step(raw: str, at: int, value: str, seen: int, style: str) -> tuple[int, int, int]:
    """The next offset in the file and in the value, and the offset of what was just read."""
    if raw[at] in "\r\n":
        while at < len(raw) and raw[at] in " \t\r\n":
            at += 1
        while seen < len(value) and value[seen] in " \t\n":
            seen += 1
        return at, seen, min(at, len(raw) - 1)
    if raw[at] in " \t" and value[seen : seen + 1] != raw[at]:
        return at + 1, seen, at
    width = 2 if style == "'" and raw.startswith("''", at) else 1
    return at + width, seen + 1, at
