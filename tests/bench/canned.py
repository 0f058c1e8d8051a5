"""`python -m tests.bench.canned FOLDER [LATENCY]`: as much of Datadog's monitors API as is measured.

Serves FOLDER/pages/N.json as the pages of a list, and after them what has been created; each answer comes
LATENCY seconds after its request, the server's own work included. Prints its base URL, and nothing more.
Canned, so that what a measured command costs does not depend on the server's work.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bench.stage import PAGE, answered


class Canned(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else the system waits for more to send with each answer's last packet.
    disable_nagle_algorithm = True
    pages: list[bytes]
    count: int
    latency: float
    created: list[dict[str, Any]]
    lock = threading.Lock()

    def parse_request(self) -> bool:
        self.until = time.perf_counter() + self.latency
        return super().parse_request()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.endswith("/search"):
            self._answer(b'{"metadata": {"total_count": %d}}' % (self.count + len(self.created)))
            return
        query = parse_qs(parts.query)
        number = int(query["page"][0])
        if self.created:
            whole = [one for page in self.pages for one in json.loads(page)] + self.created
            self._answer(json.dumps(whole[number * PAGE : (number + 1) * PAGE]).encode())
        else:
            self._answer(self.pages[number] if number < len(self.pages) else b"[]")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            monitor = answered(1_000_000 + len(self.created), body)
            self.created.append(monitor)
        self._answer(json.dumps(monitor).encode())

    def _answer(self, body: bytes) -> None:
        time.sleep(max(0.0, self.until - time.perf_counter()))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing goes to the terminal."""


def main(folder: Path, latency: float = 0.0) -> None:
    files = sorted(folder.glob("pages/*.json"), key=lambda file: int(file.stem))
    Canned.pages = [file.read_bytes() for file in files]
    Canned.count = sum(len(json.loads(page)) for page in Canned.pages)
    Canned.latency, Canned.created = latency, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Canned)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(float, sys.argv[2:]))
