"""Whatever goes wrong on the way, a snooze ends, covers one tenant, and is there once."""

from __future__ import annotations

import itertools
import json
import urllib.request
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from dd_sync.datadog.client import connect
from dd_sync.datadog.retry import Patience
from dd_sync.errors import DatadogError, RequestError
from dd_sync.local.clock import SimulatedClock
from dd_sync.model.downtime import Downtime
from dd_sync.snooze.calls import snooze
from dd_sync.snooze.current import Wanted, end, extend
from dd_sync.snooze.request import LONGEST, Policy, request_snooze
from tests.proof.proxy import FAULTS, PASS, Proxy

KEYS = {"DD_API_KEY": "a1" * 16, "DD_APP_KEY": "b2" * 20}
DAY = timedelta(days=1)
TENANTS = st.sampled_from(["acme", "birch", "acme-2"])
# What reaches Datadog twice it carries out twice: a start of "now" is another one each time. Looking again
# takes one away, which these histories may keep it from; that is claimed below.
REQUESTS = st.lists(st.sampled_from([*[PASS] * 6, *(set(FAULTS) - {"twice"})]), max_size=6)
MINUTES = st.integers(1, 30 * 60)
_numbers = itertools.count(1)


class Killed(BaseException):
    """The process ended here: whatever would have come next did not."""


class Mortal:
    """The port `Downtimes`, with a process that ends right after its first write."""

    def __init__(self, downtimes: Any) -> None:
        self._downtimes = downtimes

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._downtimes, name)

        def mortal(*given: Any, **named: Any) -> Any:
            done = call(*given, **named)
            if name != "list":
                raise Killed
            return done

        return mortal


