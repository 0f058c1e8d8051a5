"""The search language of Datadog's explorers, text to nodes.

Lenient, as Datadog is: whatever is not an operator is a word. Refused is only what no reading can mend: a
quote, a bracket or a parenthesis without its other half, and nesting without end.
"""

from __future__ import annotations

import re
from typing import Literal, cast

from dd_sync.query.lexer import DEEPEST, Tokens, error_at, refuse_endless
from dd_sync.query.quoting import inner_tokens
from dd_sync.query.search_nodes import (
    AllOf,
    AnyOf,
    Cidr,
    Compared,
    Empty,
    Facet,
    Phrase,
    Range,
    Search,
    Without,
    Word,
)

# No group is possessive: Python before 3.11.5 gives back the wrong part of what such a group has taken.
_PHRASE = r'"(?:[^"\\]++|\\.)*"'
_KEY = r'(?:[^\s()":\\]++|\\.)+:'
# A minus or ! is a sign before a term only: in `a - b`, `--flag` and `web-*` it is a character.
_TOKEN = re.compile(
    rf"""
      [()]
    | (?P<without>[-!](?=[^\s)!-]))
    | (?P<phrase>{_PHRASE}(?![^\s()]))
    | (?P<cidr>CIDR\([^()"\s][^()"]*\))
    | (?P<group>{_KEY}(?=\())
    | (?P<facet>{_KEY}(?:
          [\[{{](?:[^\[\]{{}}"()\\]++|{_PHRASE})*[\]}}](?![^\s()])
        | (?:[<>]=?\s+(?=[\d.]))?(?:[^\s()"\\]++|\\.?+|{_PHRASE})*
      ))
    | (?P<word>(?:[^\s()"\\]++|\\.?+|{_PHRASE})+)
    | (?P<open>".*+)
    """,
    re.VERBOSE | re.DOTALL,
)
_SPLIT = re.compile(_KEY, re.DOTALL)
_RANGE = re.compile(rf"([\[{{])\s*({_PHRASE}|\S+)\s+TO\s+({_PHRASE}|\S+?)\s*([\]}}])", re.DOTALL)
_COMPARED = re.compile(r"([<>]=?)\s*(.+)", re.DOTALL)
_WHOLE_PHRASE = re.compile(_PHRASE, re.DOTALL)
_AND = frozenset(("AND", "&&"))
_OR = frozenset(("OR", "||"))


def parse_search(text: str) -> Search:
    """The nodes of a search: `service:web status:(error OR critical) -"health check"`.

    Raises QueryError, its place relative to `text`.
    Source: Datadog's documentation of the log search syntax.
    """
    refuse_endless(text)
    return _Reader(Tokens(text, _TOKEN, 0, len(text))).search()


def read_search(text: str, start: int, end: int) -> Search:
    """The search in the quoted string between two offsets of a query's text, the quotes included."""
    return _Reader(inner_tokens(text, start, end, _TOKEN)).search()


