"""A title, message or escalation that Datadog's template language cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import TemplateError


def check(subject: Subject) -> Iterator[Finding]:
    for path, template in subject.templates.items():
        if isinstance(template, TemplateError):
            offset, length = template.place.offset_in(subject.texts[path]), template.place.length
            yield Finding(path, template.problem, template.hint, offset=offset, length=length)
