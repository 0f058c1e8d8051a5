"""A monitor that no scenario covers: nobody has seen it alert."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dd_sync.catalog.catalog import Catalog
from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Severity

# Of more monitors than these, all without a scenario, it is told once: so it is after an import.
MANY = 20

_HINT = "add one under scenarios/ in which it alerts, and one in which it stays quiet"
_HINT_FOR_MANY = "begin with those that page somebody: add scenarios in which they alert, and stay quiet"


def check_catalog(catalog: Catalog, tested: Collection[str]) -> Iterator[tuple[Subject | None, Finding]]:
    if is_told_once(catalog, tested):
        problem = f"no scenario covers any of the {len(catalog.monitors)} monitors"
        yield None, Finding(("catalog",), problem, _HINT_FOR_MANY, Severity.WARNING)
        return
    for declared in catalog.monitors:
        if declared.key not in tested:
            problem = f"no scenario covers '{declared.key}'"
            yield Subject(declared, catalog), Finding(("key",), problem, _HINT, Severity.WARNING)


def is_told_once(catalog: Catalog, tested: Collection[str]) -> bool:
    """Whether there are many monitors, and not one of them is covered."""
    monitors = catalog.monitors
    return len(monitors) > MANY and not any(declared.key in tested for declared in monitors)
