"""Which guards there are: the built-in ones, and those that installed packages register."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dd_sync.errors import Unfit
from dd_sync.guards.guard import Guard
from dd_sync.text import nearest

GROUP = "dd_sync.guards"
BUILT_IN = {
    name: f"dd_sync.guards.{name}"
    for name in (
        "absent",
        "cap",
        "consecutive",
        "ewma",
        "log_count",
        "log_unique",
        "max",
        "occurrence",
        "rate",
        "spike",
        "zscore",
    )
}


def find(name: str) -> Guard[Any]:
    """The guard of that name. Raises Unfit if there is none, or if its package cannot give it."""
    module = BUILT_IN.get(name)
    if module is not None:
        found: Guard[Any] = import_module(module).GUARD
        return found
    return _registered(name)


def _registered(name: str) -> Guard[Any]:
    from importlib.metadata import entry_points  # slow, and nearly never needed

    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in entries:
        known = sorted({*BUILT_IN, *entries})
        near = nearest(name, known)
        meant = f"did you mean '{near}'? " if near else ""
        raise Unfit(f"there is no guard '{name}'", hint=f"{meant}there are {', '.join(known)}")
    try:
        guard = entries[name].load()
    except (ImportError, AttributeError) as error:
        raise Unfit(
            f"the guard '{name}' cannot be loaded: {error}",
            hint=f"reinstall the package that provides '{entries[name].value}'",
        ) from None
    if not isinstance(guard, Guard):
        raise Unfit(
            f"'{entries[name].value}' is not a guard",
            hint=f"its package should register a dd_sync.guards.guard.Guard under '{name}'",
        )
    return guard
