"""Nodes of a search as Datadog's explorers write it: `service:web -@http.status_code:[200 TO 399]`.

Words, keys and phrases are kept as written, escapes included, so that nothing of them is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dd_sync.query.nodes import Node


@dataclass(frozen=True, slots=True)
class Empty(Node):
    """No text: everything."""


@dataclass(frozen=True, slots=True)
class Word(Node):
    """`timeout`, `web-*`, `*`, `hello\\:world`."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase(Node):
    """`"connection reset"`, without its quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`[1 TO 5]`; a brace instead of a bracket leaves that end out."""

    low: str
    high: str
    includes_low: bool = True
    includes_high: bool = True


@dataclass(frozen=True, slots=True)
class Compared(Node):
    """`>=500`"""

    operator: Literal[">", ">=", "<", "<="]
    value: str


@dataclass(frozen=True, slots=True)
class Facet(Node):
    """`service:web`, `@http.status_code:>=500`, `status:(error OR warn)`; the key `*` is every attribute."""

    key: str
    value: Search


@dataclass(frozen=True, slots=True)
class Cidr(Node):
    """`CIDR(@network.client.ip,10.0.0.0/8)`"""

    attribute: str
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Without(Node):
    """`-status:ok`, `!status:ok` or `NOT status:ok`."""

    item: Search


@dataclass(frozen=True, slots=True)
class AllOf(Node):
    """`a b` or `a AND b`; at least two items, none of them an AllOf."""

    items: tuple[Search, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    """`a OR b`; at least two items, none of them an AnyOf."""

    items: tuple[Search, ...]


Search = Empty | Word | Phrase | Range | Compared | Facet | Cidr | Without | AllOf | AnyOf
