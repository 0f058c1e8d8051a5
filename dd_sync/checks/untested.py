"""A monitor that no scenario covers: nobody has seen it alert."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dd_sync.catalog.catalog import Catalog
from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Severity

_HINT = "add one under scenarios/ in which it alerts, and one in which it stays quiet"


def check_catalog(catalog: Catalog, tested: Collection[str]) -> Iterator[tuple[Subject, Finding]]:
    for declared in catalog.monitors:
        if declared.key not in tested:
            problem = f"no scenario covers '{declared.key}'"
            yield Subject(declared, catalog), Finding(("key",), problem, _HINT, Severity.WARNING)
