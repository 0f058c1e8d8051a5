"""A metric monitor's query, text to nodes: evaluation window, expression, comparator, threshold."""

from __future__ import annotations

import re
from typing import Literal, cast

from dd_sync.query import words
from dd_sync.query.expression import ExpressionReader
from dd_sync.query.lexer import expression_tokens, refuse_endless
from dd_sync.query.nodes import Change, MetricAlert, TimeAggregation, Unit, Window

_WindowKind = Literal["last", "current", "next"]
_ChangeKind = Literal["change", "pct_change"]

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


class _Parser(ExpressionReader):
    __slots__ = ()

    def alert(self) -> MetricAlert:
        tokens = self.tokens
        start = tokens.starts[0]
        aggregation = self.time_aggregation()
        self.take(":", "a colon follows the evaluation window: avg(last_5m):avg:cpu{*} > 90")
        expression = self.sum()
        comparator, threshold = self.comparison()
        return MetricAlert(aggregation, expression, comparator, threshold, span=(start, tokens.end))

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
