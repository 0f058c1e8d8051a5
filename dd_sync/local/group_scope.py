"""The group scope of a downtime, `tenant:acme AND -tier:(a OR b)`: not the language of queries."""

from __future__ import annotations

import re

from dd_sync.local.http import bad_request
from dd_sync.query.nodes import And, Everything, In, Not, Or, Scope, Tag

_CLAUSE = re.compile(
    r'(?P<minus>-?)(?P<key>[A-Za-z][\w./-]*):(?:\((?P<many>[^()]*)\)|(?P<one>"[^"]*"|[^\s,()"]+))'
)
_SEPARATOR = re.compile(r"\s*,\s*|\s+AND\s+|\s+")
_KEYLESS = re.compile(r"-?[^\s,():]+(?=[\s,]|$)")
_VALUE = re.compile(r'\*?[^\s*?"]+\*?|\*')


def parse_group_scope(text: str) -> Scope:
    """The scope as query nodes. Raises Refused 400 in Datadog's words.

    Clauses are joined by AND, a comma or a space, which all mean AND; OR stands only among the values of one
    key. A value may begin or end with `*`, or be quoted.
    """
    text = text.strip()
    if text == "*":
        return Everything()
    items: list[Scope] = []
    at = 0
    while not items or at < len(text):
        if items:
            separator = _SEPARATOR.match(text, at)
            if separator is None:
                raise bad_request("Invalid scope parameter")
            at = separator.end()
        clause = _CLAUSE.match(text, at)
        if clause is None:
            keyless = _KEYLESS.match(text, at)
            is_key = keyless is not None and keyless[0] not in ("OR", "AND", "NOT")
            raise bad_request("All values must have a key" if is_key else "Invalid scope parameter")
        items.append(_read(clause))
        at = clause.end()
    return items[0] if len(items) == 1 else And(tuple(items))


def _read(clause: re.Match[str]) -> Scope:
    key = clause["key"]
    if clause["one"] is not None:
        item: Scope = Tag(key, _value(clause["one"]))
    else:
        values = tuple(_value(part) for part in re.split(r"\s+OR\s+", clause["many"].strip()))
        plain = not any("*" in value for value in values)
        item = In(key, values) if plain else _any(tuple(Tag(key, value) for value in values))
    return Not(item) if clause["minus"] else item


def _any(items: tuple[Scope, ...]) -> Scope:
    return items[0] if len(items) == 1 else Or(items)


def _value(text: str) -> str:
    if text.startswith('"') and text.endswith('"') and len(text) > 2:
        return text[1:-1]
    if _VALUE.fullmatch(text) is None:
        raise bad_request("Invalid scope parameter")
    return text
