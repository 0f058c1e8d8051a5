"""Rounds: what is due, what is sent, and what happens to it when something goes wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.errors import DatadogError
from dd_sync.model.derivation import EWMA_DEVIATION
from dd_sync.worker.run import ROUNDS, Round, bodies, pause
from tests.worker.memory import START, Memory, derivation, refused, worker

QUIET: list[float | None] = [60.0, 64.0] * 300
MINUTE = 60


def busy(minutes: int = 0) -> Memory:
    """Ten hours of data around START; now is so many minutes after it."""
    memory = Memory(now=START + minutes * MINUTE)
    memory.raw("acme", QUIET, START - 300 * MINUTE)
    return memory


def test_each_minute_has_one_point_as_soon_as_the_delay_is_over() -> None:
    memory = busy()
    found = worker(memory)
    found.begin()
    found.round()
    for minute in range(1, 6):
        memory.now = START + minute * MINUTE
        done = found.round()
        assert (done.points, done.buckets, done.queries, done.failures) == (1, 1, 1, {})
        assert max(memory.gauge()) == minute - 2
    # Of the buckets from 00:00 on no minute is missing, and none was sent twice.
    assert [at for at in memory.gauge() if at >= 0] == [0, 1, 2, 3]
    assert memory.overwritten == 0


def test_a_first_start_sends_the_last_55_minutes_and_none_that_is_too_old() -> None:
    memory = busy()
    found = worker(memory)
    found.begin()
    assert found.round().points == 54
    assert (min(memory.gauge()), max(memory.gauge())) == (-55, -2)
    assert memory.too_old == 0


@pytest.mark.parametrize("bucket", [1, 5, 20, 60])
def test_no_bucket_is_too_old_when_it_is_over(bucket: int) -> None:
    memory = busy()
    one = derivation(bucket=timedelta(minutes=bucket), window=5 * timedelta(minutes=bucket))
    memory.raw("acme", [float(i % 7) for i in range(1200)], START - 1100 * MINUTE)
    found = worker(memory, one)
    found.begin()
    sent = []
    for minute in range(125):
        memory.now = START + minute * MINUTE
        sent.append(found.round().points)
    stamps = [at for at in memory.gauge() if at >= 0]
    assert stamps == list(range(bucket - 1, 124 if bucket > 1 else 123, bucket))
    assert memory.too_old == 0


def test_a_gap_of_the_worker_is_caught_up_with_and_what_is_too_old_is_told() -> None:
    memory = busy()
    found = worker(memory)
    found.begin()
    found.round()
    memory.now = START + 30 * MINUTE
    done = found.round()
    assert (done.points, done.lost) == (30, [])
    memory.now = START + 130 * MINUTE
    done = found.round()
    assert [(one.key, one.start - START, one.end - START) for one in done.lost] == [
        ("tx-z", 29 * MINUTE, 75 * MINUTE)
    ]
    assert [at for at in memory.gauge() if 27 < at < 80] == [28, 75, 76, 77, 78, 79]
    assert memory.too_old == 0


def test_a_restart_goes_on_where_the_last_run_ended() -> None:
    memory = busy()
    for minute in range(0, 20, 4):
        memory.now = START + minute * MINUTE
        found = worker(memory)
        found.begin()
        assert found.round().lost == []
    assert [at for at in memory.gauge() if at >= 0] == list(range(15))


class Killed(BaseException):
    """What nothing in the worker can see coming."""


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(0, 40))
def test_killed_between_any_two_requests_nothing_is_missing_after_the_next_run(after: int, gap: int) -> None:
    """Small requests, so that one round is many of them."""
    memory = Memory(now=START)
    for group in range(6):
        memory.raw(f"t{group}", [group + value for value in (60.0, 64.0, 61.0)] * 120, START - 200 * MINUTE)
    found = worker(memory)
    found.begin()
    found.round()
    memory.now += (gap + 1) * MINUTE
    left = after

    def kill(request: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dd_sync.worker.run._LARGEST_BODY", 500)
        memory.fail = kill
        try:
            again = worker(memory)
            again.begin()
            again.round()
        except Killed:
            pass
        memory.fail = lambda request: None
        memory.now += MINUTE
        last = worker(memory)
        last.begin()
        last.round()
    whole = list(range(-55, gap + 1))
    assert [list(memory.gauge(f"t{group}")) for group in range(6)] == [whole] * 6


def test_a_run_twice_changes_nothing() -> None:
    memory = busy()
    for _ in range(2):
        found = worker(memory)
        found.begin()
        found.round()
        before = {key: dict(points) for key, points in memory.points.items()}
    assert memory.points == before
    assert found.round().points == 0


def test_what_was_said_by_a_clock_that_was_ahead_is_said_again() -> None:
    memory = busy()
    found = worker(memory)
    found.begin()
    found.round()
    raw = memory.points["tx.count", ("tenant:acme",)]
    future = {at: raw.pop(at) for at in list(raw) if at >= START}
    memory.now = START + 10 * MINUTE
    found.round()
    assert memory.gauge()[5] < -2
    raw.update(future)
    for minute in range(12):
        memory.now = START + minute * MINUTE
        assert found.round().failures == {}
    assert {at: round(memory.gauge()[at]) for at in range(10)} == {
        at: -1 if at % 2 == 0 else 1 for at in range(10)
    }


def test_one_guard_that_datadog_refuses_stops_no_other_and_is_asked_alone() -> None:
    memory = busy()
    memory.raw("acme", QUIET, START - 300 * MINUTE, metric="good.too")

    def fail(request: str) -> None:
        if "wrong.count" in request and "dd_sync" not in request:
            raise refused(400, "Error parsing query")

    memory.fail = fail
    plans = (derivation(), derivation("bad", "wrong.count"), derivation("good", "good.too"))
    found = worker(memory, *plans)
    found.begin()
    assert found.round().points == 2 * 54
    memory.now += MINUTE
    memory.requests.clear()
    done = found.round()
    assert (done.points, list(done.failures), done.queries) == (2, ["bad"], 2)
    assert not done.overloaded


def test_what_could_not_be_sent_is_sent_in_the_next_round() -> None:
    memory = busy()
    found = worker(memory)
    found.begin()
    memory.fail = lambda request: (_ for _ in ()).throw(refused(503)) if request == "submit" else None
    done = found.round()
    assert (done.points, done.overloaded) == (0, True)
    # Nothing succeeded, so nothing says that the worker is well.
    assert (ROUNDS, ("dd_sync_catalog:chain",)) not in memory.points
    memory.fail = lambda request: None
    memory.now += MINUTE
    assert found.round().points == 54
    assert list(memory.points[ROUNDS, ("dd_sync_catalog:chain",)].values()) == [1]


def test_a_heartbeat_that_fails_is_a_failure_of_its_own() -> None:
    memory = busy()
    calls = iter(range(10))
    memory.fail = lambda request: (
        (_ for _ in ()).throw(refused(500)) if request == "submit" and next(calls) == 1 else None
    )
    found = worker(memory)
    found.begin()
    assert list(found.round().failures) == [ROUNDS]


def test_being_stopped_ends_the_round_between_two_requests() -> None:
    memory = busy()
    for number in range(200):
        memory.raw(f"t{number}", QUIET, START - 300 * MINUTE)
    stopping = False

    def stop(request: str) -> None:
        nonlocal stopping
        stopping = request == "submit"

    memory.fail = stop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dd_sync.worker.run._LARGEST_BODY", 5_000)
        done = worker(
            memory,
            derivation(),
            derivation("two", bucket=timedelta(minutes=5), window=timedelta(hours=1)),
            stopping=lambda: stopping,
        ).round()
    assert done.stopped
    assert memory.requests.count("submit") == 1
    assert memory.queries() == 1


def test_guards_share_requests_and_the_quota_makes_rounds_rarer() -> None:
    memory = busy()
    plans = [derivation(f"k{number}", f"m{number}.count") for number in range(20)]
    found = worker(
        memory, *plans, derivation("other", bucket=timedelta(minutes=5), window=timedelta(hours=1))
    )
    assert found.begin() == 4
    done = found.round()
    assert done.queries == memory.queries() - 4 == 4
    assert pause(done, 60, 0, 0.5, 0) == 60
    assert pause(Round(0, queries=20), 60, 0, 0.5, 0) == 180
    # Never more than a quarter of 1,600 an hour, whatever there is to ask.
    assert all(
        3600 / pause(Round(0, queries=queries), 60, 0, 0, 0) * queries <= 400.001 for queries in range(1, 500)
    )


def test_a_long_window_is_asked_in_parts_that_datadog_does_not_make_coarser() -> None:
    memory = busy()
    memory.raw("acme", [float(i % 5) for i in range(4000)], START - 4000 * MINUTE)
    found = worker(memory, derivation(window=timedelta(hours=24)))
    found.begin()
    done = found.round()
    assert (done.points, done.queries) == (54, 3)


def test_failures_that_pass_make_rounds_rarer_and_the_others_do_not() -> None:
    down = Round(0, failures={"a": refused(503)})
    assert down.overloaded
    assert [pause(down, 60, failed, 0, 0) for failed in (1, 2, 3, 4, 9)] == [60, 120, 240, 300, 300]
    assert pause(down, 60, 2, 0.5, 0) == 150
    assert pause(None, 60, 1, 0, 200) == 200
    assert Round(0, failures={"a": refused(429)}).overloaded
    assert Round(0, failures={"a": DatadogError("x", sent=False)}).overloaded
    assert not Round(0, failures={"a": refused(403)}).overloaded


@pytest.mark.parametrize("groups", [1_500, pytest.param(10_000, marks=pytest.mark.prove)])
def test_thousands_of_groups_are_sent_within_the_limits_of_a_request(groups: int) -> None:
    memory = Memory(now=START)
    for number in range(groups):
        memory.points["tx.count", (f"tenant:t{number}",)] = {
            START - minute * MINUTE: float((number + minute) % 7) for minute in range(2, 20)
        }
    found = worker(memory, derivation(window=timedelta(minutes=5)))
    memory.points["dd_sync.zscore", ("dd_sync_catalog:chain", "dd_sync_key:tx-z", "tenant:t0")] = {
        START - 4 * MINUTE: 1.0
    }
    found.begin()
    done = found.round()
    assert (done.queries, done.failures) == (1, {})
    assert done.points == groups * 7
    assert max(memory.sizes) <= 512_000
    assert len(memory.sizes) < 20


@given(st.lists(st.integers(1, 400), max_size=60))
def test_bodies_keep_order_and_leave_nothing_out(lengths: list[int]) -> None:
    series: list[dict[str, Any]] = [
        {"metric": "x" * length, "number": index} for index, length in enumerate(lengths)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dd_sync.worker.run._LARGEST_BODY", 500)
        found = list(bodies(iter(series)))
    assert [one for body in found for one in body] == series
    assert all(body for body in found)


def test_ewma_and_gauges_are_sent_under_their_own_name() -> None:
    memory = busy()
    memory.raw("acme", [50.0, None, 52.0] * 200, START - 300 * MINUTE, metric="pool.size")
    one = derivation(
        "pool",
        query="avg:pool.size{*} by {tenant}",
        gauge=EWMA_DEVIATION,
        alpha=0.3,
        measure="percent",
    )
    found = worker(memory, one)
    found.begin()
    assert found.round().failures == {}
    points = memory.gauge(key="pool", metric=EWMA_DEVIATION)
    # A gauge's missing bucket is no value, and no point.
    assert -4 in points
    assert sum(at % 3 == 1 for at in points) in (0, len(points) // 2, len(points))
    assert all(abs(value) < 5 for value in points.values())
