"""A server that answers whatever a test says, byte for byte, or not at all."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dd_sync.datadog.client import Datadog, connect
from dd_sync.datadog.retry import Patience

KEYS = {"DD_API_KEY": "a1" * 16, "DD_APP_KEY": "b2" * 20}
# What a test answers with: bytes to send, at once or in parts, or None to hang up without a word.
Reply = bytes | Iterable[bytes] | None


@dataclass
class Wild:
    url: str = ""
    requests: list[str] = field(default_factory=list)

    @property
    def queries(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(urlsplit(line.split(" ")[1]).query)) for line in self.requests]


def reply(status: int, body: Any = None, *, headers: dict[str, str] | None = None) -> bytes:
    """A whole HTTP answer; a body that is no bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


@contextmanager
def wild(answer: Callable[[int, str], Reply], *, at_once: bool = False) -> Iterator[Wild]:
    """Serves on a free loopback port. answer(number, request line): the reply to that request, from 0.

    at_once: several requests at a time, each in a thread of its own; else one after the other.
    """
    server = Wild()
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def handle(connection: socket.socket) -> None:
        with connection:
            line = _read_request(connection)
            if line:
                server.requests.append(line)
                data = answer(len(server.requests) - 1, line)
                # A client that has heard enough hangs up.
                with suppress(ConnectionError):
                    for part in [data] if isinstance(data, bytes) else data or ():
                        connection.sendall(part)

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if at_once:
                threading.Thread(target=handle, args=(connection,), daemon=True).start()
            else:
                handle(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield server
    finally:
        stopped.set()
        # accept() does not notice that its socket was closed elsewhere; a last caller wakes it.
        socket.create_connection(listener.getsockname()).close()
        thread.join()
        listener.close()


def _read_request(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return ""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n")[0].decode()


def client(url: str, *, naps: list[float] | None = None, read: float = 8.0, whole: float = 30.0) -> Datadog:
    """A client that waits without waiting: its clock is what it slept."""
    slept = naps if naps is not None else []
    patience = Patience(
        read=read, whole=whole, sleep=slept.append, clock=lambda: sum(slept), jitter=lambda: 0.0
    )
    return connect(KEYS, host=url, patience=patience)
