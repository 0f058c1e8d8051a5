from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.errors import DatadogError, RequestError
from dd_sync.snooze.calls import Outcome, snooze, snooze_monitors
from dd_sync.snooze.request import Policy
from tests.snooze.memory import LOST, NOW, POLICY, MemoryDowntimes, request


@pytest.fixture
def downtimes() -> MemoryDowntimes:
    return MemoryDowntimes()


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_a_snooze_takes_two_requests(downtimes: MemoryDowntimes) -> None:
    made = snooze(downtimes, request(), POLICY)
    assert (made.did, made.snooze.tenant, made.snooze.owner) == ("created", "acme", "ops")
    assert downtimes.calls == ["list", "create"]


def test_snoozing_twice_says_it_is_covered(downtimes: MemoryDowntimes) -> None:
    first = snooze(downtimes, request(), POLICY)
    again = snooze(downtimes, request(reason="another"), POLICY)
    assert (again.did, again.snooze, again.before) == ("already covered", first.snooze, first.snooze)
    assert snooze(downtimes, request(duration=hours(1)), POLICY).did == "already covered"
    assert len(downtimes.live) == 1


def test_a_longer_one_extends_and_tells_the_new_reason(downtimes: MemoryDowntimes) -> None:
    first = snooze(downtimes, request(), POLICY)
    longer = snooze(downtimes, request(duration=hours(5), reason="still burning"), POLICY)
    assert (longer.did, longer.before) == ("extended", first.snooze)
    assert (longer.snooze.id, longer.snooze.reason) == (first.snooze.id, "still burning")
    assert longer.snooze.end == request(duration=hours(5)).end
    assert len(downtimes.live) == 1


def test_other_downtimes_of_the_tenant_do_not_count_as_covering(downtimes: MemoryDowntimes) -> None:
    downtimes.put(replace(request(), message="maintenance", end=None))
    downtimes.put(replace(request(duration=hours(9)), status="scheduled"))
    downtimes.put(replace(request(duration=hours(9)), status="canceled"))
    downtimes.put(request("globex", duration=hours(9)))
    downtimes.put(request(duration=hours(9), monitor_id=7))
    downtimes.put(request(duration=hours(9), catalog="another"))
    assert snooze(downtimes, request(), POLICY).did == "created"


def test_one_that_somebody_made_endless_in_datadog_covers(downtimes: MemoryDowntimes) -> None:
    downtimes.put(request())
    downtimes.put(replace(request(), end=None))
    assert snooze(downtimes, request(duration=hours(24)), POLICY).snooze.end is None


def test_a_lost_answer_is_looked_for_and_never_makes_two(downtimes: MemoryDowntimes) -> None:
    def lost(what: str) -> None:
        raise LOST

    naps: list[float] = []
    downtimes.after = lost
    assert snooze(downtimes, request(), POLICY, sleep=naps.append).did == "created"
    assert len(downtimes.live) == 1
    assert downtimes.calls == ["list", "create", "list"]


def settled(downtimes: MemoryDowntimes, **changes: Any) -> Outcome:
    return snooze(downtimes, request(**changes), POLICY, settle=True)


def putting(downtimes: MemoryDowntimes, **changes: Any) -> Callable[[str], None]:
    """Another snooze, at the moment of a create."""

    def put(what: str) -> None:
        if what == "create":
            downtimes.put(request(**changes))

    return put


def test_what_the_network_delivers_twice_is_there_once(downtimes: MemoryDowntimes) -> None:
    downtimes.after = putting(downtimes)
    done = settled(downtimes)
    assert [one.id for one in downtimes.live] == [done.snooze.id]
    assert (done.did, done.snooze.owner) == ("created", "ops")


@pytest.mark.parametrize(
    ("theirs", "did", "left"),
    [
        ({"owner": "bob"}, "already covered", ["bob"]),
        ({"owner": "bob", "duration": hours(3)}, "already covered", ["bob"]),
        ({"owner": "bob", "duration": hours(1)}, "created", ["bob", "ops"]),
        ({"owner": "bob", "catalog": "another"}, "created", ["bob", "ops"]),
    ],
)
def test_of_two_people_at_once_the_longer_or_earlier_snooze_is_kept_and_nobody_elses_is_ended(
    downtimes: MemoryDowntimes, theirs: dict[str, Any], did: str, left: list[str]
) -> None:
    downtimes.before = putting(downtimes, **theirs)
    assert settled(downtimes).did == did
    owners = [one.message.split("owner: ")[1].split("\n")[0] for one in downtimes.live]
    assert owners == left


