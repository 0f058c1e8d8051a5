"""Whatever goes wrong on the way, one more apply makes live what is declared, and harms nobody."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.proof.proxy import FAULTS, PASS, Proxy
from tests.proof.world import World

NAMES = st.sampled_from("abcdef")
LIMITS = st.sampled_from([100, 500, 800])
# Most requests pass, or no history would get far.
REQUESTS = st.lists(st.sampled_from([*[PASS] * 10, *FAULTS]), max_size=25)


class Histories(RuleBasedStateMachine):
    proxy: ClassVar[Proxy]
    run: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.proxy)
        Histories.run += 1

    @rule(keys=st.sets(NAMES, min_size=1), limit=LIMITS)
    def declare(self, keys: set[str], limit: int) -> None:
        # A key that another monitor is said to have had is refused by name.
        for key in sorted(keys - self._former()):
            self.world.declare(key, limit)

    @precondition(lambda self: len(self._parts()) >= 2)
    @rule(data=st.data())
    def declare_composite(self, data: Any) -> None:
        parts = data.draw(st.sets(st.sampled_from(self._parts()), min_size=2, max_size=3))
        self.world.declare("z", 0, sorted(parts))

    @rule(key=st.sampled_from("abcdefuvwz"))
    def drop(self, key: str) -> None:
        self.world.drop(key)

    @precondition(lambda self: bool(self._parts()))
    @rule(data=st.data(), to=st.sampled_from("uvw"), limit=LIMITS)
    def rename(self, data: Any, to: str, limit: int) -> None:
        old = data.draw(st.sampled_from(self._parts()))
        live = self.world.by_key()
        taken = {*self.world.declared, *live, *self._former()}
        if to not in taken and old not in self._former():
            self.world.drop(old)
            self.world.declare(to, limit, was=old)

    @precondition(lambda self: bool(self._parts()))
    @rule(data=st.data(), logs=st.booleans(), limit=LIMITS)
    def declare_as_another_type(self, data: Any, logs: bool, limit: int) -> None:
        key = data.draw(st.sampled_from(self._parts()))
        self.world.declare(key, limit, was=self.world.declared[key].was, logs=logs)

    @rule(at=st.integers(1, 8))
    def apply_twice_at_once(self, at: int) -> None:
        self.world.apply_twice_at_once(at)
        self.world.check_foreign()

    @rule(data=st.data(), field=st.sampled_from(["message", "query", "tags", "options", "gone"]))
    def somebody_edits(self, data: Any, field: str) -> None:
        live = [one for one in self.world.ours() if one["type"] != "composite"]
        if not live:
            return
        monitor = data.draw(st.sampled_from(sorted(live, key=lambda one: str(one["name"]))))
        if field == "gone":
            self.world.call("DELETE", f"/api/v1/monitor/{monitor['id']}?force=true")
        elif field == "tags":
            self.world.edit(monitor, tags=[*monitor["tags"], "added:by-hand"])
        elif field == "options":
            self.world.edit(monitor, options={**monitor["options"], "renotify_interval": 30})
        elif field == "query":
            query = monitor["query"].rpartition(">")[0] + "> 42"
            thresholds = {"critical": 42}
            self.world.edit(monitor, query=query, options={**monitor["options"], "thresholds": thresholds})
        else:
            self.world.edit(monitor, message="edited by hand")

    @rule(
        faults=REQUESTS,
        lag=st.sampled_from([0, 0, 1, 3]),
        kill_after=st.sampled_from([None, None, None, 1, 2, 4]),
        allow=st.booleans(),
    )
    def apply(self, faults: list[str], lag: int, kill_after: int | None, allow: bool) -> None:
        self.proxy.faults, self.proxy.lag = list(faults), lag
        self.world.apply(allow_deletes=1_000 if allow else None, kill_after=kill_after)
        self.proxy.calm()
        self.world.check_foreign()

    def teardown(self) -> None:
        try:
            self.world.finish()
        finally:
            self.world.close()
            self.proxy.passed.clear()

    def _parts(self) -> list[str]:
        return sorted(key for key, one in self.world.declared.items() if not one.references)

    def _former(self) -> set[str]:
        return {one.was for one in self.world.declared.values() if one.was}


def histories(proxy: Proxy, number: int, steps: int, *, same: bool) -> int:
    """Runs so many histories and gives their number; same: the same ones each time."""
    Histories.proxy, Histories.run = proxy, 0
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
    return Histories.run


def test_after_any_history_one_more_apply_makes_live_what_is_declared(proxy: Proxy) -> None:
    assert histories(proxy, 30, 6, same=True) >= 30


@pytest.mark.prove
def test_after_a_thousand_histories_too(proxy: Proxy) -> None:
    assert histories(proxy, 1_000, 12, same=False) >= 1_000
