"""The monitors as a scenario finds them, on its day and with its tunables; and where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dd_sync.catalog.catalog import Catalog
from dd_sync.errors import Place, Problem
from dd_sync.evaluate.unsupported import QUERY, Unsupported
from dd_sync.model.monitor import Declared


@dataclass(frozen=True, eq=False)
class Declarations(Mapping[str, Declared]):
    """Monitors by their keys. catalog: whose they are; without it nothing has a place, nor a downtime."""

    monitors: Mapping[str, Declared]
    catalog: Catalog | None = None

    def __getitem__(self, key: str) -> Declared:
        return self.monitors[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.monitors)

    def __len__(self) -> int:
        return len(self.monitors)


def place_of(catalog: Catalog, declared: Declared, error: Unsupported) -> tuple[Place, str]:
    """Where in the catalog's files the part of a monitor stands that is not evaluated, and the line there.

    What a guard has made stands nowhere; then it is the guard.
    """
    if declared.guard is not None:
        return catalog.locate(declared, ("guard", declared.guard), key=True)
    if error.path == QUERY and error.where is not None:
        offset, length = error.where.offset_in(declared.monitor.query), error.where.length
        return catalog.locate(declared, QUERY, offset=offset, length=length)
    return catalog.locate(declared, error.path or ("key",))


def problem_of(declared: Declared, error: Unsupported, catalog: Catalog | None) -> Problem:
    """What is not evaluated, with its place and line; without a catalog there is neither."""
    where, line = (None, None) if catalog is None else place_of(catalog, declared, error)
    return Problem(error.rule, error.problem, error.hint, where, source=line)
