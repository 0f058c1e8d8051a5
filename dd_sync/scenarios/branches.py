"""Which sides of a message's blocks the notifications of a replay have shown.

Each side is given a mark of its own, the monitor is replayed with the marked message, and the marks that
come out are the sides that were taken: what is asked is what a reader would have seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dd_sync.message.nodes import Block, Part
from dd_sync.message.parser import parse

# Characters for private use, which no message has a meaning for.
_OPEN, _CLOSE = "\ue0d5", "\ue0d6"
_EMPTY_ELSE = re.compile(r"\{\{\s*else\s*\}\}(?:\{\{![^}]*\}\})*$")
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Branch:
    """One side of a block. condition: as written; taken: whether its own text is shown, else what stands
    after `{{else}}`, or nothing; offset: of the block in the message."""

    condition: str
    negated: bool
    taken: bool
    offset: int

    @property
    def tag(self) -> str:
        return f"{{{{{'^' if self.negated else '#'}{self.condition}}}}}"

    def __str__(self) -> str:
        return f"{self.tag} {'shown' if self.taken else 'left out'}"


def marked(message: str) -> tuple[str, tuple[Branch, ...]]:
    """The message with a mark in each side of each block, and the sides in the order of their marks.

    Raises TemplateError for a message that is not in Datadog's template language.
    """
    branches: list[Branch] = []
    inserts: list[tuple[int, str]] = []
    for block in _blocks(parse(message).parts):
        for taken, at, text in _sides(message, block):
            inserts.append((at, f"{text} {_OPEN}{len(branches)}{_CLOSE} "))
            branches.append(Branch(block.condition.text, block.negated, taken, block.span[0]))
    text = message
    # From the end, so that the places before it stay as they are; two at one place keep their order.
    for at, _, insert in sorted(((at, order, one) for order, (at, one) in enumerate(inserts)), reverse=True):
        text = text[:at] + insert + text[at:]
    return text, tuple(branches)


def marks_in(texts: Iterable[str]) -> frozenset[int]:
    """The marks that were shown, as indexes of `marked`'s sides."""
    return frozenset(int(mark) for text in texts for mark in _MARK.findall(text))


def _blocks(parts: Sequence[Part]) -> Iterator[Block]:
    for part in parts:
        if isinstance(part, Block):
            yield part
            yield from _blocks(part.then)
            yield from _blocks(part.otherwise)


def _sides(message: str, block: Block) -> Iterator[tuple[bool, int, str]]:
    """Of each side: whether it is the block's own text, where it begins, and what has to be added there."""
    start, end = block.span
    opening = message.index("}}", start) + 2
    yield True, block.then[0].span[0] if block.then else opening, ""
    if message.startswith("{{{{", start):
        # A verbatim block has one side only.
        return
    closing = message.rindex("{{", start, end)
    if block.otherwise:
        yield False, block.otherwise[0].span[0], ""
    else:
        yield False, closing, "" if _EMPTY_ELSE.search(message[:closing]) else "{{else}}"
