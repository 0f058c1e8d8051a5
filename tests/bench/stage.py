"""What the measured commands work on: generated catalogs and a local Datadog, made when first asked for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import Failed

PROJECT = Path(__file__).resolve().parents[2]
DD_SYNC = str(Path(sys.executable).with_name("dd-sync"))
GUARDS_A_FILE = 100
SETTINGS = """\
catalog: bench
tenant_tag: tenant
levels:
  1: {handles: []}
  2: {handles: ["@slack-bench"]}
policy:
  required_tags: [team, service]
  handles: ["@slack-bench"]
  personal_tags: [user_id, email]
"""
RATE = """\
  - key: rate-{number}
    name: Rate {number} is high
    guard:
      rate:
        metric: bench.created_{number}
        scope: env:prod
        by: [tenant]
        window: 1h
        above: {above}
        warn_at: 80%
    message: "{{{{tenant.name}}}} created {{{{value}}}} in the last hour (limit {{{{threshold}}}})."
"""
SPIKE = """\
  - key: spike-{number}
    name: Spike {number}
    guard:
      spike:
        metric: bench.settled_{number}
        scope: env:prod
        by: [tenant]
        window: 1h
        times: 3
        floor: {above}
    message: "{{{{tenant.name}}}} is far above its usual level: {{{{value}}}}."
"""


class Stage:
    """Everything lives in one temporary folder and ends with the `with` block."""

    def __init__(self, folder: Path, ends: ExitStack) -> None:
        self._folder = folder
        self._ends = ends
        self._catalogs: dict[int, Path] = {}

    def catalog(self, guards: int) -> Path:
        """A catalog of that many guards, every other one a spike, with no problem in it."""
        if guards not in self._catalogs:
            self._catalogs[guards] = _write_catalog(self._folder / f"catalog-{guards}", guards)
        return self._catalogs[guards]

    @property
    def environ(self) -> Mapping[str, str]:
        """Keys that open nothing, and no address: a command that needs one gets it as `--host`."""
        keys = {"DD_API_KEY": "bench", "DD_APP_KEY": "bench"}
        # Compiled modules kept, whatever the shell says: else the compiler is what would be measured.
        compiled = {"PYTHONPYCACHEPREFIX": str(self._folder / "pycache"), "PYTHONDONTWRITEBYTECODE": ""}
        return {**keys, **compiled}

    @cached_property
    def datadog(self) -> str:
        """Base URL of a local Datadog that holds the monitors of this project's own catalog."""
        port = _free_port()
        server = subprocess.Popen(
            [DD_SYNC, "local", "serve", "--port", str(port), "--data", str(self._folder / "datadog")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._ends.callback(server.wait)
        self._ends.callback(server.terminate)
        _wait_for(port, server)
        url = f"http://127.0.0.1:{port}"
        done = subprocess.run(
            [DD_SYNC, "apply", "--yes", "--host", url, "--catalog", str(PROJECT / "monitors")],
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"the stage could not be set: dd-sync apply ended with exit {done.returncode}")
        return url


@contextmanager
def stage() -> Iterator[Stage]:
    with TemporaryDirectory(prefix="dd-sync-bench-") as folder, ExitStack() as ends:
        yield Stage(Path(folder), ends)


def _write_catalog(folder: Path, guards: int) -> Path:
    folder.mkdir()
    (folder / "catalog.yaml").write_text(SETTINGS)
    for first in range(0, guards, GUARDS_A_FILE):
        monitors = "".join(_monitor(number) for number in range(first, min(first + GUARDS_A_FILE, guards)))
        text = f"defaults: {{tags: [team:bench, service:bench], level: 2}}\nmonitors:\n{monitors}"
        (folder / f"guards-{first:06}.yaml").write_text(text)
    return folder


def _monitor(number: int) -> str:
    return (SPIKE if number % 2 else RATE).format(number=number, above=number % 900 + 100)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, server: subprocess.Popen[bytes], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise Failed(f"dd-sync local serve ended with exit {server.returncode}")
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Failed(f"dd-sync local serve did not answer within {seconds:.0f} s")
