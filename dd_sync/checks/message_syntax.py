"""A title, message or escalation that Datadog's template language cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Path, Subject
from dd_sync.errors import TemplateError


def check(subject: Subject) -> Iterator[Finding]:
    for field, template in subject.templates.items():
        if isinstance(template, TemplateError):
            yield _finding((field,), template, subject.texts[field])
    if isinstance(subject.escalation, TemplateError):
        path = ("options", "escalation_message")
        yield _finding(path, subject.escalation, subject.options["escalation_message"])


def _finding(path: Path, error: TemplateError, text: str) -> Finding:
    offset, length = error.place.offset_in(text), error.place.length
    return Finding(path, error.problem, error.hint, offset=offset, length=length)
