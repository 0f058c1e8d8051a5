"""Events that were posted, as kept. Those that alerts leave behind are notifications, and kept there."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from dd_sync.local.database import Database


@dataclass(frozen=True, slots=True)
class Posted:
    """at: epoch milliseconds; number: unique among posted events."""

    at: int
    title: str
    text: str
    tags: tuple[str, ...]
    alert_type: str
    priority: str | None
    host: str | None
    aggregation_key: str | None
    source: str
    number: int = 0


class PostedTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, event: Posted) -> int:
        """Keeps it, and gives its number."""
        with self._database.transaction():
            self._database.write(
                "INSERT INTO posted"
                " (at, title, text, tags, alert_type, priority, host, aggregation_key, source)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    event.at,
                    event.title,
                    event.text,
                    json.dumps(event.tags),
                    event.alert_type,
                    event.priority,
                    event.host,
                    event.aggregation_key,
                    event.source,
                ),
            )
            row = self._database.row("SELECT max(number) FROM posted")
        return 0 if row is None else int(row[0])

    def between(self, start: int, end: int) -> list[Posted]:
        """From `start` (inclusive) to `end` (exclusive), epoch milliseconds, oldest first."""
        rows = self._database.rows(
            "SELECT at, title, text, tags, alert_type, priority, host, aggregation_key, source, number"
            " FROM posted WHERE at >= ? AND at < ? ORDER BY at, number",
            (start, end),
        )
        return [replace(Posted(*row), tags=tuple(json.loads(row[3]))) for row in rows]

    def drop_before(self, moment: int) -> None:
        self._database.write("DELETE FROM posted WHERE at < ?", (moment,))
