"""Which events a search finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.errors import QueryError
from dd_sync.evaluate.searching import Document, finder
from dd_sync.evaluate.sources import Event
from dd_sync.query.search import parse_search

EVENT = Event(
    at=0,
    source="logs",
    tags=("env:prod", "service:Web-Store", "status:error", "team:a", "team:b", "canary"),
    attributes={
        "http": {"status_code": 503, "url": "/Pay/now please", "method": "POST"},
        "duration": 2_500_000_000,
        "usr.id": "u-42",
        "retry": True,
        "nothing": None,
        "sizes": [1, 20],
        "ip": "10.1.2.3",
        "version": "1.2.10",
        "a b": "spaced",
        "took": "3ms",
        "title": "Escrow stuck",
        "region": "eu-west-1",
    },
    message="Connection reset by peer: payment-gateway timed out (code=ETIMEDOUT)",
)


def found(search: str, event: Event = EVENT) -> bool:
    return finder(parse_search(search))(Document.of(event))


@pytest.mark.parametrize(
    "search",
    [
        "",
        "*",
        "timed",
        "TIMED out",
        "payment-gateway",
        "pay*",
        "*gateway",
        "t?med",
        "ETIMEDOUT",
        '"reset by peer"',
        '"connection  RESET"',
        "stuck",
        "message:reset",
        'message:"reset by"',
        "service:web-store",
        "service:WEB-*",
        "service:(api OR web-*)",
        "status:(error -warn)",
        "team:a team:b",
        "team:(a AND b)",
        "env:*",
        "canary:*",
        "@http.status_code:503",
        "@http.status_code:50?",
        "@http.status_code:[500 TO 599]",
        "@http.status_code:{502 TO 504}",
        "@http.status_code:[500 TO *]",
        "@http.status_code:>=503",
        "@http.status_code:(404 OR 503)",
        '@http.url:"/Pay/now please"',
        "@http.url:\\/Pay*",
        "@http.method:POST",
        "@duration:>2s",
        "@duration:[2s TO 3s]",
        "@took:<5ms",
        "@usr.id:u-42",
        "@retry:true",
        "@sizes:>15",
        "@sizes:1",
        "@region:eu\\-west\\-1",
        "@version:[1.2.1 TO 1.2.9]",
        "@a\\ b:spaced",
        "CIDR(@ip,10.0.0.0/8)",
        "CIDR(@ip,bogus,10.1.0.0/16)",
        "region:eu-west-1",
        "*:spaced",
        '*:"eu-west-1"',
        "*:(nowhere OR spaced)",
        "*:(spaced AND reset)",
        "*:(-nowhere)",
        "-@missing:*",
        "NOT service:api",
        "service:api OR env:prod",
        "(service:api OR env:prod) -team:c",
    ],
)
def test_the_search_finds_the_event(search: str) -> None:
    assert found(search)
    assert not found(f"-({search})" if search else "-*")


@pytest.mark.parametrize(
    "search",
    [
        "time",
        "gateways",
        "med",
        '"by reset"',
        "missing",
        "service:web",
        "env:dev",
        "status:warn",
        "team:(a AND c)",
        "canary:yes",
        "@http.method:post",
        "@HTTP.method:POST",
        "@http.status_code:{503 TO 599]",
        "@http.status_code:>503",
        "@http.url:>5",
        "@nothing:*",
        "@missing:*",
        "@missing:<5",
        "@sizes:2",
        "@sizes:[2 TO 19]",
        "@retry:1",
        "@duration:>3s",
        "CIDR(@ip,192.168.0.0/16)",
        "CIDR(@region,10.0.0.0/8)",
        "*:nowhere",
        "*:>5",
        "service:",
        "[1 TO 5]",
        "service:(-web-store)",
        "env:prod service:api",
    ],
)
def test_the_search_does_not_find_the_event(search: str) -> None:
    assert not found(search)


def test_a_range_of_words_is_by_the_alphabet() -> None:
    assert found("@version:[1.2.1 TO 1.2.9]")
    assert found("@usr.id:[a TO z]")
    assert not found("@usr.id:[v TO z]")


def test_a_bad_pattern_takes_no_time() -> None:
    assert not found("@x:" + "*a" * 60, Event(0, "logs", attributes={"x": "a" * 59 + "b"}))


def test_attributes_that_are_nested_without_end_or_too_large_are_taken_as_far_as_they_go() -> None:
    deepest: dict[str, object] = {}
    nested = deepest
    for _ in range(5000):
        inner: dict[str, object] = {"b": 1}
        nested["a"] = inner
        nested = inner
    event = Event(0, "logs", attributes={"x": deepest, "big": 10**400, "low": -(10**400)})
    assert found("@x.a.b:1", event)
    assert not found(f"@x{'.a' * 30}.b:1", event)
    assert found("@big:>5 @low:<5", event)


searches = st.text(alphabet='ab*?:-@()[]"\\ TO1.>', max_size=20)


@given(
    search=searches,
    message=st.text(max_size=10),
    value=st.one_of(st.text(max_size=5), st.floats(), st.none()),
)
def test_any_search_that_can_be_read_finds_an_event_or_not(search: str, message: str, value: object) -> None:
    try:
        node = parse_search(search)
    except QueryError:
        return
    event = Event(0, "logs", tags=("a:b", message), attributes={"a": value, "b": [value]}, message=message)
    assert finder(node)(Document.of(event)) in (True, False)
