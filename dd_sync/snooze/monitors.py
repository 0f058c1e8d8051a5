"""Which live monitors a snooze with `--monitors GLOB` or `--key KEY` is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from dd_sync.errors import RequestError, UnsafePlan
from dd_sync.model.ownership import SNOOZABLE, key_of
from dd_sync.snooze.near import is_near
from dd_sync.snooze.tenants import SHOWN
from dd_sync.text import within_line


def choose_monitors(
    live: Iterable[Mapping[str, Any]], catalog: str, *, keys: Sequence[str] = (), glob: str | None = None
) -> tuple[tuple[str, int], ...]:
    """Key and id of each of the catalog's live monitors with one of these keys, or one that matches; sorted.

    Raises RequestError where there is none, UnsafePlan when one of them may not be snoozed.
    """
    tags = {int(one["id"]): tuple(one.get("tags") or ()) for one in live}
    owned = [(key, number) for number, carried in tags.items() if (key := key_of(carried, catalog))]
    known = sorted({key for key, _ in owned})
    wanted = set(keys)
    if glob is not None:
        wanted |= {key for key in known if fnmatchcase(key, glob)}
        if not wanted:
            raise _no_such(catalog, f"like '{within_line(glob, SHOWN)}'", known)
    for key in sorted(wanted.difference(known)):
        near = [other for other in known if is_near(key, other)]
        raise _no_such(catalog, f"'{within_line(key, SHOWN)}'", near or known)
    chosen = tuple(sorted(one for one in owned if one[0] in wanted))
    loud = [key for key, number in chosen if SNOOZABLE not in tags[number]]
    if loud:
        raise UnsafePlan(
            f"never snoozed: {', '.join(loud)}",
            hint="protected monitors, and those not grouped by tenant, stay loud; choose others by key",
        )
    return chosen


def _no_such(catalog: str, key: str, keys: Sequence[str]) -> RequestError:
    return RequestError(
        f"no live monitor of {catalog} has a key {key}",
        hint=f"keys: {within_line(', '.join(keys[:20]))}" if keys else "apply the catalog first",
    )
