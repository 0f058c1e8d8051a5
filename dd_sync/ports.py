"""Protocols of the outside. The core sees Datadog, the clock and series only through these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from dd_sync.model.downtime import Downtime
from dd_sync.model.group import Found, LiveGroup, LiveMonitor

Json = dict[str, Any]
_Bodies = list[Json]
Clock = Callable[[], datetime]


class Monitors(Protocol):
    """Datadog's monitors, as plain JSON. Every call raises DatadogError."""

    def list(self, tags: Sequence[str] = (), *, expected: int = 0) -> list[Json]:
        """All live monitors that carry every one of `tags`; complete, or an error.

        expected: how many there should be, so that their pages are asked for at once.
        """
        ...

    def list_and_count(self, tags: Sequence[str], *, expected: int = 0) -> tuple[_Bodies, int | None]:
        """The same, and how many of them Datadog's search knows; None if it cannot say.

        An index of its own, which lags behind: it vouches for a list, and never replaces one.
        """
        ...

    def get(self, monitor_id: int) -> Json: ...

    def create(self, body: Mapping[str, Any]) -> Json: ...

    def update(self, monitor_id: int, body: Mapping[str, Any]) -> Json: ...

    def delete(self, monitor_id: int, *, force: bool = False) -> None: ...

    def can_delete(self, monitor_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Per monitor that must not be deleted, where it is used; the others are missing."""
        ...

    def validate(self, body: Mapping[str, Any], monitor_id: int | None = None) -> None: ...


class Downtimes(Protocol):
    """Datadog's downtimes, v2. Every call raises DatadogError."""

    def list(self, *, current_only: bool = True) -> list[Downtime]: ...

    def create(self, downtime: Downtime) -> Downtime: ...

    def update(self, downtime_id: str, attributes: Mapping[str, Any]) -> Downtime: ...

    def cancel(self, downtime_id: str) -> None: ...


class DowntimeBodies(Protocol):
    """The same downtimes as plain JSON, recurring ones whole. Every call raises DatadogError."""

    def bodies(self) -> list[Json]:
        """`id` and `attributes` of each that is active or scheduled; complete, or an error."""
        ...

    def create_body(self, attributes: Mapping[str, Any]) -> Json: ...

    def update_body(self, downtime_id: str, attributes: Mapping[str, Any]) -> Json: ...

    def cancel(self, downtime_id: str) -> None: ...


class Dashboards(Protocol):
    """Datadog's dashboards, as plain JSON. Every call raises DatadogError."""

    def list(self) -> list[Json]:
        """`id`, `title` and `description` of each dashboard there is; complete, or an error."""
        ...

    def get(self, dashboard_id: str) -> Json: ...

    def create(self, body: Mapping[str, Any]) -> Json: ...

    def update(self, dashboard_id: str, body: Mapping[str, Any]) -> Json: ...

    def delete(self, dashboard_id: str) -> None: ...


class Webhooks(Protocol):
    """Webhooks of Datadog's integration, as plain JSON. Every call raises DatadogError."""

    def get(self, name: str) -> Json | None:
        """None if there is none of that name."""
        ...

    def create(self, body: Mapping[str, Any]) -> Json: ...

    def update(self, name: str, body: Mapping[str, Any]) -> Json: ...


class Search(Protocol):
    """Datadog's search of monitors and their groups, one page. Every call raises DatadogError.

    tags: of the monitor, all of which it carries; most: the longest page wanted, a shorter one may come.
    """

    def groups(self, tags: Sequence[str], *, group: str | None = None, most: int = 100) -> Found[LiveGroup]:
        """Groups of these monitors, with `group` only those that carry this tag, as `tenant:acme`."""
        ...

    def monitors(self, tags: Sequence[str], *, without: str, most: int = 100) -> Found[LiveMonitor]:
        """The monitors that carry `tags` and not the tag `without`."""
        ...


class Events(Protocol):
    """Datadog's events. Every call raises DatadogError."""

    def search(self, query: str, start: datetime, end: datetime) -> list[Json]:
        """Every event that the query finds, oldest first; complete, or an error."""
        ...

    def post(self, body: Mapping[str, Any]) -> str:
        """Posts an event of our own, once, and gives its number."""
        ...


class Metrics(Protocol):
    """Datadog's metrics. Every call raises DatadogError."""

    def query(self, query: str, start: int, end: int) -> list[Json]:
        """The series, as plain JSON, of one query or of several with commas between them.

        start, end: epoch seconds. Each has `query_index`, `tag_set` and `pointlist`, of [ms, value or null].
        """
        ...

    def submit(self, series: Sequence[Json]) -> None:
        """Points of API v2, all in one request. One at the time and tags of another replaces it."""
        ...

    def wait(self) -> float:
        """Seconds until there is room for another query, as far as Datadog has told; 0 if there is now."""
        ...
