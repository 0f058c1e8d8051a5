"""A Datadog monitor, declared or live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dd_sync.model.derivation import Derivation
from dd_sync.model.option_numbers import with_numbers

# The fields a user can set.
FIELDS = (
    "type",
    "name",
    "query",
    "message",
    "tags",
    "priority",
    "options",
    "restricted_roles",
    "draft_status",
    "assets",
)
# What else Datadog was seen to answer with.
READ_ONLY = (
    "id",
    "org_id",
    "created",
    "created_at",
    "creator",
    "modified",
    "deleted",
    "multi",
    "state",
    "overall_state",
    "overall_state_modified",
    "matching_downtimes",
    "restricted",
    "restriction_policy",
    "run_as",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Fields and units as in Datadog's API v1; None where a user did not set an optional one.

    options: as sent to Datadog, seconds and minutes as its reference says.
    assets: runbooks; Datadog leaves those of a live monitor out unless it is asked for them.
    id, creator_handle, modified: only on a live monitor.
    """

    type: str
    query: str
    name: str = ""
    message: str = ""
    tags: tuple[str, ...] = ()
    priority: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    restricted_roles: tuple[str, ...] | None = None
    draft_status: str | None = None
    assets: tuple[Mapping[str, Any], ...] | None = None
    id: int | None = None
    modified: str | None = None

    def body(self) -> dict[str, Any]:
        """The request body that declares this monitor, in a stable order of keys."""
        body: dict[str, Any] = {
            "type": self.type,
            "name": self.name,
            "query": self.query,
            "message": self.message,
            "tags": list(self.tags),
            "priority": self.priority,
            "options": dict(self.options),
        }
        if self.restricted_roles is not None:
            body["restricted_roles"] = list(self.restricted_roles)
        if self.draft_status is not None:
            body["draft_status"] = self.draft_status
        if self.assets is not None:
            body["assets"] = [dict(asset) for asset in self.assets]
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Monitor:
        """A monitor as Datadog answers it. Missing and null fields become the defaults here."""
        roles = body.get("restricted_roles")
        assets = body.get("assets")
        return cls(
            type=str(body.get("type") or ""),
            query=str(body.get("query") or ""),
            name=str(body.get("name") or ""),
            message=str(body.get("message") or ""),
            tags=tuple(str(tag) for tag in body.get("tags") or ()),
            priority=body.get("priority"),
            options=with_numbers(body.get("options") or {}),
            restricted_roles=None if roles is None else tuple(str(role) for role in roles),
            draft_status=body.get("draft_status"),
            assets=None if assets is None else tuple(assets),
            id=body.get("id"),
            modified=body.get("modified"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A monitor the catalog declares, with what only the catalog knows about it.

    origin: the file and the path of keys and indexes in it, from which a place can be found again.
    references: keys of monitors that the query names as `${monitor:key}`, each once.
    was: the key it had before, under which it may still be live.
    derivation: the gauge it watches, where the worker has to compute that.
    adopt: the id of the live monitor it is, as long as none carries its key; take_over: whatever marks that.
    """

    key: str
    monitor: Monitor
    file: str
    path: tuple[str | int, ...]
    references: tuple[str, ...] = ()
    was: str | None = None
    adopt: int | None = None
    take_over: bool = False
    guard: str | None = None
    level: int | None = None
    hold: bool = False
    protected: bool = False
    notes: tuple[str, ...] = ()
    derivation: Derivation | None = None
