"""Events: those that alerts leave behind and those posted, found by one search."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.local.client import Client

EVENT = {"title": "Deployed", "text": "version 7", "tags": ["service:web", "env:prod"]}


def found(datadog: Client, query: str, more: str = "") -> list[str]:
    reply = datadog.done("GET", f"/api/v2/events?filter[from]=now-1h&filter[query]={quote(query)}{more}")
    return [one["attributes"]["attributes"]["title"] for one in reply["data"]]


def test_a_posted_event_is_answered_as_recorded_and_found_again(datadog: Client) -> None:
    reply = datadog.post("/api/v1/events", {**EVENT, "alert_type": "warning", "aggregation_key": "deploys"})
    assert reply.status == 202
    event = reply.json["event"]
    # The number is rounded, the text is not.
    assert event["id"] == int(float(event["id_str"]))
    assert (event["handle"], event["priority"], event["tags"]) == (None, "normal", EVENT["tags"])
    (one,) = datadog.done("GET", "/api/v2/events?filter[from]=now-1h")["data"]
    assert one["id"] == event["id_str"]
    assert one["attributes"]["message"] == "version 7"
    assert one["attributes"]["attributes"]["status"] == "warn"


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("", True),
        ("service:web", True),
        ("service:web env:prod", True),
        ("service:web env:qa", False),
        ("service:(web OR db)", True),
        ("service:w*", True),
        ("-service:web", False),
        ("-source:alert service:web", True),
        ("source:alert", False),
        ("(service:db OR status:info) version", True),
        ('"version 7"', True),
        ("deployed", True),
        ("rolled", False),
    ],
)
def test_events_are_found_by_tags_source_status_and_words(
    datadog: Client, query: str, is_found: bool
) -> None:
    datadog.done("POST", "/api/v1/events", EVENT)
    assert bool(found(datadog, query)) is is_found


@pytest.mark.parametrize(
    "query", ["(service:web", "@a:[1 TO 5]", "service:web @n:>5", "CIDR(@ip,10.0.0.0/8)"]
)
def test_what_cannot_be_searched_is_refused(shared: Client, query: str) -> None:
    reply = shared.get(f"/api/v2/events?filter[query]={quote(query)}")
    assert (reply.status, "Invalid query" in reply.errors[0]) == (400, True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": None}, "Missing required attributes: ['title']"),
        ({"text": ""}, "Missing required attributes: ['text']"),
        ({"text": "x" * 4001}, "'text' is invalid"),
        ({"tags": "a:b"}, "'tags' is invalid"),
        ({"tags": [1]}, "'tags' is invalid"),
        ({"alert_type": "loud"}, "'alert_type' is invalid"),
        ({"priority": "high"}, "'priority' is invalid"),
        ({"aggregation_key": "x" * 101}, "'aggregation_key' is invalid"),
        ({"date_happened": "today"}, "'date_happened' is invalid"),
        ({"date_happened": 1_000_000_000}, "Event too far in the past"),
    ],
)
def test_an_event_that_datadog_does_not_take_is_refused(
    shared: Client, change: dict[str, Any], words: str
) -> None:
    reply = shared.post("/api/v1/events", {**EVENT, **change})
    assert (reply.status, words in reply.errors[0]) == (400, True)


def test_events_come_in_pages_in_either_order(datadog: Client) -> None:
    for number in range(3):
        datadog.done("POST", "/api/v1/events", {**EVENT, "title": f"n{number}"})
        datadog.advance("1m")
    assert found(datadog, "", "&page[limit]=2") == ["n0", "n1"]
    assert found(datadog, "", "&page[limit]=2&page[cursor]=2") == ["n2"]
    assert found(datadog, "", "&sort=-timestamp") == ["n2", "n1", "n0"]
    at = int(datadog.now().timestamp()) - 120
    datadog.done("POST", "/api/v1/events", {**EVENT, "title": "then", "date_happened": at})
    assert found(datadog, "then") == ["then"]


def test_holds_can_only_be_asked_about(shared: Client) -> None:
    assert shared.done("GET", "/api/holds") == {"holds": []}
    assert shared.post("/api/holds", {}).status == 405
    assert shared.post("/api/holds/acme", {}).status == 405
