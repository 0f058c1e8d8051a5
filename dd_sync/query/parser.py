"""A metric monitor's query, text to nodes.

The grammar, loosest first: query > sum > product > factor > metric, call, parenthesis or number. The word
right before a token decides what follows, so nothing is ever read twice.
"""

from __future__ import annotations

import math
import re
from typing import Literal, cast

from dd_sync.errors import QueryError
from dd_sync.query import words
from dd_sync.query.lexer import DEEPEST, MOST_OPERATORS, Tokens, expression_tokens, refuse_endless, shortened
from dd_sync.query.nodes import (
    Binary,
    Call,
    Change,
    Comparator,
    Expression,
    Keyword,
    Metric,
    MetricAlert,
    Modifier,
    Negative,
    Number,
    Text,
    TimeAggregation,
    Unit,
    Window,
)
from dd_sync.query.scope import read_scope

_WindowKind = Literal["last", "current", "next"]
_ChangeKind = Literal["change", "pct_change"]
_Operator = Literal["+", "-", "*", "/"]

_WINDOW = re.compile(r"(last|current|next)_(\d{1,6})(mo|[mhdw])")
_SHIFT = re.compile(r"(\d{1,6})(mo|[mhdw])_ago")
_WINDOW_HINT = "write it as last_5m, last_1h, last_1d, current_1d or next_1w"


def parse(text: str) -> MetricAlert:
    """The nodes of a `query alert` or `metric alert` query, such as `avg(last_5m):avg:cpu{*} by {host} > 90`.

    Their spans are offsets in `text`. Raises QueryError and nothing else; its place is relative to `text`.
    Source: Datadog's API reference and documentation, and queries in recorded API traffic.
    """
    refuse_endless(text)
    return _Parser(expression_tokens(text)).alert()


