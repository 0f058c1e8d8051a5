"""A handle that would pause or freeze where no level may ask for it: no threshold freezes a user's funds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dd_sync.catalog.catalog import Catalog
from dd_sync.checks.finding import Finding, Path, Subject, handles_of
from dd_sync.errors import Severity
from dd_sync.model.resource import Resource

# Words of a handle, lower case: `@webhook-pausePayouts` has webhook, pause and payouts.
_WORD = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*")
_STOPS = re.compile(r"(?:un)?(?:freez|froz|paus|halt|suspend|seiz|confiscat|withh[eo]ld)")
# These act; what the others tell is read by a person first.
_ACTS = re.compile(r"@(?:webhook|workflow|sns|eventbridge)\b", re.IGNORECASE)
# These mean other things too, a chain's blocks for one.
_MAY_STOP = re.compile(r"(?:un)?(?:block|lock|disabl|stop|ban)(?:s|ed|ing|e|er)?\Z")


def check(subject: Subject) -> Iterator[Finding]:
    level = subject.catalog.levels.get(subject.declared.level or 0)
    if level is not None and level.may_request_pause:
        return
    for path, use in subject.handles:
        start, end = use.span
        yield from _judged(path, use.handle, offset=start, length=end - start)


def check_resource(resource: Resource, catalog: Catalog) -> Iterator[Finding]:
    for path, use in handles_of(resource, catalog):
        start, end = use.span
        yield from _judged(path, use.handle, offset=start, length=end - start)


def check_catalog(catalog: Catalog) -> Iterator[tuple[None, Finding]]:
    for number, level in catalog.levels.items():
        if level.may_request_pause:
            continue
        for index, handle in enumerate(level.handles):
            for finding in _judged(("levels", str(number), "handles", index), handle):
                yield None, finding


def _judged(path: Path, handle: str, *, offset: int | None = None, length: int = 1) -> Iterator[Finding]:
    words = [word.lower() for word in _WORD.findall(handle)]
    acts = _ACTS.match(handle) is not None
    stops = any(_STOPS.match(word) for word in words)
    if stops or (acts and any(_MAY_STOP.match(word) for word in words)):
        yield Finding(
            path,
            f"{handle} sounds like a pause or a freeze, and nothing here may request one",
            "only a level with `may_request_pause: true` may; a freeze is a person's decision, by a policy",
            Severity.ERROR if acts and stops else Severity.WARNING,
            offset=offset,
            length=length,
        )
