"""What the measured commands work on: generated catalogs and a local Datadog, made when first asked for."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.measure import Failed
from tests.bench.unit_test import write_promtool, write_scenario

PROJECT = Path(__file__).resolve().parents[2]
DD_SYNC = str(Path(sys.executable).with_name("dd-sync"))
GUARDS_A_FILE = 100
_THRESHOLD = re.compile(r"[<>=] ?\d+\Z")
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

RAW = """\
  - key: raw-{number}
    name: Raw {number} is high
    type: query alert
    query: sum(last_1h):sum:bench.created_{number}{{env:prod}} by {{tenant}}.as_count() > {above}
    message: |
      {{{{tenant.name}}}} created {{{{value}}}} in the last hour (limit {{{{threshold}}}}).
      Look at the runbook before anybody is woken. @slack-bench
    tags: [team:bench, service:bench-{service}]
    priority: {priority}
    options:
      thresholds: {{critical: {above}, warning: {warning}}}
      notify_no_data: false
      renotify_interval: 60
      evaluation_delay: 60
      require_full_window: false
      include_tags: true
"""
# What recorded answers hold beside what was sent.
ANSWERED = {
    "org_id": 1,
    "multi": True,
    "created_at": 1765465762000,
    "created": "2025-12-11T15:09:22.551561+00:00",
    "modified": "2025-12-11T15:09:22.551561+00:00",
    "deleted": None,
    "restricted_roles": None,
    "draft_status": "published",
    "assets": [],
    "overall_state_modified": None,
    "overall_state": "No Data",
    "creator": {"name": "Bench", "handle": "bench@example.com", "email": "bench@example.com", "id": 7},
    "matching_downtimes": [],
}
FILLED_IN = {"notify_audit": False, "silenced": {}, "new_host_delay": 300}
PAGE = 1000


class Stage:
    """Everything lives in one temporary folder and ends with the `with` block."""

    def __init__(self, folder: Path, ends: ExitStack) -> None:
        self._folder = folder
        self._ends = ends
        self._catalogs: dict[int, Path] = {}
        self._raw: dict[int, Path] = {}
        self._canned: dict[int, str] = {}

    def catalog(self, guards: int) -> Path:
        """A catalog of that many guards, every other one a spike, with no problem in it."""
        if guards not in self._catalogs:
            self._catalogs[guards] = _write_catalog(self._folder / f"catalog-{guards}", guards)
        return self._catalogs[guards]

    def raw_catalog(self, monitors: int) -> Path:
        """A catalog of that many monitors in Datadog's own form."""
        if monitors not in self._raw:
            self._raw[monitors] = _write_raw(self._folder / f"raw-{monitors}", monitors)
        return self._raw[monitors]

    def queries(self, number: int) -> Path:
        """That many lines for `query parse --jsonl`, of every form there is."""
        path = self._folder / f"queries-{number}.jsonl"
        if not path.exists():
            path.write_text("".join(islice(_query_lines(), number)), "utf-8")
        return path

    def scenarios(self, scenarios: int, tenants: int) -> Path:
        """A catalog with that many scenarios of a day, each of that many tenants."""
        folder = self._folder / f"scenarios-{scenarios}-{tenants}"
        return folder if folder.exists() else write_scenario(folder, tenants, scenarios)

    def promtool(self, tenants: int) -> Path:
        """The unit test of promtool that is the same as one scenario of that many tenants."""
        folder = self._folder / f"promtool-{tenants}"
        return folder / "test.yml" if folder.exists() else write_promtool(folder, tenants)

    def canned(self, monitors: int) -> str:
        """Base URL of a server whose canned pages are the raw catalog of that many monitors, in sync."""
        if monitors not in self._canned:
            pages = _write_pages(self._folder / f"live-{monitors}", self._rendered(monitors))
            self._canned[monitors] = self._serve(pages)
        return self._canned[monitors]

    def slow(self, latency: float) -> str:
        """Base URL of a server that has no monitor yet, and takes so many seconds for each answer."""
        return self._serve(self._folder, str(latency))

    def _rendered(self, monitors: int) -> list[dict[str, Any]]:
        command = (DD_SYNC, "render", "--catalog", str(self.raw_catalog(monitors)))
        done = subprocess.run(
            command, env={**os.environ, **self.environ}, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise Failed(f"the stage could not be set: dd-sync render ended with exit {done.returncode}")
        bodies: list[dict[str, Any]] = json.loads(done.stdout)
        return bodies

    def _serve(self, *arguments: Path | str) -> str:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.canned", *map(str, arguments)],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._ends.callback(server.wait)
        self._ends.callback(server.terminate)
        assert server.stdout
        self._ends.enter_context(server.stdout)
        return server.stdout.readline().strip()

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


def _query_lines() -> Iterator[str]:
    corpora = (PROJECT / "tests/query" / name for name in ("corpus.txt", "corpus_alerts.txt"))
    shapes = [line for path in corpora for line in path.read_text("utf-8").splitlines() if line[:1] != "#"]
    for number in count():
        for shape in shapes:
            # A threshold of its own each time: what is remembered of one line is of no use to the next.
            query = _THRESHOLD.sub(rf"\g<0>{number}", shape)
            yield json.dumps({"query": query}) + "\n"


def _write_raw(folder: Path, monitors: int) -> Path:
    folder.mkdir()
    (folder / "catalog.yaml").write_text("catalog: bench\n")
    for first in range(0, monitors, GUARDS_A_FILE):
        raw = "".join(_raw(number) for number in range(first, min(first + GUARDS_A_FILE, monitors)))
        (folder / f"raw-{first:06}.yaml").write_text(f"monitors:\n{raw}")
    return folder


def _raw(number: int) -> str:
    above = number % 900 + 100
    return RAW.format(
        number=number, above=above, warning=above * 4 // 5, service=number % 50, priority=number % 5 + 1
    )


def _write_pages(folder: Path, bodies: list[dict[str, Any]]) -> Path:
    """The bodies as Datadog answers them, in pages."""
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    live = [answered(number, body) for number, body in enumerate(bodies, 1)]
    for page in range(0, len(live), PAGE):
        (folder / f"pages/{page // PAGE}.json").write_text(json.dumps(live[page : page + PAGE]))
    return folder


def answered(number: int, body: dict[str, Any]) -> dict[str, Any]:
    thresholds = {name: float(value) for name, value in body["options"]["thresholds"].items()}
    options = {**body["options"], "thresholds": thresholds, **FILLED_IN}
    return {"id": number, **ANSWERED, **body, "message": body["message"].rstrip(), "options": options}


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
