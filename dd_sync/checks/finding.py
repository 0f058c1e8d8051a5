"""What a rule looks at, and what it says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dd_sync.catalog.catalog import Catalog
from dd_sync.errors import Severity, TemplateError
from dd_sync.message.nodes import Template
from dd_sync.message.parser import parse
from dd_sync.message.tools import HandleUse, handles_in
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import MANAGED
from dd_sync.model.resource import Resource
from dd_sync.query.nodes import And, Comparator, Everything, In, MetricAlert, Node, Not, Or, Scope, Tag
from dd_sync.query.tools import group_keys, metrics_in

if TYPE_CHECKING:
    from dd_sync.query.alerts import Query

Path = tuple[str | int, ...]
ESCALATION: Path = ("options", "escalation_message")


@dataclass(frozen=True, slots=True)
class Finding:
    """path: from the monitor (or from the top of catalog.yaml); offset, length: in the text there.

    key: whether the key at `path` is meant rather than its value.
    """

    path: Path
    problem: str
    hint: str
    severity: Severity = Severity.ERROR
    key: bool = False
    offset: int | None = None
    length: int = 1


@dataclass(frozen=True)
class Subject:
    """One declared monitor, with what several rules want to know about it."""

    declared: Declared
    catalog: Catalog

    @property
    def any_query(self) -> Query:
        """The query of a monitor of any type as nodes."""
        return self.catalog.queries[self.declared.key]

    @cached_property
    def query(self) -> MetricAlert | None:
        """The query as nodes, None where it is not a metric query."""
        query = self.any_query
        return query if isinstance(query, MetricAlert) else None

    @property
    def options(self) -> Mapping[str, Any]:
        """Datadog's options of the monitor, as they would be sent."""
        return self.declared.monitor.options

    def number(self, option: str) -> float | None:
        """A numeric option, None where it is absent, null or not a number."""
        return as_number(self.options.get(option))

    @property
    def comparator(self) -> Comparator | None:
        """What the query compares with, None where it compares nothing."""
        return getattr(self.any_query, "comparator", None)

    @property
    def threshold(self) -> float | None:
        """The number the query compares with, None where it compares with none."""
        return getattr(self.any_query, "threshold", None)

    @cached_property
    def thresholds(self) -> Mapping[str, float]:
        """Its thresholds that are numbers, by name."""
        found = self.options.get("thresholds")
        numbers = {name: as_number(value) for name, value in found.items()} if isinstance(found, dict) else {}
        return {name: value for name, value in numbers.items() if value is not None}

    def at(
        self, node: Node | None, problem: str, hint: str, severity: Severity = Severity.WARNING
    ) -> Finding:
        """A finding about a part of the query; a guard's query is told at the guard, which wrote it."""
        guard = self.declared.guard
        if guard is not None:
            return Finding(("guard", guard), problem, hint, severity, key=True)
        if node is None or node.span[0] < 0:
            return Finding(("query",), problem, hint, severity)
        start, end = node.span
        return Finding(("query",), problem, hint, severity, offset=start, length=end - start)

    def at_number(self, problem: str, hint: str, severity: Severity = Severity.WARNING) -> Finding:
        """A finding about the number that the query compares with."""
        match = _LAST_WORD.search(self.declared.monitor.query)
        if self.declared.guard is not None or match is None:
            return self.at(None, problem, hint, severity)
        start, end = match.span()
        return Finding(("query",), problem, hint, severity, offset=start, length=end - start)

    @cached_property
    def texts(self) -> dict[Path, str]:
        """What is a template in it, by path: the title, the author's own message, the escalation."""
        texts: dict[Path, Any] = {
            ("name",): self.declared.monitor.name,
            ("message",): self.catalog.own_message(self.declared),
            ESCALATION: self.options.get("escalation_message"),
        }
        plain = {path: text for path, text in texts.items() if isinstance(text, str)}
        return {path: text for path, text in plain.items() if "{" in text or "@" in text}

    @cached_property
    def tag_keys(self) -> tuple[str, ...]:
        """Keys the query groups by or asks for in a scope, each once; () where it is not a metric query."""
        if self.query is None:
            return ()
        metrics = tuple(metrics_in(self.query.expression))
        # The copies of one metric in a guard share their scope.
        scopes = {id(metric.scope): metric.scope for metric in metrics}.values()
        by = (key for metric in metrics for key in metric.by)
        return tuple(dict.fromkeys((*by, *(key for scope in scopes for key in scope_keys(scope)))))

    @property
    def group_keys(self) -> tuple[str, ...]:
        """The tags or facets it alerts by, () for a simple alert and where the query cannot be read."""
        if self.query is not None:
            return group_keys(self.query)
        return tuple(key for key in getattr(self.any_query, "by", ()) if key != "*")

    @cached_property
    def templates(self) -> dict[Path, Template | TemplateError]:
        return {path: _parsed(text) for path, text in self.texts.items()}

    @cached_property
    def handles(self) -> tuple[tuple[Path, HandleUse], ...]:
        """Whom its texts tell, each with the path of the text."""
        return tuple(
            (path, use)
            for path, template in self.readable()
            if "@" in template.source
            for use in handles_in(template)
        )

    def readable(self) -> Iterator[tuple[Path, Template]]:
        """The templates without mistakes, by the path they stand at."""
        for path, template in self.templates.items():
            if isinstance(template, Template):
                yield path, template

    @property
    def own_tags(self) -> tuple[str, ...]:
        """The tags its author gave it; those that mark ownership come after them."""
        tags = self.declared.monitor.tags
        return tags[: tags.index(MANAGED)]


def handles_of(resource: Resource, catalog: Catalog) -> Iterator[tuple[Path, HandleUse]]:
    """Whom a downtime's message tells, with the path of the text; the other kinds tell nobody."""
    if resource.kind == "downtime":
        for path, text in catalog.texts_of(resource):
            template = _parsed(text) if path == ("message",) and "@" in text else None
            if isinstance(template, Template):
                yield from ((path, use) for use in handles_in(template))


# What follows the comparator; Datadog's queries end with it.
_LAST_WORD = re.compile(r"[^\s<>=!]+(?=\s*\Z)")


def as_number(value: Any) -> float | None:
    """The value if it is a finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _parsed(text: str) -> Template | TemplateError:
    try:
        return parse(text)
    except TemplateError as error:
        return error


def scope_keys(scope: Scope) -> Iterator[str]:
    """The keys of the tags in a scope, in the order of the text; a bare tag has none."""
    match scope:
        case Tag(value=None) | Everything():
            return
        case Tag() | In():
            yield scope.key
        case Not():
            yield from scope_keys(scope.item)
        case And() | Or():
            for item in scope.items:
                yield from scope_keys(item)
