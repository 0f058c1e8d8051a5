"""A handle that the catalog's policy does not allow: in a message, in a title, or in a level."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from dd_sync.catalog.catalog import Catalog
from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import TemplateError
from dd_sync.message.parser import parse
from dd_sync.message.tools import handles_in

# What a variable in a handle becomes is known only when it alerts; nothing but a `*` may stand for it.
_VARIABLE = re.compile(r"\{\{.*?\}\}")
_ANYTHING = "\N{OBJECT REPLACEMENT CHARACTER}"


def check(subject: Subject) -> Iterator[Finding]:
    allowed = subject.catalog.policy.handles
    if allowed is None:
        return
    for field, template in subject.readable():
        for use in handles_in(template):
            if not is_allowed(use.handle, allowed):
                start, end = use.span
                yield _finding((field,), use.handle, allowed, offset=start, length=end - start)
    yield from _in_escalation(subject, allowed)


def _in_escalation(subject: Subject, allowed: Sequence[str]) -> Iterator[Finding]:
    text = subject.declared.monitor.options.get("escalation_message")
    if not isinstance(text, str):
        return
    path = ("options", "escalation_message")
    try:
        uses = handles_in(parse(text))
    except TemplateError as error:
        offset = error.place.offset_in(text)
        yield Finding(path, error.problem, error.hint, offset=offset, length=error.place.length)
        return
    for use in uses:
        if not is_allowed(use.handle, allowed):
            yield _finding(path, use.handle, allowed, offset=use.span[0], length=use.span[1] - use.span[0])


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
    return any(re.fullmatch(_as_regex(pattern), fixed) for pattern in allowed)


def _as_regex(pattern: str) -> str:
    return ".*".join(re.escape(part) for part in pattern.split("*"))


def _finding(
    path: tuple[str | int, ...],
    handle: str,
    allowed: Sequence[str],
    *,
    offset: int | None = None,
    length: int = 1,
) -> Finding:
    near = get_close_matches(handle, allowed, n=1, cutoff=0.8)
    meant = f"did you mean {near[0]}? " if near else ""
    listed = ", ".join(allowed) if allowed else "none"
    return Finding(
        path,
        f"the policy does not allow the handle {handle}",
        f"{meant}policy.handles in catalog.yaml allows {listed}",
        offset=offset,
        length=length,
    )
