"""Which live monitors a snooze with `--monitors GLOB` is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from dd_sync.errors import RequestError, UnsafePlan
from dd_sync.model.ownership import SNOOZABLE, key_of


def choose_monitors(
    live: Iterable[Mapping[str, Any]], catalog: str, glob: str
) -> tuple[tuple[str, int], ...]:
    """Key and id of each of the catalog's live monitors whose key matches, sorted.

    Raises RequestError when none does, UnsafePlan when one of them may not be snoozed.
    """
    tags = {int(one["id"]): tuple(one.get("tags") or ()) for one in live}
    owned = [(key, number) for number, carried in tags.items() if (key := key_of(carried, catalog))]
    chosen = tuple(sorted((key, number) for key, number in owned if fnmatchcase(key, glob)))
    if not chosen:
        keys = ", ".join(sorted({key for key, _ in owned})[:20])
        raise RequestError(
            f"no live monitor of {catalog} has a key like '{glob}'",
            hint=f"keys: {keys}" if keys else "apply the catalog first",
        )
    loud = [key for key, number in chosen if SNOOZABLE not in tags[number]]
    if loud:
        raise UnsafePlan(
            f"never snoozed: {', '.join(loud)}",
            hint="protected monitors, and those not grouped by tenant, stay loud; choose others by key",
        )
    return chosen
