"""Expressions of metrics: arithmetic, functions, scopes and modifiers.

The grammar, loosest first: sum > product > factor > metric, call, parenthesis or number. The word right
before a token decides what follows, so nothing is ever read twice.
"""

from __future__ import annotations

from typing import Literal, cast

from dd_sync.errors import QueryError
from dd_sync.query import words
from dd_sync.query.canonical import render_number
from dd_sync.query.lexer import shortened
from dd_sync.query.nodes import (
    Binary,
    Call,
    Expression,
    Keyword,
    Metric,
    Modifier,
    Negative,
    Number,
    Text,
)
from dd_sync.query.reader import Reader
from dd_sync.query.scope import read_scope
from dd_sync.text import nearest

_Operator = Literal["+", "-", "*", "/"]


class ExpressionReader(Reader):
    __slots__ = ()

    def hint_for_comparator(self) -> str:
        tokens = self.tokens
        kind, text = tokens.kinds[tokens.index], tokens.texts[tokens.index]
        if kind == ",":
            return "a monitor has one expression: combine metrics with + - * /"
        if kind == ".":
            return "a modifier follows a metric or a function, not a parenthesis"
        if text.lower() == "by":
            return "write the grouping right after the scope: {env:prod} by {host}.as_count()"
        return super().hint_for_comparator()

    # --- arithmetic --------------------------------------------------------------------------

    def sum(self) -> Expression:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        left = self.product()
        while (operator := tokens.kinds[tokens.index]) in {"+", "-"}:
            self.count_operator()
            tokens.index += 1
            right = self.product()
            left = Binary(cast(_Operator, operator), left, right, span=(start, tokens.end))
        return left

    def product(self) -> Expression:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        left = self.factor()
        while (operator := tokens.kinds[tokens.index]) in {"*", "/"}:
            self.count_operator()
            tokens.index += 1
            right = self.factor()
            left = Binary(cast(_Operator, operator), left, right, span=(start, tokens.end))
        return left

    def factor(self) -> Expression:
        tokens = self.tokens
        kind = tokens.kinds[tokens.index]
        if kind == "word":
            called = tokens.kinds[tokens.index + 1] == "(" and not self.is_counted()
            return self.call() if called else self.leaf()
        if kind == "number":
            start = tokens.starts[tokens.index]
            return Number(self.number_value(), span=(start, tokens.end))
        if kind == "-":
            return self.negative()
        if kind == "(":
            return self.parenthesis()
        if kind == "other" and tokens.texts[tokens.index] in "'\"":
            raise tokens.error("the quote is not closed", "add the missing quote")
        raise self.operand_error()

    def operand_error(self) -> QueryError:
        hint = "write a metric such as avg:cpu{env:prod}, a function of one, or a number"
        return self.tokens.error(
            f"expected a metric, a function or a number, not {self.tokens.shown()}", hint
        )

    def negative(self) -> Expression:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        self.descend()
        tokens.index += 1
        item = self.factor()
        self.depth -= 1
        if isinstance(item, Number):
            return Number(-item.value, span=(start, tokens.end))
        return Negative(item, span=(start, tokens.end))

    def parenthesis(self) -> Expression:
        tokens = self.tokens
        opened = tokens.index
        self.descend()
        tokens.index += 1
        item = self.sum()
        self.depth -= 1
        self.close(opened)
        return item

    # --- functions and metrics ---------------------------------------------------------------

    def call(self) -> Call:
        tokens = self.tokens
        opened = tokens.index + 1
        start, name = tokens.starts[tokens.index], tokens.texts[tokens.index]
        # Datadog adds functions: only a name that looks like a slip of a known one is refused.
        if name not in words.FUNCTIONS and (near := nearest(name, words.FUNCTIONS, likeness=0.75)):
            raise tokens.error(f"unknown function '{shortened(name)}'", f"did you mean {near}?")
        self.descend()
        arguments: list[Expression] = []
        keywords: list[Keyword] = []
        tokens.index += 1
        while tokens.index == opened or tokens.kinds[tokens.index] == ",":
            tokens.index += 1
            if tokens.kinds[tokens.index] == "word" and tokens.kinds[tokens.index + 1] == "=":
                keywords.append(self.keyword())
            else:
                arguments.append(self.argument())
        self.depth -= 1
        self.close(opened)
        modifiers = self.modifiers()
        return Call(name, tuple(arguments), tuple(keywords), modifiers, span=(start, tokens.end))

    def keyword(self) -> Keyword:
        tokens = self.tokens
        start, name = tokens.starts[tokens.index], tokens.texts[tokens.index]
        tokens.index += 2
        value = self.argument()
        return Keyword(name, value, span=(start, tokens.end))

    def argument(self) -> Expression:
        """An expression, or a word: `'basic'`, `"60m"`, `linear`."""
        tokens = self.tokens
        kind = tokens.kinds[tokens.index]
        if kind == "string" or (kind == "word" and tokens.kinds[tokens.index + 1] in {",", ")"}):
            start, text = tokens.starts[tokens.index], tokens.texts[tokens.index]
            tokens.index += 1
            return Text(text[1:-1] if kind == "string" else text, span=(start, tokens.end))
        return self.sum()

    def leaf(self) -> Expression:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        aggregation = self.space_aggregation()
        name = tokens.texts[tokens.index]
        tokens.index += 1
        if tokens.kinds[tokens.index] != "braces":
            raise self.scope_error(name)
        opened, block = tokens.starts[tokens.index], tokens.texts[tokens.index]
        scope = read_scope(tokens.text, opened + 1, opened + len(block) - 1)
        tokens.index += 1
        by = self.by()
        return Metric(aggregation, name, scope, by, self.modifiers(), span=(start, tokens.end))

    def space_aggregation(self) -> str | None:
        """`sum:`, `p95:` or `count(v: v>=0.5):` before a metric's name; None where there is none."""
        tokens = self.tokens
        name = tokens.texts[tokens.index]
        if tokens.kinds[tokens.index + 1] == "(":
            name = self.counted()
        elif tokens.kinds[tokens.index + 1] != ":":
            return None
        elif not words.is_space_aggregator(name):
            known = (*words.SPACE_AGGREGATORS, "p95")
            raise tokens.error(f"unknown aggregation '{shortened(name)}'", words.suggestion(name, known))
        else:
            tokens.index += 1
        self.take(":", "write a colon and the metric: count(v: v>0.5):http.request.time{*}")
        if tokens.kinds[tokens.index] != "word":
            hint = "a metric's name has letters, digits, _ and ., and begins with a letter"
            raise tokens.error(f"expected the metric's name, not {tokens.shown()}", hint)
        return name

    def is_counted(self) -> bool:
        """Whether `count(v: v` and a comparator are next: no function begins so."""
        kinds, texts, at = self.tokens.kinds, self.tokens.texts, self.tokens.index
        return (
            kinds[at : at + 6] == ["word", "(", "word", ":", "word", "compare"]
            and texts[at] == "count"
            and texts[at + 2] == texts[at + 4]
        )

    def counted(self) -> str:
        """`count(v: v>=0.5)`: how many values of a distribution there were on one side of a number."""
        tokens = self.tokens
        opened = tokens.index + 1
        comparator = tokens.texts[tokens.index + 5]
        tokens.index += 6
        value = self.modifier_argument()
        if isinstance(value, str):
            raise tokens.error("expected a number", "write for example count(v: v>0.5)", at=tokens.index - 1)
        self.close(opened)
        return f"count(v: v{comparator}{render_number(value)})"

    def scope_error(self, name: str) -> QueryError:
        tokens = self.tokens
        if tokens.texts[tokens.index] == "{":
            return tokens.error("the brace is not closed", "add the missing }")
        name = shortened(name)
        hint = f"write the scope after the metric, {name}{{*}} for everything"
        return tokens.error(f"expected the scope of {name} in braces, not {tokens.shown()}", hint)

    def by(self) -> tuple[str, ...]:
        tokens = self.tokens
        if tokens.kinds[tokens.index] != "word" or tokens.texts[tokens.index].lower() != "by":
            return ()
        tokens.index += 1
        if tokens.kinds[tokens.index] != "braces":
            raise tokens.error(f"expected the grouping in braces, not {tokens.shown()}", "write by {tenant}")
        keys = tuple(key.strip() for key in tokens.texts[tokens.index][1:-1].split(","))
        if any(not key or any(c.isspace() or c in "()!'\"" for c in key) for key in keys):
            raise tokens.error(
                "the grouping is not a list of tag keys", "write tag keys, as in by {tenant,env}"
            )
        tokens.index += 1
        return keys

    def modifiers(self) -> tuple[Modifier, ...]:
        tokens = self.tokens
        if tokens.kinds[tokens.index] != ".":
            return ()
        found = []
        while tokens.kinds[tokens.index] == ".":
            found.append(self.modifier())
        return tuple(found)

    def modifier(self) -> Modifier:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        tokens.index += 1
        name = tokens.texts[tokens.index]
        if name not in words.MODIFIERS:
            hint = words.suggestion(name, words.MODIFIERS)
            raise tokens.error(f"unknown modifier {tokens.shown()}", hint)
        tokens.index += 1
        opened = tokens.index
        self.take("(", f"write .{name}() with its parentheses")
        arguments: list[str | float] = []
        if tokens.kinds[tokens.index] != ")":
            arguments.append(self.modifier_argument())
        while tokens.kinds[tokens.index] == ",":
            tokens.index += 1
            arguments.append(self.modifier_argument())
        self.close(opened)
        return Modifier(name, tuple(arguments), span=(start, tokens.end))

    def modifier_argument(self) -> str | float:
        tokens = self.tokens
        kind, text = tokens.kinds[tokens.index], tokens.texts[tokens.index]
        if kind == "number":
            return self.number_value()
        if kind == "-" and tokens.kinds[tokens.index + 1] == "number":
            tokens.index += 1
            return -self.number_value()
        if kind not in {"word", "string"}:
            raise tokens.error(
                f"expected a word or a number, not {tokens.shown()}", "write for example .rollup(sum, 60)"
            )
        tokens.index += 1
        return text[1:-1] if kind == "string" else text
