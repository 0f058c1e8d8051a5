"""Rounds: read what is due, derive, send; and when the next one is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite

from dd_sync.errors import DatadogError, DdSyncError
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Floats
from dd_sync.model.ownership import CATALOG
from dd_sync.ports import Clock, Json, Metrics
from dd_sync.worker.buckets import Plan
from dd_sync.worker.sources import Source
from dd_sync.worker.state import SLICE, Due, Lost, Positions

ROUNDS = "dd_sync.worker.rounds"
# A quarter of the 1,600 queries an hour that Datadog gives an organisation.
QUERIES_PER_HOUR = 400
# Datadog takes 512,000 bytes at once.
_LARGEST_BODY = 500_000
_LONGEST_BACKOFF = 300.0
_GAUGE = 3


@dataclass(slots=True)
class Round:
    """What one round did. at: epoch seconds. failures: by key. queries: requests out of Datadog's quota.

    empty: keys whose metric has no series. stopped: whether it was ended before its end.
    """

    at: int
    buckets: int = 0
    points: int = 0
    queries: int = 0
    failures: dict[str, DdSyncError] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    stopped: bool = False

    @property
    def overloaded(self) -> bool:
        """Whether something failed that may work later, and sooner if it is left in peace."""
        found = [error for error in self.failures.values() if isinstance(error, DatadogError)]
        return any(error.is_unclear or error.status == 429 or not error.sent for error in found)


@dataclass(frozen=True, slots=True, eq=False)
class _Derived:
    """values: float64 [groups, buckets from due.first on], NaN for no point."""

    due: Due
    groups: tuple[Group, ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class Worker:
    """stopping: asked between requests. send: submits series, as Metrics.submit; a dry run shows them.

    clock: what buckets are over by.
    """

    plans: Sequence[Plan]
    catalog: str
    source: Source
    metrics: Metrics
    positions: Positions
    clock: Clock
    send: Callable[[Sequence[Json]], None]
    stopping: Callable[[], bool] = lambda: False

    def begin(self) -> int:
        """Asks Datadog how far the run before had come; the number of requests. Raises DatadogError."""
        return self.positions.learn(self.plans, self.metrics, self._now())

    def round(self) -> Round:
        """All that is due. What fails is told in the result, and due again in the next round."""
        done = Round(self._now())
        due = self._due(done)
        before = self.source.queries
        for batch in self.source.batches([one.wanted for one in due.values()]):
            if self.stopping():
                done.stopped = True
                break
            self._batch([due[one.plan.key] for one in batch], done)
        done.queries = self.source.queries - before
        if not done.stopped and (len(done.failures) < len(due) or not due):
            self._alive(done)
        return done

    def _now(self) -> int:
        return int(self.clock().timestamp())

    def _due(self, done: Round) -> dict[str, Due]:
        found: dict[str, Due] = {}
        for plan in self.plans:
            due, lost = self.positions.due(plan, done.at)
            if lost is not None:
                done.lost.append(lost)
            if due is not None:
                found[plan.key] = due
        return found

    def _batch(self, batch: Sequence[Due], done: Round) -> None:
        derived = self._derived(batch, done)
        try:
            for body in bodies(_in_order(derived)):
                if self.stopping():
                    done.stopped = True
                    return
                self.send(body)
                done.points += sum(len(one["points"]) for one in body)
        except DatadogError as error:
            done.failures.update((one.due.wanted.plan.key, error) for one in derived)
            return
        for one in derived:
            self.positions.done(one.due.wanted.plan, one.due.wanted.end)
            done.buckets += one.values.shape[1]

    def _derived(self, batch: Sequence[Due], done: Round) -> list[_Derived]:
        read = self.source.read([one.wanted for one in batch])
        derived: list[_Derived] = []
        for due in batch:
            plan = due.wanted.plan
            found = read[plan.key]
            if isinstance(found, DdSyncError):
                done.failures[plan.key] = found
                continue
            if not found.groups:
                done.empty.append(plan.key)
            derived.append(_Derived(due, found.groups, plan.values(found, due.first)))
        return derived

    def _alive(self, done: Round) -> None:
        point = {"timestamp": done.at, "value": 1}
        tags = [CATALOG + self.catalog]
        try:
            self.send([{"metric": ROUNDS, "type": _GAUGE, "points": [point], "tags": tags}])
        except DatadogError as error:
            done.failures[ROUNDS] = error


def _in_order(derived: Sequence[_Derived]) -> Iterator[Json]:
    """The series to be sent, those of all groups with a slice of time before any of the next."""
    slices = sorted(
        (at, index)
        for index, one in enumerate(derived)
        for at in range(one.due.first, one.due.wanted.end, SLICE * one.due.wanted.plan.step)
    )
    for at, index in slices:
        yield from _slice(derived[index], at)


def _slice(derived: _Derived, at: int) -> Iterator[Json]:
    """Per group a series with the points of the buckets from `at` on that have any."""
    plan = derived.due.wanted.plan
    column = (at - derived.due.first) // plan.step
    values = derived.values[:, column : column + SLICE].tolist()
    for group, row in zip(derived.groups, values, strict=True):
        points = [
            {"timestamp": plan.stamp(at + index * plan.step), "value": value}
            for index, value in enumerate(row)
            if isfinite(value)
        ]
        if points:
            yield {
                "metric": plan.derivation.gauge,
                "type": _GAUGE,
                "interval": plan.step,
                "points": points,
                "tags": list(plan.tags(group)),
            }


def bodies(series: Iterator[Json]) -> Iterator[list[Json]]:
    """Series in the order given, as many to a request as Datadog takes."""
    body: list[Json] = []
    size = 0
    for one in series:
        length = len(json.dumps(one)) + 2
        if body and size + length > _LARGEST_BODY:
            yield body
            body, size = [], 0
        body.append(one)
        size += length
    if body:
        yield body


def pause(done: Round | None, interval: float, failed: int, jitter: float, wait: float) -> float:
    """Seconds from the begin of a round to that of the next.

    done: None where Datadog could not even be asked where to begin. failed: how many rounds in a row were
    `overloaded`, this one included. jitter: in [0, 1). wait: seconds until there is room for queries, as far
    as Datadog told. Rounds of many requests come more rarely.
    """
    queries = 0 if done is None else done.queries
    paced = max(interval, queries * 3600 / QUERIES_PER_HOUR, wait)
    if not failed:
        return paced
    backoff = min(_LONGEST_BACKOFF, interval * 2.0 ** min(failed - 1, 10)) * (1 + jitter / 2)
    return max(paced, backoff)
