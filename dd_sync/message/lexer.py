"""Text of a message to its tags and the text between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dd_sync.errors import Place, TemplateError

Kind = Literal["text", "variable", "unescaped", "open", "inverse", "close", "else", "raw", "verbatim"]
_SIGNS: dict[str, Kind] = {"#": "open", "^": "inverse", "/": "close"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the message: its kind, its inside without braces and sign, and its place.

    start, end: of the whole piece; inside: offset where `text` begins. A `raw` token is the opening
    `{{{{…}}}}`, and a `verbatim` token right after it is all up to its closing tag.
    """

    kind: Kind
    text: str
    start: int
    end: int
    inside: int


def error_at(source: str, problem: str, hint: str, start: int, end: int) -> TemplateError:
    """The error for the characters from `start` to `end`, or of their first line."""
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", start)
    end = end if line_end < 0 else min(end, line_end)
    place = Place("message", source.count("\n", 0, start) + 1, start - line_start + 1, max(1, end - start))
    return TemplateError(problem, hint=hint, where=place)


def tokens(source: str) -> Iterator[Token]:
    """The pieces of a message in order, comments left out. Raises TemplateError."""
    at = 0
    while (start := source.find("{{", at)) >= 0:
        if start > at:
            yield Token("text", source[at:start], at, start, at)
        if source.startswith("{{{{", start):
            opening = _tag(source, start, 4)
            yield opening
            verbatim, at = _verbatim(source, opening)
            yield verbatim
        elif source.startswith("{{!", start):
            at = _comment_end(source, start)
        else:
            tag = _tag(source, start, 3 if source.startswith("{{{", start) else 2)
            yield tag
            at = tag.end
    if at < len(source):
        yield Token("text", source[at:], at, len(source), at)


def _tag(source: str, start: int, braces: int) -> Token:
    close = source.find("}" * braces, start + braces)
    opened = source.find("{{", start + braces, close if close >= 0 else len(source))
    if close < 0 or opened >= 0:
        shown = "{" * braces
        line_end = opened if opened >= 0 else min(len(source), start + 40)
        hint = f"close it with {'}' * braces}; text in double braces goes between {{{{{{{{raw}}}}}}}} tags"
        raise error_at(source, f"{shown} is not closed", hint, start, line_end)
    text = source[start + braces : close].strip()
    inside = source.find(text, start + braces)
    kind = _kind(text, braces)
    if kind in {"open", "inverse", "close"}:
        text = text[1:].lstrip()
        inside = source.find(text, inside + 1)
    return Token(kind, text, start, close + braces, inside)


def _kind(text: str, braces: int) -> Kind:
    if braces == 4:
        return "raw"
    if braces == 3:
        return "unescaped"
    return "else" if text == "else" else _SIGNS.get(text[:1], "variable")


def _verbatim(source: str, opening: Token) -> tuple[Token, int]:
    """What stands between `{{{{name …}}}}` and `{{{{/name}}}}`, and where that ends."""
    name = opening.text.split(maxsplit=1)[0] if opening.text else ""
    closing = f"{{{{{{{{/{name}}}}}}}}}"
    close = source.find(closing, opening.end)
    if close < 0:
        shown = name[:60]
        problem = f"{{{{{{{{{shown}}}}}}}}} is not closed"
        hint = f"close it with {{{{{{{{/{shown}}}}}}}}}"
        raise error_at(source, problem, hint, opening.start, opening.end)
    token = Token("verbatim", source[opening.end : close], opening.end, close, opening.end)
    return token, close + len(closing)


def _comment_end(source: str, start: int) -> int:
    """`{{!-- … --}}` may hold braces; `{{! … }}` and `{{!-- … }}` end with the first ones that close."""
    short = source.find("}}", start)
    if source.startswith("{{!--", start):
        # Only up to the next comment: that one's end is not this one's.
        following = source.find("{{!", start + 3)
        long = source.find("--}}", start + 5, len(source) if following < 0 else following)
        if long >= 0:
            return long + 4
    if short < 0:
        raise error_at(source, "the comment is not closed", "close it with --}}", start, start + 3)
    return short + 2
