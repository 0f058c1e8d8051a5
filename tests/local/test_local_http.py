"""What every endpoint has in common: keys, limits, bodies, errors."""

from __future__ import annotations

import http.client
import logging
import socket
from typing import Any

import pytest

from dd_sync.local import monitors
from dd_sync.local.app import ENDPOINTS, Keys
from dd_sync.local.limits import RateLimit, RateLimiter
from tests.local.client import BOTH_KEYS, Client, Start, monitor

PLACES = [
    (one.method, one.path.replace("{id}", "1")) for one in ENDPOINTS if one.both and one.method != "DELETE"
]


def test_a_key_is_validated_by_itself(shared: Client) -> None:
    reply = shared.send("GET", "/api/v1/validate", headers={"DD-API-KEY": "x"})
    assert (reply.status, reply.json) == (200, {"valid": True})
    reply = shared.send("GET", "/api/v1/validate", headers={})
    assert (reply.status, reply.errors) == (403, ["API key required"])


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_both_keys_are_needed(shared: Client, method: str, path: str) -> None:
    for headers in ({}, {"DD-API-KEY": "x"}, {"DD-APPLICATION-KEY": "x"}, {**BOTH_KEYS, "DD-API-KEY": ""}):
        reply = shared.send(method, path, {} if method != "GET" else None, headers=headers)
        assert reply.status == 403
        assert len(reply.errors) == 1


def test_the_local_endpoints_need_a_key_too(shared: Client) -> None:
    assert shared.send("GET", "/local/status", headers={}).status == 403


def test_configured_keys_are_the_only_ones(start: Start) -> None:
    datadog = start(keys=Keys("right", "also right"))
    both = {"DD-API-KEY": "right", "DD-APPLICATION-KEY": "also right"}
    assert datadog.send("GET", "/api/v1/monitor", headers=both).status == 200
    for name in both:
        for wrong in ("wrong", "", "ö"):
            reply = datadog.send("GET", "/api/v1/monitor", headers={**both, name: wrong})
            assert reply.status == 403


def test_keys_show_nowhere() -> None:
    assert "secret" not in repr(Keys("secret", "secret"))


def test_an_unknown_path_is_not_found(shared: Client) -> None:
    for path in ("/", "/api/v1/monitors", "/api/v1/monitor/", "/api/v2/downtime/a/b", "/%00"):
        reply = shared.get(path)
        assert (reply.status, reply.errors) == (404, ["Not found"])


def test_a_method_that_is_not_there_is_told(shared: Client) -> None:
    reply = shared.send("PATCH", "/api/v1/monitor", {})
    assert (reply.status, reply.errors) == (405, ["Method not allowed"])


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"name": "\\ud800"}',
        b"[" * 200_000,
        b'{"a":' * 20_000,
        b"1" * 5000,
        b'{"priority": 1e400}',
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_what_is_no_json_is_refused(shared: Client, raw: bytes) -> None:
    reply = shared.send("POST", "/api/v1/monitor", raw=raw)
    assert (reply.status, reply.errors) == (400, ["Invalid JSON structure"])


def test_text_outside_the_first_plane_is_kept(datadog: Client) -> None:
    made = datadog.create(name="flood 🌊 \u202e")
    assert datadog.done("GET", f"/api/v1/monitor/{made['id']}")["name"] == "flood 🌊 \u202e"


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_a_body_that_is_no_object_is_refused(shared: Client, body: Any) -> None:
    for method, path in (
        ("POST", "/api/v1/monitor"),
        ("POST", "/api/v2/downtime"),
        ("POST", "/api/v2/series"),
    ):
        reply = shared.send(method, path, body)
        assert (reply.status, reply.errors) == (400, ["The request body must be a JSON object"])


def test_a_body_too_large_is_refused_even_without_a_length(shared: Client) -> None:
    connection = http.client.HTTPConnection(shared.url.removeprefix("http://"), timeout=20)
    chunks = (b" " * 1_000_000 for _ in range(4))
    try:
        connection.request("POST", "/api/v1/monitor", chunks, BOTH_KEYS, encode_chunked=True)
        assert connection.getresponse().status == 413
    finally:
        connection.close()


def test_headers_without_an_end_are_refused(shared: Client) -> None:
    host, port = shared.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 100_000)
        assert endless.recv(100).startswith(b"HTTP/1.1 400")


def test_a_request_that_breaks_off_harms_nobody(shared: Client) -> None:
    host, port = shared.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as half:
        half.sendall(b"POST /api/v1/monitor HTTP/1.1\r\nHost: x\r\nDD-API-KEY: x\r\n")
        half.sendall(b"DD-APPLICATION-KEY: x\r\nContent-Length: 100\r\n\r\n{")
    assert shared.get("/api/v1/validate").status == 200


def test_limits_are_told_and_kept(start: Start) -> None:
    datadog = start(limit=RateLimit(3, 3600))
    replies = [datadog.post("/api/v1/monitor/validate", monitor()) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert [reply.headers["x-ratelimit-remaining"] for reply in replies] == ["2", "1", "0", "0"]
    last = replies[-1]
    assert last.errors == ["Rate limit of 3 requests in 3600 seconds reached. Please try again later."]
    assert (last.headers["x-ratelimit-limit"], last.headers["x-ratelimit-period"]) == ("3", "3600")
    assert last.headers["x-ratelimit-name"] == "monitor_validate"
    assert 1 <= int(last.headers["x-ratelimit-reset"]) <= 3600
    assert datadog.get("/api/v1/monitor").status == 200


def test_refused_requests_tell_their_limit_too(shared: Client) -> None:
    assert "x-ratelimit-remaining" in shared.get("/api/v1/monitor/999").headers
    assert "x-ratelimit-remaining" not in shared.post("/api/v2/series", {"series": []}).headers


def test_a_window_begins_anew_where_the_calendar_says() -> None:
    now = [99.0]
    limiter = RateLimiter(lambda: now[0])
    limit = RateLimit(1, 10)
    assert (limiter.take("a", limit).allowed, limiter.take("a", limit).allowed) == (True, False)
    assert limiter.take("b", limit).allowed
    assert limiter.take("a", limit).reset == 1
    now[0] = 100.0
    quota = limiter.take("a", limit)
    assert (quota.allowed, quota.remaining, quota.reset) == (True, 0, 10)


def test_a_defect_is_an_internal_error_with_a_line_in_the_log(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(monitors, "check_monitor", broken)
    datadog = start()
    with caplog.at_level(logging.ERROR):
        reply = datadog.post("/api/v1/monitor", monitor())
    assert (reply.status, reply.errors) == (500, ["Internal error"])
    assert caplog.messages == ["POST /api/v1/monitor failed"]
    assert BOTH_KEYS["DD-API-KEY"] not in caplog.text
