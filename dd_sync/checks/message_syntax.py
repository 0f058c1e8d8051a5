"""A title or message that Datadog's template language cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import TemplateError


def check(subject: Subject) -> Iterator[Finding]:
    for field, template in subject.templates.items():
        if isinstance(template, TemplateError):
            place = template.place
            offset = place.offset_in(subject.texts[field])
            yield Finding((field,), template.problem, template.hint, offset=offset, length=place.length)
