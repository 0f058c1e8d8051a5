"""What every query's parser does: take tokens, bound the nesting, and read the comparison at the end."""

from __future__ import annotations

import math
from typing import cast

from dd_sync.query.lexer import DEEPEST, MOST_OPERATORS, Tokens, shortened
from dd_sync.query.nodes import Comparator


class Reader:
    __slots__ = ("depth", "operators", "tokens")

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.depth = 0
        self.operators = 0

    def take(self, kind: str, hint: str) -> None:
        tokens = self.tokens
        if tokens.kinds[tokens.index] != kind:
            raise tokens.error(f"expected '{kind}', not {tokens.shown()}", hint)
        tokens.index += 1

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

    def close(self, opened: int) -> None:
        tokens = self.tokens
        kind = tokens.kinds[tokens.index]
        if kind in {"end", "compare"}:
            raise tokens.error("the parenthesis is not closed", "add the missing )", at=opened)
        self.take(")", "operators are + - * /, and arguments are separated by commas")

    # --- the end of a query ------------------------------------------------------------------

    def comparison(self) -> tuple[Comparator, float | None]:
        """The comparator and the threshold, with nothing after them; None is the word `threshold`."""
        tokens = self.tokens
        comparator = self.comparator()
        threshold = self.threshold()
        if tokens.kinds[tokens.index] != "end":
            hint = "the threshold ends the query"
            if tokens.texts[tokens.index].lower() == "by":
                hint = f"{hint}; write the grouping before it, right after the scope"
            raise tokens.error(f"unexpected {tokens.shown()} after the threshold", hint)
        return comparator, threshold

    def hint_for_comparator(self) -> str:
        kind = self.tokens.kinds[self.tokens.index]
        if kind == ")":
            return "no parenthesis is open here"
        if kind == "=":
            return "use >, >=, <, <=, == or !="
        return "end the query with a comparator and the threshold, as in > 90"

    def comparator(self) -> Comparator:
        tokens = self.tokens
        text = tokens.texts[tokens.index]
        if tokens.kinds[tokens.index] != "compare":
            raise tokens.error(f"expected a comparator, not {tokens.shown()}", self.hint_for_comparator())
        tokens.index += 1
        if tokens.kinds[tokens.index] == "=":
            raise tokens.error(
                f"'{text}=' is no comparator", "use >, >=, <, <=, == or !=", at=tokens.index - 1
            )
        return cast(Comparator, text)

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
