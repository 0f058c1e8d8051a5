"""Queries and submissions over a real socket: what is asked, what is noted of the quota, what is refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dd_sync.datadog.client import Datadog, connect
from dd_sync.datadog.retry import Patience
from dd_sync.errors import DatadogError

KEYS = {"DD_API_KEY": "an-api-key", "DD_APP_KEY": "an-app-key"}


class Server:
    """Gives prepared answers, the last one again and again, and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], Any]] = [(200, {}, {"series": []})]
        self.asked: list[tuple[str, str, Any]] = []
        self.time = 100.0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                owner.asked.append((self.command, self.path, json.loads(body) if body else None))
                given = owner.answers.pop(0) if len(owner.answers) > 1 else owner.answers[0]
                status, headers, answer = given
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def datadog(server: Server) -> Iterator[Datadog]:
    def sleep(seconds: float) -> None:
        server.time += seconds

    patience = Patience(retries=1, sleep=sleep, clock=lambda: server.time, jitter=lambda: 0.0)
    host = f"http://127.0.0.1:{server.http.server_port}"
    found = connect(KEYS, host=host, patience=patience)
    yield found
    found.close()


def test_a_query_is_asked_with_its_times_and_answered_with_its_series(
    server: Server, datadog: Datadog
) -> None:
    server.answers = [(200, {}, {"series": [{"query_index": 0}]})]
    assert datadog.metrics.query("avg:a{x:y} by {z}", 60, 119) == [{"query_index": 0}]
    method, path, _ = server.asked[0]
    assert (method, urlsplit(path).path) == ("GET", "/api/v1/query")
    assert parse_qs(urlsplit(path).query) == {"from": ["60"], "to": ["119"], "query": ["avg:a{x:y} by {z}"]}
    assert datadog.metrics.wait() == 0


@pytest.mark.parametrize("answer", [None, [], {"series": None}, {"series": [1]}, {"error": "x"}])
def test_an_answer_of_another_shape_is_an_error(server: Server, datadog: Datadog, answer: Any) -> None:
    server.answers = [(200, {}, answer)]
    with pytest.raises(DatadogError, match="not a list of series"):
        datadog.metrics.query("avg:a{*}", 0, 60)


LEFT = {"X-RateLimit-Limit": "1600", "X-RateLimit-Period": "3600", "X-RateLimit-Reset": "700"}


def test_a_used_up_quota_is_waited_for(server: Server, datadog: Datadog) -> None:
    server.answers = [(200, {**LEFT, "X-RateLimit-Remaining": "5"}, {"series": []})]
    datadog.metrics.query("avg:a{*}", 0, 60)
    assert datadog.metrics.wait() == 0
    server.answers = [(200, {**LEFT, "X-RateLimit-Remaining": "0"}, {"series": []})]
    datadog.metrics.query("avg:a{*}", 0, 60)
    assert datadog.metrics.wait() == pytest.approx(700)
    server.time += 650
    assert datadog.metrics.wait() == pytest.approx(50)
    server.time += 60
    assert datadog.metrics.wait() == 0


def test_a_refusal_says_when_there_is_room_again(server: Server, datadog: Datadog) -> None:
    server.answers = [(429, {**LEFT, "X-RateLimit-Remaining": "0"}, {"errors": ["Rate limit reached"]})]
    with pytest.raises(DatadogError, match="answered 429: Rate limit reached") as caught:
        datadog.metrics.query("avg:a{*}", 0, 60)
    assert caught.value.status == 429
    assert datadog.metrics.wait() == pytest.approx(700)


def test_points_are_submitted_as_they_are_and_not_twice(server: Server, datadog: Datadog) -> None:
    series = [{"metric": "m", "type": 3, "points": [{"timestamp": 60, "value": 1.5}], "tags": ["a:b"]}]
    server.answers = [(202, {}, {"errors": []})]
    datadog.metrics.submit(series)
    assert server.asked == [("POST", "/api/v2/series", {"series": series})]
    server.answers = [(503, {}, {"errors": ["busy"]})]
    with pytest.raises(DatadogError, match="503"):
        datadog.metrics.submit(series)
    assert len(server.asked) == 2
