"""Queries that are a chain of methods: `logs("status:error").rollup("count").last("5m") > 10`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from dd_sync.errors import QueryError
from dd_sync.query import words
from dd_sync.query.alerts import Rollup
from dd_sync.query.lexer import Tokens, error_at, refuse_endless, shortened
from dd_sync.query.nodes import (
    And,
    Everything,
    Keyword,
    Node,
    Not,
    Number,
    Scope,
    Span,
    Tag,
    Text,
    Unit,
    Window,
)
from dd_sync.query.quoting import QUOTED, unquoted
from dd_sync.query.reader import Reader

# A quote that is never closed takes the rest with it: looked for from each of its quotes, the end would be
# looked for for ever.
_TOKEN = re.compile(
    rf"""
      (?P<string>{QUOTED})
    | (?P<open>["'].*+)
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
    | (?P<word>[^\W\d][\w-]*|\d+[^\W\d]\w*)
    | (?P<compare>>=|<=|==|!=|>|<)
    | [().,=+-]
    | (?P<other>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_WINDOW = re.compile(r"(\d{1,6})(mo|[mhdw])")
_WINDOW_HINT = "write a number and its unit, m, h, d or w, as in 5m or 1h"

Argument = Text | Number | Keyword
_Argument = TypeVar("_Argument", Text, Number)


@dataclass(frozen=True, slots=True)
class Link:
    """One method of a chain and its arguments. span: the method's name."""

    name: str
    arguments: tuple[Argument, ...]
    span: Span


class Chain(Reader):
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        refuse_endless(text)
        super().__init__(Tokens(text, _TOKEN, 0, len(text)))
        self.text = text

    def hint_for_comparator(self) -> str:
        if self.tokens.kinds[self.tokens.index] == "word":
            return 'a method follows a dot, as in .last("5m")'
        return super().hint_for_comparator()

    # --- the chain itself --------------------------------------------------------------------

    def only_text(self, what: str) -> Text:
        """The one quoted argument of what begins the query: `("status:error")`."""
        self.take("(", f"write {what} in quotes and parentheses")
        tokens = self.tokens
        if tokens.kinds[tokens.index] != "string":
            raise self.argument_error(f"{what} in quotes")
        found = self.argument()
        self.close_arguments()
        return cast(Text, found)

    def links(self, known: Iterable[str]) -> dict[str, Link]:
        """Every method up to the comparator, by its name; each may be said once."""
        tokens = self.tokens
        found: dict[str, Link] = {}
        while tokens.kinds[tokens.index] == ".":
            tokens.index += 1
            start, name = tokens.starts[tokens.index], tokens.texts[tokens.index]
            if name not in known:
                raise tokens.error(f"unknown method {tokens.shown()}", words.suggestion(name, known))
            if name in found:
                raise tokens.error(f"a second .{name}()", f"join what both .{name}() say into one")
            tokens.index += 1
            arguments = self.arguments(f"write .{name}() with its parentheses")
            found[name] = Link(name, arguments, (start, start + len(name)))
        return found

    def arguments(self, hint: str) -> tuple[Argument, ...]:
        tokens = self.tokens
        self.take("(", hint)
        found: list[Argument] = []
        if tokens.kinds[tokens.index] != ")":
            found.append(self.argument())
            while tokens.kinds[tokens.index] == ",":
                tokens.index += 1
                found.append(self.argument())
        self.close_arguments()
        return tuple(found)

    def argument(self) -> Argument:
        tokens = self.tokens
        kind, text, start = (
            tokens.kinds[tokens.index],
            tokens.texts[tokens.index],
            tokens.starts[tokens.index],
        )
        if kind == "string":
            tokens.index += 1
            return Text(unquoted(text), span=(start, tokens.end))
        if kind == "word":
            tokens.index += 1
            if tokens.kinds[tokens.index] != "=":
                return Text(text, span=(start, tokens.end))
            tokens.index += 1
            value = self.argument()
            if isinstance(value, Keyword):
                raise self.error("a second = in one argument", "write name=value", value)
            return Keyword(text, value, span=(start, tokens.end))
        if kind == "-" and tokens.kinds[tokens.index + 1] == "number":
            tokens.index += 1
            return Number(-self.number_value(), span=(start, tokens.end))
        if kind == "number":
            return Number(self.number_value(), span=(start, tokens.end))
        raise self.argument_error("an argument")

    def argument_error(self, expected: str) -> QueryError:
        tokens = self.tokens
        if tokens.kinds[tokens.index] == "open":
            return self.open_quote()
        return tokens.error(f"expected {expected}, not {tokens.shown()}", 'arguments look like "text" or 5')

    def close_arguments(self) -> None:
        tokens = self.tokens
        if tokens.kinds[tokens.index] != ")":
            if tokens.kinds[tokens.index] == "open":
                raise self.open_quote()
            hint = 'arguments are separated by commas, and a " inside quotes is written \\"'
            raise tokens.error(f"expected ')', not {tokens.shown()}", hint)
        tokens.index += 1

    def open_quote(self) -> QueryError:
        start = self.tokens.starts[self.tokens.index]
        return error_at(self.text, "the quote is not closed", "add the missing quote", start, start + 1)

    def end(self) -> None:
        tokens = self.tokens
        if tokens.kinds[tokens.index] != "end":
            raise tokens.error(f"unexpected {tokens.shown()}", "the query ends before it")

    def missing(self, example: str) -> QueryError:
        """The error at the end of a chain that lacks a method."""
        tokens = self.tokens
        name = example.partition("(")[0]
        return tokens.error(f"expected {name}(), not {tokens.shown()}", f"write for example {example}")

    def error(self, problem: str, hint: str, at: Node | Link) -> QueryError:
        return error_at(self.text, problem, hint, *at.span)

    # --- what the arguments of a method are --------------------------------------------------

    def texts(self, link: Link | None) -> tuple[str, ...]:
        """Every argument as text."""
        if link is None:
            return ()
        for argument in link.arguments:
            if not isinstance(argument, Text):
                raise self.error(f".{link.name}() takes text", "write it in quotes", argument)
        return tuple(cast(Text, argument).value for argument in link.arguments)

    def keys(self, link: Link | None) -> tuple[str, ...]:
        """Tag keys or facets: `"a","b"` and `"a,b"` are the same two."""
        return tuple(key.strip() for text in self.texts(link) for key in text.split(",") if key.strip())

    def scopes(self, link: Link | None) -> tuple[Scope, ...]:
        """One scope per argument: `"env:prod","!role:db"`; a comma inside one joins tags as in a metric's."""
        return tuple(_scope_of(text) for text in self.texts(link) if text.strip(", \t\n"))

    def one(self, link: Link, kind: type[_Argument], example: str) -> _Argument:
        if len(link.arguments) != 1 or not isinstance(link.arguments[0], kind):
            raise self.error(f".{link.name}() takes one argument", f"write for example {example}", link)
        return link.arguments[0]

    def window(self, link: Link, kind: Literal["last", "current"] = "last") -> Window:
        """`.last("5m")`, also without its quotes."""
        argument = self.one(link, Text, f'.{link.name}("5m")')
        match = _WINDOW.fullmatch(argument.value.strip())
        if match is None or int(match[1]) == 0:
            said = shortened(argument.value)
            raise self.error(f"'{said}' is not an evaluation window", _WINDOW_HINT, argument)
        return Window(kind, int(match[1]), cast(Unit, match[2]), span=argument.span)

    def window_of(self, links: dict[str, Link]) -> Window:
        """`.last(…)`, or `.current(…)` in its place."""
        if "last" in links and "current" in links:
            raise self.error("a rolling and a cumulative window", "use one of them", links["current"])
        if "last" in links:
            return self.window(links["last"])
        if "current" in links:
            return self.window(links["current"], "current")
        raise self.missing('.last("5m")')

    def rollup(self, link: Link | None) -> Rollup | None:
        """`.rollup("count")`, `.rollup("avg", "@duration")`"""
        if link is None:
            return None
        method, *measures = self.texts(link) or ("",)
        if not words.is_rollup(method) or len(measures) > 1:
            at: Node | Link = link.arguments[0] if link.arguments and not measures[1:] else link
            if words.is_rollup(method):
                raise self.error(".rollup() takes a method and one measure", "drop the others", at)
            hint = words.suggestion(method, words.ROLLUPS)
            raise self.error(f"unknown rollup method '{shortened(method)}'", hint, at)
        return Rollup(method, measures[0] if measures else None, span=link.span)


def _scope_of(text: str) -> Scope:
    items = tuple(_tag_of(part) for part in map(str.strip, text.split(",")) if part)
    return items[0] if len(items) == 1 else And(items)


def _tag_of(text: str) -> Scope:
    if text[0] == "!" and len(text) > 1:
        return Not(_plain_tag(text[1:]))
    return _plain_tag(text)


def _plain_tag(text: str) -> Scope:
    if text == "*":
        return Everything()
    key, colon, value = text.partition(":")
    return Tag(key, value if colon else None)
