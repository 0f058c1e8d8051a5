"""Where in the catalog the part of a monitor stands that a mutant has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dd_sync.catalog.catalog import Catalog
from dd_sync.errors import Place
from dd_sync.guards.fields import BOUNDS
from dd_sync.guards.values import AllUnfit
from dd_sync.model.monitor import Declared
from dd_sync.query.nodes import NOWHERE
from dd_sync.scenarios.mutants import Mutant

# The keys of guards that a part is made from, the first one there is.
_OF_GUARD = {
    "critical": (*BOUNDS, "floor"),
    "warning": ("warn_at",),
    "critical_recovery": ("recover_at",),
    "window": ("window", "period"),
    "scope": ("scope",),
    "by": ("by",),
    "shift": ("baseline",),
    "space": ("metric",),
}
_THRESHOLDS = frozenset(("critical", "warning", "critical_recovery", "warning_recovery", "ok", "unknown"))


def place_of(catalog: Catalog, declared: Declared, mutant: Mutant) -> Place | None:
    """The place a person can open; None for a number of a guard's own making, which nobody wrote."""
    if declared.guard is not None:
        path = _in_guard(catalog, declared, mutant)
        return None if path is None else catalog.locate(declared, path)[0]
    if mutant.span != NOWHERE:
        start, end = mutant.span
        return catalog.locate(declared, ("query",), offset=start, length=end - start)[0]
    options = declared.monitor.options
    if mutant.part in _THRESHOLDS and mutant.part in (options.get("thresholds") or {}):
        return catalog.locate(declared, ("options", "thresholds", mutant.part))[0]
    path = ("options", mutant.part) if mutant.part in options else ("query",)
    return catalog.locate(declared, path)[0]


def _in_guard(catalog: Catalog, declared: Declared, mutant: Mutant) -> tuple[str, ...] | None:
    own = catalog.entry(declared).own
    guard = ("guard", declared.guard or "")
    fields = _filled(catalog, own.get("guard", {}).get(declared.guard))
    if mutant.part == "renotify_interval":
        return ("renotify",)
    if mutant.part == "evaluation_delay":
        return ("evaluation_delay",)
    if mutant.part == "number":
        name = next((name for name, value in fields.items() if _same(value, mutant.was)), None)
        return None if name is None else (*guard, name)
    if mutant.part == "scope" and str(mutant.was) not in str(fields.get("scope")) and "exempt" in own:
        return ("exempt",)
    name = next((name for name in _OF_GUARD.get(mutant.part, ()) if name in fields), None)
    return guard if name is None else (*guard, name)


def _filled(catalog: Catalog, written: object) -> Mapping[str, Any]:
    """A guard's fields with the values of tunables."""
    fields = written if isinstance(written, dict) else {}
    return {name: _value(catalog, value) for name, value in fields.items()}


def _value(catalog: Catalog, written: Any) -> Any:
    if not isinstance(written, str):
        return written
    try:
        return catalog.interpolation.fill(written)
    except AllUnfit:
        return written


def _same(value: Any, number: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == number
