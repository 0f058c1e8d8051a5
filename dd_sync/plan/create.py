"""Creating a monitor once, and only once: Datadog has no request that could be repeated safely."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dd_sync.errors import DatadogError
from dd_sync.kinds import monitor as kind
from dd_sync.model.monitor import Monitor
from dd_sync.model.ownership import RESERVED, ownership_tags
from dd_sync.plan.changes import Json
from dd_sync.plan.look import look
from dd_sync.ports import Monitors

_DUPLICATE = re.compile(r"Duplicate of an existing monitor_id:\s*(\d+)")
# Datadog's list may lag behind a write; it is read again after these seconds, five in all.
SETTLE_STEPS = (0.0, 0.25, 0.5, 1.0, 1.5, 1.75)


@dataclass(frozen=True, slots=True)
class Created:
    """monitor_id; adopted: it was there already, or an answer was lost and it was found again."""

    monitor_id: int
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Creator:
    """stopped: whether nothing more is to be sent; what is unclear then is left to the next apply."""

    monitors: Monitors
    catalog: str
    sleep: Callable[[float], None]
    stopped: Callable[[], bool] = lambda: False

    def create(self, key: str, body: Json, *, search_first: bool = False) -> Created:
        """The monitor of this key, created or found. Raises DatadogError if neither is possible.

        After an unclear answer it is looked for by its tags before it is sent again, once.
        """
        if search_first:
            found = self._adopt(key, body, waits=(0.0,))
            if found is not None:
                return found
        try:
            return Created(int(self.monitors.create(body)["id"]))
        except DatadogError as error:
            return self._after(error, key, body)

    def _after(self, error: DatadogError, key: str, body: Json) -> Created:
        duplicate = duplicate_of(error)
        if duplicate is not None:
            return self._adopt_duplicate(duplicate, error, key, body)
        if not error.is_unclear or self.stopped():
            raise error
        found = self._adopt(key, body, waits=SETTLE_STEPS)
        if found is not None:
            return found
        if self.stopped():
            raise error
        try:
            return Created(int(self.monitors.create(body)["id"]))
        except DatadogError as again:
            duplicate = duplicate_of(again)
            if duplicate is not None:
                return self._adopt_duplicate(duplicate, again, key, body)
            found = self._adopt(key, body, waits=SETTLE_STEPS) if again.is_unclear else None
            if found is None:
                raise
            return found

    def _adopt(self, key: str, body: Json, *, waits: Iterable[float]) -> Created | None:
        for found in self._looks(key, waits):
            lowest = min(found, key=lambda live: int(live["id"]))
            return self._adopted(lowest, body)
        return None

    def _looks(self, key: str, waits: Iterable[float]) -> Iterator[list[Json]]:
        """What carries the key, each time anything does."""
        tags = ownership_tags(self.catalog, key)
        for wait in waits:
            if wait:
                self.sleep(wait)
            # One that carries further keys is not this one, but a clone that somebody is working on.
            listed = look(self.monitors, tags, self.sleep, stopped=self.stopped)
            found = [live for live in listed if kind.identity(live, self.catalog) == key]
            if found:
                yield found

    def _adopt_duplicate(self, monitor_id: int, error: DatadogError, key: str, body: Json) -> Created:
        live = self.monitors.get(monitor_id)
        owner = kind.identity(live, self.catalog)
        if owner != key and not (owner is None and _is_ownerless_twin(live, body)):
            raise DatadogError(
                f"{key} is not created: monitor {monitor_id} has the same definition and is not ours",
                hint=f"give {key} another name or message, or delete monitor {monitor_id} in Datadog",
                status=error.status,
                details=error.details,
            ) from None
        return self._adopted(live, body)

    def _adopted(self, live: Json, body: Json) -> Created:
        monitor_id = int(live["id"])
        ours, theirs = kind.compared(Monitor.from_json(body), Monitor.from_json(live))
        if ours != theirs:
            self.monitors.update(monitor_id, kind.update_body(Monitor.from_json(body)))
        return Created(monitor_id, adopted=True)


def _is_ownerless_twin(live: Json, body: Json) -> bool:
    """Whether all that the live monitor lacks is tags. One with others, or anybody's mark, is somebody's."""
    tags = set(live.get("tags") or ())
    if any(str(tag).startswith(RESERVED) for tag in tags) or not tags <= set(body.get("tags") or ()):
        return False
    ours, theirs = kind.compared(Monitor.from_json(body), Monitor.from_json({**live, "tags": body["tags"]}))
    return ours == theirs


def duplicate_of(error: DatadogError) -> int | None:
    for detail in error.details:
        found = _DUPLICATE.search(detail)
        if found:
            return int(found[1])
    return None
