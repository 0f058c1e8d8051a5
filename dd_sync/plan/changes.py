"""A plan is data: renderers read it, a file holds it, apply carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from dd_sync.model.digest import digest
from dd_sync.model.resource import Kind

Json = dict[str, Any]

# pydantic reads a saved plan back into these classes: exactly these fields, exactly these types.
_STRICT: Json = {"extra": "forbid", "strict": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """path: `options.thresholds.critical`; before: live, after: declared, None where it is not set."""

    __pydantic_config__: ClassVar[Json] = _STRICT

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A monitor that is not in Datadog. body: as POSTed, `${monitor:key}` still in the query."""

    __pydantic_config__: ClassVar[Json] = _STRICT

    action: Literal["create"] = "create"
    key: str
    name: str
    body: Json
    references: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A monitor that differs. body: the whole, as PUT. live: fingerprint of what it was planned from.

    was: the key it is live under, where that is another.
    """

    __pydantic_config__: ClassVar[Json] = _STRICT

    action: Literal["update"] = "update"
    key: str
    name: str
    monitor_id: int
    fields: tuple[FieldChange, ...]
    body: Json
    live: str
    was: str | None = None
    references: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """A monitor that is in Datadog without this catalog's tags, and that the catalog says is one of its own.

    fields: the tags, and what else differs; only those are sent. body: the whole, as declared.
    take_over: it may carry another tool's mark. live: fingerprint of what it was planned from.
    """

    __pydantic_config__: ClassVar[Json] = _STRICT

    action: Literal["adopt"] = "adopt"
    key: str
    name: str
    monitor_id: int
    fields: tuple[FieldChange, ...]
    body: Json
    live: str
    take_over: bool = False
    references: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """A monitor whose type changed, which Datadog cannot update: deleted, then created anew."""

    __pydantic_config__: ClassVar[Json] = _STRICT

    action: Literal["replace"] = "replace"
    key: str
    name: str
    monitor_id: int
    fields: tuple[FieldChange, ...]
    body: Json
    live: str
    was: str | None = None
    references: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """A monitor of this catalog that it no longer declares. composite: it may use others of them."""

    __pydantic_config__: ClassVar[Json] = _STRICT

    action: Literal["delete"] = "delete"
    key: str
    name: str
    monitor_id: int
    live: str
    composite: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """A downtime, dashboard or webhook that is to be created, updated or deleted.

    id: as Datadog knows it, None for a create. fields: what differs, secrets hidden. body: as sent, None for
    a delete. live: fingerprint of what it was planned from, None for a create.
    """

    __pydantic_config__: ClassVar[Json] = _STRICT

    kind: Kind
    action: Literal["create", "update", "delete"]
    key: str
    name: str
    id: str | None = None
    fields: tuple[FieldChange, ...] = ()
    body: Json | None = None
    live: str | None = None
    references: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


Change = Create | Update | Adopt | Replace | Delete


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """changes: by key, deletes last. owned: live monitors of this catalog when it was made.

    target: the Datadog it is for, `datadoghq.eu`. catalog_hash: of all that was declared.
    notes: what a reader should know besides. resources: in the order in which they are written, deletes
    last; resources_unchanged, resources_owned: as for monitors. organisation: the org_id of what is live,
    None where nothing told it.
    """

    __pydantic_config__: ClassVar[Json] = _STRICT

    catalog: str
    target: str
    changes: tuple[Change, ...]
    unchanged: int
    owned: int
    catalog_hash: str
    notes: tuple[str, ...] = ()
    resources: tuple[ResourceChange, ...] = ()
    resources_unchanged: int = 0
    resources_owned: int = 0
    organisation: int | None = None

    def count(self, action: str) -> int:
        """How many monitors are changed in this way."""
        return sum(change.action == action for change in self.changes)

    def count_all(self, action: str) -> int:
        """The same with downtimes, dashboards and webhooks."""
        return self.count(action) + sum(change.action == action for change in self.resources)

    @property
    def size(self) -> int:
        """How many changes there are in all."""
        return len(self.changes) + len(self.resources)

    @property
    def fingerprint(self) -> str:
        """Six hex digits of what would be written where; people compare it by eye."""
        writes = [[c.action, c.key, getattr(c, "body", None), getattr(c, "live", None)] for c in self.changes]
        writes += [[c.kind, c.action, c.key, c.body, c.live] for c in self.resources]
        return digest([self.catalog, self.target, self.catalog_hash, writes])[:6]