@pytest.mark.parametrize("fails", ["list", "cancel"])
def test_a_snooze_that_cannot_be_looked_at_again_is_made_all_the_same(
    downtimes: MemoryDowntimes, fails: str
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise LOST

    def made(what: str) -> None:
        if what == "create":
            downtimes.put(request())
            setattr(downtimes, fails, fail)

    downtimes.after = made
    assert settled(downtimes).did == "created"
    assert len(downtimes.live) == 2


def test_one_that_datadog_does_not_list_yet_is_made(downtimes: MemoryDowntimes) -> None:
    downtimes.after = lambda what: downtimes.kept.clear()
    assert settled(downtimes).did == "created"


def test_many_downtimes_are_not_read_twice(downtimes: MemoryDowntimes) -> None:
    for number in range(100):
        downtimes.put(request(f"t{number}"))
    settled(downtimes)
    assert downtimes.calls == ["list", "create"]


def test_what_did_not_happen_is_said_to_have_failed_after_four_requests(downtimes: MemoryDowntimes) -> None:
    def lost(what: str) -> None:
        raise LOST

    naps: list[float] = []
    downtimes.before = lost
    with pytest.raises(DatadogError, match="the connection was lost; the snooze is not there") as caught:
        snooze(downtimes, request(), POLICY, sleep=naps.append)
    assert "snoozing twice is safe" in caught.value.hint
    assert downtimes.calls == ["list", "create", "list", "list"]
    assert sum(naps) <= 5


@pytest.mark.parametrize("words", ["Downtime cannot be scheduled in the past", "end must be in the future"])
def test_clocks_that_disagree_are_named(downtimes: MemoryDowntimes, words: str) -> None:
    def refuse(what: str) -> None:
        raise DatadogError(f"answered 400: {words}", status=400, details=(words,))

    downtimes.before = refuse
    with pytest.raises(DatadogError, match=words) as told:
        snooze(downtimes, request(), POLICY)
    assert told.value.hint == "is this machine's clock right? By it, the snooze ends at 2026-03-01 14:00 UTC"
    assert downtimes.calls == ["list", "create"]


def test_a_clear_no_is_passed_on(downtimes: MemoryDowntimes) -> None:
    def refuse(what: str) -> None:
        raise DatadogError("answered 403", status=403)

    downtimes.before = refuse
    with pytest.raises(DatadogError, match="answered 403"):
        snooze(downtimes, request(), POLICY)
    assert downtimes.calls == ["list", "create"]


def test_an_equal_one_that_appeared_meanwhile_counts_as_made(downtimes: MemoryDowntimes) -> None:
    def other_hands(what: str) -> None:
        downtimes.before = lambda what: None
        downtimes.put(request())

    downtimes.before = other_hands
    assert snooze(downtimes, request(), POLICY, sleep=lambda seconds: None).did == "created"
    assert len(downtimes.live) == 1


def test_an_answer_that_is_not_the_snooze_asked_for_is_an_error(
    downtimes: MemoryDowntimes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downtimes, "create", lambda wanted: replace(wanted, id="x", message="cut"))
    with pytest.raises(DatadogError, match=r"^Datadog made downtime x, which does not read as"):
        snooze(downtimes, request(), POLICY)


def test_chosen_monitors_are_snoozed_all_or_none(downtimes: MemoryDowntimes) -> None:
    before = downtimes.put(request(monitor_id=1))
    requests = [request(monitor_id=number, duration=hours(5)) for number in (1, 2, 3)]

    def third(what: str) -> None:
        if what == "create" and downtimes.calls.count("create") == 2:
            raise DatadogError("answered 403", status=403)

    downtimes.before = third
    with pytest.raises(DatadogError, match=r"answered 403$"):
        snooze_monitors(downtimes, requests, POLICY)
    assert downtimes.live == [before]
    downtimes.before = lambda what: None
    done = snooze_monitors(downtimes, requests, POLICY)
    assert [one.did for one in done] == ["extended", "created", "created"]
    assert [one.snooze.monitor_id for one in done] == [1, 2, 3]
    assert [one.did for one in snooze_monitors(downtimes, requests, POLICY)] == ["already covered"] * 3


def test_what_cannot_be_taken_back_is_named(downtimes: MemoryDowntimes) -> None:
    def second(what: str) -> None:
        if what == "cancel" or downtimes.calls.count("create") == 2:
            raise DatadogError("answered 500", status=503, details=("x",))

    downtimes.before = second
    with pytest.raises(DatadogError, match="could not be taken back: id-1") as caught:
        snooze_monitors(
            downtimes, [request(monitor_id=n) for n in (1, 2)], POLICY, sleep=lambda seconds: None
        )
    assert "they end by themselves" in caught.value.hint


def test_an_interrupt_takes_back_what_was_made(downtimes: MemoryDowntimes) -> None:
    def interrupt(what: str) -> None:
        if downtimes.calls.count("create") == 2 and what == "create":
            raise KeyboardInterrupt

    downtimes.before = interrupt
    covered = downtimes.put(request(monitor_id=9))
    with pytest.raises(KeyboardInterrupt):
        snooze_monitors(downtimes, [request(monitor_id=n) for n in (9, 1, 2)], POLICY)
    assert downtimes.live == [covered]


LONGER = Policy(hours(24), "the migration takes longer")


def test_daily_repeats_cannot_go_on_past_the_policy(downtimes: MemoryDowntimes) -> None:
    snooze(downtimes, request(duration=hours(20)), POLICY)
    later = request(duration=hours(20), now=NOW + hours(10))
    with pytest.raises(
        RequestError, match=r"a snooze of 1d5h59m59s is longer than the policy allows"
    ) as caught:
        snooze(downtimes, later, POLICY)
    assert "--longer-than-policy" in caught.value.hint
    done = snooze(downtimes, later, LONGER)
    assert (done.did, done.snooze.longer_because) == ("extended", "the migration takes longer")


def test_the_longest_snooze_asked_for_twice_is_covered(downtimes: MemoryDowntimes) -> None:
    first = snooze(downtimes, request(duration=hours(24)), POLICY)
    again = snooze(downtimes, request(duration=hours(24), now=NOW + timedelta(minutes=30)), POLICY)
    assert (again.did, again.snooze.end) == ("already covered", first.snooze.end)
    with pytest.raises(RequestError):
        snooze(downtimes, request(duration=hours(24), now=NOW + hours(2)), POLICY)
    assert snooze(downtimes, request(duration=hours(24), now=NOW + hours(1)), LONGER).did == "extended"


def test_one_that_is_to_come_is_made_once_and_extended(downtimes: MemoryDowntimes) -> None:
    start = NOW + hours(3)
    planned = request(start=start)
    downtimes.put(replace(planned, status="scheduled"))
    assert snooze(downtimes, planned, POLICY).did == "already covered"
    longer = snooze(downtimes, request(start=start + hours(1), duration=hours(3)), POLICY)
    assert (longer.did, longer.snooze.end) == ("extended", (NOW + hours(7)).replace(microsecond=0))
    assert snooze(downtimes, request(start=NOW + hours(9)), POLICY).did == "created"
    # What begins at once is not covered by what begins later.
    assert snooze(downtimes, request(duration=hours(1)), POLICY).did == "created"
    # What is active until then and beyond covers it.
    assert snooze(downtimes, request(start=NOW + timedelta(minutes=5), duration=hours(0.5)), POLICY).did == (
        "already covered"
    )


FAULTS = st.lists(st.sampled_from(["none", "before", "after"]), min_size=1, max_size=6)


@given(FAULTS, st.lists(st.integers(1, 24), min_size=6, max_size=6))
def test_after_any_history_of_faults_a_tenant_has_one_snooze_at_most(
    faults: list[str], lengths: list[int]
) -> None:
    downtimes = MemoryDowntimes()

    def lose(what: str) -> None:
        raise LOST

    for fault, length in zip(faults, lengths, strict=False):
        downtimes.before = lose if fault == "before" else lambda what: None
        downtimes.after = lose if fault == "after" else lambda what: None
        try:
            snooze(downtimes, request(duration=hours(length)), POLICY, sleep=lambda seconds: None)
        except DatadogError:
            assert fault != "none"
        assert len(downtimes.live) <= 1
        assert all(one.end is not None for one in downtimes.live)
