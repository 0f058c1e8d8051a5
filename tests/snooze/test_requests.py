"""What a snooze asks of a large Datadog, and what it makes of one that refuses: through the command line."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dd_sync.cli import run
from dd_sync.cli.app import App

OWN = ["managed_by:dd-sync", "dd_sync_catalog:large", "dd_sync_snooze:allowed"]
MONITORS, TENANTS = 10_000, 20
ID = "3f0e6a52-6a0c-4d6f-8d7e-0f6f5c1c2d3e"


Refuse = Callable[[str, str], tuple[int, Any] | None]


@dataclass
class Large:
    """10,000 monitors of 20 tenants each. refuse: (status, body) for a request, or None to answer it."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    downtimes: list[dict[str, Any]] = field(default_factory=list)
    refuse: Refuse = lambda method, path: None

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(target)
        self.asked.append(f"{method} {parts.path}")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        refused = self.refuse(method, parts.path)
        if refused is not None:
            return refused
        if parts.path.endswith("/groups/search"):
            return 200, _groups(query)
        if parts.path.endswith("/monitor/search"):
            return 200, {"monitors": [], "counts": {}, "metadata": {"total_count": 0}}
        if method == "GET":
            first, size = int(query.get("page[offset]", 0)), int(query.get("page[limit]", 30))
            page = {"total_filtered_count": len(self.downtimes)}
            return 200, {"data": self.downtimes[first : first + size], "meta": {"page": page}}
        attributes = {**body["data"]["attributes"], "status": "active"}
        attributes["schedule"]["start"] = "2026-01-01T00:00:00+00:00"
        return 200, {"data": {"type": "downtime", "id": ID, "attributes": attributes}}


