"""What the evaluation found: each monitor's groups and overall state, and what was told to whom."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dd_sync.local.database import Database


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last evaluation of a monitor. at, since: epoch seconds; unsupported: why it is not evaluated."""

    at: int
    overall: str
    since: int
    unsupported: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a monitor. Times in epoch seconds; `state` is the evaluator's own record as JSON."""

    name: str
    status: str
    state: dict[str, Any]
    last_triggered: int | None = None
    last_resolved: int | None = None
    last_nodata: int | None = None
    last_notified: int | None = None

    def answer(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": self.status,
            "last_nodata_ts": self.last_nodata,
            "last_notified_ts": self.last_notified,
            "last_resolved_ts": self.last_resolved,
            "last_triggered_ts": self.last_triggered,
        }


@dataclass(frozen=True, slots=True)
class Told:
    """A notification as on-call got it, or, with `suppressed` saying why, one that nobody got.

    at: epoch seconds; tags: the monitor's own and the group's.
    """

    at: int
    monitor: int
    group: str
    kind: str
    title: str
    body: str
    handles: tuple[str, ...]
    tags: tuple[str, ...] = ()
    suppressed: str | None = None
    id: int = 0


class VerdictTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[int, Verdict]:
        rows = self._database.rows("SELECT monitor, at, overall, since, unsupported FROM verdicts")
        return {row[0]: Verdict(*row[1:]) for row in rows}

    def get(self, monitor: int) -> Verdict | None:
        row = self._database.row(
            "SELECT at, overall, since, unsupported FROM verdicts WHERE monitor = ?", (monitor,)
        )
        return None if row is None else Verdict(*row)

    def put(self, monitor: int, verdict: Verdict) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO verdicts (monitor, at, overall, since, unsupported)"
            " VALUES (?, ?, ?, ?, ?)",
            (monitor, verdict.at, verdict.overall, verdict.since, verdict.unsupported),
        )

    def groups(self, monitor: int) -> dict[str, Group]:
        rows = self._database.rows(
            "SELECT name, status, state, last_triggered, last_resolved, last_nodata, last_notified"
            " FROM groups WHERE monitor = ? ORDER BY name",
            (monitor,),
        )
        return {row[0]: Group(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows}

    def put_groups(self, monitor: int, groups: Iterable[Group], gone: Iterable[str] = ()) -> None:
        with self._database.transaction():
            self._database.write_many(
                "DELETE FROM groups WHERE monitor = ? AND name = ?", [(monitor, name) for name in gone]
            )
            self._database.write_many(
                "INSERT OR REPLACE INTO groups (monitor, name, status, state, last_triggered, last_resolved,"
                " last_nodata, last_notified) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        monitor,
                        group.name,
                        group.status,
                        json.dumps(group.state),
                        group.last_triggered,
                        group.last_resolved,
                        group.last_nodata,
                        group.last_notified,
                    )
                    for group in groups
                ],
            )

    def forget(self, monitor: int) -> None:
        """Drops the groups of a monitor whose query became another one."""
        self._database.write("DELETE FROM groups WHERE monitor = ?", (monitor,))


_SELECT_TOLD = (
    'SELECT at, monitor, "group", kind, title, body, handles, tags, suppressed, id FROM notifications '
)


class ToldTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, told: Sequence[Told]) -> None:
        self._database.write_many(
            'INSERT INTO notifications (at, monitor, "group", kind, title, body, handles, tags, suppressed)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    one.at,
                    one.monitor,
                    one.group,
                    one.kind,
                    one.title,
                    one.body,
                    json.dumps(one.handles),
                    json.dumps(one.tags),
                    one.suppressed,
                )
                for one in told
            ],
        )

    def after(self, number: int, most: int) -> list[Told]:
        """What was told and what was suppressed, with a higher number, oldest first."""
        return self._read("WHERE id > ? ORDER BY id LIMIT ?", (number, most))

    def between(self, start: int, end: int) -> list[Told]:
        """What was really told from `start` (inclusive) to `end` (exclusive), epoch seconds, oldest first."""
        return self._read("WHERE at >= ? AND at < ? AND suppressed IS NULL ORDER BY at, id", (start, end))

    def count(self) -> int:
        row = self._database.row("SELECT count(*) FROM notifications WHERE suppressed IS NULL")
        return 0 if row is None else int(row[0])

    def drop_before(self, moment: int) -> None:
        self._database.write("DELETE FROM notifications WHERE at < ?", (moment,))

    def _read(self, condition: str, parameters: Sequence[Any]) -> list[Told]:
        return [_told(row) for row in self._database.rows(_SELECT_TOLD + condition, parameters)]


def _told(row: tuple[Any, ...]) -> Told:
    told = Told(*row)
    return replace(told, handles=tuple(json.loads(row[6])), tags=tuple(json.loads(row[7])))


def group_states(groups: Mapping[str, Group], wanted: Sequence[str]) -> dict[str, Any]:
    """`state` of a monitor's answer: the groups in one of the wanted states, `all` for every one."""
    return {
        "groups": {
            name: group.answer()
            for name, group in groups.items()
            if "all" in wanted or group.status.lower() in wanted
        }
    }
