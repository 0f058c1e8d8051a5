"""Coverage as people read it, and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dd_sync.report.tables import aligned
from dd_sync.scenarios.coverage import Aspect, Coverage, MonitorCoverage, Part

_KIND = {
    Aspect.STATE: "state",
    Aspect.TRANSITION: "transition",
    Aspect.GROUP: "",
    Aspect.MESSAGE: "",
    Aspect.SNOOZE: "",
}


def as_text(coverage: Coverage) -> str:
    """A table of the monitors, then what no scenario exercises, each with its place."""
    return "\n".join(_lines(coverage))


def _lines(coverage: Coverage) -> Iterator[str]:
    head = ("monitor", "scenarios", *(str(aspect) for aspect in Aspect))
    rows = [
        (one.key, str(one.scenarios), *(_share(one, aspect) for aspect in Aspect))
        for one in coverage.monitors
    ]
    totals = (f"{done}/{total}" for done, total in map(coverage.counts, Aspect))
    scenarios = str(sum(one.scenarios for one in coverage.monitors))
    yield from aligned([head, *rows, ("together", scenarios, *totals)], right=frozenset(range(1, len(head))))
    missing = [(one, part) for one in coverage.monitors for part in one.parts if not part.covered]
    refused = [one for one in coverage.monitors if one.unsupported]
    if missing:
        yield ""
        yield "Not exercised:"
        yield from (f"  {part.where}: {one.key}: {_said(part)}" for one, part in missing)
    if refused:
        yield ""
        yield "Not evaluated here, and not counted:"
        yield from (f"  {one.where}: {one.key}: {one.unsupported}" for one in refused)
    yield ""
    covered, total = coverage.counts()
    yield f"{covered} of {total} exercised, {percent_text(coverage.percent)}"


def _share(one: MonitorCoverage, aspect: Aspect) -> str:
    parts = one.of(aspect)
    return f"{sum(part.covered for part in parts)}/{len(parts)}" if parts else "-"


def _said(part: Part) -> str:
    said = f"{_KIND[part.aspect]} {part.name}".strip()
    return f"{said}: {part.note}" if part.note else said


def percent_text(percent: float) -> str:
    """Whole percent, rounded down, so that 100 % is all of it."""
    return f"{int(percent)} %"


def as_data(coverage: Coverage) -> dict[str, Any]:
    """`--format json`: by is null where nothing exercises a part."""
    return {
        "percent": round(coverage.percent, 2),
        "monitors": [
            {
                "monitor": one.key,
                "scenarios": one.scenarios,
                "unsupported": one.unsupported or None,
                "file": one.where.file,
                "line": one.where.line,
                "column": one.where.column,
                "parts": [
                    {
                        "aspect": str(part.aspect),
                        "name": part.name,
                        "by": part.by or None,
                        "note": part.note or None,
                        "file": part.where.file,
                        "line": part.where.line,
                        "column": part.where.column,
                    }
                    for part in one.parts
                ],
            }
            for one in coverage.monitors
        ],
    }
