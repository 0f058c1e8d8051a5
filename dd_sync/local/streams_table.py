"""Runs of service checks, and logs and other events, as taken in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dd_sync.evaluate.sources import CheckRun, Event, Status, canonical_source
from dd_sync.local.database import Database
from dd_sync.local.posted_table import Posted, PostedTable

_CHECK, _EVENT = "check", "event"


class StreamTable:
    """What happened, by kind and name, each with its time in epoch seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_runs(self, runs: Iterable[CheckRun]) -> None:
        self._add(
            (_CHECK, run.check, run.at, {"status": int(run.status), "tags": run.tags, "message": run.message})
            for run in runs
        )

    def add_events(self, events: Iterable[Event]) -> None:
        self._add(
            (
                _EVENT,
                canonical_source(event.source),
                event.at,
                {
                    "tags": event.tags,
                    "attributes": event.attributes,
                    "message": event.message,
                    "index": event.index,
                },
            )
            for event in events
        )

    def _add(self, rows: Iterable[tuple[str, str, int, dict[str, Any]]]) -> None:
        self._database.write_many(
            "INSERT INTO streams (kind, name, at, body) VALUES (?, ?, ?, ?)",
            [(kind, name, at, json.dumps(body)) for kind, name, at, body in rows],
        )

    def runs(self, check: str, start: int, end: int) -> list[CheckRun]:
        """The runs of a check with start <= at < end, oldest first; of one time as they came."""
        return [
            CheckRun(at, check, Status(body["status"]), tuple(body["tags"]), body["message"])
            for at, body in self._between(_CHECK, check, start, end)
        ]

    def events(self, source: str, start: int, end: int) -> list[Event]:
        return [
            Event(at, source, tuple(body["tags"]), body["attributes"], body["message"], body["index"])
            for at, body in self._between(_EVENT, source, start, end)
        ]

    def _between(self, kind: str, name: str, start: int, end: int) -> Iterable[tuple[int, dict[str, Any]]]:
        rows = self._database.rows(
            "SELECT at, body FROM streams WHERE kind = ? AND name = ? AND at >= ? AND at < ?"
            " ORDER BY at, number",
            (kind, name, start, end),
        )
        return ((at, json.loads(body)) for at, body in rows)

    def drop_before(self, moment: datetime) -> None:
        self._database.write("DELETE FROM streams WHERE at < ?", (int(moment.timestamp()),))


class Checks:
    """The runs as the evaluator asks for them."""

    def __init__(self, streams: StreamTable) -> None:
        self._streams = streams

    def select(self, check: str, start: int, end: int) -> list[CheckRun]:
        return self._streams.runs(check, start, end)


class EventStreams:
    """Logs and the like, and the events that were posted, as the evaluator asks for them."""

    def __init__(self, streams: StreamTable, posted: PostedTable) -> None:
        self._streams, self._posted = streams, posted

    def select(self, source: str, start: int, end: int) -> list[Event]:
        found = self._streams.events(source, start, end)
        if source == "events":
            found += [_event(one) for one in self._posted.between(1000 * start, 1000 * end)]
        return sorted(found, key=lambda event: event.at)


def _event(posted: Posted) -> Event:
    own = {"source": posted.source, "status": posted.alert_type, "host": posted.host}
    tags = [f"{key}:{value}" for key, value in own.items() if value]
    attributes = {
        "title": posted.title,
        "priority": posted.priority,
        "aggregation_key": posted.aggregation_key,
    }
    return Event(posted.at // 1000, "events", (*posted.tags, *tags), attributes, posted.text)
