"""Request limits in calendar-aligned windows, told in X-RateLimit headers as Datadog tells them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

# Datadog publishes no limit for monitors; this is the one figure its headers were seen with.
DEFAULT_REQUESTS = 500
DEFAULT_PERIOD = 10


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `requests` in each window of `period` seconds, windows aligned to the epoch."""

    requests: int = DEFAULT_REQUESTS
    period: int = DEFAULT_PERIOD

    @property
    def message(self) -> str:
        reached = f"Rate limit of {self.requests} requests in {self.period} seconds reached."
        return f"{reached} Please try again later."


# What repeating the very same create runs into.
DUPLICATES = RateLimit(5, 600)


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a limit after a request. reset: seconds to the next window, >= 1."""

    name: str
    limit: RateLimit
    remaining: int
    reset: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit.requests),
            "X-RateLimit-Period": str(self.limit.period),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Name": self.name,
        }


class RateLimiter:
    """Counts requests by name, in memory only. `wall` gives epoch seconds as clients live them."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._used: dict[str, tuple[int, int]] = {}

    def take(self, name: str, limit: RateLimit) -> Quota:
        now = self._wall()
        window = int(now // limit.period)
        with self._lock:
            before, used = self._used.get(name, (window, 0))
            used = used if before == window else 0
            allowed = used < limit.requests
            used += allowed
            self._used[name] = (window, used)
        reset = max(1, round((window + 1) * limit.period - now))
        return Quota(name, limit, limit.requests - used, reset, allowed)
