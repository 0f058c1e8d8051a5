"""A proxy between client and Datadog that loses, delays and garbles what passes, as a test says.

Real sockets on both sides. It knows HTTP and nothing of dd_sync; of Datadog it knows that GET /api/v1/monitor
lists monitors, so that a list can be answered as it was before the last write.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIST = "/api/v1/monitor"
PASS = "pass"
# What can happen to one request. "before": Datadog never hears of it; "after": it has acted already.
FAULTS = (
    "drop before", "drop after", "429 before", "500 before", "500 after", "502 before", "502 after",
    "504 before", "504 after", "512 before", "512 after", "truncated", "slow", "twice",
)  # fmt: skip


@dataclass(frozen=True)
class Passed:
    """A request that Datadog acted upon."""

    method: str
    path: str
    status: int
    answer: Any


@dataclass
class Proxy:
    """faults: of the next requests, one each; lag: so many lists after a write still answer without it.

    on_write: called with each write that Datadog has acted upon, before anybody is answered.
    """

    upstream: str
    url: str = ""
    faults: list[str] = field(default_factory=list)
    lag: int = 0
    passed: list[Passed] = field(default_factory=list)
    on_request: Callable[[str, str], None] = lambda method, path: None
    on_write: Callable[[Passed], None] = lambda passed: None
    _stale: list[Any] | None = None
    _stale_lists: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def calm(self) -> None:
        """From now on everything passes as it is."""
        self.faults, self.lag, self._stale_lists = [], 0, 0
        self.on_request, self.on_write = lambda method, path: None, lambda passed: None

    @property
    def writes(self) -> list[Passed]:
        return [one for one in self.passed if one.method != "GET" and one.status == 200]

    def next_fault(self) -> str:
        with self._lock:
            return self.faults.pop(0) if self.faults else PASS

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if method == "GET" and urlsplit(path).path == LIST:
            with self._lock:
                if self._stale_lists and self._stale is not None:
                    self._stale_lists -= 1
                    return 200, json.dumps(_page(self._stale, path)).encode()
        elif method != "GET" and self.lag:
            before = json.loads(self._ask("GET", LIST, headers, b"")[1])
            with self._lock:
                self._stale, self._stale_lists = before, self.lag
        status, data = self._ask(method, path, headers, body)
        passed = Passed(method, path, status, json.loads(data) if data else None)
        self.passed.append(passed)
        if method != "GET" and status == 200:
            self.on_write(passed)
        return status, data

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=10)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _page(monitors: list[Any], path: str) -> list[Any]:
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    tags = set(filter(None, query.get("monitor_tags", "").split(",")))
    found = [monitor for monitor in monitors if tags <= set(monitor["tags"])]
    size = int(query.get("page_size", 100))
    return found[int(query.get("page", 0)) * size :][:size]


@contextmanager
def between(upstream: str) -> Iterator[Proxy]:
    """The proxy on a free loopback port."""
    proxy = Proxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() in ("dd-api-key", "dd-application-key", "content-type")
            }
            proxy.on_request(self.command, self.path)
            fault = proxy.next_fault()
            if fault == "drop before":
                return
            if fault.endswith(" before"):
                self._answer(int(fault[:3]), b'{"errors": ["a fault"]}')
                return
            status, data = proxy.forward(self.command, self.path, headers, body)
            if fault == "twice":
                proxy.forward(self.command, self.path, headers, body)
            if fault == "drop after":
                return
            if fault.endswith(" after"):
                self._answer(int(fault[:3]), b"<html>a fault</html>")
                return
            self._answer(status, data, fault)

        def _answer(self, status: int, data: bytes, fault: str = PASS) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if fault == "truncated":
                data = data[: len(data) // 2]
            if fault == "slow":
                for start in range(0, len(data), 1 + len(data) // 3):
                    self.wfile.write(data[start : start + 1 + len(data) // 3])
                    self.wfile.flush()
                    time.sleep(0.002)
            else:
                self.wfile.write(data)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def do_PATCH(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing of a test goes to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
