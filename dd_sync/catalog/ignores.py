"""Ignores: `# dd-sync: ignore[rule] reason` silences a rule for what stands on its line.

At the end of a line it is about that line, on a line of its own about the next. What begins on the line is
covered whole: on `- key: …` the monitor, on `message: |` the message. libyaml gives no comments, so they are
found in the text, by what lies in no scalar; only in files that hold the words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from dd_sync.catalog.complaints import did_you_mean
from dd_sync.catalog.source import Source
from dd_sync.errors import Problem

RULE = "ignore"
UNUSED = "unused-ignore"
# What cannot be read is not judged, so there is nothing that could be let pass.
FIXED = frozenset(
    (
        *("yaml", "schema", "catalog", "tunable", "guard", "reference", "query-syntax"),
        *("exemption-ended", "exemption-ends-soon", RULE, UNUSED),
    )
)
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\n]*?\bdd-sync:[ \t]*ignore(?![\w-])(?P<rest>[^\n]*)", re.M)
_REST = re.compile(r"[ \t]*\[(?P<rules>[^\]\n]*)\](?P<reason>.*)")
_HINT = "write it as # dd-sync: ignore[rule] reason"


@dataclass(frozen=True, slots=True)
class Ignore:
    """One rule let pass, from the line `first` to the line `last`. start, end: of its name in the text."""

    source: Source
    rule: str
    first: int
    last: int
    start: int
    end: int

    def unused(self) -> Problem:
        where, line = self.source.place(self.start, self.end)
        problem = f"'{self.rule}' finds nothing here"
        return Problem(UNUSED, problem, "take the ignore away, before it hides something", where, source=line)


@dataclass(slots=True)
class Ignores:
    """All ignores of a catalog's files, and what is wrong with any of them."""

    ignores: list[Ignore] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def apply(
        self, problems: Iterable[Problem], *, judged: Collection[str], unread: Collection[str] = ()
    ) -> Iterator[Problem]:
        """The problems no ignore covers, and each ignore that covered none.

        judged: the rules that were asked; unread: files of which some monitors were not.
        """
        by_rule: dict[tuple[str, str], list[int]] = {}
        for index, ignore in enumerate(self.ignores):
            by_rule.setdefault((ignore.source.file, ignore.rule), []).append(index)
        used: set[int] = set()
        for problem in problems:
            file, line = (problem.where.file, problem.where.line) if problem.where else ("", 0)
            near = by_rule.get((file, problem.rule), ())
            covering = [i for i in near if self.ignores[i].first <= line <= self.ignores[i].last]
            used.update(covering)
            if not covering:
                yield problem
        for index, ignore in enumerate(self.ignores):
            if index not in used and ignore.rule in judged and ignore.source.file not in unread:
                yield ignore.unused()
        yield from self.problems


def may_ignore(source: Source) -> bool:
    """Whether the file may hold an ignore; nearly none does, and the rest costs nothing."""
    return source.readable and "dd-sync:" in source.text


def read_ignores(sources: Iterable[Source], rules: Collection[str]) -> Ignores:
    """The ignores in the files. rules: the ids that can be ignored."""
    found = Ignores()
    for source in sources:
        _read(source, rules, found)
    return found


def _read(source: Source, rules: Collection[str], found: Ignores) -> None:
    matches = list(_COMMENT.finditer(source.text))
    if not matches:
        return
    layout = _Layout(source.text)
    for match in matches:
        if not layout.is_comment(match.start()):
            continue
        written = _REST.match(match["rest"])
        fault = _fault(written)
        if fault is not None or written is None:
            _complain(found, source, (match.start(), match.end()), fault or "", _HINT)
            continue
        first, last = layout.covered(match.start())
        at = match.start("rest") + written.start("rules")
        for name in re.finditer(r"[^\s,]+", written["rules"]):
            span = (at + name.start(), at + name.end())
            if name[0] in rules:
                found.ignores.append(Ignore(source, name[0], first, last, *span))
            elif name[0] in FIXED:
                problem = f"'{name[0]}' cannot be ignored"
                _complain(found, source, span, problem, "mend what it finds")
            else:
                hint = did_you_mean(name[0], rules, "docs/rules/ has one page for each rule")
                _complain(found, source, span, f"there is no rule '{name[0]}'", hint)


def _fault(written: re.Match[str] | None) -> str | None:
    if written is None or not written["rules"].replace(",", "").strip():
        return "an ignore that names no rule"
    if not written["reason"].strip(" \t\r:-#"):
        return "an ignore without a reason"
    return None


def _complain(found: Ignores, source: Source, span: tuple[int, int], problem: str, hint: str) -> None:
    where, line = source.place(*span)
    found.problems.append(Problem(RULE, problem, hint, where, source=line))


class _Layout:
    """Where the scalars of a file stand, and which lines belong to what begins on a line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.scalars: list[tuple[int, int, str]] = []
        self.nodes: dict[int, int] = {}
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._read()

    def is_comment(self, offset: int) -> bool:
        """Whether a `#` after white space begins a comment, not a part of a text."""
        index = bisect_right(self.scalars, (offset, len(self.text), "")) - 1
        if index < 0:
            return True
        start, end, style = self.scalars[index]
        # The line of a block scalar's `|` may end with a comment.
        return offset >= end or (style in ("|", ">") and "\n" not in self.text[start:offset])

    def covered(self, offset: int) -> tuple[int, int]:
        """The first and the last line, from 1, of what a comment at `offset` is about."""
        row = self._row(offset)
        if not self.text[self._lines[row] : offset].strip():
            row = self._next_written(row)
        return row + 1, self.nodes.get(row, row) + 1

    def _next_written(self, row: int) -> int:
        for other in range(row + 1, len(self._lines)):
            line = self.text[self._lines[other] :].partition("\n")[0].strip()
            if line and not line.startswith("#"):
                return other
        return row

    def _row(self, offset: int) -> int:
        return bisect_right(self._lines, offset) - 1

    def _read(self) -> None:
        """Walks the events; ends of block collections are those of the last thing in them."""
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self.text)
        # Of each open collection: whether it is a mapping, its start, and the start of a key without value.
        stack: list[list[Any]] = []
        last = 0
        while not isinstance(event := loader.get_event(), StreamEndEvent):
            start, end = event.start_mark.index, event.end_mark.index
            match event:
                case MappingStartEvent() | SequenceStartEvent():
                    stack.append([isinstance(event, MappingStartEvent), start, None])
                case MappingEndEvent() | SequenceEndEvent():
                    last = max(last, end) if end > start else last
                    self._close(stack, stack.pop()[1], last)
                case ScalarEvent() | AliasEvent():
                    if isinstance(event, ScalarEvent):
                        end = start + len(self.text[start:end].rstrip())
                        self.scalars.append((start, end, event.style or ""))
                    last = max(last, end)
                    self._close(stack, start, last)

    def _close(self, stack: list[list[Any]], start: int, end: int) -> None:
        """A value is complete: an item of a sequence, a key, or what belongs to the key before it."""
        if not stack:
            return
        is_mapping, _, key = parent = stack[-1]
        if is_mapping and key is None:
            parent[2] = start
            return
        if is_mapping:
            start, parent[2] = key, None
        first, last = self._row(start), self._row(max(end - 1, start))
        self.nodes[first] = max(last, self.nodes.get(first, 0))
