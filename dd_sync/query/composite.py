"""`123 && (456 || !789)`, text to nodes. && binds tighter than ||."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dd_sync.query.alerts import (
    CompositeAlert,
    Condition,
    Conjunction,
    Disjunction,
    MonitorId,
    MonitorKey,
    Negation,
)
from dd_sync.query.lexer import Tokens, refuse_endless
from dd_sync.query.reader import Reader

_TOKEN = re.compile(
    r"""
      &&|\|\||[!()]
    | (?P<key>\$\{monitor:[^{}\s]+\})
    | (?P<id>\d{1,19}(?!\w))
    | (?P<other>[\w$]+|\S)
    """,
    re.VERBOSE,
)
_HINT = "join monitor ids by && and ||, with ! for not and parentheses: 123 && (456 || !789)"


def read_composite(text: str) -> CompositeAlert:
    refuse_endless(text)
    reader = _Composite(Tokens(text, _TOKEN, 0, len(text)))
    condition = reader.any_of()
    tokens = reader.tokens
    if tokens.kinds[tokens.index] != "end":
        hint = "no parenthesis is open here" if tokens.kinds[tokens.index] == ")" else _HINT
        raise tokens.error(f"expected && or ||, not {tokens.shown()}", hint)
    return CompositeAlert(condition, span=condition.span)


def parts_of(condition: Condition) -> Iterator[MonitorId | MonitorKey]:
    """The monitors a composite names, in the order of the text, as often as it does."""
    match condition:
        case MonitorId() | MonitorKey():
            yield condition
        case Negation():
            yield from parts_of(condition.item)
        case Conjunction() | Disjunction():
            for item in condition.items:
                yield from parts_of(item)


def keys_of_parts(parts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """What a composite alerts by, from what its parts do: as the one with the most; () if none is grouped."""
    return max((tuple(keys) for keys in parts), key=len, default=())


class _Composite(Reader):
    __slots__ = ()

    def any_of(self) -> Condition:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        first = self.all_of()
        if tokens.kinds[tokens.index] != "||":
            return first
        items: list[Condition] = list(first.items) if isinstance(first, Disjunction) else [first]
        while tokens.kinds[tokens.index] == "||":
            tokens.index += 1
            item = self.all_of()
            items.extend(item.items if isinstance(item, Disjunction) else (item,))
        return Disjunction(tuple(items), span=(start, tokens.end))

    def all_of(self) -> Condition:
        tokens = self.tokens
        start = tokens.starts[tokens.index]
        first = self.one()
        if tokens.kinds[tokens.index] != "&&":
            return first
        items: list[Condition] = list(first.items) if isinstance(first, Conjunction) else [first]
        while tokens.kinds[tokens.index] == "&&":
            tokens.index += 1
            item = self.one()
            items.extend(item.items if isinstance(item, Conjunction) else (item,))
        return Conjunction(tuple(items), span=(start, tokens.end))

    def one(self) -> Condition:
        tokens = self.tokens
        opened = tokens.index
        kind, text, start = tokens.kinds[opened], tokens.texts[opened], tokens.starts[opened]
        if kind not in {"id", "key", "!", "("}:
            raise tokens.error(f"expected the id of a monitor, not {tokens.shown()}", _HINT)
        tokens.index += 1
        if kind == "id":
            return MonitorId(int(text), span=(start, tokens.end))
        if kind == "key":
            return MonitorKey(text[len("${monitor:") : -1], span=(start, tokens.end))
        self.descend()
        if kind == "!":
            item = self.one()
            self.depth -= 1
            return Negation(item, span=(start, tokens.end))
        item = self.any_of()
        self.depth -= 1
        if tokens.kinds[tokens.index] == "end":
            raise tokens.error("the parenthesis is not closed", "add the missing )", at=opened)
        if tokens.kinds[tokens.index] != ")":
            raise tokens.error(f"expected && or ||, not {tokens.shown()}", _HINT)
        tokens.index += 1
        return item