class _Reader:
    """Recursive descent: any_of (OR) > all_of (AND, or nothing between) > one (-, parentheses, a term)."""

    __slots__ = ("tokens",)

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def search(self) -> Search:
        tokens = self.tokens
        if tokens.kinds[0] == "end":
            return Empty(span=(tokens.starts[0], tokens.starts[0]))
        found = self.any_of(0)
        if tokens.kinds[tokens.index] != "end":
            raise tokens.error("unexpected ')' in the search", "no parenthesis is open here")
        return found

    def is_operator(self, names: frozenset[str]) -> bool:
        tokens = self.tokens
        return tokens.kinds[tokens.index] == "word" and tokens.texts[tokens.index] in names

    def any_of(self, depth: int) -> Search:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        items: list[Search] = []
        while True:
            item = self.all_of(depth)
            # An operator without a term on one side says nothing, and Datadog does not mind it.
            if isinstance(item, AnyOf):
                items.extend(item.items)
            elif not isinstance(item, Empty):
                items.append(item)
            if not self.is_operator(_OR):
                break
            tokens.index += 1
        span = (start, tokens.end)
        if len(items) > 1:
            return AnyOf(tuple(items), span=span)
        return items[0] if items else Empty(span=span)

    def all_of(self, depth: int) -> Search:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        items: list[Search] = []
        while tokens.kinds[tokens.index] not in {")", "end"} and not self.is_operator(_OR):
            if self.is_operator(_AND):
                tokens.index += 1
                continue
            item = self.one(depth)
            if isinstance(item, AllOf):
                items.extend(item.items)
            elif not isinstance(item, Empty):
                items.append(item)
        if len(items) == 1:
            return items[0]
        span = (start, tokens.end if items else start)
        return AllOf(tuple(items), span=span) if items else Empty(span=span)

    def one(self, depth: int) -> Search:
        tokens = self.tokens
        kind, text = tokens.kinds[tokens.index], tokens.texts[tokens.index]
        if kind == "facet":
            return self.facet(text)
        if kind == "without" or (kind == "word" and text == "NOT"):
            return self.without(depth)
        if kind == "group":
            return self.facet_of_group(depth)
        if kind == "(":
            return self.group(depth)
        start = tokens.starts[tokens.index]
        if kind == "open":
            raise error_at(tokens.text, "the quote is not closed", 'add the missing "', start, start + 1)
        tokens.index += 1
        span = (start, tokens.end)
        if kind == "phrase":
            return Phrase(text[1:-1], span=span)
        if kind == "cidr":
            attribute, *blocks = (part.strip() for part in text[5:-1].split(","))
            return Cidr(attribute, tuple(blocks), span=span)
        return Word(text, span=span)

    def without(self, depth: int) -> Search:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        self.refuse_deep(depth)
        tokens.index += 1
        if tokens.kinds[tokens.index] in {")", "end"}:
            return Empty(span=(start, start))
        item = self.one(depth + 1)
        return item if isinstance(item, Empty) else Without(item, span=(start, tokens.end))

    def group(self, depth: int) -> Search:
        tokens = self.tokens
        opened = tokens.index
        self.refuse_deep(depth)
        tokens.index += 1
        item = self.any_of(depth + 1)
        if tokens.kinds[tokens.index] != ")":
            raise tokens.error("the parenthesis is not closed", "add the missing )", at=opened)
        tokens.index += 1
        return item

    def facet_of_group(self, depth: int) -> Facet:
        tokens = self.tokens
        start, key = tokens.starts[tokens.index], tokens.texts[tokens.index][:-1]
        tokens.index += 1
        value = self.group(depth)
        return Facet(key, value, span=(start, tokens.end))

    def refuse_deep(self, depth: int) -> None:
        if depth >= DEEPEST:
            raise self.tokens.error(
                f"nested more than {DEEPEST} levels deep", "write the search with less nesting"
            )

    # --- key:value ---------------------------------------------------------------------------

    def facet(self, text: str) -> Facet:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        tokens.index += 1
        span = (start, tokens.end)
        if "\\" not in text:
            key, _, written = text.partition(":")
        else:
            split = cast(re.Match[str], _SPLIT.match(text)).end()
            key, written = text[: split - 1], text[split:]
        within = (span[1] - len(written), span[1])
        if not written or written[0] not in '[{<>"':
            return Facet(key, Word(written, span=within), span=span)
        return Facet(key, self.special(written, within), span=span)

    def special(self, written: str, span: tuple[int, int]) -> Search:
        """A range, a comparison or a phrase, if it really is one."""
        first = written[0]
        if first == '"':
            if _WHOLE_PHRASE.fullmatch(written):
                return Phrase(written[1:-1], span=span)
        elif first in "<>":
            if compared := _COMPARED.fullmatch(written):
                operator = cast(Literal[">", ">=", "<", "<="], compared[1])
                return Compared(operator, compared[2], span=span)
        elif found := _RANGE.fullmatch(written):
            return Range(found[2], found[3], found[1] == "[", found[4] == "]", span=span)
        elif not {"]", "}"} & set(written):
            raise error_at(
                self.tokens.text, "the range is not closed", "write it as [1 TO 5]", span[0], span[1]
            )
        return Word(written, span=span)
