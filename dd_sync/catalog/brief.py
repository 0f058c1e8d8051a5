"""What a snooze has to know of catalog.yaml, read without the forms: on-call waits for their import.

Anything not plainly right is left to `settings`, which tells every mistake with its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeGuard

from dd_sync.catalog.allowed import DEFAULT_TENANT_TAG, ENV, LONGEST_SNOOZE, NAME, TAG_KEY
from dd_sync.catalog.source import CATALOG_FILE, no_environment, read_file, require_catalog
from dd_sync.model.ownership import catalog_name
from dd_sync.timeframe import parse_duration

# The keys there are. One that is misspelt may be the very protection a snooze has to keep to.
KEYS = frozenset(("catalog", "tenant_tag", "levels", "policy", "limits"))
POLICY_KEYS = frozenset(
    ("required_tags", "handles", "personal_tags", "per_tenant", "runbook_levels", "snooze")
)
SNOOZE_KEYS = frozenset(("longest", "protected"))


@dataclass(frozen=True, slots=True)
class Brief:
    """name: the catalog's, with its environment. longest: how long a snooze may last in all.

    protected: keys of monitors that nobody can snooze.
    """

    name: str
    tenant_tag: str
    longest: timedelta
    protected: tuple[str, ...]


def read_brief(folder: Path, env: str | None) -> Brief:
    """Raises CatalogError with every problem of catalog.yaml where one of them could matter here."""
    if env is None or ENV.fullmatch(env):
        require_catalog(folder)
        if env is not None:
            _require_environment(folder, env)
        source = read_file(folder, Path(CATALOG_FILE))
        brief = _brief(source.value, env) if source.readable and not source.problems else None
        if brief is not None:
            return brief
    return _by_the_forms(folder, env)


def _require_environment(folder: Path, env: str) -> None:
    """A snooze of an environment that is none would silence nothing, and look as if it did."""
    names = {path.stem for path in (folder / "environments").rglob("*.y*ml")}
    if env not in names:
        raise no_environment(folder, env, names)


def _by_the_forms(folder: Path, env: str | None) -> Brief:
    from dd_sync.catalog.settings import check_env, load_settings

    check_env(env)
    settings = load_settings(folder)
    snooze = settings.policy.snooze
    return Brief(settings.name(env), settings.tenant_tag, snooze.longest, snooze.protected)


def _brief(value: Any, env: str | None) -> Brief | None:
    """None where anything is not as it plainly should be."""
    policy = value.get("policy", {}) if _is_known(value, KEYS) else None
    snooze = policy.get("snooze", {}) if _is_known(policy, POLICY_KEYS) else None
    if not _is_known(value, KEYS) or not _is_known(snooze, SNOOZE_KEYS):
        return None
    name, tag = value.get("catalog"), value.get("tenant_tag", DEFAULT_TENANT_TAG)
    longest, protected = _longest(snooze.get("longest")), snooze.get("protected", [])
    if not (_fits(name, NAME) and _fits(tag, TAG_KEY) and longest is not None and _is_list(protected)):
        return None
    return Brief(catalog_name(name, env), tag, longest, tuple(protected))


def _is_known(value: Any, keys: frozenset[str]) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and keys.issuperset(value)


def _fits(value: Any, pattern: re.Pattern[str]) -> TypeGuard[str]:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _longest(value: Any) -> timedelta | None:
    if value is None:
        return LONGEST_SNOOZE
    try:
        span = parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return span if span is not None and span <= LONGEST_SNOOZE else None
