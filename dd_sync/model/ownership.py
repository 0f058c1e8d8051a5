"""How a catalog marks what it owns in Datadog: by tags, since Datadog keeps no such record."""

from __future__ import annotations

from collections.abc import Iterable

MANAGED = "managed_by:dd-sync"
CATALOG = "dd_sync_catalog:"
KEY = "dd_sync_key:"
SNOOZABLE = "dd_sync_snooze:allowed"
HOLD = "dd_sync_hold:"
APPLIED = "dd_sync_applied:"
RESERVED = (MANAGED, CATALOG, KEY, "dd_sync_snooze:", HOLD, APPLIED)


def catalog_name(catalog: str, env: str | None) -> str:
    """The catalog as Datadog knows it: one per environment."""
    return f"{catalog}.{env}" if env else catalog


def ownership_tags(catalog: str, key: str) -> tuple[str, ...]:
    return (MANAGED, CATALOG + catalog, KEY + key)


def key_of(tags: Iterable[str], catalog: str) -> str | None:
    """The key under which `catalog` declares a live monitor; None if it is not this catalog's."""
    tags = tuple(tags)
    if MANAGED not in tags or CATALOG + catalog not in tags:
        return None
    keys = [tag[len(KEY) :] for tag in tags if tag.startswith(KEY)]
    return keys[0] if len(keys) == 1 else None
