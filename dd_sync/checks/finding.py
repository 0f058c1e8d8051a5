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
from dd_sync.query.nodes import MetricAlert

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
        """What is a template in it: the title and the author's own part of the message."""
        return {"name": self.declared.monitor.name, "message": self.catalog.own_message(self.declared)}

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
