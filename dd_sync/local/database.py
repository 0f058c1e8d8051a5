"""One SQLite file, one connection, one lock: what was acknowledged is on the disk."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dd_sync.errors import RequestError

VERSION = 1
FILE = "local.sqlite3"
_SCHEMA = """
CREATE TABLE monitors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    definition TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    revision INTEGER NOT NULL
);
CREATE INDEX monitors_by_fingerprint ON monitors (fingerprint);
CREATE TABLE verdicts (
    monitor INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    overall TEXT NOT NULL,
    since INTEGER NOT NULL,
    unsupported TEXT
);
CREATE TABLE groups (
    monitor INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    last_triggered INTEGER,
    last_resolved INTEGER,
    last_nodata INTEGER,
    last_notified INTEGER,
    state TEXT NOT NULL,
    PRIMARY KEY (monitor, name)
) WITHOUT ROWID;
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    monitor INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    handles TEXT NOT NULL,
    tags TEXT NOT NULL,
    suppressed TEXT
);
CREATE INDEX notifications_by_time ON notifications (at);
CREATE TABLE downtimes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    attributes TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    canceled TEXT
);
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    metric TEXT NOT NULL,
    tags TEXT NOT NULL,
    type TEXT NOT NULL,
    interval INTEGER NOT NULL,
    UNIQUE (metric, tags)
);
CREATE TABLE points (
    series INTEGER NOT NULL,
    at INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series, at)
) WITHOUT ROWID;
"""
# Tables of later versions that the ones before them can be without: made in an older file too.
_ADDED = """
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    deleted TEXT,
    UNIQUE (kind, name)
);
CREATE TABLE IF NOT EXISTS posted (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    tags TEXT NOT NULL,
    alert_type TEXT NOT NULL,
    priority TEXT,
    host TEXT,
    aggregation_key TEXT,
    source TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS posted_by_time ON posted (at);
CREATE TABLE IF NOT EXISTS streams (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS streams_by_name ON streams (kind, name, at);
"""


class Database:
    """data: a folder, made if it is missing; None keeps everything in memory.

    Raises RequestError if the folder cannot be used, is in use by another process, or was written by
    another version of the local Datadog.
    """

    def __init__(self, data: Path | None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = _open(data)
        except (OSError, sqlite3.Error) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise RequestError(
                f"the data folder '{data}' cannot be used: {why}",
                hint="name a folder you may write to, and run one local Datadog on it at a time",
            ) from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within are kept together or not at all; they are on the disk when it ends."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        rows = self.rows(sql, parameters)
        return rows[0] if rows else None

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Runs one statement; returns the id of the row it inserted, if it did."""
        with self.transaction():
            return int(self._connection.execute(sql, parameters).lastrowid or 0)

    def write_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self.transaction():
            self._connection.executemany(sql, rows)

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _open(data: Path | None) -> sqlite3.Connection:
    path = ":memory:"
    if data is not None:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = str(data / FILE)
        if not os.path.exists(path):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    # Exclusive: a second process on the same folder is told at once instead of writing beside us.
    for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN EXCLUSIVE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        raise sqlite3.DatabaseError(f"it was written by version {version} of the format, this is {VERSION}")
    if version == 0:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
    for statement in _ADDED.split(";"):
        connection.execute(statement)
    connection.execute("COMMIT")
