"""The scope of a downtime, `tenant:acme AND -tier:(a OR b)`: not the language of queries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dd_sync.errors import Unfit
from dd_sync.query.nodes import And, Everything, In, Not, Scope, Tag

_LONGEST = 2000
_CLAUSE = re.compile(
    r"""-?(?P<key>[A-Za-z][\w./-]*):(?P<values>
        "[^"]+"|\*?[^\s,()"*]+\*?|\*
      | \(\s*(?:"[^"]+"|\*?[^\s,()"*]+\*?)(?:\s+OR\s+(?:"[^"]+"|\*?[^\s,()"*]+\*?))*\s*\)
    )(?=$|[\s,])""",
    re.VERBOSE,
)
_WORD = re.compile(r'"[^"]+"|[^\s()"]+')
_BETWEEN = re.compile(r"\s*,\s*|\s+AND\s+")
_HINT = "as in tenant:acme, env:prod AND -tier:(a OR b), or * for all groups"


def check_group_scope(text: str) -> None:
    """Raises Unfit, with the offset of what is wrong."""
    for _ in keys_of_scope(text):
        pass


def keys_of_scope(text: str) -> Iterator[tuple[str, int]]:
    """The tag keys it asks for, each with its offset; none for `*`. Raises Unfit."""
    for clause in _clauses(text):
        yield clause["key"], clause.start("key")


def read_group_scope(text: str) -> Scope:
    """The scope as query nodes. Raises Unfit."""
    items = tuple(map(_read, _clauses(text)))
    if not items:
        return Everything()
    return items[0] if len(items) == 1 else And(items)


def _read(clause: re.Match[str]) -> Scope:
    # Every second word is the OR between two.
    values = tuple(word.strip('"') for word in _WORD.findall(clause["values"])[::2])
    item = Tag(clause["key"], values[0]) if len(values) == 1 else In(clause["key"], values)
    return Not(item) if clause[0].startswith("-") else item


def _clauses(text: str) -> Iterator[re.Match[str]]:
    """Each `key:value` or `-key:(a OR b)`; none of `*`. Raises Unfit."""
    if len(text) > _LONGEST:
        raise Unfit(f"a scope of {len(text):,} characters", hint=f"at most {_LONGEST:,}")
    if text.strip() == "*":
        return
    end = len(text.rstrip())
    at = len(text) - len(text.lstrip())
    while True:
        clause = _CLAUSE.match(text, at)
        if clause is None:
            raise _wrong(text, at, end)
        yield clause
        at = clause.end()
        if at >= end:
            return
        between = _BETWEEN.match(text, at)
        if between is None:
            raise Unfit(
                "clauses of a scope are joined by AND; OR stands only between the values of one key",
                hint=_HINT,
                offset=at,
            )
        at = between.end()


def _wrong(text: str, at: int, end: int) -> Unfit:
    word = re.compile(r"[^\s,]*").match(text, at)
    length = max(1, len(word[0]) if word else 1)
    if at >= end:
        return Unfit("the scope is empty" if not text.strip() else "the scope ends too soon", hint=_HINT)
    shown = text[at : at + length]
    problem = f"'{shown[:60]}' is not a clause of a scope" if ":" in shown else f"'{shown[:60]}' has no key"
    return Unfit(problem, hint=_HINT, offset=at, length=length)
