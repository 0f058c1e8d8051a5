"""How far the worker has come, and what is due: remembered while it runs, asked from Datadog at its start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dd_sync.model.ownership import CATALOG, KEY
from dd_sync.ports import Metrics
from dd_sync.worker.buckets import MINUTE, Plan
from dd_sync.worker.sources import MOST_BUCKETS, Wanted

# Datadog takes no point that is older than an hour; the rest is for the way there.
LOOK_BACK = 55 * MINUTE
# Buckets that are sent together, those of all groups before the next: after the last point that Datadog has,
# only so many can be incomplete.
SLICE = 5
_DAY = 86_400
_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be read, and from which bucket on it is judged."""

    wanted: Wanted
    first: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Buckets from start to end, epoch seconds, whose points would be too old."""

    key: str
    start: int
    end: int


@dataclass(slots=True)
class Positions:
    """delay: seconds after a bucket's end until it is judged, for data that comes late."""

    delay: int
    _last: dict[str, int] = field(default_factory=dict)
    # Whose position was asked from Datadog: the run before may have ended while it was sending.
    _asked: set[str] = field(default_factory=set)

    def learn(self, plans: Sequence[Plan], metrics: Metrics, now: int) -> int:
        """Takes from Datadog how far each plan had come in the last day; the number of requests that took.

        Raises DatadogError; nothing is known then.
        """
        found: dict[str, int] = {}
        requests = 0
        for step in sorted({plan.step for plan in plans}):
            same = [plan for plan in plans if plan.step == step]
            start = (now - min(_DAY, (MOST_BUCKETS - 2) * step)) // step * step
            for at in range(0, len(same), _TOGETHER):
                part = same[at : at + _TOGETHER]
                requests += 1
                for one in metrics.query(",".join(map(_own, part)), start, now):
                    index, points = one.get("query_index", 0), one.get("pointlist")
                    if type(index) is int and 0 <= index < len(part) and isinstance(points, list):
                        found[part[index].key] = _last(points)
        for plan in plans:
            if found.get(plan.key):
                self._last[plan.key] = found[plan.key] // plan.step * plan.step
                self._asked.add(plan.key)
        return requests

    def due(self, plan: Plan, now: int) -> tuple[Due | None, Lost | None]:
        """What of a plan is due now, None for nothing; and what can no longer be sent."""
        step = plan.step
        until = (now - self.delay) // step * step
        # The clock may have been ahead: what was said then is said again when its time has come.
        last = self._last.get(plan.key)
        if last is not None and last >= until:
            last = self._last[plan.key] = until - step
        oldest = -(-(now - LOOK_BACK + MINUTE - step) // step) * step
        lost = None
        if last is not None and last + step < oldest:
            lost = Lost(plan.key, last + step, min(oldest, until))
        again = SLICE * step if plan.key in self._asked else 0
        first = oldest if last is None else max(oldest, last + step - again)
        if first >= until:
            return None, lost
        return Due(Wanted(plan, first - plan.before, until), first), lost

    def done(self, plan: Plan, until: int) -> None:
        """Everything up to the buckets that end at `until` has been taken in."""
        self._last[plan.key] = until - plan.step
        self._asked.discard(plan.key)


def _own(plan: Plan) -> str:
    """The worker's own points, of all groups together."""
    marks = f"{KEY}{plan.key},{CATALOG}{plan.derivation.catalog}"
    return f"max:{plan.derivation.gauge}{{{marks}}}.rollup(max, {plan.step})"


def _last(points: Sequence[object]) -> int:
    """The time of the last point, epoch seconds, 0 where there is none."""
    times = [
        point[0] for point in points if isinstance(point, list) and len(point) == 2 and point[1] is not None
    ]
    return int(max((at for at in times if isinstance(at, int | float)), default=0)) // 1000
