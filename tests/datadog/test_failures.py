"""What goes wrong between us and Datadog is a DatadogError that names the request, and holds no key."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3
from datadog_api_client.exceptions import ApiException

from dd_sync.datadog.client import Datadog
from dd_sync.datadog.pace import Pace
from dd_sync.datadog.retry import Patience
from dd_sync.datadog.target import Target
from dd_sync.datadog.transport import Answer
from dd_sync.datadog.wire import Wire
from dd_sync.errors import DatadogError, Exit
from tests.datadog.wild import KEYS, client, reply, wild

MONITOR = {"id": 7, "query": "q > 1", "type": "query alert", "tags": []}
BODY = {"type": "query alert", "query": "q > 1"}


def test_a_refused_connection_is_told_with_where_to_look_and_tried_a_few_times() -> None:
    naps: list[float] = []
    with pytest.raises(
        DatadogError, match=r"GET /api/v1/monitor: 127\.0\.0\.1:9 cannot be reached"
    ) as caught:
        client("http://127.0.0.1:9", naps=naps).monitors.list()
    assert caught.value.exit is Exit.UNREACHABLE
    assert "DD_SITE" in caught.value.hint
    assert not caught.value.sent
    assert naps == [0.4, 0.8, 1.6]


def test_a_create_that_never_left_may_be_tried_again() -> None:
    naps: list[float] = []
    with pytest.raises(DatadogError) as caught:
        client("http://127.0.0.1:9", naps=naps).monitors.create(BODY)
    assert not caught.value.is_unclear
    assert naps == [0.4, 0.8, 1.6]


def test_a_create_whose_connection_was_lost_is_sent_once_and_unclear() -> None:
    with (
        wild(lambda number, line: None) as server,
        pytest.raises(DatadogError, match=r"the connection to .* was lost") as caught,
    ):
        client(server.url).monitors.create(BODY)
    assert len(server.requests) == 1
    assert caught.value.is_unclear


def test_a_read_whose_connection_was_lost_is_sent_again() -> None:
    with wild(lambda number, line: None if number < 2 else reply(200, [MONITOR])) as server:
        assert client(server.url).monitors.list() == [MONITOR]
    assert len(server.requests) == 3


def test_silence_ends_after_the_read_timeout() -> None:
    with wild(lambda number, line: b"HTTP/1.1 200 OK\r\n") as server, pytest.raises(DatadogError) as caught:
        client(server.url, read=0.05).monitors.create(BODY)
    assert caught.value.is_unclear


@pytest.mark.parametrize("status", [500, 502, 503, 504, 512, 408])
def test_reads_outlive_a_server_error_and_creates_are_not_repeated(status: int) -> None:
    with wild(lambda number, line: reply(status, b"<html>") if number == 0 else reply(200, [])) as server:
        assert client(server.url).monitors.list() == []
    with wild(lambda number, line: reply(status, b"<html>")) as server:
        with pytest.raises(DatadogError) as caught:
            client(server.url).monitors.create(BODY)
        assert caught.value.is_unclear
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_a_clear_no_is_not_asked_again(status: int) -> None:
    with wild(lambda number, line: reply(status, {"errors": ["no"]})) as server:
        with pytest.raises(DatadogError, match=f"answered {status}: no") as caught:
            client(server.url).monitors.list()
        assert len(server.requests) == 1
    assert (caught.value.status, caught.value.details) == (status, ("no",))
    assert not caught.value.is_unclear


def test_an_update_and_a_delete_are_repeated_since_they_lead_to_the_same_end() -> None:
    with wild(lambda number, line: reply(503) if number == 0 else reply(200, MONITOR)) as server:
        client(server.url).monitors.update(7, BODY)
        assert [line.split()[0] for line in server.requests] == ["PUT", "PUT"]
    with wild(lambda number, line: reply(503) if number == 0 else reply(200, {})) as server:
        client(server.url).monitors.delete(7)
        assert [line.split()[0] for line in server.requests] == ["DELETE", "DELETE"]


def test_four_attempts_are_the_most_and_none_begins_when_eight_seconds_could_not_hold_it() -> None:
    naps: list[float] = []
    with wild(lambda number, line: reply(500)) as server:
        with pytest.raises(DatadogError):
            client(server.url, naps=naps).monitors.list()
        assert len(server.requests) == 4
    limited = reply(429, {"errors": ["slow down"]}, headers={"X-RateLimit-Reset": "4"})
    naps.clear()
    with wild(lambda number, line: limited) as server:
        with pytest.raises(DatadogError, match="slow down") as caught:
            client(server.url, naps=naps).monitors.list()
        assert len(server.requests) == 2
    assert naps == [4.0]
    assert "again in 4 s" in caught.value.hint


def test_a_limit_that_opens_after_the_budget_is_an_error_at_once() -> None:
    limited = reply(
        429, {"errors": ["Can not create duplicate monitors"]}, headers={"X-RateLimit-Reset": "600"}
    )
    with wild(lambda number, line: limited) as server:
        with pytest.raises(DatadogError) as caught:
            client(server.url).monitors.create(BODY)
        assert len(server.requests) == 1
    assert not caught.value.is_unclear
    assert "in 600 s" in caught.value.hint


def test_a_limited_create_was_not_carried_out_so_it_is_sent_again() -> None:
    limited = reply(429, {"errors": ["slow down"]})
    with wild(lambda number, line: limited if number == 0 else reply(200, MONITOR)) as server:
        assert client(server.url).monitors.create(BODY) == MONITOR
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "reset", ["soon", "9" * 400, "99999999", "1e3", "-1", "0x10", "\xb2", "nan", "inf", "", "1_0", "86401"]
)
@pytest.mark.parametrize("more", [{}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Period": "9" * 400}])
def test_a_limit_that_does_not_say_until_when_is_neither_believed_nor_waited_for(
    reset: str, more: dict[str, str]
) -> None:
    naps: list[float] = []
    limited = reply(429, {"errors": []}, headers={"X-RateLimit-Reset": reset, **more})
    with wild(lambda number, line: limited) as server:
        with pytest.raises(DatadogError) as caught:
            client(server.url, naps=naps).monitors.list()
        assert "again later" in caught.value.hint
        with pytest.raises(DatadogError) as caught:
            client(server.url, naps=naps).monitors.create(BODY)
        assert "again later" in caught.value.hint
    assert sum(naps) <= 16


def test_a_limit_that_others_use_up_again_and_again_is_waited_for_so_long_and_then_told() -> None:
    naps: list[float] = []
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "50", "X-RateLimit-Period": "60"}
    with wild(lambda number, line: reply(429, {"errors": ["full"]}, headers=headers)) as server:
        with pytest.raises(DatadogError, match="answered 429: full") as caught:
            client(server.url, naps=naps).monitors.create(BODY)
        assert 2 <= len(server.requests) <= 4
    assert sum(naps) < 120
    assert "run it again in 50 s" in caught.value.hint
    assert not caught.value.is_unclear


def test_redirects_are_not_followed_since_they_would_carry_the_keys() -> None:
    with wild(lambda number, line: reply(200, [])) as other:
        moved = reply(307, b"", headers={"Location": f"{other.url}/api/v1/monitor"})
        with (
            wild(lambda number, line: moved) as server,
            pytest.raises(DatadogError, match="answered 307") as caught,
        ):
            client(server.url).monitors.list()
        assert other.requests == []
    assert "redirects are not followed" in caught.value.hint


@pytest.mark.parametrize(
    "body", [b"<html>hello</html>", b"{", b"[" * 100_000, b"\xff\xfe", b"9" * 5000, b'{"id": NaN}']
)
def test_an_answer_that_is_not_json_is_an_error_and_for_a_create_an_unclear_one(body: bytes) -> None:
    with wild(lambda number, line: reply(200, body)) as server:
        with pytest.raises(DatadogError, match=r"not JSON|not a monitor") as caught:
            client(server.url).monitors.create(BODY)
        assert len(server.requests) == 1
    assert caught.value.is_unclear


def test_an_error_page_that_is_not_even_text_is_an_error() -> None:
    with (
        wild(lambda number, line: reply(400, b"\xff\xfe\x00")) as server,
        pytest.raises(DatadogError, match="not JSON"),
    ):
        client(server.url).monitors.create(BODY)


def test_half_a_character_is_no_character_wherever_it_stands() -> None:
    text = json.dumps({"cut \ud83d": ["\udd14 two", {"whole": "\U0001f514"}, 1, None]})
    assert "\\ud83d" in text
    with wild(lambda number, line: reply(200, [{**MONITOR, "options": json.loads(text)}])) as server:
        [monitor] = client(server.url).monitors.list()
    assert monitor["options"] == {"cut \ufffd": ["\ufffd two", {"whole": "\U0001f514"}, 1, None]}


def test_a_body_cut_short_is_a_lost_connection() -> None:
    cut = reply(200, [MONITOR])[:-5]
    with wild(lambda number, line: cut if number == 0 else reply(200, [MONITOR])) as server:
        assert client(server.url).monitors.list() == [MONITOR]
        assert len(server.requests) == 2


def test_datadogs_words_are_shown_on_one_safe_line_without_keys() -> None:
    nasty = f"a\n\x1b[31mb\u202e {KEYS['DD_API_KEY']} {KEYS['DD_APP_KEY']} " + "x" * 1000
    with (
        wild(lambda number, line: reply(400, {"errors": [nasty, None, "second"]})) as server,
        pytest.raises(DatadogError) as caught,
    ):
        client(server.url).monitors.list()
    error = caught.value
    assert error.problem.isprintable()
    assert "a ?[31mb? *** ***" in error.details[0]
    assert len(error.details[0]) == 400
    assert error.details[1] == "second"
    for key in KEYS.values():
        assert key not in f"{error} {error!r} {error.details} {error.hint}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errors": "one text"}, "one text"),
        ({"errors": {"a": 1}}, "answered 400: X"),
        (["no object"], "answered 400: X"),
        ({"errors": [{"title": "Bad", "detail": "thing"}]}, "Bad: thing"),
        ({"errors": [{"detail": "thing"}, 5]}, "thing; 5"),
    ],
)
def test_every_form_of_error_body_is_read(body: object, said: str) -> None:
    with wild(lambda number, line: reply(400, body)) as server, pytest.raises(DatadogError, match=said):
        client(server.url).monitors.list()


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, "mend what these words name"),
        (401, "is not valid"),
        (403, "monitors_write"),
        (404, "DD_SITE"),
        (405, "proxy"),
        (408, "nothing is done twice"),
        (409, "plan again"),
        (413, "shorten the message"),
        (418, "DD_HOST"),
        (501, "later"),
    ],
)
def test_each_status_says_what_to_do(status: int, hint: str) -> None:
    with (
        wild(lambda number, line: reply(status, {"errors": ["x"]})) as server,
        pytest.raises(DatadogError) as caught,
    ):
        client(server.url).monitors.get(7)
    assert hint in caught.value.hint
    assert f"GET /api/v1/monitor/7: {server.url.removeprefix('http://')}" in caught.value.problem


@pytest.fixture
def wire() -> Wire:
    naps: list[float] = []
    patience = Patience(sleep=naps.append, clock=lambda: sum(naps), jitter=lambda: 0.5)
    return Wire(
        Target("https://api.datadoghq.com", "datadoghq.com", "k1", "k2"),
        patience,
        Pace(patience.sleep, patience.clock),
    )


@pytest.mark.parametrize(
    ("reason", "sent"),
    [("certificate verify failed: CERTIFICATE_VERIFY_FAILED", False), ("EOF in TLS", True)],
)
def test_only_a_refused_certificate_surely_came_before_the_request(
    wire: Wire, reason: str, sent: bool
) -> None:
    # As the client does it: a TLS failure of urllib3 becomes status 0.
    client_error: Any = ApiException

    def send() -> Answer:
        raise client_error(status=0, reason=f"SSLError\n{reason}")

    with pytest.raises(DatadogError, match=r"no secure connection to datadoghq\.com") as caught:
        wire.call("POST", "/x", send)
    assert caught.value.sent is sent
    assert "SSL_CERT_FILE" in caught.value.hint


def test_a_host_that_never_connects_did_not_get_the_request(wire: Wire) -> None:
    def send() -> Answer:
        raise urllib3.exceptions.ConnectTimeoutError("too slow")

    with pytest.raises(DatadogError, match="did not answer in time") as caught:
        wire.call("POST", "/x", send)
    assert not caught.value.sent


def test_closing_leaves_the_client_usable() -> None:
    with wild(lambda number, line: reply(200, [])) as server:
        datadog: Datadog = client(server.url)
        datadog.monitors.list()
        datadog.close()
        assert datadog.monitors.list() == []
