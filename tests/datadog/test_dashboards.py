"""Dashboards and webhooks over the wire: complete lists or an error, answers of the right shape."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dd_sync.datadog.client import Datadog, connect
from dd_sync.errors import DatadogError

Answer = tuple[int, Any]


@contextmanager
def answering(answer: Callable[[str, str, dict[str, list[str]]], Answer]) -> Iterator[Datadog]:
    """A Datadog whose answers a function gives: (method, path, query) -> (status, JSON)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            parts = urlsplit(self.path)
            status, body = answer(self.command, parts.path, parse_qs(parts.query))
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

        def do_DELETE(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing goes to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    client = connect(
        {"DD_API_KEY": "an-api-key", "DD_APP_KEY": "an-app-key"},
        host=f"http://127.0.0.1:{server.server_address[1]}",
    )
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        server.server_close()
        thread.join()


def summary(number: int) -> dict[str, Any]:
    return {"id": f"id-{number:04}", "title": "t", "description": None}


def paged(boards: list[dict[str, Any]]) -> Callable[[str, str, dict[str, list[str]]], Answer]:
    def answer(method: str, path: str, query: dict[str, list[str]]) -> Answer:
        start, count = int(query["start"][0]), int(query["count"][0])
        return 200, {"dashboards": boards[start : start + count]}

    return answer


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200, 350])
def test_every_dashboard_is_listed_once(count: int) -> None:
    boards = [summary(number) for number in range(count)]
    with answering(paged(boards)) as datadog:
        assert datadog.dashboards.list() == boards


def test_a_list_that_moved_while_it_was_read_is_read_again() -> None:
    boards = [summary(number) for number in range(250)]
    asked: list[int] = []

    def answer(method: str, path: str, query: dict[str, list[str]]) -> Answer:
        asked.append(int(query["start"][0]))
        if len(asked) == 2:
            del boards[0]
        return paged(boards)(method, path, query)

    with answering(answer) as datadog:
        assert datadog.dashboards.list() == boards
    assert asked[:3] == [0, 99, 0]


def test_a_list_that_never_rests_is_an_error() -> None:
    boards = [summary(number) for number in range(250)]

    def answer(method: str, path: str, query: dict[str, list[str]]) -> Answer:
        del boards[0]
        return paged(boards)(method, path, query)

    with answering(answer) as datadog, pytest.raises(DatadogError, match="changes while it is read"):
        datadog.dashboards.list()


@pytest.mark.parametrize(
    "body",
    [[], {}, {"dashboards": None}, {"dashboards": [3]}, {"dashboards": [{"id": 3}]}, {"dashboards": [{}]}],
)
def test_what_is_no_list_of_dashboards_is_an_error(body: Any) -> None:
    with answering(lambda *_: (200, body)) as datadog, pytest.raises(DatadogError, match="not a list"):
        datadog.dashboards.list()


def test_a_dashboard_without_widgets_is_none() -> None:
    with answering(lambda *_: (200, summary(1))) as datadog:
        calls: list[Callable[[], object]] = [
            lambda: datadog.dashboards.get("a"),
            lambda: datadog.dashboards.create({}),
            lambda: datadog.dashboards.update("a", {}),
        ]
        for call in calls:
            with pytest.raises(DatadogError, match="not a dashboard"):
                call()


def test_a_dashboard_is_written_and_deleted() -> None:
    seen: list[str] = []

    def answer(method: str, path: str, query: dict[str, list[str]]) -> Answer:
        seen.append(f"{method} {path}")
        return 200, {**summary(1), "widgets": []}

    with answering(answer) as datadog:
        datadog.dashboards.create({"title": "t"})
        datadog.dashboards.update("id-0001", {"title": "t"})
        datadog.dashboards.get("id-0001")
        datadog.dashboards.delete("id-0001")
    assert seen == [
        "POST /api/v1/dashboard",
        "PUT /api/v1/dashboard/id-0001",
        "GET /api/v1/dashboard/id-0001",
        "DELETE /api/v1/dashboard/id-0001",
    ]


def test_a_webhook_that_is_not_there_is_none_and_other_failures_are_errors() -> None:
    answers = iter(
        [
            (404, {"errors": ["Webhook does not exist"]}),
            (404, {"errors": ["Not found"]}),
            (200, {"name": "hold"}),
            (200, {"name": "hold", "url": "https://x.example.com"}),
        ]
    )
    with answering(lambda *_: next(answers)) as datadog:
        assert datadog.webhooks.get("hold") is None
        with pytest.raises(DatadogError, match="404"):
            datadog.webhooks.get("hold")
        with pytest.raises(DatadogError, match="not a webhook"):
            datadog.webhooks.get("hold")
        assert datadog.webhooks.get("hold") == {"name": "hold", "url": "https://x.example.com"}


def test_a_webhook_is_written_by_name() -> None:
    seen: list[str] = []

    def answer(method: str, path: str, query: dict[str, list[str]]) -> Answer:
        seen.append(f"{method} {path.rsplit('/', 2)[-2:]}")
        return 200, {"name": "hold", "url": "https://x.example.com"}

    with answering(answer) as datadog:
        datadog.webhooks.create({"name": "hold"})
        datadog.webhooks.update("hold", {"name": "hold"})
        assert datadog.webhook_exists("hold")
    assert seen == [
        "POST ['configuration', 'webhooks']",
        "PUT ['webhooks', 'hold']",
        "GET ['webhooks', 'hold']",
    ]


def test_downtimes_are_read_whole() -> None:
    attributes = {"message": "m", "scope": "*", "schedule": {"recurrences": []}, "status": "active"}
    body = {"data": [{"type": "downtime", "id": "d-1", "attributes": attributes}]}
    with answering(lambda *_: (200, body)) as datadog:
        (found,) = datadog.downtimes.bodies()
        assert found["attributes"] == attributes


@pytest.mark.parametrize(
    "attributes",
    [
        {"monitor_identifier": {"monitor_tags": [{}]}},
        {"schedule": {"recurrences": [3]}},
        {"notify_end_states": "alert"},
        {"notify_end_types": [1]},
        {"display_timezone": 3},
        None,
        [],
        "",
    ],
)
def test_a_downtime_of_another_shape_is_an_error(attributes: Any) -> None:
    body: dict[str, Any] = {"data": [{"id": "d-1", "attributes": attributes}]}
    with answering(lambda *_: (200, body)) as datadog, pytest.raises(DatadogError, match="downtime"):
        datadog.downtimes.bodies()


def test_a_dashboard_of_another_shape_is_an_error() -> None:
    body = {**summary(1), "widgets": [], "tags": "team:a"}
    with answering(lambda *_: (200, body)) as datadog, pytest.raises(DatadogError, match="not a dashboard"):
        datadog.dashboards.get("a")


def test_a_downtime_that_cannot_be_read_is_an_error() -> None:
    body: dict[str, Any] = {"data": [{"attributes": {}}]}
    with answering(lambda *_: (200, body)) as datadog, pytest.raises(DatadogError, match="not a downtime"):
        datadog.downtimes.bodies()
