"""Ctrl-C in the middle of an apply: what is under way is waited for, and a second one leaves it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dd_sync import __main__
from tests.cli.support import KEYS, rate, write_catalog
from tests.datadog.wild import reply, wild


def test_a_second_interrupt_leaves_the_requests_that_are_under_way(tmp_path: Path) -> None:
    write_catalog(tmp_path, "hung", "".join(rate(f"k{number}") for number in range(12)))
    sent, released = threading.Event(), threading.Event()

    def answer(number: int, line: str) -> bytes | None:
        if line.startswith("POST"):
            sent.set()
            released.wait(20)
            return None
        return reply(200, {"metadata": {"total_count": 0}} if "/search" in line else [])

    with wild(answer, at_once=True) as server:
        with subprocess.Popen(
            [sys.executable, "-m", "dd_sync", "apply", "--yes", "--host", server.url],
            env={**os.environ, **KEYS},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            assert sent.wait(20)
            process.send_signal(signal.SIGINT)
            waiting = process.stderr.readline()
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=15)
        assert not released.is_set()
        released.set()
    assert waiting == "dd-sync: waiting for the requests under way; interrupt again to leave them\n"
    assert process.returncode == 130
    assert told == (
        "dd-sync: 0 of 12 changes were made; the next apply goes on from there\n\ndd-sync: interrupted\n"
    )
    assert len([line for line in server.requests if line.startswith("POST")]) <= 8


@pytest.mark.parametrize("stdout", ["open", "closed", "none"])
def test_an_interrupted_program_ends_with_130_whatever_stdout_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stdout: str
) -> None:
    ended: list[int] = []
    stream = (tmp_path / "out").open("w")
    if stdout == "closed":
        stream.close()
    monkeypatch.setattr("sys.stdout", None if stdout == "none" else stream)
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("dd_sync.cli.run", lambda arguments: 130)
    monkeypatch.setattr("gc.freeze", lambda: None)
    monkeypatch.setattr("gc.set_threshold", lambda number: None)
    with pytest.raises(SystemExit):
        __main__.main()
    stream.close()
    assert ended == [130]
