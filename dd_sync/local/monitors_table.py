"""Monitors as kept: the definition that Datadog would answer with, and what is known beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dd_sync.local.database import Database

# What makes two monitors the same to Datadog: everything a user can set.
_IDENTITY = (
    "type",
    "query",
    "name",
    "message",
    "tags",
    "options",
    "priority",
    "restricted_roles",
    "draft_status",
)
_SELECT = "SELECT id, definition, created, modified, revision FROM monitors"


@dataclass(frozen=True, slots=True)
class StoredMonitor:
    """definition: the normalised user-settable fields and `multi`; revision grows with every update."""

    id: int
    definition: dict[str, Any]
    created: datetime
    modified: datetime
    revision: int

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    @property
    def tags(self) -> list[str]:
        return list(self.definition["tags"])


class MonitorTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, definition: Mapping[str, Any], now: datetime) -> StoredMonitor:
        text, moment = json.dumps(definition), now.isoformat(timespec="microseconds")
        number = self._database.write(
            "INSERT INTO monitors (definition, fingerprint, created, modified, revision)"
            " VALUES (?, ?, ?, ?, 1)",
            (text, fingerprint(definition), moment, moment),
        )
        return StoredMonitor(number, dict(definition), now, now, 1)

    def update(self, before: StoredMonitor, definition: Mapping[str, Any], now: datetime) -> StoredMonitor:
        self._database.write(
            "UPDATE monitors SET definition = ?, fingerprint = ?, modified = ?, revision = ? WHERE id = ?",
            (
                json.dumps(definition),
                fingerprint(definition),
                now.isoformat(timespec="microseconds"),
                before.revision + 1,
                before.id,
            ),
        )
        return StoredMonitor(before.id, dict(definition), before.created, now, before.revision + 1)

    def delete(self, monitor: int) -> None:
        """Takes its groups along; what it told on-call stays told."""
        with self._database.transaction():
            self._database.write("DELETE FROM monitors WHERE id = ?", (monitor,))
            self._database.write("DELETE FROM verdicts WHERE monitor = ?", (monitor,))
            self._database.write("DELETE FROM groups WHERE monitor = ?", (monitor,))

    def get(self, monitor: int) -> StoredMonitor | None:
        row = self._database.row(_SELECT + " WHERE id = ?", (monitor,))
        return None if row is None else _stored(row)

    def all(self) -> list[StoredMonitor]:
        """Every monitor by ascending id."""
        rows = self._database.rows(_SELECT + " ORDER BY id")
        return [_stored(row) for row in rows]

    def like(self, definition: Mapping[str, Any]) -> int | None:
        """The lowest id of a monitor with this very definition."""
        row = self._database.row(
            "SELECT min(id) FROM monitors WHERE fingerprint = ?", (fingerprint(definition),)
        )
        return None if row is None else row[0]


def fingerprint(definition: Mapping[str, Any]) -> str:
    identity = {key: definition.get(key) for key in _IDENTITY}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _stored(row: tuple[Any, ...]) -> StoredMonitor:
    number, definition, created, modified, revision = row
    return StoredMonitor(
        number,
        json.loads(definition),
        datetime.fromisoformat(created),
        datetime.fromisoformat(modified),
        revision,
    )
