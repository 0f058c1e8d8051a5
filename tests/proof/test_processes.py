"""Real processes: killed at any write, or two at once, they end with one monitor per key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.proof.proxy import Passed, Proxy
from tests.proof.world import KEYS, World, query_of

LIMITS = "limits: {updates_percent: 100, deletes_percent: 100}\n"


@pytest.fixture
def world(proxy: Proxy) -> Iterator[World]:
    world = World(proxy)
    yield world
    proxy.calm()
    world.check_foreign()
    world.close()


def write(folder: Path, world: World, keys: str) -> None:
    (folder / "catalog.yaml").write_text(f"catalog: {world.catalog}\n{LIMITS}", "utf-8")
    monitors = "".join(
        f"  - key: {key}\n    name: {key} of {world.catalog}\n    message: m\n"
        f"    guard: {{rate: {{metric: proof.{key}, by: [tenant], window: 1h, above: '${{limit}}'}}}}\n"
        for key in keys
    )
    tunable = "tunables:\n  limit: {env: PROOF_LIMIT, default: 500, min: 1, max: 1000, unit: things}\n"
    (folder / "all.yaml").write_text(f"{tunable}monitors:\n{monitors}", "utf-8")


def start(folder: Path, world: World, *command: str, env: Mapping[str, str] | None = None) -> Any:
    return subprocess.Popen(
        [sys.executable, "-m", "dd_sync", *command, "--catalog", str(folder), "--host", world.proxy.url],
        env={**os.environ, **KEYS, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(folder: Path, world: World, env: Mapping[str, str] | None = None) -> None:
    """One more apply as a process, and the second of it changes nothing."""
    world.proxy.calm()
    with start(folder, world, "apply", "--yes", env=env) as process:
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, out + err
    written = len(world.proxy.writes)
    with start(folder, world, "plan", "--detailed-exitcode", env=env) as process:
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert len(world.proxy.writes) == written


@pytest.mark.parametrize("writes", [1, 3])
def test_killed_after_a_write_and_run_again_the_end_is_the_same(
    world: World, tmp_path: Path, writes: int
) -> None:
    write(tmp_path, world, "abcd")
    process = start(tmp_path, world, "apply", "--yes")

    def kill(passed: Passed) -> None:
        if len(world.proxy.writes) == writes:
            process.kill()

    world.proxy.on_write = kill
    with process:
        process.communicate(timeout=30)
    assert process.returncode == -9
    assert writes <= len(world.by_key()) <= 4
    finish(tmp_path, world)
    assert {key: len(found) for key, found in world.by_key().items()} == dict.fromkeys("abcd", 1)


def test_two_applies_at_once_end_with_one_monitor_per_key_and_the_lowest_id(
    world: World, tmp_path: Path
) -> None:
    write(tmp_path, world, "abc")
    # Not empty, or each create would be searched for first, and the two would rarely meet.
    world.post("kept", 500, world.marks("kept"))
    (tmp_path / "kept.yaml").write_text(
        f"monitors:\n  - {{key: kept, name: kept of {world.catalog}, type: query alert, message: m, "
        f"query: '{query_of('kept', 500)}'}}\n",
        "utf-8",
    )
    have_read, lists = threading.Event(), []

    def meet(method: str, path: str) -> None:
        """No create passes before both have read twice that there is none: for the plan, and to apply it."""
        if method == "POST":
            assert have_read.wait(20)
        else:
            lists.append(path)
            if len(lists) == 4:
                threading.Timer(0.3, have_read.set).start()

    world.proxy.on_request = meet
    environments: list[dict[str, str]] = [{"PROOF_LIMIT": "100"}, {"PROOF_LIMIT": "800"}]
    processes = [
        start(tmp_path, world, "apply", "--yes", "--format", "json", env=env) for env in environments
    ]
    reports = []
    for process in processes:
        with process:
            out, err = process.communicate(timeout=30)
            assert process.returncode in (0, 4), out + err
            reports.append(json.loads(out))
    made = [one for one in world.proxy.passed if one.method == "POST" and one.status == 200]
    assert len(made) == 6, "they did not meet"
    left = world.by_key()
    assert {key: len(found) for key, found in left.items()} == dict.fromkeys(["a", "b", "c", "kept"], 1)
    for key in "abc":
        ids = [one.answer["id"] for one in made if f"dd_sync_key:{key}" in one.answer["tags"]]
        assert left[key][0]["id"] == min(ids)
    finish(tmp_path, world, env=environments[0])
