"""Text of a query to tokens, each with its offset. White space separates and is otherwise nothing."""

from __future__ import annotations

import re

from dd_sync.errors import Place, QueryError

# Datadog publishes no limit; the longest query it is known to have stored is far below this one.
LONGEST = 100_000
# Nested functions, parentheses and signs; and operators in one query, which bound the depth of its tree.
DEEPEST = 64
MOST_OPERATORS = 256

# What no alternative matches is white space: `other` takes every other character. Punctuation is in no
# named group, so that its kind is its own text. A brace block is one token, its inside has rules of its own.
EXPRESSION_TOKEN = re.compile(
    r"""
      (?P<word>[A-Za-z_][\w.]*+)
    | (?P<braces>\{[^{}]*\})
    | (?P<shift>\d+(?:mo|[mhdw])_ago\b)
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<string>'[^']*'|"[^"]*")
    | (?P<compare>>=|<=|==|!=|>|<)
    | [(),:.+\-*/=]
    | (?P<other>\S)
    """,
    re.VERBOSE,
)

_SCOPE_TOKEN = re.compile(
    r"""
      [,()!]
    | (?P<tag>[^\s,():!"{}][^\s,():{}]*+:(?:[^\s,(){}"]++|"[^"]*"|\([^\s,(){}]*\)|")*)
    | (?P<word>"[^"]*"|[^\s,():{}]++)
    | (?P<other>\S)
    """,
    re.VERBOSE,
)


class Tokens:
    """Tokens of `text` between two offsets, as parallel lists that end with a token of kind `end`.

    kinds: `word`, `number`, … or, for punctuation, the character itself; texts: as written;
    starts: offsets in `text`.
    """

    __slots__ = ("index", "kinds", "starts", "text", "texts")

    def __init__(self, text: str, pattern: re.Pattern[str], start: int, end: int) -> None:
        found = list(pattern.finditer(text, start, end))
        self.text = text
        self.texts = [match[0] for match in found]
        self.kinds = [match.lastgroup or match[0] for match in found]
        self.starts = [match.start() for match in found]
        self.kinds.append("end")
        self.texts.append("")
        self.starts.append(end)
        self.index = 0

    @property
    def end(self) -> int:
        """Where the last token that was taken ends."""
        last = self.index - 1
        return self.starts[last] + len(self.texts[last])

    def shown(self) -> str:
        """The next token as an error names it."""
        text = self.texts[self.index]
        return "the end" if self.kinds[self.index] == "end" else f"'{shortened(text)}'"

    def error(self, problem: str, hint: str, *, at: int | None = None) -> QueryError:
        """The error at token number `at`, by default the next one."""
        index = self.index if at is None else at
        start = self.starts[index]
        return error_at(self.text, problem, hint, start, start + len(self.texts[index]))


def expression_tokens(text: str) -> Tokens:
    return Tokens(text, EXPRESSION_TOKEN, 0, len(text))


def scope_tokens(text: str, start: int, end: int) -> Tokens:
    return Tokens(text, _SCOPE_TOKEN, start, end)


def shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def error_at(text: str, problem: str, hint: str, start: int, end: int) -> QueryError:
    """The error for the characters from `start` to `end` of `text`, or of its line there."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    end = end if line_end < 0 else min(end, line_end)
    place = Place("query", text.count("\n", 0, start) + 1, start - line_start + 1, max(1, end - start))
    return QueryError(problem, hint=hint, where=place)


def refuse_endless(text: str) -> None:
    if len(text) > LONGEST:
        problem = f"the query has {len(text):,} characters, more than the {LONGEST:,} read here"
        raise error_at(text, problem, "split it into several monitors", 0, 1)
