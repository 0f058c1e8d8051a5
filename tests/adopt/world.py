"""A catalog in memory and in files, and a Datadog in memory, for what goes between the two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from dd_sync.adopt.importing import Around, Imported, import_monitors
from dd_sync.catalog.catalog import Catalog, Loading
from dd_sync.catalog.load import compile_files
from dd_sync.catalog.source import Files, parse
from dd_sync.kinds.monitor import identity
from dd_sync.model.ownership import CATALOG, MANAGED
from dd_sync.plan.adopt import adoptions, fetch, pending
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Plan
from dd_sync.plan.report import Report
from tests.plan.memory import MemoryMonitors

Json = dict[str, Any]
TODAY = date(2026, 3, 1)
NAME = "shop"


def files(text: str = "", settings: str = "") -> Files:
    monitors = (parse("m/all.yaml", text),) if text else ()
    return Files(Path("m"), parse("m/catalog.yaml", f"catalog: {NAME}\n{settings}"), monitors)


def compiled(given: Files, *, unknown: bool = False, environ: Mapping[str, str] | None = None) -> Loading:
    return compile_files(given, environ=environ or {}, env=None, today=TODAY, allow_unknown_options=unknown)


def catalog_of(given: Files, **options: Any) -> Catalog:
    """The catalog, which has no errors."""
    loading = compiled(given, **options)
    assert [problem for problem in loading.problems if problem.is_error] == []
    assert loading.catalog is not None
    return loading.catalog


def imported(live: Iterable[Json], *, around: Files | None = None, **options: Any) -> Imported:
    given = around or files()
    catalog = catalog_of(given)
    found = Around(
        catalog=NAME,
        file="m/new.yaml",
        today=TODAY,
        files=given,
        keys=frozenset(one.key for one in catalog.monitors),
        owned={int(m["id"]): key for m in live if (key := identity(m, NAME)) is not None},
        adopted={one.adopt: one.key for one in catalog.monitors if one.adopt is not None},
    )
    return import_monitors(live, found, **options)


def plan_of(catalog: Catalog, datadog: MemoryMonitors) -> Plan:
    live = datadog.list((MANAGED, CATALOG + NAME))
    owned = {key for body in live if (key := identity(body, NAME)) is not None}
    wanting = pending(catalog.monitors, owned)
    ids = {one.adopt for one in wanting if one.adopt is not None}
    adopting = adoptions(wanting, fetch(ids, datadog), NAME)
    return build_plan(catalog.monitors, live, NAME, adopting=adopting)


def applied(catalog: Catalog, datadog: MemoryMonitors) -> Report:
    return apply(plan_of(catalog, datadog), datadog, sleep=lambda _: None)
