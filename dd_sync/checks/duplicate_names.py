"""Two monitors with one name: on call, nobody can tell which of them speaks."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.catalog.catalog import Catalog
from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Severity


def check_catalog(catalog: Catalog) -> Iterator[tuple[Subject, Finding]]:
    first: dict[str, str] = {}
    for declared in catalog.monitors:
        name = " ".join(declared.monitor.name.split()).casefold()
        if name in first:
            problem = f"'{declared.monitor.name}' is also the name of the monitor '{first[name]}'"
            hint = "name what differs, such as the window or the service"
            yield Subject(declared, catalog), Finding(("name",), problem, hint, Severity.WARNING)
        else:
            first[name] = declared.key
