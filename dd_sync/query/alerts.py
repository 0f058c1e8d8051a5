"""Nodes of every monitor query that is not a metric one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dd_sync.query.nodes import Call, Comparator, Expression, MetricAlert, Node, Scope, Window
from dd_sync.query.search_nodes import Search


@dataclass(frozen=True, slots=True)
class ServiceCheck(Node):
    """`"http.can_connect".over("env:prod").by("host").last(3).count_by_status()`

    over, exclude: one scope per argument; last: runs looked at, which only the percentage may leave out.
    """

    check: str
    over: tuple[Scope, ...]
    exclude: tuple[Scope, ...]
    by: tuple[str, ...]
    last: int | None
    method: Literal["count_by_status", "pct_by_status"]


@dataclass(frozen=True, slots=True)
class Rollup(Node):
    """`.rollup("cardinality", "@usr.id")`"""

    method: str
    measure: str | None = None


@dataclass(frozen=True, slots=True)
class EventAlert(Node):
    """`logs("status:error").index("*").rollup("count").by("service").last("5m") > 10`, and its kin.

    source: `logs`, `rum`, `events`, `trace-analytics`, … as written; by: facets, in the order written;
    issue_source, issues: error tracking only, `.source("all").new()`; threshold None is the word
    `threshold`.
    """

    source: str
    search: Search
    window: Window
    comparator: Comparator
    threshold: float | None
    indexes: tuple[str, ...] = ()
    issue_source: str | None = None
    issues: Literal["new", "impact"] | None = None
    rollup: Rollup | None = None
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessAlert(Node):
    """`processes("nginx").over("env:prod").by("host").rollup("count").last("10m") < 1`"""

    search: Search
    window: Window
    comparator: Comparator
    threshold: float | None
    over: tuple[Scope, ...] = ()
    by: tuple[str, ...] = ()
    rollup: Rollup | None = None


@dataclass(frozen=True, slots=True)
class FormulaAlert(Node):
    """`formula("query1 / query2 * 100").last("15m") > 5`; the names are those of `options.variables`.

    algorithm: `anomaly(direction="both")`, `change(…)` or `forecast(…)`, None for a plain threshold.
    """

    formula: Expression
    window: Window
    comparator: Comparator
    threshold: float | None
    rollup: Rollup | None = None
    by: tuple[str, ...] = ()
    algorithm: Call | None = None


@dataclass(frozen=True, slots=True)
class ErrorBudget(Node):
    """`error_budget("…").over("7d") > 75`: percent of the budget consumed."""

    slo: str
    over: Window
    comparator: Comparator
    threshold: float | None


@dataclass(frozen=True, slots=True)
class BurnRate(Node):
    """`burn_rate("…").over("30d").long_window("1h").short_window("5m") > 14.4`"""

    slo: str
    over: Window
    long_window: Window
    short_window: Window
    comparator: Comparator
    threshold: float | None


@dataclass(frozen=True, slots=True)
class NoQuery(Node):
    """`no_query`: a monitor that belongs to a Synthetic test."""


# --- composite -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MonitorId(Node):
    """`123456`"""

    id: int


@dataclass(frozen=True, slots=True)
class MonitorKey(Node):
    """`${monitor:stream-rate}`: a monitor of the same catalog, by its key."""

    key: str


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """`!123`: that monitor does not alert."""

    item: Condition


@dataclass(frozen=True, slots=True)
class Conjunction(Node):
    """`1 && 2`; at least two items, none of them a Conjunction."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Disjunction(Node):
    """`1 || 2`; at least two items, none of them a Disjunction."""

    items: tuple[Condition, ...]


Condition = MonitorId | MonitorKey | Negation | Conjunction | Disjunction


@dataclass(frozen=True, slots=True)
class CompositeAlert(Node):
    condition: Condition


OtherQuery = (
    ServiceCheck
    | EventAlert
    | ProcessAlert
    | FormulaAlert
    | CompositeAlert
    | ErrorBudget
    | BurnRate
    | NoQuery
)
Query = MetricAlert | OtherQuery
