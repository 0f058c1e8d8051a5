"""A webhook handle that Datadog has no webhook for: nobody would be told. Needs Datadog's answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dd_sync.catalog.catalog import Catalog
from dd_sync.checks.finding import Finding, Subject

# Whether a webhook of this name exists; None where that cannot be told.
Exists = Callable[[str], bool | None]
_PREFIX = "@webhook-"


def check_catalog(catalog: Catalog, exists: Exists) -> Iterator[tuple[Subject | None, Finding]]:
    """Each name is asked about once. Names with variables are known only when they alert."""
    # What the catalog declares is there as soon as it is applied.
    asked: dict[str, bool | None] = {one.name: True for one in catalog.resources if one.kind == "webhook"}
    for subject, finding, handle in _used(catalog):
        name = handle.removeprefix(_PREFIX)
        if not handle.startswith(_PREFIX) or not name or "{{" in name:
            continue
        if name not in asked:
            asked[name] = exists(name)
        if asked[name] is False:
            yield subject, finding


def _used(catalog: Catalog) -> Iterator[tuple[Subject | None, Finding, str]]:
    for number, level in catalog.levels.items():
        for index, handle in enumerate(level.handles):
            yield None, _finding(("levels", str(number), "handles", index), handle), handle
    for declared in catalog.monitors:
        subject = Subject(declared, catalog)
        for path, use in subject.handles:
            start, end = use.span
            yield subject, _finding(path, use.handle, start, end - start), use.handle


def _finding(path: tuple[str | int, ...], handle: str, offset: int | None = None, length: int = 1) -> Finding:
    return Finding(
        path,
        f"Datadog has no webhook for the handle {handle}",
        "create it in the Webhooks integration, or correct the name",
        offset=offset,
        length=length,
    )
