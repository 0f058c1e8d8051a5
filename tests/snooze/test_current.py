from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dd_sync.errors import DatadogError, RequestError
from dd_sync.snooze.current import Wanted, end, extend, list_snoozes
from dd_sync.snooze.request import Policy
from tests.snooze.memory import LOST, NOW, POLICY, MemoryDowntimes, request


@pytest.fixture
def downtimes() -> MemoryDowntimes:
    return MemoryDowntimes()


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_the_list_holds_this_catalogs_live_snoozes_by_their_end(downtimes: MemoryDowntimes) -> None:
    downtimes.put(request("later", duration=hours(9)))
    downtimes.put(request("sooner"))
    downtimes.put(replace(request("endless"), end=None))
    downtimes.put(request("another", catalog="another"))
    downtimes.put(replace(request("over"), status="ended"))
    downtimes.put(replace(request("just"), end=NOW))
    downtimes.put(replace(request("acme"), message="maintenance"))
    found = list_snoozes(downtimes, "guardrails", NOW)
    assert [one.tenant for one in found] == ["sooner", "later", "endless"]


@pytest.mark.parametrize("wanted", ["acme", "tenant:acme", "id-1"])
def test_a_snooze_is_ended_by_tenant_scope_or_id(downtimes: MemoryDowntimes, wanted: str) -> None:
    downtimes.put(request())
    downtimes.put(request("globex"))
    ended = list(end(downtimes, Wanted(wanted), catalog="guardrails"))
    assert [one.snooze.tenant for one in ended] == ["acme"]
    assert [one.scope for one in downtimes.live] == ["tenant:globex"]


def test_ending_a_tenant_ends_all_of_its_snoozes(downtimes: MemoryDowntimes) -> None:
    for number in (1, 2):
        downtimes.put(request(monitor_id=number))
    assert len(list(end(downtimes, Wanted("acme"), catalog="guardrails"))) == 2
    assert downtimes.live == []


def test_other_peoples_downtimes_are_never_ended(downtimes: MemoryDowntimes) -> None:
    downtimes.put(replace(request(), message="maintenance"))
    downtimes.put(request(catalog="another"))
    for wanted in ("acme", "id-1", "id-2"):
        with pytest.raises(RequestError, match="no snooze of this catalog") as caught:
            list(end(downtimes, Wanted(wanted), catalog="guardrails"))
        assert caught.value.hint == "nothing is snoozed now"
    downtimes.put(request("globex"))
    with pytest.raises(RequestError) as caught:
        list(end(downtimes, Wanted("acme"), catalog="guardrails"))
    assert caught.value.hint == "snoozed now: globex"
    assert len(downtimes.live) == 3


def test_all_of_ones_own_are_ended_and_nobody_elses(downtimes: MemoryDowntimes) -> None:
    downtimes.put(request())
    downtimes.put(request("globex", owner="mo"))
    downtimes.put(request("birch"))
    ended = list(end(downtimes, Wanted(owner="ops"), catalog="guardrails"))
    assert [one.snooze.tenant for one in ended] == ["acme", "birch"]
    assert [one.scope for one in downtimes.live] == ["tenant:globex"]
    with pytest.raises(RequestError, match="no snooze of this catalog is by 'ops'"):
        list(end(downtimes, Wanted(owner="ops"), catalog="guardrails"))


def test_what_cannot_be_ended_keeps_nothing_else_from_it(downtimes: MemoryDowntimes) -> None:
    for number in (1, 2, 3):
        downtimes.put(request(monitor_id=number))

    def second(what: str) -> None:
        if downtimes.calls.count("cancel") == 2:
            raise DatadogError("answered 500", status=500)

    downtimes.before = second
    ended = list(end(downtimes, Wanted("acme"), catalog="guardrails"))
    assert [one.failure is None for one in ended] == [True, False, True]
    assert [one.monitor_id for one in downtimes.live] == [2]


def test_what_is_gone_already_counts_as_ended(downtimes: MemoryDowntimes) -> None:
    downtimes.put(request())

    def gone(what: str) -> None:
        raise DatadogError("Downtime not found", status=404)

    downtimes.before = gone
    assert [one.failure for one in end(downtimes, Wanted("acme"), catalog="guardrails")] == [None]


def test_many_tenants_are_not_all_named(downtimes: MemoryDowntimes) -> None:
    for number in range(25):
        downtimes.put(request(f"t{number:02}"))
    with pytest.raises(RequestError) as caught:
        list(end(downtimes, Wanted("x\x1b[2J"), catalog="guardrails"))
    assert caught.value.hint.endswith("t19, …")
    assert "\x1b" not in caught.value.problem


def test_a_snooze_is_extended_from_its_end_on_or_to_a_moment(downtimes: MemoryDowntimes) -> None:
    made = downtimes.put(request())
    assert made.end is not None
    (longer,) = extend(downtimes, Wanted("acme"), POLICY, catalog="guardrails", longer=hours(3))
    assert (longer.did, longer.snooze.end) == ("extended", made.end + hours(3))
    assert (longer.snooze.reason, longer.snooze.owner) == ("INC-123 load test", "ops")
    (till,) = extend(downtimes, Wanted(made.id), POLICY, catalog="guardrails", until=NOW + hours(9))
    assert till.snooze.end == (NOW + hours(9)).replace(microsecond=0)
    assert downtimes.calls == ["list", "update", "list", "update"]


def test_extending_never_shortens(downtimes: MemoryDowntimes) -> None:
    downtimes.put(request())
    with pytest.raises(RequestError, match="lasts until 2026-03-01 14:00 UTC already") as caught:
        list(extend(downtimes, Wanted("acme"), POLICY, catalog="guardrails", until=NOW + hours(1)))
    assert "snooze end acme" in caught.value.hint


def test_all_are_judged_before_any_is_extended(downtimes: MemoryDowntimes) -> None:
    downtimes.put(request(monitor_id=1))
    downtimes.put(request(monitor_id=2, duration=hours(20)))
    with pytest.raises(RequestError, match="longer than the policy allows"):
        list(extend(downtimes, Wanted("acme"), POLICY, catalog="guardrails", longer=hours(5)))
    assert "update" not in downtimes.calls
    longer = Policy(hours(24), "a second reason")
    done = list(extend(downtimes, Wanted("acme"), longer, catalog="guardrails", longer=hours(5)))
    assert [one.snooze.longer_because for one in done] == [None, "a second reason"]


def test_one_that_lost_its_end_gets_one(downtimes: MemoryDowntimes) -> None:
    downtimes.put(replace(request(), end=None))
    with pytest.raises(RequestError, match="has no end") as caught:
        list(extend(downtimes, Wanted("acme"), POLICY, catalog="guardrails", longer=hours(1)))
    assert "--until" in caught.value.hint
    (done,) = extend(downtimes, Wanted("acme"), POLICY, catalog="guardrails", until=NOW + hours(1))
    assert done.snooze.end == (NOW + hours(1)).replace(microsecond=0)


def test_an_answer_that_is_lost_while_ending_is_told_of_that_one(downtimes: MemoryDowntimes) -> None:
    downtimes.put(request())

    def lost(what: str) -> None:
        raise LOST

    downtimes.after = lost
    (one,) = end(downtimes, Wanted("acme"), catalog="guardrails")
    assert one.failure is LOST