class Histories(RuleBasedStateMachine):
    proxy: ClassVar[Proxy]
    clock: ClassVar[SimulatedClock]

    def __init__(self) -> None:
        super().__init__()
        self.catalog = f"snoozes-{next(_numbers)}"
        # Nobody waits here: what is slept is not.
        patience = Patience(sleep=lambda _: None, jitter=lambda: 0.0)
        self.datadog = connect(KEYS, host=self.proxy.url, patience=patience)
        self.foreign = self.call(
            "POST",
            {
                "scope": "tenant:acme",
                "monitor_identifier": {"monitor_tags": ["*"]},
                "message": "dd-sync snooze · catalog theirs",
            },
        )["data"]
        self.overridden: set[str] = set()

    def call(self, method: str, attributes: dict[str, Any] | None = None, path: str = "") -> Any:
        """Straight to Datadog, past the proxy."""
        body = {"data": {"type": "downtime", "attributes": attributes}} if attributes else None
        request = urllib.request.Request(
            f"{self.proxy.upstream}/api/v2/downtime{path}",
            json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json", "DD-API-KEY": "k", "DD-APPLICATION-KEY": "k"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def live(self) -> list[Downtime]:
        answer = self.call("GET", path="?current_only=true&page[limit]=1000")
        found = [Downtime.from_json(item) for item in answer["data"]]
        return [one for one in found if f"catalog {self.catalog}\n" in one.message]

    @rule(
        tenant=TENANTS,
        minutes=MINUTES,
        faults=REQUESTS,
        longer=st.booleans(),
        dies=st.sampled_from([False, False, True]),
    )
    def somebody_snoozes(
        self, tenant: str, minutes: int, faults: list[str], longer: bool, dies: bool
    ) -> None:
        policy = Policy(DAY, "it takes longer" if longer else None)
        self.proxy.faults = list(faults)
        port: Any = Mortal(self.datadog.downtimes) if dies else self.datadog.downtimes
        try:
            request = request_snooze(
                tenant,
                duration=timedelta(minutes=minutes),
                now=self.clock(),
                reason="history",
                owner="ops",
                policy=policy,
                catalog=self.catalog,
                tenant_tag="tenant",
            )
            done = snooze(port, request, policy, sleep=lambda _: None)
            # An answer that says it is done can be relied on.
            assert done.snooze.end is not None
            assert request.end is not None
            assert done.snooze.end >= request.end - DAY / 20
            assert any(one.id == done.snooze.id for one in self.live())
        except (DatadogError, RequestError, Killed):
            pass
        finally:
            self.proxy.calm()

    @rule(tenant=TENANTS, minutes=MINUTES, faults=REQUESTS)
    def somebody_extends(self, tenant: str, minutes: int, faults: list[str]) -> None:
        self.proxy.faults = list(faults)
        try:
            list(
                extend(
                    self.datadog.downtimes,
                    Wanted(tenant),
                    Policy(DAY),
                    catalog=self.catalog,
                    longer=timedelta(minutes=minutes),
                )
            )
        except (DatadogError, RequestError):
            pass
        finally:
            self.proxy.calm()

    @rule(tenant=TENANTS, faults=REQUESTS)
    def somebody_ends(self, tenant: str, faults: list[str]) -> None:
        before = {one.id for one in self.live() if one.scope == f"tenant:{tenant}"}
        self.proxy.faults = list(faults)
        try:
            ended = list(end(self.datadog.downtimes, Wanted(tenant), catalog=self.catalog))
            done = {one.snooze.id for one in ended if one.failure is None}
            assert done <= before
            assert not done & {one.id for one in self.live()}
        except (DatadogError, RequestError):
            pass
        finally:
            self.proxy.calm()

    @rule(minutes=st.integers(1, 12 * 60))
    def time_passes(self, minutes: int) -> None:
        self.clock.move(self.clock() + timedelta(minutes=minutes))

    @invariant()
    def each_ends_covers_one_tenant_and_is_there_once(self) -> None:
        live = self.live()
        scopes = [one.scope for one in live]
        assert len(scopes) == len(set(scopes)), "a tenant has two"
        assert set(scopes) <= {"tenant:acme", "tenant:birch", "tenant:acme-2"}
        for one in live:
            assert "dd_sync_snooze:allowed" in one.monitor_tags
            assert one.start is not None
            assert one.end is not None
            length = one.end - one.start
            # Datadog begins a moment after the end was reckoned.
            assert length <= (LONGEST if "longer than policy: " in one.message else DAY)
            assert length > DAY or "longer than policy: " not in one.message

    def teardown(self) -> None:
        theirs = self.call("GET", path=f"/{self.foreign['id']}")["data"]["attributes"]
        assert (theirs["status"], theirs["modified"]) == ("active", self.foreign["attributes"]["modified"])
        for one in [*self.live(), Downtime.from_json(self.foreign)]:
            self.datadog.downtimes.cancel(one.id)
        self.datadog.close()
        self.proxy.passed.clear()


def histories(proxy: Proxy, clock: SimulatedClock, number: int, steps: int, *, same: bool) -> None:
    Histories.proxy, Histories.clock = proxy, clock
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=number,
            stateful_step_count=steps,
            deadline=None,
            derandomize=same,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_after_any_history_a_snooze_ends_covers_one_tenant_and_is_there_once(
    proxy: Proxy, clock: SimulatedClock
) -> None:
    histories(proxy, clock, 12, 8, same=True)


def test_a_request_that_reaches_datadog_twice_makes_one(proxy: Proxy, clock: SimulatedClock) -> None:
    datadog = connect(KEYS, host=proxy.url)
    request = request_snooze(
        "acme",
        duration=timedelta(hours=1),
        now=clock(),
        reason="twice",
        owner="ops",
        policy=Policy(DAY),
        catalog="twice",
        tenant_tag="tenant",
    )
    proxy.faults = [PASS, "twice"]
    done = snooze(datadog.downtimes, request, Policy(DAY), settle=True)
    live = [one for one in datadog.downtimes.list() if one.is_live and one.message == request.message]
    assert [one.id for one in live] == [done.snooze.id]
    datadog.downtimes.cancel(done.snooze.id)
    datadog.close()


@pytest.mark.prove
def test_after_five_hundred_histories_too(proxy: Proxy, clock: SimulatedClock) -> None:
    histories(proxy, clock, 500, 15, same=False)
