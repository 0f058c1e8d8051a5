"""Most monitors' queries are of one plain form. Such a text is known to be sound without parsing it."""

from __future__ import annotations

import re

_TAG = r"!?(?!(?:and|or|not|in):)[a-z][a-z0-9_./-]*:[a-z0-9_./*-]+"
_KEY = r"[a-z][a-z0-9_./-]*"
# Far fewer texts than the parser takes, and none that it refuses or reads otherwise.
_PLAIN = re.compile(
    rf"""
    (?:avg|sum|min|max)\(last_[1-9][0-9]{{0,4}}(?:mo|[mhdw])\):
    (?:avg|sum|min|max):[A-Za-z][A-Za-z0-9_.]*
    \{{(?:\*|{_TAG}(?:,{_TAG})*)\}}
    (?:[ ]by[ ]\{{({_KEY}(?:,{_KEY})*)\}})?
    (?:\.as_(?:count|rate)\(\))?
    [ ][<>]=?[ ][0-9]{{1,15}}(?:\.[0-9]{{1,15}})?
    """,
    re.VERBOSE,
)
_LONGEST = 1000


def plain_group_keys(text: str) -> tuple[str, ...] | None:
    """What `group_keys(parse(text))` is, for a metric query of the plain form; None for every other text."""
    found = _PLAIN.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    by = found[1]
    return tuple(dict.fromkeys(by.split(","))) if by else ()
