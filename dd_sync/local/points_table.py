"""Series and their points as taken in. A point sent twice is kept once, as sent last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from dd_sync.evaluate.series import MetricType, Series
from dd_sync.local.database import Database

# A spike looks at a day of the week before, and evaluation catches up with a day: 7 + 1 + 1 days.
RETENTION = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Intake:
    """The points of one series in one request. type: count, rate or gauge; interval: seconds.

    tags: normalised, sorted, each once; points: epoch seconds and value.
    """

    metric: str
    type: str
    interval: int
    tags: tuple[str, ...]
    points: tuple[tuple[int, float], ...]


class PointTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, intake: Sequence[Intake]) -> int:
        """Keeps all of the points or, if that fails, none; returns how many."""
        with self._database.transaction():
            rows = [
                (number, at, value)
                for one in intake
                if one.points
                for number in (self._series(one),)
                for at, value in one.points
            ]
            self._database.write_many(
                "INSERT OR REPLACE INTO points (series, at, value) VALUES (?, ?, ?)", rows
            )
        return len(rows)

    def _series(self, one: Intake) -> int:
        """The number of a series; its type and interval are those last sent."""
        row = self._database.row(
            "INSERT INTO series (metric, tags, type, interval) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (metric, tags) DO UPDATE SET type = excluded.type, interval = excluded.interval"
            " RETURNING id",
            (one.metric, json.dumps(one.tags), one.type, one.interval),
        )
        return 0 if row is None else int(row[0])

    def select(self, metric: str, start: int, end: int) -> list[Series]:
        """The series of a metric with their points of start <= time < end, epoch seconds.

        Makes this table a SeriesSource of the evaluator. Series without a point in that time are left out.
        """
        known = self._database.rows(
            "SELECT id, type, interval, tags FROM series WHERE metric = ? ORDER BY tags", (metric,)
        )
        found = []
        for number, kind, interval, tags in known:
            # One query a series: intake waits for one series at most, not for a week of all of them.
            rows = self._database.rows(
                "SELECT at, value FROM points WHERE series = ? AND at >= ? AND at < ? ORDER BY at",
                (number, start, end),
            )
            if rows:
                table = np.array(rows, dtype=np.float64)
                found.append(
                    Series(
                        metric,
                        MetricType(kind),
                        tuple(json.loads(tags)),
                        interval,
                        table[:, 0].astype(np.int64),
                        np.ascontiguousarray(table[:, 1]),
                    )
                )
        return found

    def count(self) -> tuple[int, int]:
        """How many series, and how many points."""
        row = self._database.row("SELECT (SELECT count(*) FROM series), (SELECT count(*) FROM points)")
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def drop_before(self, moment: int) -> None:
        """Drops points older than `moment` (epoch seconds), and the series that have none left."""
        with self._database.transaction():
            self._database.write(
                "DELETE FROM points WHERE series IN (SELECT id FROM series) AND at < ?", (moment,)
            )
            self._database.write(
                "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM points WHERE series = id)"
            )