def _groups(query: dict[str, str]) -> Any:
    named = re.search(r'group:"tenant:([^"]*)"', query["query"])
    tenants = [f"tenant-{number:04}" for number in range(TENANTS)]
    if named is not None:
        tenants = [one for one in tenants if one == named[1]]
    size = int(query["per_page"])
    shown = [(number, tenant) for number in range(MONITORS) for tenant in tenants][:size]
    items = [
        {
            "monitor_id": number,
            "monitor_name": f"m{number}",
            "group": f"tenant:{tenant}",
            "group_tags": [f"tenant:{tenant}"],
            "all_tags": [*OWN, f"dd_sync_key:k{number}", f"tenant:{tenant}"],
            "status": "OK",
        }
        for number, tenant in shown
    ]
    total = MONITORS * len(tenants)
    counts = {"status": [{"name": "Alert", "count": total // 5}, {"name": "OK", "count": total * 4 // 5}]}
    return {"groups": items, "counts": counts, "metadata": {"total_count": total}}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Large]:
    large = Large()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            status, answer = large.answer(self.command, self.path, body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing of a test goes to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    large.url = f"http://127.0.0.1:{server.server_address[1]}"
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors/catalog.yaml").write_text("catalog: large\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    for name, value in {"DD_API_KEY": "k1", "DD_APP_KEY": "k2", "DD_HOST": large.url}.items():
        monkeypatch.setenv(name, value)
    try:
        yield large
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def silence(tenant: str, *more: str) -> int:
    return run(["snooze", "tenant", tenant, "--for", "2h", "--reason", "x", "--by", "ops", *more])


def test_a_snooze_among_10000_monitors_takes_four_requests(large: Large) -> None:
    assert silence("tenant-0007") == 0
    assert large.asked == [
        "GET /api/v1/monitor/groups/search",
        "GET /api/v2/downtime",
        "POST /api/v2/downtime",
        "GET /api/v2/downtime",
    ]


def test_on_a_terminal_and_for_an_unknown_tenant_it_takes_four(
    large: Large, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(App, "interactive", property(lambda _: True))
    assert silence("tenant-0007", "--yes") == 0
    assert len(large.asked) == 4
    shown = capsys.readouterr().err
    assert "silenced now: 10000 groups, 2000 of them triggered" in shown
    large.asked.clear()
    assert silence("quite-another", "--yes") == 0
    assert len(large.asked) == 4
    assert "no live group is tenant:quite-another among the 1000 of 200000" in capsys.readouterr().err


def test_a_thousand_downtimes_are_read_to_the_last(large: Large, capsys: pytest.CaptureFixture[str]) -> None:
    large.downtimes = [_downtime(f"t{number}", number) for number in range(1_000)]
    assert silence("t999", "--unknown-tenant") == 0
    assert capsys.readouterr().out.startswith("already covered: tenant:t999")
    assert run(["snooze", "list", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1_000


def _downtime(tenant: str, number: int) -> dict[str, Any]:
    attributes = {
        "scope": f"tenant:{tenant}",
        "monitor_identifier": {"monitor_tags": OWN},
        "schedule": {"start": "2026-01-01T00:00:00+00:00", "end": "2999-01-01T00:00:00+00:00"},
        "message": "dd-sync snooze · catalog large\nowner: ops\nreason: y",
        "status": "active",
    }
    return {"type": "downtime", "id": f"id-{number}", "attributes": attributes}


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_keys_are_told_without_showing_them(
    large: Large, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    large.refuse = lambda method, path: (status, {"errors": ["Forbidden"]})
    assert silence("tenant-0007") == 4
    err = capsys.readouterr().err
    assert f"answered {status}" in err
    assert "DD_API_KEY" in err
    assert "k1" not in err


def test_who_may_not_read_monitors_may_still_silence(
    large: Large, capsys: pytest.CaptureFixture[str]
) -> None:
    large.refuse = lambda method, path: (403, {"errors": ["Forbidden"]}) if "monitor" in path else None
    assert silence("tenant-0007") == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("silenced: tenant:tenant-0007")
    assert "warning: what it silences now" in shown.err


def test_too_many_requests_are_waited_for_and_told(large: Large, capsys: pytest.CaptureFixture[str]) -> None:
    left = iter([(429, {"errors": ["Too many requests"]})])
    large.refuse = lambda method, path: next(left, None) if method == "POST" else None
    assert silence("tenant-0007") == 0
    assert large.asked.count("POST /api/v2/downtime") == 2


def test_an_answer_of_another_form_is_an_error_and_silences_nothing(
    large: Large, capsys: pytest.CaptureFixture[str]
) -> None:
    odds: list[Any] = [[1], {"groups": [{}]}, {"groups": 3}, {"groups": [], "counts": {"status": [7]}}]
    for odd in odds:
        large.refuse = partial(_odd, odd)
        silence("tenant-0007")
        assert "something that is not groups found" in capsys.readouterr().err


def _odd(answer: Any, method: str, path: str) -> tuple[int, Any] | None:
    return (200, answer) if "groups" in path else None


def test_a_snooze_imports_nothing_slow(large: Large) -> None:
    program = (
        "import sys; from dd_sync.cli import run; code = run(sys.argv[1:]);"
        "slow = {'rich', 'deepdiff', 'polars', 'numpy', 'requests', 'datadog_api_client.v1.api.monitors_api',"
        " 'datadog_api_client.v2.api.downtimes_api'} & set(sys.modules);"
        "sys.exit(code or ', '.join(sorted(slow)) or 0)"
    )
    command = ["snooze", "tenant", "tenant-0007", "--for", "2h", "--reason", "x", "--by", "ops"]
    done = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_control_c_at_the_question_silences_nothing(large: Large) -> None:
    shown, code = _in_a_terminal(lambda process, terminal: process.send_signal(signal.SIGINT))
    assert "silenced now: 10000 groups" in shown
    assert "nothing was done" in shown
    assert code == 130
    assert "POST /api/v2/downtime" not in large.asked


def test_no_at_the_question_silences_nothing_and_says_so(large: Large) -> None:
    shown, code = _in_a_terminal(lambda process, terminal: os.write(terminal, b"n\n"))
    assert "dd-sync: nothing was done" in shown
    assert code == 130
    assert "POST /api/v2/downtime" not in large.asked


def test_yes_at_the_question_silences(large: Large) -> None:
    shown, code = _in_a_terminal(lambda process, terminal: os.write(terminal, b"y\n"))
    assert "silenced: tenant:tenant-0007" in shown
    assert code == 0


def _in_a_terminal(answer: Callable[[subprocess.Popen[bytes], int], object]) -> tuple[str, int]:
    """What a person sees who answers the question so, and the exit code."""
    terminal, inside = pty.openpty()
    command = [sys.executable, "-m", "dd_sync", "snooze", "tenant", "tenant-0007", "--for", "2h"]
    process = subprocess.Popen(
        [*command, "--reason", "x", "--by", "ops"], stdin=inside, stdout=inside, stderr=inside
    )
    os.close(inside)
    shown, give_up = "", time.monotonic() + 20
    try:
        while time.monotonic() < give_up:
            # Asked before looking: what it said last has to be read after it has ended.
            ended = process.poll() is not None
            # The end of what a terminal shows is an error on Linux.
            with suppress(OSError):
                if select.select([terminal], [], [], 0.2)[0]:
                    shown += os.read(terminal, 4096).decode()
                    continue
            if ended:
                break
            # Nobody answers in the very instant of the question, when Python does not yet listen for signals.
            if "[y/N]" in shown:
                answer(process, terminal)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    return shown, process.returncode
