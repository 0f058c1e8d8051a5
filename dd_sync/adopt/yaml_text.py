"""YAML as a person would write it: blocks for texts, one line for what is short, quotes where needed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dd_sync.catalog.events import Broken, Builder
from dd_sync.catalog.scalars import NoNumber, plain
from dd_sync.text import first_unseen

_WIDTH = 100
_INLINE = 70
_INDENT = "  "
# Fields whose white space at the end means nothing to Datadog, so that a block may end as blocks do.
_CUT_AT_THE_END = frozenset({"message", "query", "escalation_message"})
# YAML 1.1 and 1.2 differ in what of this is a number, a date or a boolean.
_AMBIGUOUS = re.compile(r"[-+.\d][-+.\d_:eExXoObBa-fA-F]*(?:T.*|t.*)?|[yYnN]")
_SINGLE_SPACES = re.compile(r"\S+(?: \S+)+")


def document(value: Mapping[str, Any]) -> str:
    """A mapping as a file. Items of its lists of mappings are parted by empty lines."""
    lines: list[str] = []
    for name, item in value.items():
        lines += [""] if lines else []
        if isinstance(item, list) and item and all(isinstance(one, dict) for one in item):
            lines.append(f"{one_line(name)}:")
            for number, one in enumerate(item):
                lines += [""] if number else []
                lines += _item(one, _INDENT)
        else:
            lines += _entry(name, item, "")
    return "\n".join(lines) + "\n"


def one_line(value: Any, *, flow: bool = False) -> str:
    """A scalar on one line. flow: it stands inside […] or {…}."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    return _text(str(value), flow)


def _number(value: float) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    # Without a point YAML takes 1e-07 for text.
    return f"{mantissa}.0e{exponent}" if e and "." not in mantissa else text


def _text(text: str, flow: bool) -> str:
    if _is_plain(text, flow):
        return text
    if text.isprintable() and ('"' in text or "\\" in text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _is_plain(text: str, flow: bool) -> bool:
    if not text or text != text.strip() or not text.isprintable():
        return False
    if not (text[0].isalnum() or text[0] in "_/(") or text[-1] == ":" or ": " in text or " #" in text:
        return False
    if flow and any(character in ",[]{}" for character in text):
        return False
    try:
        return plain(text) == text and _AMBIGUOUS.fullmatch(text) is None
    except NoNumber:
        return False


_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _item(value: Any, indent: str) -> Iterator[str]:
    """One item of a list, each at its `- `."""
    if not isinstance(value, dict) or not value:
        yield from _after(f"{indent}-", value, indent, "")
        return
    inner = indent + _INDENT
    lines = [line for name, item in value.items() for line in _entry(name, item, inner)]
    yield f"{indent}- {lines[0][len(inner) :]}"
    yield from lines[1:]


def _entry(name: Any, value: Any, indent: str) -> Iterator[str]:
    yield from _after(f"{indent}{one_line(str(name))}:", value, indent, str(name))


def _after(head: str, value: Any, indent: str, name: str) -> Iterator[str]:
    """The lines of a value whose first begins with `head`, such as `message:` or `-`."""
    inner = indent + _INDENT
    if isinstance(value, str):
        yield from _string(head, value, inner, name)
    elif isinstance(value, Mapping | list | tuple):
        short = inline(value)
        longest = _INLINE if isinstance(value, Mapping) else _WIDTH - len(head)
        if short is not None and (not value or len(short) <= longest):
            yield f"{head} {short}"
        elif isinstance(value, Mapping):
            yield head
            for key, item in value.items():
                yield from _entry(key, item, inner)
        else:
            yield head
            for item in value:
                yield from _item(item, inner)
    else:
        yield f"{head} {one_line(value)}"


def inline(value: Mapping[str, Any] | Sequence[Any]) -> str | None:
    """A flat collection in braces or brackets; None for any other."""
    inside = list(value.values() if isinstance(value, Mapping) else value)
    if any(isinstance(item, Mapping | list | tuple) or "\n" in str(item) for item in inside):
        return None
    shown = [one_line(item, flow=True) for item in inside]
    if isinstance(value, Mapping):
        names = (one_line(str(name), flow=True) for name in value)
        return "{" + ", ".join(f"{name}: {item}" for name, item in zip(names, shown, strict=True)) + "}"
    return "[" + ", ".join(shown) + "]"


def _string(head: str, text: str, indent: str, name: str) -> Iterator[str]:
    cut = text.rstrip() if name in _CUT_AT_THE_END else text
    block = None
    if "\n" in cut:
        block = _literal(cut, indent, kept=name not in _CUT_AT_THE_END)
    elif name == "query" and len(head) + len(cut) > _WIDTH and _SINGLE_SPACES.fullmatch(cut):
        block = _folded(cut, indent)
    if block is not None and _reads_as(block, indent, cut):
        style, *lines = block
        yield f"{head} {style}"
        yield from lines
    else:
        yield f"{head} {one_line(cut)}"


def _literal(text: str, indent: str, *, kept: bool) -> list[str] | None:
    if first_unseen(text, keep="\n\t") is not None:
        return None
    style = "|" + (str(len(_INDENT)) if text[0] in " \t\n" else "") + ("-" if kept else "")
    return [style, *(f"{indent}{line}" if line else "" for line in text.split("\n"))]


def _folded(text: str, indent: str) -> list[str] | None:
    if not text.isprintable():
        return None
    lines = textwrap.wrap(text, _WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    return [">-", *(indent + line for line in lines)]


def _reads_as(block: list[str], indent: str, text: str) -> bool:
    """Whether the catalog reads the block as the text: what begins or ends oddly may not survive one."""
    outer = indent.removesuffix(_INDENT)
    lines = [f"{outer}a: {block[0]}", *block[1:], ""]
    try:
        read = Builder("\n".join(lines), lambda *_: None).build()["a"]
    except Broken:
        return False
    return bool(read == text or (not block[0].endswith("-") and read == text + "\n"))
