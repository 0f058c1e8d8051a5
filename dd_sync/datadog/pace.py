"""Writing as fast as Datadog's request limits allow, and never so fast that it has to refuse.

Every answer on a limited endpoint says how many requests are left and when the next window opens. Eight
workers together keep within that: a refusal would be one request lost, and repeating it another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# A window that opens later than this is not waited for: the request is sent, and the refusal explains itself.
LONGEST_WAIT = 60.0
# The first request of a window goes alone, so that its answer says what is left; the others look this often.
_LOOK = 0.01
_LONGEST_LOOK = 2.0


@dataclass(frozen=True, slots=True)
class Quota:
    """What the X-RateLimit headers of one answer say. reset: whole seconds until the next window."""

    remaining: int
    reset: float
    period: float
    name: str = ""

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Quota | None:
        """None where the endpoint is not limited, or the headers make no sense."""
        found = {name.lower(): value.strip() for name, value in headers.items()}
        values = [found.get(f"x-ratelimit-{name}", "") for name in ("remaining", "reset")]
        if not all(value.isascii() and value.isdecimal() and len(value) < 10 for value in values):
            return None
        period = found.get("x-ratelimit-period", "")
        return cls(
            remaining=int(values[0]),
            reset=float(values[1]),
            period=float(period) if period.isascii() and period.isdecimal() else 2.0,
            name=found.get("x-ratelimit-name", ""),
        )


@dataclass(slots=True)
class _Window:
    """What is known of an endpoint's current window. until: its end by our clock, None if unknown."""

    until: float | None = None
    left: int = 0
    unlimited: bool = False
    under_way: int = 0
    asked: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """Shared by all workers. sleep, clock: seconds."""

    sleep: Callable[[float], None]
    clock: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _windows: dict[str, _Window] = field(default_factory=dict)

    def enter(self, route: str) -> float:
        """Waits until one more request fits into the limit; each `enter` is followed by one `leave`.

        Returns the seconds waited, at most some more than LONGEST_WAIT.
        """
        began = self.clock()
        while True:
            with self._lock:
                now = self.clock()
                wait = self._wait(self._windows.setdefault(route, _Window()), now)
                if wait == 0 or now - began + wait > LONGEST_WAIT:
                    self._windows[route].under_way += 1
                    return now - began
            self.sleep(wait)

    def _wait(self, window: _Window, now: float) -> float:
        """Seconds until it is worth asking again; 0 when the request may go now, which is then counted."""
        if window.until is not None and now >= window.until:
            window.until = None
        if window.unlimited:
            return 0.0
        if window.until is None:
            if window.asked is not None and now - window.asked < _LONGEST_LOOK:
                return _LOOK
            window.asked = now
            return 0.0
        if window.left > 0:
            window.left -= 1
            return 0.0
        return window.until - now

    def leave(self, route: str, sent: float, status: int | None, headers: Mapping[str, str]) -> bool:
        """Learns from an answer. sent: when the request went, by our clock; status: None without an answer.

        Returns whether the next `enter` waits until there is room again, should there be none now.
        """
        quota = Quota.read(headers)
        with self._lock:
            window = self._windows[route]
            window.under_way -= 1
            if quota is None:
                window.asked = None
                window.unlimited = window.unlimited or (window.until is None and status is not None)
            elif status != 429 or quota.name == window.name or not window.name:
                self._learn(window, quota, sent)
                return quota.reset < LONGEST_WAIT
            # Identical creates have a limit of their own, which says nothing of this one.
            return False

    def _learn(self, window: _Window, quota: Quota, sent: float) -> None:
        window.name = quota.name
        now = self.clock()
        # Answers overtake each other. Seconds are rounded and answers take time, so that only one whose
        # window ends well after ours is certainly of the next, and well before, of the last.
        opened = window.until is None or sent + quota.reset - 1 > window.until
        if not opened and window.until is not None and now + quota.reset + 3 < window.until:
            return
        if opened:
            # A window that is begun late loses nothing; one that is begun early earns a refusal.
            window.until = now + quota.reset + min(1.0, quota.period / 2)
            window.unlimited, window.asked = False, None
        if opened or quota.remaining < window.left:
            # What is under way may not be counted yet.
            window.left = max(0, quota.remaining - window.under_way)
