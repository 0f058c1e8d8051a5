"""Nodes of a metric monitor's query. Two nodes are equal when they mean the same text.

`span` is the half-open range of offsets in the text a node was read from, (-1, -1) for a node that was
built rather than read; it never takes part in a comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

Span = tuple[int, int]
NOWHERE: Span = (-1, -1)

Unit = Literal["m", "h", "d", "w", "mo"]
# A month as a rolling window is 30 days here; Datadog publishes no other figure.
UNIT_SECONDS: dict[str, int] = {"m": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 2592000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Window(Node):
    """`last_5m` (rolling), `current_1d` (cumulative) or `next_1w` (forecast)."""

    kind: Literal["last", "current", "next"]
    count: int
    unit: Unit

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=self.count * UNIT_SECONDS[self.unit])


@dataclass(frozen=True, slots=True)
class Change(Node):
    """`change(avg(last_5m),last_1h)`: the difference, or the percentage, against `shift` earlier."""

    kind: Literal["change", "pct_change"]
    shift: Window


@dataclass(frozen=True, slots=True)
class TimeAggregation(Node):
    """The outer part before the first colon: `sum(last_1h)`, or within change(…)."""

    method: str
    window: Window
    change: Change | None = None


# --- scope: the filter inside {…} ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Everything(Node):
    """`*`"""


@dataclass(frozen=True, slots=True)
class Tag(Node):
    """`env:prod`, `host:web-*`, or a bare tag (`key` is then the whole text and `value` is None)."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class In(Node):
    """`key IN (a, b)`; the order of the values has no meaning but is kept."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`!env:dev` or `NOT …`; `key NOT IN (…)` is Not(In(…))."""

    item: Scope


@dataclass(frozen=True, slots=True)
class And(Node):
    """`a,b` or `a AND b`; at least two items, none of them an And."""

    items: tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """`a OR b`; at least two items, none of them an Or."""

    items: tuple[Scope, ...]


Scope = Everything | Tag | In | Not | And | Or


# --- expressions -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: float


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A quoted or bare word given to a function: `'basic'`, `direction='above'`."""

    value: str


@dataclass(frozen=True, slots=True)
class Modifier(Node):
    """`.as_count()`, `.rollup(sum, 300)`, `.fill(zero)`: a method and its arguments as words or numbers."""

    name: str
    arguments: tuple[str | float, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric(Node):
    """`sum:streams.created{env:prod} by {tenant}.as_count()`.

    aggregation: the space aggregator, None where the text has none; `count(v: v>=0.5)` counts the values of a
    distribution on that side of the number.
    by: grouping keys in the order written; modifiers likewise.
    """

    aggregation: str | None
    name: str
    scope: Scope
    by: tuple[str, ...] = ()
    modifiers: tuple[Modifier, ...] = ()

    def has(self, modifier: str) -> bool:
        return any(m.name == modifier for m in self.modifiers)


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """The name of another query, in a formula: `query1`. Never part of a metric query."""

    name: str


@dataclass(frozen=True, slots=True)
class Negative(Node):
    item: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Left-associative `+ - * /`."""

    operator: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Keyword(Node):
    """`direction='above'` among a function's arguments."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`day_before(…)`, `anomalies(…, 'basic', 2, direction='above')`, with modifiers such as `.rollup()`."""

    name: str
    arguments: tuple[Expression, ...]
    keywords: tuple[Keyword, ...] = ()
    modifiers: tuple[Modifier, ...] = ()


Expression = Number | Text | Metric | Variable | Negative | Binary | Call

Comparator = Literal[">", ">=", "<", "<=", "==", "!="]


@dataclass(frozen=True, slots=True)
class MetricAlert(Node):
    """A whole metric monitor query. threshold None stands for the keyword `threshold` (a query's own)."""

    aggregation: TimeAggregation
    expression: Expression
    comparator: Comparator
    threshold: float | None
