"""A server that replays hand-written exchanges over a real socket. It knows nothing of dd_sync.

An exchange file holds, in order, what the client must send and what it is answered with:

    > GET /api/v1/monitor?page=0&page_size=1000
    < 200 application/json
    < X-RateLimit-Reset: 1
    []

`>` names method, path and the whole query, in any order; the lines after it, up to `<`, are the JSON body
expected, none if there are none. Lines that begin with `#` say why; blank lines mean nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

FOLDER = Path(__file__).parent / "recorded"


@dataclass
class Exchange:
    method: str
    url: str
    expected: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: str = ""


@dataclass
class Seen:
    """A request as it came in."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Replay:
    """What is left to be asked, what was asked, and what was wrong with it."""

    url: str
    left: list[Exchange]
    seen: list[Seen] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def finish(self) -> None:
        missing = [f"never came: {one.method} {one.url}" for one in self.left]
        if self.wrong or missing:
            raise AssertionError("\n".join([*self.wrong, *missing]))


def read(name: str) -> list[Exchange]:
    found: list[Exchange] = []
    answering = False
    for line in (FOLDER / f"{name}.http").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("> "):
            method, url = line[2:].split(" ", 1)
            found.append(Exchange(method, url))
            answering = False
        elif line.startswith("< ") and not answering:
            status, content_type = line[2:].split(" ", 1)
            found[-1].status = int(status)
            found[-1].headers["Content-Type"] = content_type
            answering = True
        elif line.startswith("< "):
            header, value = line[2:].split(": ", 1)
            found[-1].headers[header] = value
        elif answering:
            found[-1].answer += line + "\n"
        else:
            found[-1].expected += line + "\n"
    return found


@contextmanager
def replaying(*names: str) -> Iterator[Replay]:
    """Serves the exchanges of these files, one after the other, on a free loopback port."""
    replay = Replay("", [exchange for name in names for exchange in read(name)])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            seen = Seen(self.command, self.path, dict(self.headers), self.rfile.read(length))
            replay.seen.append(seen)
            if not replay.left:
                self._send(599, {}, b"one request too many")
                replay.wrong.append(f"not expected: {seen.method} {seen.url}")
                return
            exchange = replay.left.pop(0)
            replay.wrong += list(_differences(exchange, seen))
            self._send(exchange.status, exchange.headers, exchange.answer.encode())

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

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

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing of a test goes to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    replay.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield replay
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _differences(exchange: Exchange, seen: Seen) -> Iterator[str]:
    wanted, got = urlsplit(exchange.url), urlsplit(seen.url)
    if (exchange.method, wanted.path) != (seen.method, got.path):
        yield f"{exchange.method} {wanted.path} was expected, came {seen.method} {got.path}"
    if sorted(parse_qsl(wanted.query)) != sorted(parse_qsl(got.query)):
        yield f"{exchange.method} {wanted.path}: query {wanted.query} was expected, came {got.query}"
    expected = json.loads(exchange.expected) if exchange.expected else None
    body = json.loads(seen.body) if seen.body else None
    if expected != body:
        yield f"{exchange.method} {wanted.path}: body {expected} was expected, came {body}"
