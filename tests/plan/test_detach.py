"""Detaching takes our tags off, and nothing else."""

from __future__ import annotations

import copy

from dd_sync.plan.detach import detach, detachment
from tests.plan.memory import MemoryMonitors, declare


def test_our_tags_go_and_everything_else_stays(datadog: MemoryMonitors) -> None:
    body = declare("a").monitor.body()
    own = ["dd_sync_snooze:allowed", "dd_sync_hold:review", "dd_sync_applied:1-abc"]
    before = datadog.put({**body, "tags": ["x:1", *body["tags"], *own]})
    copied = copy.deepcopy(before)
    done = detach(detachment(before["id"], datadog), datadog)
    assert done.kept == ("x:1", "team:risk")
    assert datadog.live[before["id"]] == {**copied, "tags": ["x:1", "team:risk"]}
    assert datadog.writes == [("update", (before["id"], {"tags": ["x:1", "team:risk"]}))]


def test_detached_twice_it_writes_once(datadog: MemoryMonitors) -> None:
    number = datadog.put(declare("a").monitor.body())["id"]
    planned = detachment(number, datadog)
    detach(planned, datadog)
    assert detach(planned, datadog).taken == ()
    assert len(datadog.writes) == 1
