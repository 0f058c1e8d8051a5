"""Downtimes as kept. A canceled or ended one stays readable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dd_sync.local.database import Database


@dataclass(frozen=True, slots=True)
class StoredDowntime:
    """attributes: as answered, without status, created, modified and canceled."""

    id: str
    attributes: dict[str, Any]
    created: datetime
    modified: datetime
    canceled: datetime | None = None

    def covers(self, monitor: int, tags: list[str]) -> bool:
        """Whether the monitor, by its id or all of the wanted tags, is one of those meant."""
        identifier = self.attributes["monitor_identifier"]
        if "monitor_id" in identifier:
            return bool(identifier["monitor_id"] == monitor)
        wanted = identifier["monitor_tags"]
        return wanted == ["*"] or set(wanted) <= set(tags)


class DowntimeTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, downtime: StoredDowntime) -> None:
        self._database.write(
            "INSERT INTO downtimes (id, attributes, created, modified, canceled) VALUES (?, ?, ?, ?, NULL)",
            (
                downtime.id,
                json.dumps(downtime.attributes),
                downtime.created.isoformat(),
                downtime.modified.isoformat(),
            ),
        )

    def update(self, before: StoredDowntime, attributes: Mapping[str, Any], now: datetime) -> StoredDowntime:
        self._database.write(
            "UPDATE downtimes SET attributes = ?, modified = ? WHERE id = ?",
            (json.dumps(attributes), now.isoformat(), before.id),
        )
        return replace(before, attributes=dict(attributes), modified=now)

    def cancel(self, downtime: StoredDowntime, now: datetime) -> None:
        self._database.write(
            "UPDATE downtimes SET canceled = ?, modified = ? WHERE id = ? AND canceled IS NULL",
            (now.isoformat(), now.isoformat(), downtime.id),
        )

    def get(self, id: str) -> StoredDowntime | None:
        row = self._database.row(
            "SELECT id, attributes, created, modified, canceled FROM downtimes WHERE id = ?", (id,)
        )
        return None if row is None else _stored(row)

    def all(self) -> list[StoredDowntime]:
        """Every downtime in the order of creation."""
        rows = self._database.rows(
            "SELECT id, attributes, created, modified, canceled FROM downtimes ORDER BY number"
        )
        return [_stored(row) for row in rows]


def _stored(row: tuple[Any, ...]) -> StoredDowntime:
    number, attributes, created, modified, canceled = row
    return StoredDowntime(
        number,
        json.loads(attributes),
        datetime.fromisoformat(created),
        datetime.fromisoformat(modified),
        None if canceled is None else datetime.fromisoformat(canceled),
    )
