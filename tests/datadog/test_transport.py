"""Whatever a server does, a request comes to an end, and its answer fits into memory."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from dd_sync.errors import DatadogError, Exit
from tests.datadog.wild import client, reply, wild

MONITOR = {"id": 7, "query": "q > 1", "type": "query alert", "tags": []}


def dripping(data: bytes, whole_until: int = 0) -> Iterator[bytes]:
    """The first bytes at once, then one every 20 ms: no silence is ever long."""
    yield data[:whole_until]
    for number in range(whole_until, len(data)):
        time.sleep(0.02)
        yield data[number : number + 1]


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_is_left_at_the_deadline_of_the_whole(part: str) -> None:
    data = reply(200, [MONITOR] * 20)
    whole_until = 0 if part == "headers" else data.index(b"\r\n\r\n") + 4
    began = time.monotonic()
    with (
        wild(lambda number, line: dripping(data, whole_until), at_once=True) as server,
        pytest.raises(DatadogError, match="did not answer in time") as caught,
    ):
        client(server.url, whole=0.2).monitors.create({"type": "query alert", "query": "q > 1"})
    assert 0.2 <= time.monotonic() - began < 2
    assert caught.value.is_unclear


def test_a_slow_answer_within_the_deadline_is_read() -> None:
    data = reply(200, [MONITOR])
    with wild(lambda number, line: dripping(data, len(data) - 5)) as server:
        assert client(server.url).monitors.list() == [MONITOR]


def test_a_small_answer_that_unpacks_to_300_mb_is_refused_before_it_is_all_unpacked() -> None:
    bomb = gzip.compress(b"[" + b" " * 300_000_000 + b"]", 1)
    answer = reply(200, bomb, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
    assert len(answer) < 3_000_000
    with wild(lambda number, line: answer) as server:
        tracemalloc.start()
        with pytest.raises(DatadogError, match="answered with more than 100 MB") as caught:
            client(server.url).monitors.list()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(server.requests) == 1
    assert peak < 130_000_000
    assert caught.value.exit is Exit.UNREACHABLE
    assert "DD_HOST" in caught.value.hint


def test_an_answer_that_says_it_is_too_large_is_not_read_at_all() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 100000001\r\n\r\n[]"
    with (
        wild(lambda number, line: data) as server,
        pytest.raises(DatadogError, match="more than 100 MB"),
    ):
        client(server.url).monitors.list()


def test_an_error_page_is_measured_as_well() -> None:
    data = b"HTTP/1.1 500 X\r\nContent-Length: 100000001\r\n\r\n"
    with wild(lambda number, line: data) as server:
        with pytest.raises(DatadogError, match="more than 100 MB"):
            client(server.url).monitors.list()
        assert len(server.requests) == 1
