"""Snoozes in Datadog: made once, or extended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from dd_sync.errors import DatadogError, DdSyncError
from dd_sync.model.downtime import Downtime
from dd_sync.ports import Downtimes
from dd_sync.snooze.request import Policy, Snooze, read_snooze
from dd_sync.snooze.tenants import SHOWN
from dd_sync.text import within_line

Did = Literal["created", "extended", "already covered"]
Sleep = Callable[[float], None]
# Waits before looking for a snooze whose answer was lost, seconds.
_LOOKS = (0.5, 2.0)
# So many downtimes come in one answer; who is on call does not wait for more of them twice.
_FEW = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """before: what was there when it was extended, or already covered; else None."""

    did: Did
    snooze: Snooze
    before: Snooze | None = None


def snooze(
    downtimes: Downtimes,
    request: Downtime,
    policy: Policy,
    *,
    sleep: Sleep = time.sleep,
    settle: bool = False,
) -> Outcome:
    """Makes the snooze, or extends the one that is there if it ends sooner. Never two for the same.

    request: from `request_snooze`. settle: whether to look once more after it was made, and take back what
    is too many: the network may deliver a request twice, and somebody may have been faster.
    Raises DatadogError, after an unclear answer only once it was looked for and not found; RequestError
    where an extension would be longer in all than the policy allows.
    """
    current = downtimes.list(current_only=True)
    done = _snooze(downtimes, request, policy, current, sleep)
    if settle and done.did == "created" and len(current) < _FEW:
        return _settled(downtimes, request, done)
    return done


def snooze_monitors(
    downtimes: Downtimes, requests: Sequence[Downtime], policy: Policy, *, sleep: Sleep = time.sleep
) -> tuple[Outcome, ...]:
    """One snooze per chosen monitor, all or none: if one fails, those made before it are taken back."""
    current = downtimes.list(current_only=True)
    done: list[tuple[Outcome, Downtime | None]] = []
    try:
        for request in requests:
            done.append((_snooze(downtimes, request, policy, current, sleep), _same(current, request)))
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


def _snooze(
    downtimes: Downtimes, request: Downtime, policy: Policy, current: Sequence[Downtime], sleep: Sleep
) -> Outcome:
    there = _same(current, request)
    if there is None:
        return _create(downtimes, request, sleep)
    before = _read(there)
    if request.end is None or there.end is None or there.end >= request.end:
        return Outcome("already covered", before, before)
    if _is_as_good(there, request.end, policy):
        return Outcome("already covered", before, before)
    return Outcome("extended", _read(set_end(downtimes, there, request.end, request.message, policy)), before)


def _is_as_good(there: Downtime, end: datetime, policy: Policy) -> bool:
    """Whether all but the last bit is covered by one that the policy lets grow no more.

    Asking for the longest snooze again, a minute after the first, is not asking for more than the policy.
    """
    if there.start is None or there.end is None or policy.longer_because is not None:
        return False
    return end - there.start > policy.longest and end - there.end <= (there.end - there.start) / 20


def set_end(downtimes: Downtimes, there: Downtime, end: datetime, message: str, policy: Policy) -> Downtime:
    """The snooze with a later end, if the policy allows it to last so long in all."""
    if there.start is not None:
        message = policy.marked(message, end - there.start)
    return _write_end(downtimes, there, end, message)


def _write_end(downtimes: Downtimes, there: Downtime, end: datetime | None, message: str) -> Downtime:
    # The start stays as it is, unsent: Datadog refuses a start in the past.
    end_text = replace(there, end=end).attributes()["schedule"]["end"]
    return downtimes.update(there.id, {"schedule": {"end": end_text}, "message": message})


def _same(current: Iterable[Downtime], request: Downtime) -> Downtime | None:
    """The snooze that silences the same and is on when the request begins, the one that lasts longest."""
    return max((one for one in current if _is_same(one, request)), key=_lasts, default=None)


def _is_same(one: Downtime, request: Downtime) -> bool:
    return (
        one.is_live
        and read_snooze(one) is not None
        and _covers_same(one, request)
        and _covers_start(one, request)
    )


def _lasts(downtime: Downtime) -> float:
    return downtime.end.timestamp() if downtime.end else float("inf")


def _covers_same(one: Downtime, request: Downtime) -> bool:
    return (
        one.scope == request.scope
        and one.monitor_id == request.monitor_id
        and set(one.monitor_tags) == set(request.monitor_tags)
    )


def _covers_start(one: Downtime, request: Downtime) -> bool:
    """Whether it is on when the request begins; of now, Datadog's clock is the judge."""
    if request.start is None:
        return one.status == "active"
    begun = one.status == "active" or (one.start is not None and one.start <= request.start)
    return begun and (one.end is None or one.end >= request.start)


def _create(downtimes: Downtimes, request: Downtime, sleep: Sleep) -> Outcome:
    try:
        made = downtimes.create(request)
    except DatadogError as error:
        if _is_about_time(error):
            hint = (
                f"is this machine's clock right? By it, the snooze ends at {request.end:%Y-%m-%d %H:%M} UTC"
            )
            raise DatadogError(error.problem, hint=hint, status=error.status, details=error.details) from None
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


def _settled(downtimes: Downtimes, request: Downtime, done: Outcome) -> Outcome:
    """The one that is kept of those that silence the same: the longest, then the earliest, so that whoever
    looks keeps the same one. Only what this request made is taken back."""
    try:
        current = downtimes.list(current_only=True)
        same = [one for one in current if _is_same(one, request)]
        best = min(same, key=_best_first, default=None)
        if best is None:
            return done
        own = [one for one in same if (one.end, one.message) == (request.end, request.message)]
        for one in own:
            if one.id != best.id:
                downtimes.cancel(one.id)
    except DatadogError:
        # It is silent as was asked for; one too many ends with it, and `snooze end` ends both.
        return done
    kept = _read(best)
    return Outcome("created", kept) if best in own else Outcome("already covered", kept, kept)


def _best_first(downtime: Downtime) -> tuple[float, float, str]:
    begun = downtime.start.timestamp() if downtime.start else 0.0
    return -_lasts(downtime), begun, downtime.id


def _look(downtimes: Downtimes, request: Downtime, sleep: Sleep) -> Downtime | None:
    for wait in _LOOKS:
        sleep(wait)
        found = _same(downtimes.list(current_only=True), request)
        if found is not None and found.end == request.end:
            return found
    return None


def _is_duplicate(error: DatadogError) -> bool:
    return error.status == 400 and any("duplicate of one or more existing" in text for text in error.details)


def _is_about_time(error: DatadogError) -> bool:
    """Of what is asked for here, no time is in the past, as long as the clocks agree."""
    return error.status == 400 and any("in the past" in text or "future" in text for text in error.details)


def _take_back(downtimes: Downtimes, done: Sequence[tuple[Outcome, Downtime | None]]) -> list[str]:
    """Undoes what was done; returns the ids that could not be undone."""
    left: list[str] = []
    for outcome, before in reversed(done):
        try:
            if outcome.did == "created":
                downtimes.cancel(outcome.snooze.id)
            elif outcome.did == "extended" and before is not None:
                _write_end(downtimes, before, before.end, before.message)
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
