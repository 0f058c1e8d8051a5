"""The worker as it is run: from the catalog's guards to an alert, and to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dd_sync.cli.app import App
from dd_sync.datadog.client import connect
from dd_sync.datadog.retry import Patience
from dd_sync.local.serve import serving
from tests.cli.support import KEYS, Run, write_catalog
from tests.local.client import START, Client
from tests.worker.conftest import GUARDS

# 62 on average, and a spike of 223 twelve minutes after START.
FLOWING = [60.0, 64.0, 62.0] * 24 + [223.0] + [60.0, 64.0, 62.0] * 10


@pytest.fixture
def catalog(tmp_path: Path) -> None:
    write_catalog(tmp_path, "chain", GUARDS)


def gauge(datadog: Client, key: str, metric: str = "dd_sync.zscore") -> dict[int, float]:
    """Its points by minutes after START."""
    start = int(START.timestamp())
    found = datadog.done(
        "GET",
        f"/api/v1/query?from={start - 3600}&to={start + 7200}"
        f"&query=max:{metric}{{dd_sync_key:{key}}}by{{tenant}}.rollup(max,60)",
    )["series"]
    return {(int(at) // 1000 - start) // 60: value for one in found for at, value in one["pointlist"]}


@pytest.mark.usefixtures("catalog")
def test_raw_series_become_an_alert_of_a_zscore_monitor(datadog: Client, dd_sync: Run) -> None:
    datadog.points("acme", FLOWING, ago=60, metric="tx.count")
    assert dd_sync("apply", "--yes").code == 0
    datadog.advance("10m")
    for _ in range(6):
        datadog.advance("1m")
        done = dd_sync("worker", "--once")
        assert (done.code, done.out) == (0, "")
    # The bucket of 00:12 is over at 00:13, judged at 00:14, and seen by the evaluation after that.
    told = datadog.told()
    assert [(at, kind) for at, _, kind in told] == [("00:15", "alert"), ("00:15", "alert")]
    points = gauge(datadog, "tx-z")
    assert [at for at in points if at >= 0] == list(range(15))
    assert max(points, key=lambda at: points[at]) == 12
    assert gauge(datadog, "tx-ewma", "dd_sync.ewma_deviation")[12] == pytest.approx(259, abs=5)
    assert "points of 2 gauges from" in done.err
    assert KEYS["DD_API_KEY"] not in done.err


@pytest.mark.usefixtures("catalog")
def test_a_dry_run_shows_the_points_and_sends_none(datadog: Client, dd_sync: Run, tmp_path: Path) -> None:
    datadog.points("acme", FLOWING, ago=72, metric="tx.count")
    empty = "tx-z: its metric has no data of this time"
    assert empty not in dd_sync("worker", "--dry-run", "-v").err
    write_catalog(tmp_path, "chain", GUARDS.replace("tx.count", "nobody.sends.it"))
    assert empty in dd_sync("worker", "--dry-run", "-v").err
    write_catalog(tmp_path, "chain", GUARDS)
    done = dd_sync("worker", "--dry-run")
    assert done.code == 0
    assert "dd_sync.zscore  tenant:acme,dd_sync_key:tx-z,dd_sync_catalog:chain  " in done.out
    assert gauge(datadog, "tx-z") == {}
    # One line a point, oldest first within a gauge.
    times = [line[:23] for line in done.out.splitlines() if "tx-z" in line]
    assert times == sorted(times)
    assert len(times) == 54


@pytest.mark.usefixtures("catalog")
def test_a_worker_that_stood_still_says_what_it_cannot_send_any_more(datadog: Client, dd_sync: Run) -> None:
    datadog.points("acme", [60.0, 64.0] * 200, ago=120, metric="tx.count")
    dd_sync("worker", "--once")
    datadog.advance("2h")
    said = dd_sync("worker", "--once").err
    assert (
        "tx-z: nothing from 2026-03-01 23:59:00 UTC to 2026-03-02 01:05:00 UTC, and too late to send it"
        in said
    )


def test_a_catalog_without_such_guards_needs_no_worker(datadog: Client, dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "chain", "")
    done = dd_sync("worker", "--once")
    assert (done.code, "no guard of this catalog needs the worker" in done.err) == (0, True)


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "prometheus"], "write --source prometheus URL, or neither"),
        (["http://127.0.0.1:1"], "write --source prometheus URL, or neither"),
        (["--interval", "5s"], "'5s' is not 1m to 10m"),
        (["--delay", "2h"], "'2h' is not 1m to 30m"),
        (["--delay", "soon"], "'soon' is not a duration"),
        (["--source", "graphite"], "'graphite' is not one of"),
    ],
)
def test_a_wrong_request_is_said_before_anything_is_asked(
    datadog: Client, dd_sync: Run, arguments: list[str], said: str
) -> None:
    done = dd_sync("worker", "--once", *arguments)
    assert (done.code, said in done.err) == (64, True), done.err


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://a:b@c", "http://x/?q=1", "http://[", "x"])
def test_a_url_that_is_none_is_said(datadog: Client, dd_sync: Run, url: str) -> None:
    done = dd_sync("worker", "--once", "--source", "prometheus", url)
    assert (done.code, "this is not the URL of a Prometheus" in done.err) == (1, True), done.err


@pytest.mark.usefixtures("catalog")
def test_a_prometheus_that_is_away_fails_each_guard_and_the_run(datadog: Client, dd_sync: Run) -> None:
    done = dd_sync("worker", "--once", "--source", "prometheus", "http://127.0.0.1:9")
    assert done.code == 4
    assert "tx-z: query_range: Prometheus cannot be reached" in done.err
    assert "2 failed" in done.err


@pytest.mark.usefixtures("catalog")
def test_a_datadog_that_is_away_ends_one_round_and_not_the_worker(
    dd_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**KEYS, "DD_HOST": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name, value)
    once = Patience(retries=0)
    monkeypatch.setattr(App, "datadog", lambda self: connect(self.environ, patience=once))
    assert dd_sync("worker", "--once").code == 4
    waits: list[float] = []

    def wait(self: Any, seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return True

    monkeypatch.setattr(threading.Event, "wait", wait)
    before = signal.getsignal(signal.SIGTERM)
    done = dd_sync("worker")
    assert done.code == 0
    assert done.err.count("tried again") == 3
    assert "ended; the next start goes on from here" in done.err
    assert waits[0] > 50
    assert waits[2] > 220
    assert signal.getsignal(signal.SIGTERM) is before


def started(folder: Path, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dd_sync", "worker"],
        cwd=folder,
        env={**os.environ, **KEYS, "DD_HOST": url, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
    )


def until(process: subprocess.Popen[str], said: str) -> None:
    assert process.stderr
    for line in process.stderr:
        if said in line:
            return
    raise AssertionError(f"it ended without saying {said}")


@pytest.mark.usefixtures("catalog")
def test_killed_and_started_again_it_goes_on_and_sigterm_ends_it(tmp_path: Path) -> None:
    """On the machine's own clock, as it is run."""
    now = int(time.time()) // 60 * 60
    points = [{"timestamp": now - 60 * ago, "value": 60 + ago % 3} for ago in range(150)]
    series = {"metric": "tx.count", "type": 1, "interval": 60, "points": points}
    with serving() as url:
        client = Client(url)
        body = {"series": [{**series, "tags": ["env:prod", "tenant:acme"]}]}
        client.done("POST", "/local/series", body)
        with started(tmp_path, url) as process:
            until(process, "points of 2 gauges")
            process.kill()
        with started(tmp_path, url) as process:
            until(process, "points of 2 gauges")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        query = "max:dd_sync.zscore{*}by{tenant}.rollup(count,60)"
        found = client.done("GET", f"/api/v1/query?from={now - 3600}&to={now + 60}&query={query}")["series"]
    times = [int(at) // 1000 for at, _ in found[0]["pointlist"]]
    assert len(times) >= 53
    assert times == list(range(times[0], times[-1] + 60, 60)), "a minute is missing"
    assert {value for _, value in found[0]["pointlist"]} == {1.0}


@pytest.mark.usefixtures("catalog")
def test_points_that_a_monitor_could_not_see_any_more_are_told_of(
    datadog: Client, dd_sync: Run, tmp_path: Path
) -> None:
    said = dd_sync("worker", "--once", "--delay", "2m").err
    assert "late" not in said
    said = dd_sync("worker", "--once", "--delay", "15m").err
    late = "its monitor looks at the last 5m, and points come up to 16m late: give it `evaluation_delay: 13m`"
    assert f"tx-z: {late}" in said
    write_catalog(tmp_path, "chain", GUARDS.replace("    message", "    evaluation_delay: 13m\n    message"))
    assert "late" not in dd_sync("worker", "--once", "--delay", "15m").err


@pytest.mark.parametrize("delay", [0, 13])
def test_what_comes_late_is_seen_with_an_evaluation_delay(
    datadog: Client, dd_sync: Run, tmp_path: Path, delay: int
) -> None:
    more = f"    evaluation_delay: {delay}m\n    message" if delay else "    message"
    write_catalog(tmp_path, "chain", GUARDS.replace("    message", more))
    datadog.points("acme", FLOWING, ago=72, metric="tx.count")
    dd_sync("apply", "--yes")
    datadog.advance("14m")
    for _ in range(5):
        datadog.advance("1m")
        dd_sync("worker", "--once", "--delay", "15m")
    assert [kind for _, _, kind in datadog.told()].count("alert") == (2 if delay else 0)


@pytest.mark.usefixtures("catalog")
def test_points_go_on_after_a_round_that_failed(
    datadog: Client, dd_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    datadog.points("acme", FLOWING, ago=72, metric="tx.count")
    rounds = 0

    def wait(self: Any, seconds: float) -> bool:
        nonlocal rounds
        rounds += 1
        datadog.advance("1m")
        if rounds == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return True

    monkeypatch.setattr(threading.Event, "wait", wait)
    monkeypatch.setattr(App, "now", lambda _: datadog.now() if datadog.clock else datetime.now(UTC))
    done = dd_sync("worker")
    assert done.code == 0
    assert done.err.count("points of 2 gauges") == 4
    assert "2 points of 2 gauges from 2 buckets, 1 request" in done.err
