"""The filter inside {…}: `env:prod,!tenant:a`, or with AND, OR, NOT and IN."""

from __future__ import annotations

import re

from dd_sync.query.lexer import DEEPEST, Tokens, error_at, refuse_endless, scope_tokens
from dd_sync.query.nodes import And, Everything, In, Not, Or, Scope, Tag

# Anything but tags joined by commas: white space, quotes, operators, or nothing where a tag should be.
_NEEDS_TOKENS = re.compile(r"""[\s(){}"]|(?:^|,)!?+(?:and|or|not|in)?(?:[,:!]|$)""", re.IGNORECASE)
_OPERATORS = frozenset(("and", "or", "not", "in"))


def parse_scope(text: str) -> Scope:
    """A scope as written between the braces: `*`, `env:prod,!tenant:a`, `env:prod AND tier IN (a, b)`.

    Raises QueryError, its place relative to `text`.
    """
    refuse_endless(text)
    for brace in "{}":
        if brace in text:
            at = text.index(brace)
            raise error_at(
                text, f"'{brace}' in a scope", "write the scope without its braces: env:prod", at, at + 1
            )
    return read_scope(text, 0, len(text))


def read_scope(text: str, start: int, end: int) -> Scope:
    """The scope between two offsets of a query's text, the braces left out."""
    inside = text[start:end]
    if not _NEEDS_TOKENS.search(inside):
        return _plain_items(inside, start)
    tokens = scope_tokens(text, start, end)
    if tokens.kinds[0] == "end":
        raise error_at(text, "the scope is empty", "write * for everything", max(0, start - 1), end + 1)
    scope = _Scope(tokens).any_of(0)
    if tokens.kinds[tokens.index] != "end":
        raise tokens.error(f"unexpected {tokens.shown()} in the scope", _hint_for(tokens))
    return scope


def _plain_items(inside: str, start: int) -> Scope:
    """`env:prod,!tenant:a`: what most scopes are, read without making tokens of it."""
    items: list[Scope] = []
    for item in inside.split(","):
        end = start + len(item)
        items.append(_plain_item(item, start, end))
        start = end + 1
    return items[0] if len(items) == 1 else And(tuple(items), span=(items[0].span[0], start - 1))


def _plain_item(item: str, start: int, end: int) -> Scope:
    if item[0] == "!":
        return Not(_plain_item(item[1:], start + 1, end), span=(start, end))
    if item == "*":
        return Everything(span=(start, end))
    key, colon, value = item.partition(":")
    return Tag(key, value if colon else None, span=(start, end))


def _hint_for(tokens: Tokens) -> str:
    if tokens.kinds[tokens.index] == ")":
        return "no parenthesis is open here"
    return "separate tags by a comma, or by AND or OR"


