"""Dashboards, webhooks and custom variables as kept: JSON documents by a name of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dd_sync.local.database import Database


@dataclass(frozen=True, slots=True)
class Document:
    """name: the id or name it is asked for by. deleted: when; it can be restored."""

    name: str
    body: dict[str, Any]
    created: datetime
    modified: datetime
    deleted: datetime | None = None


class DocumentTable:
    """kind: what the documents are; one kind never sees another's."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._kind = kind

    def put(self, document: Document) -> None:
        """Keeps it, in the place of one of the same name."""
        self._database.write(
            "INSERT INTO documents (kind, name, body, created, modified, deleted) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body, created = excluded.created,"
            " modified = excluded.modified, deleted = excluded.deleted",
            (
                self._kind,
                document.name,
                json.dumps(document.body),
                document.created.isoformat(),
                document.modified.isoformat(),
                None if document.deleted is None else document.deleted.isoformat(),
            ),
        )

    def add(self, name: str, body: Mapping[str, Any], now: datetime) -> Document:
        document = Document(name, dict(body), now, now)
        self.put(document)
        return document

    def remove(self, name: str) -> None:
        self._database.write("DELETE FROM documents WHERE kind = ? AND name = ?", (self._kind, name))

    def get(self, name: str) -> Document | None:
        row = self._database.row(f"{_SELECT} AND name = ?", (self._kind, name))
        return None if row is None else _document(row)

    def all(self) -> list[Document]:
        """Every document, deleted ones too, in the order of creation."""
        return [_document(row) for row in self._database.rows(f"{_SELECT} ORDER BY number", (self._kind,))]


_SELECT = "SELECT name, body, created, modified, deleted FROM documents WHERE kind = ?"


def _document(row: tuple[Any, ...]) -> Document:
    name, body, created, modified, deleted = row
    return Document(
        name,
        json.loads(body),
        datetime.fromisoformat(created),
        datetime.fromisoformat(modified),
        None if deleted is None else datetime.fromisoformat(deleted),
    )
