"""Snoozes in Datadog: made once, extended, listed, ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dd_sync.errors import DatadogError, DdSyncError, RequestError
from dd_sync.model.downtime import Downtime
from dd_sync.ports import Downtimes
from dd_sync.snooze.request import Snooze, read_snooze
from dd_sync.snooze.tenants import SHOWN
from dd_sync.text import within_line

Did = Literal["created", "extended", "already covered"]
Sleep = Callable[[float], None]
# Waits before looking for a snooze whose answer was lost, seconds: with the rest, four requests at most.
_LOOKS = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """before: what was there when it was extended, or already covered; else None."""

    did: Did
    snooze: Snooze
    before: Snooze | None = None


def snooze(downtimes: Downtimes, request: Downtime, *, sleep: Sleep = time.sleep) -> Outcome:
    """Makes the snooze, or extends the one that is there if it ends sooner. Never two for the same.

    request: from `request_snooze`. Raises DatadogError; after an unclear answer only once it was looked
    for and not found.
    """
    return _snooze(downtimes, request, downtimes.list(current_only=True), sleep)


def snooze_monitors(
    downtimes: Downtimes, requests: Sequence[Downtime], *, sleep: Sleep = time.sleep
) -> tuple[Outcome, ...]:
    """One snooze per chosen monitor, all or none: if one fails, those made before it are taken back."""
    current = downtimes.list(current_only=True)
    done: list[tuple[Outcome, Downtime | None]] = []
    try:
        for request in requests:
            done.append((_snooze(downtimes, request, current, sleep), _same(current, request)))
    except BaseException as error:
        left = _take_back(downtimes, done)
        if left and isinstance(error, DatadogError):
            raise DatadogError(
                f"{error.problem}; and these could not be taken back: {', '.join(left)}",
                hint="they end by themselves; `dd-sync snooze list` shows them",
                status=error.status,
                details=error.details,
            ) from None
        raise
    return tuple(outcome for outcome, _ in done)


def list_snoozes(downtimes: Downtimes, catalog: str, now: datetime) -> tuple[Snooze, ...]:
    """The catalog's snoozes that are active or to come, those that end first first."""
    found = [snooze for _, snooze in _current(downtimes.list(current_only=True), catalog)]
    live = [one for one in found if one.end is None or one.end > now]
    return tuple(sorted(live, key=lambda one: (one.end is None, one.end or now, one.tenant, one.id)))


def end(downtimes: Downtimes, wanted: str, *, catalog: str) -> tuple[Snooze, ...]:
    """Ends the snooze with this id, or all of this tenant, and returns them.

    Raises RequestError if the catalog has none such: other people's downtimes are not touched.
    """
    current = [one for _, one in _current(downtimes.list(current_only=True), catalog)]
    chosen = tuple(one for one in current if wanted in (one.id, one.tenant, f"{one.tenant_tag}:{one.tenant}"))
    if not chosen:
        tenants = sorted({one.tenant for one in current})
        raise RequestError(
            f"no snooze of this catalog is for '{within_line(wanted, SHOWN)}'",
            hint=f"snoozed now: {', '.join(tenants[:20])}" if tenants else "nothing is snoozed now",
        )
    for one in chosen:
        downtimes.cancel(one.id)
    return chosen


def _current(found: Iterable[Downtime], catalog: str) -> Iterable[tuple[Downtime, Snooze]]:
    for downtime in found:
        one = read_snooze(downtime)
        if one is not None and one.catalog == catalog and downtime.is_live:
            yield downtime, one


def _snooze(downtimes: Downtimes, request: Downtime, current: Sequence[Downtime], sleep: Sleep) -> Outcome:
    there = _same(current, request)
    if there is None:
        return _create(downtimes, request, sleep)
    before = _read(there)
    if there.end is None or (request.end is not None and there.end >= request.end):
        return Outcome("already covered", before, before)
    return Outcome("extended", _read(_set_end(downtimes, there, request)), before)


def _same(current: Iterable[Downtime], request: Downtime) -> Downtime | None:
    """The snooze among `current` that silences the same, the one that lasts longest."""
    same = [
        one for one in current if one.is_live and read_snooze(one) is not None and _covers_same(one, request)
    ]
    return max(same, key=_lasts, default=None)


def _lasts(downtime: Downtime) -> float:
    return downtime.end.timestamp() if downtime.end else float("inf")


def _covers_same(one: Downtime, request: Downtime) -> bool:
    return (
        one.status == "active"
        and one.scope == request.scope
        and one.monitor_id == request.monitor_id
        and set(one.monitor_tags) == set(request.monitor_tags)
    )


def _set_end(downtimes: Downtimes, there: Downtime, wanted: Downtime) -> Downtime:
    # The start stays as it is, unsent: Datadog refuses a start in the past.
    end_text = wanted.attributes()["schedule"]["end"]
    return downtimes.update(there.id, {"schedule": {"end": end_text}, "message": wanted.message})


def _create(downtimes: Downtimes, request: Downtime, sleep: Sleep) -> Outcome:
    try:
        made = downtimes.create(request)
    except DatadogError as error:
        if not (error.is_unclear or _is_duplicate(error)):
            raise
        found = _look(downtimes, request, sleep)
        if found is None:
            raise DatadogError(
                f"{error.problem}; the snooze is not there",
                hint="run it again: snoozing twice is safe",
                status=error.status,
                details=error.details,
            ) from None
        made = found
    return Outcome("created", _read(made))


def _look(downtimes: Downtimes, request: Downtime, sleep: Sleep) -> Downtime | None:
    for wait in _LOOKS:
        sleep(wait)
        found = _same(downtimes.list(current_only=True), request)
        if found is not None and found.end == request.end:
            return found
    return None


def _is_duplicate(error: DatadogError) -> bool:
    return error.status == 400 and any("duplicate of one or more existing" in text for text in error.details)


def _take_back(downtimes: Downtimes, done: Sequence[tuple[Outcome, Downtime | None]]) -> list[str]:
    """Undoes what was done; returns the ids that could not be undone."""
    left: list[str] = []
    for outcome, before in reversed(done):
        try:
            if outcome.did == "created":
                downtimes.cancel(outcome.snooze.id)
            elif outcome.did == "extended" and before is not None:
                _set_end(downtimes, before, before)
        except DdSyncError:
            left.append(outcome.snooze.id)
    return left


def _read(downtime: Downtime) -> Snooze:
    one = read_snooze(downtime)
    if one is None:
        raise DatadogError(
            f"Datadog made downtime {within_line(downtime.id, SHOWN)}, "
            "which does not read as the snooze asked for",
            hint="look at it in Datadog",
        )
    return one