class _Scope:
    """Recursive descent: any_of (OR) > all_of (AND and commas) > one (NOT, parentheses, IN, a tag)."""

    __slots__ = ("tokens",)

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def operator(self) -> str:
        """The next token as and, or, not, in, or nothing."""
        tokens = self.tokens
        if tokens.kinds[tokens.index] != "word":
            return ""
        word = tokens.texts[tokens.index].lower()
        return word if word in _OPERATORS else ""

    def any_of(self, depth: int) -> Scope:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        first, comma = self.all_of(depth)
        if self.operator() != "or":
            return first
        items: list[Scope] = list(first.items) if isinstance(first, Or) else [first]
        while self.operator() == "or":
            operator = tokens.index
            tokens.index += 1
            item, more = self.all_of(depth)
            comma = comma or more
            if comma:
                hint = "write AND for the comma, with parentheses where they are meant"
                raise tokens.error("a comma and OR in one scope", hint, at=operator)
            items.extend(item.items if isinstance(item, Or) else (item,))
        return Or(tuple(items), span=(start, tokens.end))

    def all_of(self, depth: int) -> tuple[Scope, bool]:
        """Items joined by AND or commas, and whether a comma was among them."""
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        first = self.one(depth)
        if tokens.kinds[tokens.index] != "," and self.operator() != "and":
            return first, False
        items: list[Scope] = list(first.items) if isinstance(first, And) else [first]
        comma = False
        while (is_comma := tokens.kinds[tokens.index] == ",") or self.operator() == "and":
            comma = comma or is_comma
            tokens.index += 1
            item = self.one(depth)
            items.extend(item.items if isinstance(item, And) else (item,))
        return And(tuple(items), span=(start, tokens.end)), comma

    def one(self, depth: int) -> Scope:
        tokens = self.tokens
        kind = tokens.kinds[tokens.index]
        if kind == "tag":
            return self.tag()
        operator = self.operator()
        if kind == "!" or operator == "not":
            return self.negated(depth)
        if kind == "(":
            return self.parenthesis(depth)
        if kind == "word" and not operator:
            return self.bare()
        hint = "a scope is tags such as env:prod, joined by commas or by AND and OR"
        raise tokens.error(f"expected a tag, not {tokens.shown()}", hint)

    def negated(self, depth: int) -> Scope:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        self.refuse_deep(depth)
        tokens.index += 1
        item = self.one(depth + 1)
        return Not(item, span=(start, tokens.end))

    def parenthesis(self, depth: int) -> Scope:
        tokens = self.tokens
        opened = tokens.index
        self.refuse_deep(depth)
        tokens.index += 1
        item = self.any_of(depth + 1)
        if tokens.kinds[tokens.index] == "end":
            raise tokens.error("the parenthesis is not closed", "add the missing )", at=opened)
        if tokens.kinds[tokens.index] != ")":
            raise tokens.error(f"expected ) or another tag, not {tokens.shown()}", _hint_for(tokens))
        tokens.index += 1
        return item

    def refuse_deep(self, depth: int) -> None:
        if depth >= DEEPEST:
            raise self.tokens.error(
                f"nested more than {DEEPEST} levels deep", "write the scope with less nesting"
            )

    def tag(self) -> Tag:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        key, _, value = tokens.texts[tokens.index].partition(":")
        tokens.index += 1
        if not value and tokens.kinds[tokens.index] == "word" and not self.operator():
            value = tokens.texts[tokens.index]
            tokens.index += 1
        return Tag(key, value, span=(start, tokens.end))

    def bare(self) -> Scope:
        """A word: `*`, the key before IN or NOT IN, or a tag without a key."""
        tokens = self.tokens
        start, word = tokens.starts[tokens.index], tokens.texts[tokens.index]
        tokens.index += 1
        negated = self.operator() == "not"
        if negated:
            tokens.index += 1
        if self.operator() == "in":
            tokens.index += 1
            found = In(word, self.values(), span=(start, tokens.end))
            return Not(found, span=found.span) if negated else found
        if negated:
            raise tokens.error(f"expected IN, not {tokens.shown()}", "write key NOT IN (a, b), or AND NOT")
        if word == "*":
            return Everything(span=(start, tokens.end))
        return Tag(word, None, span=(start, tokens.end))

    def values(self) -> tuple[str, ...]:
        tokens = self.tokens
        if tokens.kinds[tokens.index] != "(":
            raise tokens.error(f"expected ( after IN, not {tokens.shown()}", "write the values as IN (a, b)")
        values: list[str] = []
        while not values or tokens.kinds[tokens.index] == ",":
            tokens.index += 1
            if tokens.kinds[tokens.index] not in {"word", "tag"}:
                raise tokens.error(f"expected a value, not {tokens.shown()}", "write the values as IN (a, b)")
            values.append(tokens.texts[tokens.index])
            tokens.index += 1
        if tokens.kinds[tokens.index] != ")":
            raise tokens.error(f"expected , or ) not {tokens.shown()}", "write the values as IN (a, b)")
        tokens.index += 1
        return tuple(values)
