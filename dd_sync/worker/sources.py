"""Where the worker reads series: Datadog's query API, several metrics to a request."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dd_sync.errors import DatadogError, DdSyncError
from dd_sync.evaluate.select import Group
from dd_sync.ports import Json, Metrics
from dd_sync.query.canonical import render_expression
from dd_sync.worker.buckets import Buckets, Plan

# In more points than 1,500 a series Datadog answers in coarser buckets.
MOST_BUCKETS = 1440
# Together they have to fit into the line of a request.
_MOST_QUERIES, _LONGEST = 8, 3000
_NO_GROUP = "n/a"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The buckets of one plan from start to end, epoch seconds, whole buckets."""

    plan: Plan
    start: int
    end: int


Read = Mapping[str, Buckets | DdSyncError]


class Source(Protocol):
    """A system that has the series."""

    def batches(self, wanted: Sequence[Wanted]) -> list[list[Wanted]]:
        """What is read together, so that what was read first can be sent first."""
        ...

    def read(self, batch: Sequence[Wanted]) -> Read:
        """Per key its buckets, or why there are none. Never raises what the other side did wrong."""
        ...

    @property
    def queries(self) -> int:
        """How many requests were taken so far from Datadog's quota of queries."""
        ...

    def wait(self) -> float:
        """Seconds until it is worth reading again, as far as the other side has told."""
        ...


@dataclass(slots=True)
class DatadogSource:
    """The port `Source` on Datadog itself."""

    metrics: Metrics
    queries: int = 0
    _alone: set[str] = field(default_factory=set)

    def batches(self, wanted: Sequence[Wanted]) -> list[list[Wanted]]:
        together: dict[tuple[int, ...], list[Wanted]] = {}
        alone = [one for one in wanted if one.plan.key in self._alone]
        for one in wanted:
            if one.plan.key not in self._alone:
                together.setdefault((one.plan.step, one.start, one.end), []).append(one)
        return [part for each in together.values() for part in _parts(each)] + [[one] for one in alone]

    def read(self, batch: Sequence[Wanted]) -> Read:
        try:
            return self._together(batch)
        except DatadogError as error:
            if len(batch) == 1 or error.status not in (400, 413, 414, 422):
                return {one.plan.key: error for one in batch}
        # One of them is refused, and from now on asked alone: the others do without it.
        found: dict[str, Buckets | DdSyncError] = {}
        for one in batch:
            found.update(self.read([one]))
        self._alone |= {key for key, each in found.items() if isinstance(each, DdSyncError)}
        return found

    def wait(self) -> float:
        return self.metrics.wait()

    def _together(self, batch: Sequence[Wanted]) -> Read:
        first = batch[0]
        step, length = first.plan.step, MOST_BUCKETS * first.plan.step
        query = ",".join(_text(one) for one in batch)
        points: list[dict[Group, list[tuple[int, float]]]] = [{} for _ in batch]
        for start in range(first.start, first.end, length):
            self.queries += 1
            end = min(first.end, start + length)
            for one in self.metrics.query(query, start, end - 1):
                index = 0 if len(batch) == 1 else one.get("query_index")
                if type(index) is not int or not 0 <= index < len(batch):
                    raise _unreadable("a series of no query that was asked")
                _same_step(one, step)
                group = _group(one, batch[index].plan.metric.by)
                if group is not None:
                    points[index].setdefault(group, []).extend(_points(one, step))
        return {
            one.plan.key: Buckets.of(found, first.start, first.end, step)
            for one, found in zip(batch, points, strict=True)
        }


def _parts(wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    part: list[Wanted] = []
    size = 0
    for one in wanted:
        length = len(_text(one)) + 1
        if part and (len(part) == _MOST_QUERIES or size + length > _LONGEST):
            yield part
            part, size = [], 0
        part.append(one)
        size += length
    if part:
        yield part


def _text(wanted: Wanted) -> str:
    return render_expression(wanted.plan.by_bucket())


def _same_step(one: Json, step: int) -> None:
    interval = one.get("interval")
    # Seconds in traffic, milliseconds by the specification.
    if interval not in (None, step, 1000 * step):
        raise _unreadable(f"buckets of {interval} s, not of {step} s")


def _group(one: Json, by: Sequence[str]) -> Group | None:
    """The values of the grouping keys; None where one is missing, which no monitor sees."""
    tags = one.get("tag_set")
    if not isinstance(tags, list):
        raise _unreadable("a series without tag_set")
    known = {str(tag).partition(":")[0].lower(): str(tag).partition(":")[2] for tag in tags}
    values = tuple(known.get(key.lower(), "") for key in by)
    return None if any(value.lower() in ("", _NO_GROUP) for value in values) else values


def _points(one: Json, step: int) -> list[tuple[int, float]]:
    listed: Any = one.get("pointlist")
    try:
        found = [(float(at) / 1000, value) for at, value in listed]
        return [
            (int(at), float(value))
            for at, value in found
            if value is not None and math.isfinite(at) and at % step == 0
        ]
    except (TypeError, ValueError, OverflowError):
        raise _unreadable("points that are no pairs of numbers") from None


def _unreadable(what: str) -> DatadogError:
    return DatadogError(
        f"GET /api/v1/query: answered with {what}",
        hint="is this really Datadog's API? check DD_SITE and DD_HOST; nothing was computed from it",
        status=200,
    )
