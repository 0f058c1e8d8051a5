"""What a rule looks at, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dd_sync.catalog.catalog import Catalog
from dd_sync.errors import Severity, TemplateError
from dd_sync.message.nodes import Template
from dd_sync.message.parser import parse
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import MANAGED
from dd_sync.query.nodes import And, Everything, In, MetricAlert, Not, Or, Scope, Tag
from dd_sync.query.tools import metrics_in

Path = tuple[str | int, ...]


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

    @cached_property
    def query(self) -> MetricAlert | None:
        """The query as nodes, None where it is not a metric query."""
        return self.catalog.queries.get(self.declared.key)

    @cached_property
    def texts(self) -> dict[str, str]:
        """What is a template in it: the title and the author's own part of the message, if not plain text."""
        texts = {"name": self.declared.monitor.name, "message": self.catalog.own_message(self.declared)}
        return {field: text for field, text in texts.items() if "{" in text or "@" in text}

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

    @cached_property
    def templates(self) -> dict[str, Template | TemplateError]:
        return {field: _parsed(text) for field, text in self.texts.items()}

    def readable(self) -> Iterator[tuple[str, Template]]:
        """The templates without mistakes, by the field they stand in."""
        for field, template in self.templates.items():
            if isinstance(template, Template):
                yield field, template

    @property
    def own_tags(self) -> tuple[str, ...]:
        """The tags its author gave it; those that mark ownership come after them."""
        tags = self.declared.monitor.tags
        return tags[: tags.index(MANAGED)]


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
