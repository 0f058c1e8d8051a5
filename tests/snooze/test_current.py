from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dd_sync.errors import RequestError
from dd_sync.snooze.current import Wanted, end, list_snoozes
from tests.snooze.memory import NOW, MemoryDowntimes, request


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
