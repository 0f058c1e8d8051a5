"""How long to keep trying. The client's own retry repeats a POST after a 5xx, so it is switched off."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dd_sync.errors import DatadogError

# Carried out or not, the same request again leads to the same state.
IDEMPOTENT = frozenset({"GET", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that failed. reset: seconds until Datadog's rate limit opens again, if it said so.

    headers: the answer's, empty if there was none.
    """

    error: DatadogError
    reset: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int | None:
        return self.error.status


@dataclass(frozen=True, slots=True)
class Patience:
    """At most `retries` further attempts, none begun when it could end after `budget` seconds in all.

    connect, read, whole: time limits of one attempt, seconds; read is the longest silence, whole is from
    sending to the last byte of the answer.
    sleep, clock and jitter come in so that tests need not wait. jitter gives numbers in [0, 1).
    """

    retries: int = 3
    budget: float = 8.0
    connect: float = 3.0
    read: float = 8.0
    whole: float = 30.0
    first_wait: float = 0.4
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random

    def wait(self, method: str, failure: Failure, attempts: int, spent: float) -> float | None:
        """Seconds to wait before the next attempt; None when there must not be one.

        attempts: made so far, at least 1; spent: seconds since the first began.
        """
        if attempts > self.retries or not _may_repeat(method, failure.error):
            return None
        backoff = self.first_wait * 2 ** (attempts - 1) * (1 + self.jitter() / 2)
        wait = backoff if failure.reset is None else failure.reset + 0.1 * self.jitter()
        # Leave room for the attempt itself, or an unreachable host would take longer than the budget.
        return wait if spent + wait + self.connect <= self.budget else None


def _may_repeat(method: str, error: DatadogError) -> bool:
    # A refused connection and a 429 were certainly not carried out, whatever the method.
    if not error.sent or error.status == 429:
        return True
    if method not in IDEMPOTENT:
        return False
    status = error.status
    return status is None or status == 408 or 200 <= status < 300 or (status >= 500 and status != 501)
