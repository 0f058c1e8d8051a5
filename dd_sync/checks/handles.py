"""A handle that the catalog's policy does not allow: in a message, in a title, or in a level."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dd_sync.catalog.catalog import Catalog
from dd_sync.checks.finding import Finding, Subject, handles_of
from dd_sync.model.resource import Resource
from dd_sync.text import nearest

# What a variable in a handle becomes is known only when it alerts; nothing but a `*` may stand for it.
_VARIABLE = re.compile(r"\{\{.*?\}\}")
_ANYTHING = "\N{OBJECT REPLACEMENT CHARACTER}"


def check(subject: Subject) -> Iterator[Finding]:
    allowed = subject.catalog.policy.handles
    if allowed is None:
        return
    for path, use in subject.handles:
        if not is_allowed(use.handle, allowed):
            start, end = use.span
            yield _finding(path, use.handle, allowed, offset=start, length=end - start)


def check_resource(resource: Resource, catalog: Catalog) -> Iterator[Finding]:
    """Whom a downtime tells when it begins and ends."""
    allowed = catalog.policy.handles
    if allowed is None:
        return
    for path, use in handles_of(resource, catalog):
        if not is_allowed(use.handle, allowed):
            start, end = use.span
            yield _finding(path, use.handle, allowed, offset=start, length=end - start)


def check_catalog(catalog: Catalog) -> Iterator[tuple[None, Finding]]:
    allowed = catalog.policy.handles
    if allowed is None:
        return
    for number, level in catalog.levels.items():
        for index, handle in enumerate(level.handles):
            if not is_allowed(handle, allowed):
                yield None, _finding(("levels", str(number), "handles", index), handle, allowed)


def is_allowed(handle: str, allowed: Sequence[str]) -> bool:
    """Whether some pattern covers the handle, whatever its variables become. Only `*` is a wildcard."""
    fixed = _VARIABLE.sub(_ANYTHING, handle)
    return any(covers(pattern, fixed) for pattern in allowed)


def covers(pattern: str, text: str) -> bool:
    """Whether a policy's pattern matches the whole text. Only `*` is a wildcard.

    Its parts are looked for from left to right, each at the first place it can be: never a second try, so
    no pattern and no text take long together.
    """
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    last = others.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in others:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _finding(
    path: tuple[str | int, ...],
    handle: str,
    allowed: Sequence[str],
    *,
    offset: int | None = None,
    length: int = 1,
) -> Finding:
    near = nearest(handle, allowed, likeness=0.8)
    meant = f"did you mean {near}? " if near else ""
    listed = ", ".join(allowed) if allowed else "none"
    return Finding(
        path,
        f"the policy does not allow the handle {handle}",
        f"{meant}policy.handles in catalog.yaml allows {listed}",
        offset=offset,
        length=length,
    )
