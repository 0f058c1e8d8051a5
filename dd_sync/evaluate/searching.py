"""Which events a search finds: `service:web -@http.status_code:[200 TO 399] timeout`.

Words are looked for in the text, without regard to case; attributes (`@…`) are compared as they are, tags in
lower case. `*` and `?` stand for any characters and for one.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from dd_sync.evaluate.sources import Event
from dd_sync.query.search_nodes import (
    AllOf,
    AnyOf,
    Cidr,
    Compared,
    Empty,
    Facet,
    Phrase,
    Range,
    Search,
    Without,
    Word,
)

Value = str | float
Finder = Callable[["Document"], bool]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
# Durations are kept in nanoseconds.
_UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 86400e9}
_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(ns|us|ms|s|m|h|d)?")
_DEEPEST = 20
_ESCAPED = re.compile(r"\\(.)|([*?])|([^\\*?]+)|\\", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """An event made ready to be searched. tags: by key, in lower case; attributes: by dotted path, flat."""

    event: Event
    tags: Mapping[str, Sequence[str]]
    attributes: Mapping[str, Sequence[Value]]

    @classmethod
    def of(cls, event: Event) -> Document:
        tags: dict[str, list[str]] = {}
        for tag in event.tags:
            key, _, value = tag.lower().partition(":")
            tags.setdefault(key, []).append(value)
        return cls(event, tags, flat(event.attributes))

    def values(self, key: str) -> Sequence[Value]:
        """Of an attribute for `@…`; else of a tag, or of a reserved attribute such as `service`."""
        if key.startswith("@"):
            return self.attributes.get(key[1:], ())
        found = self.tags.get(key.lower())
        return self.attributes.get(key, ()) if found is None else found

    @property
    def texts(self) -> Iterator[str]:
        """What a word without a key is looked for in."""
        yield self.event.message
        yield from (str(value) for value in self.attributes.get("title", ()))


def flat(attributes: Mapping[str, Any]) -> dict[str, list[Value]]:
    """Values by dotted path: a list gives several, None gives none, true and false are words.

    What is nested more than 20 levels deep is left out, as Datadog leaves it out.
    """
    found: dict[str, list[Value]] = {}
    for path, value in _leaves(attributes, "", _DEEPEST):
        found.setdefault(path, []).append(value)
    return found


def _leaves(value: Any, path: str, deep: int) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping | list | tuple):
        if deep == 0:
            return
        named = value.items() if isinstance(value, Mapping) else ((None, inner) for inner in value)
        for key, inner in named:
            below = path if key is None else f"{path}.{key}" if path else str(key)
            yield from _leaves(inner, below, deep - 1)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    elif isinstance(value, int | float):
        yield path, _as_float(value)
    elif value is not None:
        yield path, str(value)


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def text_of(value: Value) -> str:
    """A value as a group or a message shows it: 500 for 500.0."""
    if isinstance(value, str):
        return value
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


# --- nodes to tests ------------------------------------------------------------------------------


def finder(search: Search) -> Finder:
    """A test of documents. Made once, used for every event."""
    match search:
        case AllOf(items=items):
            parts = [finder(item) for item in items]
            return lambda document: all(part(document) for part in parts)
        case AnyOf(items=items):
            parts = [finder(item) for item in items]
            return lambda document: any(part(document) for part in parts)
        case Without(item=item):
            inner = finder(item)
            return lambda document: not inner(document)
        case Facet(key=key, value=value):
            return _facet(unescaped(key), value)
        case Cidr(attribute=attribute, blocks=blocks):
            return _cidr(attribute, blocks)
        case Word() | Phrase():
            return _free(search)
        # A range or a comparison without a key is about nothing.
        case Range() | Compared():
            return lambda document: False
        case Empty():
            pass
    return lambda document: True


def _free(search: Word | Phrase) -> Finder:
    if isinstance(search, Word) and set(search.text) <= {"*"}:
        return lambda document: True
    pattern = _pattern(search, whole=False)
    return lambda document: any(pattern.search(text) for text in document.texts)


def _facet(key: str, value: Search) -> Finder:
    if key == "message":
        return finder(value)
    if key == "*":
        return _anywhere(value)
    holds = _value(value, exact_case=key.startswith("@"))
    return lambda document: holds(document.values(key))


def _anywhere(value: Search) -> Finder:
    """`*:text`: a text in any attribute or in the message."""
    if not isinstance(value, Word | Phrase):
        parts = [_anywhere(item) for item in _items(value)]
        if isinstance(value, Without):
            return lambda document: not parts[0](document)
        choose = all if isinstance(value, AllOf) else any
        return lambda document: choose(part(document) for part in parts)
    pattern = _pattern(value, whole=False)

    def found(document: Document) -> bool:
        texts = (text_of(one) for values in document.attributes.values() for one in values)
        return any(pattern.search(text) for text in (document.event.message, *texts))

    return found


def _items(value: Search) -> Sequence[Search]:
    match value:
        case AllOf(items=items) | AnyOf(items=items):
            return items
        case Without(item=item):
            return (item,)
    return ()


Holds = Callable[[Sequence[Value]], bool]


def _value(search: Search, *, exact_case: bool) -> Holds:
    """A test of all the values that an event has of one key."""
    match search:
        case AllOf(items=items):
            parts = [_value(item, exact_case=exact_case) for item in items]
            return lambda values: all(part(values) for part in parts)
        case AnyOf(items=items):
            parts = [_value(item, exact_case=exact_case) for item in items]
            return lambda values: any(part(values) for part in parts)
        case Without(item=item):
            inner = _value(item, exact_case=exact_case)
            return lambda values: not inner(values)
        case Word(text=text) if text and set(text) <= {"*"}:
            return bool
        case Word() | Phrase():
            return _equals(search, exact_case=exact_case)
        case Range():
            return _within(search)
        case Compared(operator=sign, value=bound):
            compare = _COMPARE[sign]
            return lambda values: any(_compared(compare, value, bound) for value in values)
    return lambda values: False


def _equals(search: Word | Phrase, *, exact_case: bool) -> Holds:
    pattern = _pattern(search, whole=True, flags=0 if exact_case else re.IGNORECASE)
    wanted = _number(unescaped(search.text))

    def equals(values: Sequence[Value]) -> bool:
        return any(
            pattern.fullmatch(text_of(value)) is not None
            or (wanted is not None and not isinstance(value, str) and value == wanted)
            for value in values
        )

    return equals


def _within(search: Range) -> Holds:
    low, high = (_bound(text) for text in (search.low, search.high))
    above = operator.ge if search.includes_low else operator.gt
    below = operator.le if search.includes_high else operator.lt

    def within(values: Sequence[Value]) -> bool:
        return any(
            (low is None or _compared(above, value, low)) and (high is None or _compared(below, value, high))
            for value in values
        )

    return within


def _bound(text: str) -> str | None:
    """A range's end without its quotes; None for `*`, which is no end at all."""
    return None if text == "*" else unescaped(text.removeprefix('"').removesuffix('"'))


