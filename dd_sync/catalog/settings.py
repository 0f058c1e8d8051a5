"""catalog.yaml: what all monitors of a catalog share. Cheap to read, since a snooze reads it too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dd_sync.catalog.allowed import DEFAULT_TENANT_TAG, ENV, LONGEST_SNOOZE, NAME, TAG_KEY
from dd_sync.catalog.complaints import complaints
from dd_sync.catalog.problems import Found
from dd_sync.catalog.source import CATALOG_FILE, Source, read_file, require_catalog
from dd_sync.errors import CatalogError, Unfit
from dd_sync.guards.values import Duration
from dd_sync.model.ownership import catalog_name


class Form(BaseModel):
    """The base of all forms of the catalog: strict, frozen, nothing unknown."""

    # A form that no file uses is never built, which is most of what importing them would cost.
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)


def _catalog_name(value: Any) -> Any:
    if isinstance(value, str) and not NAME.fullmatch(value):
        raise Unfit(f"'{value}' is not a catalog's name", hint="lower-case letters, digits, '-' and '_'")
    return value


def _tag_key(value: Any) -> Any:
    if isinstance(value, str) and not TAG_KEY.fullmatch(value):
        raise Unfit(
            f"'{value}' is not a tag's key", hint="a key such as `tenant`, in lower case and without ':'"
        )
    return value


def _handle(value: Any) -> Any:
    if isinstance(value, str) and (
        not value.startswith("@") or len(value) < 2 or re.search(r"[\s{}]", value)
    ):
        raise Unfit(
            f"'{value}' is not a handle", hint='one word that begins with @, in quotes, as in "@slack-risk"'
        )
    return value


def _level(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[1-9]", value):
        return int(value)
    raise Unfit(f"'{value}' is not a level", hint="levels are numbers from 1, the mildest, to 9")


def _longest(value: timedelta) -> timedelta:
    if value > LONGEST_SNOOZE:
        raise Unfit(
            "a snooze lasts 31d at most", hint="what is silent for longer is an exemption, with a date"
        )
    return value


TagKey = Annotated[str, BeforeValidator(_tag_key)]
TagKeys = Annotated[tuple[TagKey, ...], Field(strict=False)]
Handles = Annotated[tuple[Annotated[str, BeforeValidator(_handle)], ...], Field(strict=False)]
Strings = Annotated[tuple[str, ...], Field(strict=False)]


class Level(Form):
    """Whom a monitor of this level tells. Level 1 is the mildest."""

    handles: Handles = Field(
        default=(), description="Handles told when it alerts; the next milder level's when it warns."
    )
    may_request_pause: bool = Field(False, description="Whether a person may be asked to pause payments.")


class Snooze(Form):
    """What a snooze may do."""

    longest: Annotated[Duration, AfterValidator(_longest)] = Field(
        default=LONGEST_SNOOZE, description="The longest a snooze may last; 31d if not given."
    )
    protected: Strings = Field(default=(), description="Keys of monitors that nobody can snooze.")


class Policy(Form):
    """What every monitor of the catalog has to keep to. Absent, nothing is restricted."""

    required_tags: TagKeys = Field(default=(), description="Tag keys that every monitor carries.")
    handles: Handles | None = Field(
        default=None, description="Handles that may be told, with * as a wildcard."
    )
    personal_tags: TagKeys = Field(
        default=(), description="Tag keys that point at a person; never used in a monitor."
    )
    per_tenant: Strings = Field(
        default=(), description="Metrics, with * as a wildcard, whose monitors are grouped by the tenant tag."
    )
    runbook_levels: Annotated[tuple[Annotated[int, Field(ge=1, le=9)], ...], Field(strict=False)] = Field(
        default=(), description="Levels whose messages carry a link to what to do."
    )
    snooze: Snooze = Field(default_factory=Snooze)


class Limits(Form):
    """What one apply may change without being asked for by number. Percentages of the live monitors."""

    deletes: int = Field(default=5, ge=0, le=100_000)
    deletes_percent: int = Field(default=30, ge=0, le=100)
    updates_percent: int = Field(default=50, ge=0, le=100)


class Settings(Form):
    """catalog.yaml."""

    catalog: Annotated[str, BeforeValidator(_catalog_name)] = Field(
        description="The catalog's name, which marks in Datadog what it owns. Choose once, keep it."
    )
    tenant_tag: TagKey = Field(default=DEFAULT_TENANT_TAG, description="The tag that a snooze silences by.")
    levels: dict[Annotated[int, BeforeValidator(_level)], Level] = Field(
        default_factory=dict, description="Whom a monitor's `level:` tells."
    )
    policy: Policy = Field(default_factory=Policy)
    limits: Limits = Field(default_factory=Limits)

    def name(self, env: str | None) -> str:
        """The catalog's name in Datadog, one per environment."""
        return catalog_name(self.catalog, env)


_ELSEWHERE = ("tunables", "defaults", "monitors", "downtimes", "dashboards", "webhooks")


def read_settings(source: Source, found: Found) -> Settings | None:
    """The settings in catalog.yaml, None if something is wrong with them; what is wrong goes to `found`."""
    if not source.readable:
        return None
    value: Mapping[str, Any] = source.value
    for key in _ELSEWHERE:
        if key in value:
            hint = "move it to another file of the folder; catalog.yaml holds what all share"
            found.add(source, (key,), f"'{key}' does not belong in catalog.yaml", hint, key=True)
    try:
        return Settings.model_validate({key: item for key, item in value.items() if key not in _ELSEWHERE})
    except ValidationError as error:
        for complaint in complaints(error, Settings):
            found.complain(source, (), complaint)
        return None


def check_env(env: str | None) -> None:
    """Raises CatalogError if `env` cannot be an environment's name."""
    if env is not None and not ENV.fullmatch(env):
        from dd_sync.errors import Problem

        problem = f"'{env}' is not an environment's name"
        raise CatalogError([Problem("catalog", problem, "lower-case letters, digits, '-' and '_'")])


def load_settings(folder: Path) -> Settings:
    """Only catalog.yaml, for commands that need no monitors. Raises CatalogError with every problem in it."""
    require_catalog(folder)
    source = read_file(folder, Path(CATALOG_FILE))
    found = Found()
    settings = read_settings(source, found)
    problems = [*source.problems, *found.problems]
    if settings is None or problems:
        raise CatalogError(problems)
    return settings