class _Parser:
    __slots__ = ("depth", "operators", "tokens")

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.depth = 0
        self.operators = 0

    def alert(self) -> MetricAlert:
        tokens = self.tokens
        start = tokens.starts[0]
        aggregation = self.time_aggregation()
        self.take(":", "a colon follows the evaluation window: avg(last_5m):avg:cpu{*} > 90")
        expression = self.sum()
        comparator = self.comparator()
        threshold = self.threshold()
        if tokens.kinds[tokens.index] != "end":
            raise tokens.error(
                f"unexpected {tokens.shown()} after the threshold", "the threshold ends the query"
            )
        return MetricAlert(aggregation, expression, comparator, threshold, span=(start, tokens.end))

    def take(self, kind: str, hint: str) -> None:
        tokens = self.tokens
        if tokens.kinds[tokens.index] != kind:
            raise tokens.error(f"expected '{kind}', not {tokens.shown()}", hint)
        tokens.index += 1

    # --- the part before the first colon -----------------------------------------------------

    def time_aggregation(self) -> TimeAggregation:
        tokens = self.tokens
        word = tokens.texts[0]
        if tokens.kinds[0] != "word" or tokens.kinds[1] != "(":
            hint = "begin with the evaluation window, as in avg(last_5m):avg:cpu{*} > 90"
            raise tokens.error(
                f"expected a time aggregation such as avg(last_5m), not {tokens.shown()}", hint
            )
        if word in words.CHANGES:
            return self.change(cast(_ChangeKind, word))
        return self.time_aggregator()

    def time_aggregator(self) -> TimeAggregation:
        """`avg(last_5m)`"""
        tokens = self.tokens
        start, word = tokens.starts[tokens.index], tokens.texts[tokens.index]
        if tokens.kinds[tokens.index] != "word" or not words.is_time_aggregator(word):
            known = (*words.TIME_AGGREGATORS, *words.CHANGES)
            raise tokens.error(f"unknown time aggregation {tokens.shown()}", words.suggestion(word, known))
        tokens.index += 1
        self.take("(", f"write the evaluation window in parentheses: {word}(last_5m)")
        window = self.window()
        self.take(")", "close the parenthesis after the evaluation window")
        return TimeAggregation(word, window, span=(start, tokens.end))

    def change(self, kind: _ChangeKind) -> TimeAggregation:
        """`change(avg(last_5m),last_1h)`"""
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        tokens.index += 2
        inner = self.time_aggregator()
        self.take(",", f"write what to compare with: {kind}(avg(last_5m),last_1h)")
        shift = self.shift()
        self.take(")", f"write {kind}(avg(last_5m),last_1h)")
        span = (start, tokens.end)
        return TimeAggregation(inner.method, inner.window, Change(kind, shift, span=span), span=span)

    def window(self) -> Window:
        tokens = self.tokens
        start, word = tokens.starts[tokens.index], tokens.texts[tokens.index]
        match = _WINDOW.fullmatch(word)
        if match is None or int(match[2]) == 0:
            raise tokens.error(f"{tokens.shown()} is not an evaluation window", _WINDOW_HINT)
        tokens.index += 1
        kind = cast(_WindowKind, match[1])
        return Window(kind, int(match[2]), cast(Unit, match[3]), span=(start, start + len(word)))

    def shift(self) -> Window:
        """`last_1h` or `1h_ago`: both mean an hour earlier."""
        tokens = self.tokens
        if tokens.kinds[tokens.index] != "shift":
            window = self.window()
            if window.kind != "last":
                hint = "write how much earlier: last_1h or 1h_ago"
                raise tokens.error(f"'{window.kind}_' cannot be compared with", hint, at=tokens.index - 1)
            return window
        start, word = tokens.starts[tokens.index], tokens.texts[tokens.index]
        match = _SHIFT.fullmatch(word)
        if match is None or int(match[1]) == 0:
            raise tokens.error(f"{tokens.shown()} is not a span of time", "write for example 1h_ago")
        tokens.index += 1
        return Window("last", int(match[1]), cast(Unit, match[2]), span=(start, start + len(word)))

    # --- the end -----------------------------------------------------------------------------

    def comparator(self) -> Comparator:
        tokens = self.tokens
        text = tokens.texts[tokens.index]
        if tokens.kinds[tokens.index] != "compare":
            raise tokens.error(f"expected a comparator, not {tokens.shown()}", self.hint_after_expression())
        tokens.index += 1
        if tokens.kinds[tokens.index] == "=":
            raise tokens.error(
                f"'{text}=' is no comparator", "use >, >=, <, <=, == or !=", at=tokens.index - 1
            )
        return cast(Comparator, text)

    def hint_after_expression(self) -> str:
        tokens = self.tokens
        kind, text = tokens.kinds[tokens.index], tokens.texts[tokens.index]
        if kind == ",":
            return "a monitor has one expression: combine metrics with + - * /"
        if kind == ")":
            return "no parenthesis is open here"
        if kind == ".":
            return "a modifier follows a metric or a function, not a parenthesis"
        if kind == "=":
            return "use >, >=, <, <=, == or !="
        if text.lower() == "by":
            return "write the grouping right after the scope: {env:prod} by {host}.as_count()"
        return "end the query with a comparator and the threshold, as in > 90"

    def threshold(self) -> float | None:
        tokens = self.tokens
        if tokens.texts[tokens.index] == "threshold":
            tokens.index += 1
            return None
        sign = tokens.texts[tokens.index] if tokens.kinds[tokens.index] in {"-", "+"} else ""
        tokens.index += bool(sign)
        if tokens.kinds[tokens.index] != "number":
            raise tokens.error(
                f"expected the threshold, a number, not {tokens.shown()}", "write for example > 90"
            )
        value = self.number_value()
        return -value if sign == "-" else value

    def number_value(self) -> float:
        tokens = self.tokens
        text = tokens.texts[tokens.index]
        value = float(text)
        if not math.isfinite(value):
            raise tokens.error(f"{tokens.shown()} is too large for a number", "the largest is about 1.8e308")
        tokens.index += 1
        after = tokens.kinds[tokens.index]
        if after in {"word", "number", "shift"} and tokens.starts[tokens.index] == tokens.end:
            unread = tokens.texts[tokens.index]
            hint = "write a plain number, in the metric's own unit"
            raise tokens.error(f"'{shortened(text + unread)}' is not a number", hint, at=tokens.index - 1)
        return value

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

    def count_operator(self) -> None:
        self.operators += 1
        if self.operators > MOST_OPERATORS:
            raise self.tokens.error(f"more than {MOST_OPERATORS} operators in one query", "split the query")

    def descend(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.tokens.error(
                f"nested more than {DEEPEST} levels deep", "write the query with less nesting"
            )

    def factor(self) -> Expression:
        tokens = self.tokens
        kind = tokens.kinds[tokens.index]
        if kind == "word":
            return self.call() if tokens.kinds[tokens.index + 1] == "(" else self.metric()
        if kind == "number":
            start = tokens.starts[tokens.index]
            return Number(self.number_value(), span=(start, tokens.end))
        if kind == "-":
            return self.negative()
        if kind == "(":
            return self.parenthesis()
        if kind == "other" and tokens.texts[tokens.index] in "'\"":
            raise tokens.error("the quote is not closed", "add the missing quote")
        hint = "write a metric such as avg:cpu{env:prod}, a function of one, or a number"
        raise tokens.error(f"expected a metric, a function or a number, not {tokens.shown()}", hint)

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

    def close(self, opened: int) -> None:
        tokens = self.tokens
        kind = tokens.kinds[tokens.index]
        if kind in {"end", "compare"}:
            raise tokens.error("the parenthesis is not closed", "add the missing )", at=opened)
        self.take(")", "operators are + - * /, and arguments are separated by commas")

    # --- functions and metrics ---------------------------------------------------------------

    def call(self) -> Call:
        tokens = self.tokens
        opened = tokens.index + 1
        start, name = tokens.starts[tokens.index], tokens.texts[tokens.index]
        # Datadog adds functions: only a name that looks like a slip of a known one is refused.
        if name not in words.FUNCTIONS and (nearest := words.near(name, words.FUNCTIONS, likeness=0.75)):
            raise tokens.error(f"unknown function '{shortened(name)}'", f"did you mean {nearest}?")
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

    def metric(self) -> Metric:
        tokens = self.tokens
        start, name = tokens.starts[tokens.index], tokens.texts[tokens.index]
        aggregation = None
        if tokens.kinds[tokens.index + 1] == ":":
            aggregation = name
            if not words.is_space_aggregator(name):
                known = (*words.SPACE_AGGREGATORS, "p95")
                raise tokens.error(f"unknown aggregation '{shortened(name)}'", words.suggestion(name, known))
            tokens.index += 2
            name = tokens.texts[tokens.index]
            if tokens.kinds[tokens.index] != "word":
                hint = "a metric's name has letters, digits, _ and ., and begins with a letter"
                raise tokens.error(f"expected the metric's name, not {tokens.shown()}", hint)
        tokens.index += 1
        if tokens.kinds[tokens.index] != "braces":
            raise self.scope_error(name)
        opened, block = tokens.starts[tokens.index], tokens.texts[tokens.index]
        scope = read_scope(tokens.text, opened + 1, opened + len(block) - 1)
        tokens.index += 1
        by = self.by()
        return Metric(aggregation, name, scope, by, self.modifiers(), span=(start, tokens.end))

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
