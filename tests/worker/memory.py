"""A Datadog in memory, as far as the worker sees it: points in, buckets out, and failures on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import fsum
from statistics import fmean
from typing import Any

from dd_sync.errors import DatadogError
from dd_sync.model.derivation import ZSCORE, Derivation
from dd_sync.worker.buckets import Plan
from dd_sync.worker.run import Worker
from dd_sync.worker.sources import DatadogSource
from dd_sync.worker.state import Positions

START = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
_QUERY = re.compile(
    r"\w+:([\w.]+)\{([^}]*)\}(?: by \{([^}]*)\})?(?:\.as_count\(\))?\.rollup\((\w+), (\d+)\)(?:,|$)"
)
_METHODS: dict[str, Callable[[list[float]], float]] = {"sum": fsum, "max": max, "avg": fmean}
Point = dict[tuple[str, tuple[str, ...]], dict[int, float]]


def refused(status: int | None, text: str = "no") -> DatadogError:
    return DatadogError(f"GET /api/v1/query: {text}", status=status)


@dataclass
class Memory:
    """now: epoch seconds, of Datadog's intake, which refuses what is older than an hour.

    fail: called with each request, `query …` or `submit`, before anything is done; it may raise.
    """

    now: int = START
    points: Point = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    too_old: int = 0
    overwritten: int = 0
    room: float = 0.0
    fail: Callable[[str], None] = lambda request: None

    def raw(self, tenant: str, values: Sequence[float | None], first: int, metric: str = "tx.count") -> None:
        series = self.points.setdefault((metric, (f"tenant:{tenant}",)), {})
        series.update({first + 60 * i: value for i, value in enumerate(values) if value is not None})

    def query(self, query: str, start: int, end: int) -> list[dict[str, Any]]:
        self.requests.append(f"query {query}")
        self.fail(self.requests[-1])
        found = list(_QUERY.finditer(query))
        assert "".join(one[0] for one in found) == query, query
        return [one for index, text in enumerate(found) for one in self._of(index, text, start, end)]

    def _of(self, index: int, text: re.Match[str], start: int, end: int) -> list[dict[str, Any]]:
        metric, scope, by, method, step = text[1], text[2], text[3], text[4], int(text[5])
        first, last = -(-start // step) * step, end // step * step + step
        assert (last - first) // step <= 1500
        groups: dict[tuple[str, ...], dict[int, list[float]]] = {}
        for (name, tags), points in self.points.items():
            if name != metric or not (scope == "*" or set(scope.split(",")) <= set(tags)):
                continue
            group = tuple(tag for tag in tags if by and tag.split(":")[0] in by.split(","))
            for at, value in points.items():
                if first <= at < last:
                    groups.setdefault(group, {}).setdefault(at // step * step, []).append(value)
        return [
            {
                "query_index": index,
                "tag_set": list(group),
                "interval": step,
                "pointlist": [
                    [1000.0 * at, _METHODS[method](values)] for at, values in sorted(buckets.items())
                ],
            }
            for group, buckets in groups.items()
        ]

    def submit(self, series: Sequence[dict[str, Any]]) -> None:
        self.requests.append("submit")
        self.fail("submit")
        self.sizes.append(len(json.dumps({"series": list(series)}, allow_nan=False)))
        for one in series:
            assert one["type"] == 3
            kept = self.points.setdefault((one["metric"], tuple(sorted(one["tags"]))), {})
            for point in one["points"]:
                at = point["timestamp"]
                self.too_old += not self.now - 3600 <= at <= self.now + 600
                self.overwritten += at in kept
                kept[at] = point["value"]

    def wait(self) -> float:
        return self.room

    def gauge(self, tenant: str = "acme", key: str = "tx-z", metric: str = ZSCORE) -> dict[int, float]:
        """The points of one group, by minutes after START."""
        tags = tuple(sorted((f"tenant:{tenant}", f"dd_sync_key:{key}", "dd_sync_catalog:chain")))
        found = self.points.get((metric, tags), {})
        return {(at - START) // 60: value for at, value in sorted(found.items())}

    def queries(self) -> int:
        return sum(request.startswith("query") for request in self.requests)


def derivation(key: str = "tx-z", metric: str = "tx.count", **fields: Any) -> Derivation:
    whole: dict[str, Any] = {
        "key": key,
        "catalog": "chain",
        "query": f"sum:{metric}{{*}} by {{tenant}}.as_count()",
        "by": ("tenant",),
        "gauge": ZSCORE,
        "bucket": timedelta(minutes=1),
        "window": timedelta(minutes=30),
        **fields,
    }
    return Derivation(**whole)


def worker(memory: Memory, *derivations: Derivation, delay: int = 60, **fields: Any) -> Worker:
    """One on the clock of the memory."""
    whole: dict[str, Any] = {
        "plans": [Plan.of(one) for one in derivations or (derivation(),)],
        "catalog": "chain",
        "source": DatadogSource(memory),
        "metrics": memory,
        "positions": Positions(delay=delay),
        "clock": lambda: datetime.fromtimestamp(memory.now, UTC),
        "send": memory.submit,
        **fields,
    }
    return Worker(**whole)
