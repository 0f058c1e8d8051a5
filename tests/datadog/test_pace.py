"""Writes use the whole of Datadog's limit and never more."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from dd_sync.datadog.client import connect
from dd_sync.datadog.pace import LONGEST_WAIT, Pace, Quota
from dd_sync.datadog.retry import Patience
from dd_sync.errors import DatadogError
from dd_sync.local.limits import RateLimit
from dd_sync.local.serve import serving
from tests.datadog.wild import KEYS, client, reply, wild

ROUTE = "POST /api/v1/monitor"
SENT = 1000.0
MONITOR = {"id": 7, "query": "q > 1"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def paced() -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(clock.sleep, clock), clock


def headers(remaining: int, reset: int = 5, name: str = "monitor_create") -> dict[str, str]:
    return {
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
        "X-RateLimit-Period": "10",
        "X-RateLimit-Name": name,
    }


def test_what_is_left_goes_at_once_and_the_next_waits_for_the_window() -> None:
    pace, clock = paced()
    pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(2, reset=5))
    for left in (1, 0):
        assert pace.enter(ROUTE) == 0
        pace.leave(ROUTE, SENT, 200, headers(left))
    assert pace.enter(ROUTE) == 6.0  # five seconds, and one since Datadog rounds
    assert clock.slept == [6.0]


def test_the_first_of_a_window_goes_alone_and_a_silent_one_is_not_waited_for_long() -> None:
    pace, _ = paced()
    pace.enter(ROUTE)
    assert pace.enter(ROUTE) == pytest.approx(2.0, abs=0.02)
    pace.leave(ROUTE, SENT, 200, headers(9))
    assert pace.enter(ROUTE) == 0


def test_requests_under_way_are_counted_before_datadog_counts_them() -> None:
    pace, _ = paced()
    pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(3))
    assert [pace.enter(ROUTE) for _ in range(3)] == [0, 0, 0]
    pace.leave(ROUTE, SENT, 200, headers(2))
    assert pace.enter(ROUTE) > 0


def test_what_others_use_up_is_noticed() -> None:
    pace, _ = paced()
    pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(50))
    pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(1))
    assert pace.enter(ROUTE) == 0
    assert pace.enter(ROUTE) > 0


def test_a_window_that_opened_early_is_used_at_once() -> None:
    pace, _ = paced()
    pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(1, reset=1))
    pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(99, reset=10))
    assert [pace.enter(ROUTE) for _ in range(99)] == [0] * 99


def test_an_answer_that_was_overtaken_opens_no_window() -> None:
    pace, _ = paced()
    for _ in range(3):
        pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(2))
    pace.leave(ROUTE, SENT, 200, headers(0))
    pace.leave(ROUTE, SENT, 200, headers(1))
    assert pace.enter(ROUTE) > 0


def test_an_answer_of_the_last_window_says_nothing_of_this_one() -> None:
    pace, _ = paced()
    for _ in range(3):
        pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(7, reset=1))
    pace.leave(ROUTE, SENT, 200, headers(99, reset=10))
    pace.leave(ROUTE, SENT, 200, headers(3, reset=1))
    assert [pace.enter(ROUTE) for _ in range(98)] == [0] * 98
    assert pace.enter(ROUTE) > 0


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"X-RateLimit-Remaining": "5"},
        {"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "5"},
        {"X-RateLimit-Remaining": "soon", "X-RateLimit-Reset": "5"},
    ],
)
def test_without_a_limit_nothing_waits(answer: dict[str, str]) -> None:
    assert Quota.read(answer) is None
    pace, clock = paced()
    for _ in range(100):
        pace.enter(ROUTE)
        pace.leave(ROUTE, SENT, 200, answer)
    assert clock.slept == []


def test_a_lost_answer_tells_nothing_and_the_next_asks() -> None:
    pace, clock = paced()
    pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, None, {})
    assert pace.enter(ROUTE) == 0
    assert pace.enter(ROUTE) > 0
    assert clock.slept


def test_a_window_far_away_is_not_waited_for() -> None:
    pace, clock = paced()
    pace.enter(ROUTE)
    assert not pace.leave(ROUTE, SENT, 429, headers(0, reset=3600))
    assert pace.enter(ROUTE) == 0
    assert clock.slept == []
    assert LONGEST_WAIT == 60


def test_the_limit_on_identical_creates_does_not_stop_the_others() -> None:
    pace, clock = paced()
    pace.enter(ROUTE)
    pace.leave(ROUTE, SENT, 200, headers(40))
    pace.enter(ROUTE)
    assert not pace.leave(ROUTE, SENT, 429, headers(0, reset=30, name="duplicate_of_7"))
    assert pace.enter(ROUTE) == 0
    assert clock.slept == []


def test_a_write_that_was_refused_for_its_pace_is_sent_again_when_there_is_room() -> None:
    naps: list[float] = []

    def answer(number: int, line: str) -> bytes:
        if number == 0:
            return reply(429, {"errors": ["slow down"]}, headers=headers(0, reset=10))
        return reply(200, MONITOR, headers=headers(9))

    with wild(answer) as server:
        assert client(server.url, naps=naps).monitors.create({"query": "q"}) == MONITOR
        assert len(server.requests) == 2
    assert naps == [11.0]


def test_a_write_that_is_always_refused_ends() -> None:
    naps: list[float] = []
    with wild(lambda number, line: reply(429, {"errors": ["no"]}, headers=headers(0, 10))) as server:
        with pytest.raises(DatadogError, match="answered 429"):
            client(server.url, naps=naps).monitors.create({"query": "q"})
        assert len(server.requests) == 4
    assert naps == [11.0] * 3


def sent_per_window(limit: RateLimit, number: int) -> list[int]:
    """Creates so many monitors with eight workers that retry nothing; how many fell into each window."""
    with serving(limit=limit) as url:
        datadog = connect(KEYS, host=url, patience=Patience(retries=0))

        def create(number: int) -> int:
            query = f"sum(last_5m):sum:a{number}{{*}}.as_count() > 1"
            body = {"name": f"m{number}", "type": "query alert", "query": query, "message": "m"}
            datadog.monitors.create(body)
            return int(time.time() // limit.period)

        with ThreadPoolExecutor(8) as pool:
            windows = Counter(pool.map(create, range(number)))
        datadog.close()
    return [windows[window] for window in range(min(windows), max(windows) + 1)]


def test_eight_workers_earn_no_refusal_of_a_real_limit() -> None:
    assert sum(sent_per_window(RateLimit(20, 2), 60)) == 60


@pytest.mark.prove
def test_eight_workers_use_nine_tenths_of_each_window_at_least() -> None:
    # Begun shortly before a window opens, where what is left of two windows is easily mistaken.
    time.sleep((9.7 - time.time()) % 10)
    first, *whole, _last = sent_per_window(RateLimit(100, 10), 350)
    assert first <= 100
    assert whole
    assert min(whole) >= 90
