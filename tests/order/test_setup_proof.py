"""Slow proofs of the set-up: real clones and real installs, so they need the package index."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

# One after the other: each takes the machine for itself.
pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("set-up")]
SET_UP_SECONDS = 90
AGAIN_SECONDS = 20


@pytest.fixture
def clone(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(root), str(folder)], check=True)
    return folder


def environ() -> dict[str, str]:
    """As in a person's own shell: nothing of the make or the environment that runs this test."""
    ours = ("MAKE", "MFLAGS", "PYTHON", "VIRTUAL_ENV", "HYPOTHESIS", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def make(folder: Path, target: str) -> float:
    """CPU seconds of the target and all it starts: wall time would judge whatever else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["make", target], cwd=folder, env=environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def left_behind(folder: Path) -> list[str]:
    told = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"], cwd=folder, capture_output=True, text=True, check=True
    )
    return told.stdout.splitlines()


def test_the_demo_sets_itself_up_in_time_and_leaves_only_its_environment(clone: Path) -> None:
    assert make(clone, "demo") < SET_UP_SECONDS
    assert make(clone, "demo") < AGAIN_SECONDS
    assert left_behind(clone) == ["!! .venv/"]


def test_a_set_up_killed_anywhere_is_mended_by_the_next(clone: Path) -> None:
    for seconds in (1, 6, 12):
        process = subprocess.Popen(
            ["make", "setup"], cwd=clone, env=environ(), stdout=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    make(clone, "setup")
    subprocess.run([clone / ".venv/bin/dd-sync", "--version"], check=True, capture_output=True)
    subprocess.run([clone / ".venv/bin/python", "-m", "pip", "check"], check=True, capture_output=True)