def _compared(compare: Callable[[Any, Any], bool], value: Value, bound: str) -> bool:
    """Numbers as numbers, units of time in nanoseconds; anything else as text."""
    number = _number(bound)
    if number is None:
        return isinstance(value, str) and compare(value, bound)
    own = _number(value) if isinstance(value, str) else value
    return own is not None and compare(own, number)


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    return None if found is None else float(found[1]) * (_UNITS[found[2]] if found[2] else 1.0)


def _cidr(attribute: str, blocks: Sequence[str]) -> Finder:
    networks = []
    for block in blocks:
        try:
            networks.append(ip_network(block, strict=False))
        except ValueError:
            continue

    def found(document: Document) -> bool:
        for value in document.values(attribute):
            try:
                address = ip_address(text_of(value))
            except ValueError:
                continue
            if any(address in network for network in networks):
                return True
        return False

    return found


# --- texts ---------------------------------------------------------------------------------------


def unescaped(text: str) -> str:
    """A word as it is meant: `hello\\:world` is `hello:world`."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _pattern(search: Word | Phrase, *, whole: bool, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """whole: of a value altogether, where a star may cross spaces; else of words within a text."""
    if isinstance(search, Phrase):
        words = unescaped(search.text).split() if not whole else [unescaped(search.text)]
        inside = r"\s+".join(re.escape(word) for word in words)
    else:
        inside = _wild(search.text, ".*" if whole else r"\S*", "." if whole else r"\S")
    if not whole:
        inside = rf"(?<!\w){inside}" if re.match(r"\w|\\\w", inside) else inside
        inside = rf"{inside}(?!\w)" if re.search(r"\w\Z", inside) else inside
    return re.compile(inside, flags | re.DOTALL)


def _wild(text: str, star: str, one: str) -> str:
    """Each piece between two stars is looked for once, at its first place, so that no text takes long."""
    pieces = [""]
    for escaped, wild, plain in _ESCAPED.findall(text):
        if wild == "*":
            pieces.append("")
        else:
            pieces[-1] += one if wild else re.escape(escaped or plain)
    first, *middle = pieces
    if not middle:
        return first
    last = middle.pop()
    return first + "".join(f"(?>{star}?{piece})" for piece in middle if piece) + star + last
