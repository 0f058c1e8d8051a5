"""The process: its socket, its end, and what survives it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dd_sync.errors import RequestError
from dd_sync.evaluate.replay import replay
from dd_sync.evaluate.rule import Rule
from dd_sync.local import serve
from dd_sync.local.clock import SimulatedClock, machine_clock, until_next_minute
from dd_sync.local.database import FILE
from dd_sync.local.engine import Engine
from dd_sync.local.normal import definition_of
from dd_sync.local.serve import base_url, run, serving
from dd_sync.local.store import Store
from tests.local.client import START, Client, downtime, monitor

PROGRAM = """
import sys
from pathlib import Path
from dd_sync.local.serve import run
run(0, Path(sys.argv[1]), on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def process(data: Path) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    command = [sys.executable, "-c", PROGRAM, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server, Client(server.stdout.readline().strip())
        finally:
            server.kill()


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: dict[str, list[Any]] = {"monitors": [], "downtimes": [], "points": []}
    with process(tmp_path) as (server, datadog):
        stop = threading.Event()

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    acknowledged["monitors"].append(datadog.create(name=f"m{number}")["id"])
                    acknowledged["downtimes"].append(datadog.silence(f"tenant:t{number}")["id"])
                    now = int(time.time())
                    series = {"metric": "a", "points": [[now - number, 1]]}
                    datadog.done("POST", "/api/v1/series", {"series": [series]})
                    acknowledged["points"].append(now - number)
                except (OSError, AssertionError):
                    return

        writer = threading.Thread(target=write)
        writer.start()
        while len(acknowledged["points"]) < 20 and writer.is_alive():
            time.sleep(0.01)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        stop.set()
        writer.join()
    assert len(acknowledged["points"]) >= 20
    store = Store(tmp_path)
    assert {one.id for one in store.monitors.all()} >= set(acknowledged["monitors"])
    assert {one.id for one in store.downtimes.all()} >= set(acknowledged["downtimes"])
    assert store.points.count()[1] >= len(set(acknowledged["points"]))
    store.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_nothing_to_say(tmp_path: Path, number: signal.Signals) -> None:
    with process(tmp_path) as (server, datadog):
        datadog.create()
        server.send_signal(number)
        out, err = server.communicate(timeout=10)
        assert (server.returncode, out, err) == (0, "stopped\n", "")


def test_a_restart_answers_as_before(tmp_path: Path) -> None:
    clock = SimulatedClock(START)
    with serving(tmp_path, clock=clock) as url:
        datadog = Client(url)
        made = datadog.create(tags=["b:2", "a:1"])
        datadog.silence("tenant:acme", message="INC-123")
        before = [datadog.done("GET", path) for path in ("/api/v1/monitor", "/api/v2/downtime")]
    with serving(tmp_path, clock=clock) as url:
        datadog = Client(url)
        assert [datadog.done("GET", path) for path in ("/api/v1/monitor", "/api/v2/downtime")] == before
        assert datadog.create(name="new")["id"] > made["id"]


def test_nothing_is_left_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving() as url:
        Client(url).create()
    assert list(tmp_path.iterdir()) == []


def test_the_state_is_its_owners_alone(tmp_path: Path) -> None:
    Store(tmp_path / "deep" / "data").close()
    assert (tmp_path / "deep" / "data" / FILE).stat().st_mode & 0o077 == 0
    assert (tmp_path / "deep" / "data").stat().st_mode & 0o077 == 0


def test_no_key_reaches_the_disk(tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        datadog = Client(url)
        datadog.create()
        datadog.post("/api/v2/downtime", downtime())
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Stream creation" in kept
    for key in datadog.headers.values():
        assert key.encode() not in kept


def test_two_on_one_folder_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(RequestError, match="cannot be used: database is locked") as refused:
        Store(tmp_path)
    assert "one local Datadog on it at a time" in refused.value.hint
    store.close()


def test_a_folder_of_another_version_or_of_something_else_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    connection = sqlite3.connect(other / FILE)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(RequestError, match="written by version 99"):
        Store(other)
    (tmp_path / FILE).write_bytes(b"no database, " * 100)
    with pytest.raises(RequestError, match="not a database"):
        Store(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match=r"cannot be used: File exists$"):
        Store(tmp_path / "file")


def test_a_write_that_fails_leaves_nothing_behind() -> None:
    store = Store()

    def write() -> None:
        with store.transaction():
            store.downtimes.all()
            with store.transaction():
                store.monitors.insert({"name": "half"}, machine_clock())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert store.monitors.all() == []
    store.close()


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RequestError) as refused:
            run(port, None)
    assert refused.value.problem == f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert "--port 0" in refused.value.hint


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("not a host", 0), ("192.0.2.1", 0)])
def test_an_address_that_cannot_be_used_is_told(host: str, port: int) -> None:
    with pytest.raises(RequestError, match="cannot listen on"):
        run(port, None, host)


def test_the_url_of_an_ipv6_address_is_bracketed() -> None:
    try:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with listening:
        assert base_url(listening).startswith("http://[::1]:")


def test_the_loopback_is_all_it_listens_on() -> None:
    with serving() as url:
        assert url.startswith("http://127.0.0.1:")


def test_the_minute_comes_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minutes are made short here; that each evaluates is what is claimed."""
    monkeypatch.setattr(serve, "until_next_minute", lambda _: 0.01)
    with serving() as url:
        datadog = Client(url)
        datadog.create()
        deadline = time.monotonic() + 10
        while datadog.done("GET", "/local/status")["evaluated"] is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert datadog.done("GET", "/local/status")["evaluated"] is not None


def test_an_evaluation_that_fails_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = []
    again = threading.Event()

    def evaluate(_: object, until: datetime) -> None:
        calls.append(until)
        if len(calls) > 2:
            again.set()
        raise ZeroDivisionError

    monkeypatch.setattr(serve, "until_next_minute", lambda _: 0.01)
    monkeypatch.setattr("dd_sync.local.engine.Engine.evaluate", evaluate)
    with caplog.at_level(logging.ERROR), serving():
        assert again.wait(10)
    assert caplog.messages[0] == "evaluation failed; it is tried again in a minute"


@pytest.mark.parametrize(("second", "wait"), [(0, 60.0), (1, 59.0), (59, 1.0)])
def test_the_next_minute_is_whole(second: int, wait: float) -> None:
    assert until_next_minute(datetime.fromisoformat(f"2026-03-02T00:00:{second:02}+00:00")) == wait


def test_a_thousand_monitors_are_listed_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.transaction():
        for number in range(1000):
            store.monitors.insert(definition_of(monitor(name=f"m{number}", tags=["a:b"])), machine_clock())
    store.close()
    with serving(tmp_path) as url:
        assert len(Client(url).done("GET", "/api/v1/monitor?monitor_tags=a:b")) == 1000


def test_a_stop_does_not_wait_for_all_that_is_to_be_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    store, evaluated = Store(), []
    for number in range(3):
        store.monitors.insert(definition_of(monitor(name=f"m{number}")), START)
    engine = Engine(store)

    def patched(rule: Rule, *given: Any, **named: Any) -> Any:
        evaluated.append(rule.monitor_id)
        engine.stop()
        return replay(rule, *given, **named)

    monkeypatch.setattr("dd_sync.local.engine.replay", patched)
    assert engine.evaluate(START).monitors == len(evaluated) == len(store.verdicts.all()) == 1
    store.close()
