"""A tag that points at a person, where a monitor would show or judge single people: only aggregates leave."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dd_sync.catalog.catalog import Catalog
from dd_sync.checks.finding import Finding, Path, Subject
from dd_sync.message.tools import variables_in
from dd_sync.model.resource import Resource

_HINT = "judge and show aggregates only; catalog.yaml lists personal tags under policy.personal_tags"


def check(subject: Subject) -> Iterator[Finding]:
    personal = frozenset(subject.catalog.policy.personal_tags)
    if not personal:
        return
    yield from _in_query(subject, personal)
    yield from _in_notify_by(subject, personal)
    yield from _in_tags(subject, personal)
    yield from _in_texts(subject, personal)


# Texts of a widget that are read by people, and ask for nothing.
_READ_BY_PEOPLE = frozenset({"note", "content", "title", "label", "text", "alias", "name"})
# Datadog fills these in with the person who did something.
_PERSON = re.compile(r"\$(?:EMAIL|USERNAME|USER)(?![A-Z0-9_])")


def check_resource(resource: Resource, catalog: Catalog) -> Iterator[Finding]:
    personal = frozenset(catalog.policy.personal_tags)
    if not personal:
        return
    for path, text in catalog.texts_of(resource):
        if resource.kind == "webhook":
            for match in _PERSON.finditer(text):
                problem = f"{match[0]} is a person, and the webhook sends it"
                yield Finding(path, problem, _HINT, offset=match.start(), length=len(match[0]))
        elif resource.kind == "dashboard" or path[0] == "scope":
            yield from _in_text(path, text, personal, resource.kind)


def _in_text(path: Path, text: str, personal: frozenset[str], kind: str) -> Iterator[Finding]:
    """A key before a colon, among the keys of a `by`, or alone where a facet or a prefix stands."""
    if any(step in _READ_BY_PEOPLE for step in path):
        return
    for key in sorted(personal):
        name = rf"(?<![\w.-])@?(?:\w+\.)*({re.escape(key)})"
        pattern = rf"{name}:|\bby\s*[{{(][^}})]*{name}(?![\w.-])|^\s*{name}\s*$"
        match = re.search(pattern, text, re.IGNORECASE)
        if match is not None:
            start, end = next(match.span(number) for number in (1, 2, 3) if match[number] is not None)
            problem = f"'{key}' points at a person, and the {kind} uses it"
            yield Finding(path, problem, _HINT, offset=start, length=end - start)


def _in_query(subject: Subject, personal: frozenset[str]) -> Iterator[Finding]:
    if subject.query is None:
        keys = list(_keys_of_text(subject.declared.monitor.query, personal))
    else:
        keys = [key for key in subject.tag_keys if _bare(key) in personal]
    for key in keys:
        path, offset = _where(subject, key)
        problem = f"'{key}' points at a person, and the query uses it"
        yield Finding(path, problem, _HINT, offset=offset, length=len(key))


def _keys_of_text(query: str, personal: frozenset[str]) -> Iterator[str]:
    """The same for queries that are not read: a key before a colon, or among the keys of a `by(…)`."""
    for key in sorted(personal):
        name = rf"(?<![\w.-])@?(?:\w+\.)*{re.escape(key)}"
        if re.search(rf"{name}:|\.by\([^)]*{name}(?![\w.-])", query):
            yield key


def _where(subject: Subject, key: str) -> tuple[Path, int | None]:
    """The path to the use of a key, and its offset in the text there."""
    guard = subject.declared.guard
    entry = subject.catalog.entry(subject.declared)
    base: Path = ("query",) if guard is None else ("guard", guard, "scope")
    if guard is not None:
        by = (entry.own["guard"].get(guard) or {}).get("by")
        if isinstance(by, list) and key in by:
            return ("guard", guard, "by", by.index(key)), None
    text = subject.declared.monitor.query if guard is None else entry.text_at(base) or ""
    whole = re.search(rf"(?<![\w.-]){re.escape(key)}(?![\w.-])", text)
    match = whole or re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text)
    return base, match.start() if match else None


def _in_notify_by(subject: Subject, personal: frozenset[str]) -> Iterator[Finding]:
    keys = subject.options.get("notify_by")
    for index, key in enumerate(keys if isinstance(keys, list) else ()):
        if isinstance(key, str) and _bare(key) in personal:
            problem = f"'{key}' points at a person, and notifications are sent by it"
            yield Finding(("options", "notify_by", index), problem, _HINT)


def _in_tags(subject: Subject, personal: frozenset[str]) -> Iterator[Finding]:
    for index, tag in enumerate(subject.own_tags):
        key = tag.partition(":")[0]
        if _bare(key) in personal:
            yield Finding(("tags", index), f"'{key}' points at a person, and is a tag of the monitor", _HINT)


def _in_texts(subject: Subject, personal: frozenset[str]) -> Iterator[Finding]:
    for path, template in subject.readable():
        for use in variables_in(template):
            shown = [part for part in _parts(use.path) if _bare(part) in personal]
            if shown:
                start, end = use.span
                problem = f"'{shown[0]}' points at a person, and the {path[-1]} shows it"
                yield Finding(path, problem, _HINT, offset=start, length=end - start)


def _parts(path: tuple[str, ...]) -> Iterator[str]:
    """The parts of a variable, and of its bracketed parts: `[@usr.email]` holds `email` too."""
    for part in path:
        yield part
        yield from part.split(".") if "." in part else ()


def _bare(key: str) -> str:
    return key.lstrip("@").lower()
