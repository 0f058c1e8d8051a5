"""The worker reads a Prometheus as it is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import numpy as np
import pytest
import requests

from dd_sync.worker.prometheus import PrometheusSource
from tests.worker.memory import START, Memory, derivation, worker

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed"),
]
COUNTS = np.random.default_rng(5).poisson(60, 150).astype(float)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A counter read every 15 s for two and a half hours, which grows by COUNTS in each minute."""
    folder = tmp_path_factory.mktemp("prometheus")
    lines, total = ["# TYPE tx_count counter"], 0.0
    for minute, count in enumerate(COUNTS):
        for quarter in range(4):
            at = START - 150 * 60 + 60 * minute + 15 * quarter
            lines.append(f'tx_count_total{{tenant="acme"}} {total + count * quarter / 4} {at}')
        total += count
    lines += [f'tx_count_total{{tenant="acme"}} {total} {START}', "# EOF", ""]
    (folder / "metrics.txt").write_text("\n".join(lines), "utf-8")
    importing = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "metrics.txt", "data"]
    subprocess.run(importing, cwd=folder, check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("{}", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    serving = [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address={address}",
    ]
    with subprocess.Popen(serving, cwd=folder, stderr=subprocess.DEVNULL) as server:
        try:
            yield ready(f"http://{address}")
        finally:
            server.terminate()


def ready(url: str) -> str:
    for _ in range(100):
        try:
            if requests.get(f"{url}/-/ready", timeout=1).status_code == 200:
                return url
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError("prometheus did not start")


def test_the_gauges_are_those_of_the_counts_themselves(prometheus: str) -> None:
    memory = Memory(now=START)
    found = worker(memory, source=PrometheusSource(prometheus, requests.Session()))
    found.begin()
    done = found.round()
    assert (done.failures, done.points) == ({}, 54)
    for minute, value in memory.gauge().items():
        at = 150 + minute
        past = COUNTS[at - 30 : at]
        assert value == pytest.approx((COUNTS[at] - past.mean()) / past.std(), abs=1e-6)


def test_what_prometheus_refuses_is_told_in_its_words(prometheus: str) -> None:
    memory = Memory(now=START)
    plan = derivation(by=("tenant",), query="sum:tx.count{*} by {tenant}.as_count()")
    found = worker(memory, plan, source=PrometheusSource(f"{prometheus}/no-such-base", requests.Session()))
    found.begin()
    (error,) = found.round().failures.values()
    assert "answered 404" in error.problem
