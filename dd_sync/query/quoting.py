"""Text inside quotes: a backslash keeps the quote and itself, before anything else it is only a character."""

from __future__ import annotations

import re

from dd_sync.query.lexer import Tokens

# For re.VERBOSE and re.DOTALL; there is one way to read a text, so an open quote costs one look at the rest.
QUOTED = r"""(?:"(?:[^"\\]++|\\.)*"|'(?:[^'\\]++|\\.)*')"""

_ESCAPED = re.compile(r"""\\(["'\\])""")
_TO_ESCAPE = re.compile(r"""\\(?=["\\]|\Z)|\\(?=')|\"""")


def unquoted(text: str) -> str:
    """What stands between the quotes: `"a \\"b\\""` is `a "b"`, `"a\\:b"` stays `a\\:b`."""
    inside = text[1:-1]
    return _ESCAPED.sub(r"\1", inside) if "\\" in inside else inside


def quoted(text: str) -> str:
    """The text in double quotes: `unquoted(quoted(text)) == text`."""
    if '"' in text or "\\" in text:
        text = _TO_ESCAPE.sub(r"\\\g<0>", text)
    return f'"{text}"'


def inner_tokens(text: str, start: int, end: int, pattern: re.Pattern[str]) -> Tokens:
    """Tokens between the quotes at `start` and `end - 1`; their offsets and errors are in the whole text."""
    start, end = start + 1, end - 1
    inside = text[start:end]
    if "\\" not in inside:
        return Tokens(text, pattern, start, end)
    places: list[int] = []
    last = 0
    for match in _ESCAPED.finditer(inside):
        places.extend(range(start + last, start + match.start()))
        last = match.start() + 1
    places.extend(range(start + last, end + 1))
    plain = _ESCAPED.sub(r"\1", inside)
    tokens = Tokens(plain, pattern, 0, len(plain))
    tokens.text = text
    tokens.starts = [places[offset] for offset in tokens.starts]
    return tokens
