"""GET /api/v1/query: the buckets that monitors are evaluated by, in the form of recorded answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.local.client import START, Client

BEGIN = int(START.timestamp())


def ask(datadog: Client, query: str, start: int = BEGIN, end: int = BEGIN + 299) -> list[dict[str, Any]]:
    answer = datadog.done("GET", f"/api/v1/query?from={start}&to={end}&query={quote(query)}")
    assert (answer["status"], answer["res_type"], answer["query"]) == ("ok", "time_series", query)
    return list(answer["series"])


def values(series: dict[str, Any]) -> dict[int, float]:
    """By seconds after START."""
    return {at // 1000 - BEGIN: value for at, value in series["pointlist"]}


@pytest.fixture
def flowing(datadog: Client) -> Client:
    datadog.points("acme", [1, 2, 3, 4, 5])
    datadog.points("birch", [10, 20, 30, 40, 50])
    return datadog


def test_series_come_by_group_and_bucket(flowing: Client) -> None:
    found = ask(flowing, "sum:streams.created{env:prod} by {tenant}.as_count().rollup(sum, 120)")
    assert [one["tag_set"] for one in found] == [["tenant:acme"], ["tenant:birch"]]
    assert values(found[0]) == {0: 3, 120: 7, 240: 5}
    assert found[0] | {"pointlist": []} == {
        "metric": "streams.created",
        "display_name": "streams.created",
        "expression": "sum:streams.created{env:prod} by {tenant}.as_count().rollup(sum, 120)",
        "scope": "tenant:acme,env:prod",
        "tag_set": ["tenant:acme"],
        "aggr": "sum",
        "interval": 120,
        "length": 3,
        "start": 1000 * BEGIN,
        "end": 1000 * (BEGIN + 359),
        "query_index": 0,
        "unit": None,
        "attributes": {},
        "pointlist": [],
    }


def test_a_first_bucket_that_is_cut_is_left_out_and_the_last_one_is_whole(flowing: Client) -> None:
    query = "sum:streams.created{*}.as_count().rollup(sum, 60)"
    (one,) = ask(flowing, query, BEGIN + 1, BEGIN + 180)
    assert values(one) == {60: 22, 120: 33, 180: 44}
    assert (one["scope"], one["tag_set"]) == ("*", [])


def test_functions_and_arithmetic_are_those_of_monitors(flowing: Client) -> None:
    count = "sum:streams.created{*}.as_count().rollup(sum, 60)"
    (one,) = ask(flowing, f"2 * {count} + abs({count})")
    assert values(one)[60] == 66
    (one,) = ask(flowing, f"cumsum({count})")
    assert values(one)[240] == 165


def test_a_query_earlier_has_the_values_of_then(flowing: Client) -> None:
    count = "sum:streams.created{*}.as_count().rollup(sum, 60)"
    (one,) = ask(flowing, f"hour_before({count})", BEGIN + 3600, BEGIN + 3899)
    assert values(one)[3660] == 22
    (one,) = ask(flowing, f"timeshift(hour_before({count}), -3600)", BEGIN + 7200, BEGIN + 7499)
    assert values(one)[7260] == 22


def test_metrics_in_buckets_of_different_lengths_are_refused(flowing: Client) -> None:
    count = "sum:streams.created{*}.as_count()"
    query = quote(f"{count}.rollup(sum, 60) + {count}.rollup(sum, 120)")
    reply = flowing.get(f"/api/v1/query?from={BEGIN}&to={BEGIN + 299}&query={query}")
    assert reply.status == 400, reply.text
    assert "different rollups" in reply.errors[0]


def test_several_queries_are_told_apart(flowing: Client) -> None:
    acme = "max:streams.created{env:prod,tenant:acme}.rollup(max, 60)"
    queries = f"{acme},max:streams.created{{tenant IN (birch,acme)}}.rollup(max, 300)"
    found = ask(flowing, queries)
    assert [(one["query_index"], max(values(one).values())) for one in found] == [(0, 5), (1, 50)]


@pytest.mark.parametrize(
    ("span", "interval"),
    [(3600, 20), (4 * 3600, 60), (86_400, 300), (172_800, 600), (604_800, 3600), (604_801, 14_400)],
)
def test_without_a_rollup_buckets_are_as_long_as_the_api_has_them(
    flowing: Client, span: int, interval: int
) -> None:
    (one,) = ask(flowing, "max:streams.created{*}", BEGIN, BEGIN + span)
    assert one["interval"] == interval


def test_where_there_is_nothing_there_are_no_series(datadog: Client, flowing: Client) -> None:
    assert ask(datadog, "max:never.sent{*}.rollup(max, 60)") == []
    assert ask(datadog, "sum:streams.created{*} by {host}.as_count().rollup(sum, 60)") == []
    assert ask(datadog, "sum:streams.created{*}.as_count().rollup(sum, 60)", BEGIN - 600, BEGIN - 61) == []


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("from=1&to=2", "'query' is invalid"),
        ("from=x&to=2&query=a", "'from' is invalid"),
        ("to=2&query=a", "'from' is invalid"),
        ("from=9&to=9&query=avg:a{*}", "'from' is invalid"),
        ("from=1&to=99999999999999&query=avg:a{*}", "'to' is invalid"),
        ("from=1&to=2&query=avg:a{", "Error parsing query"),
        ("from=1&to=2&query=avg:a{*},", "Error parsing query"),
        ("from=1&to=2&query=no_such(avg:a{*})", "Error parsing query"),
        ("from=1&to=2&query=anomalies(avg:a{*},'basic',2)", "not answered here"),
        ("from=1&to=2&query=5", "Error parsing query"),
        ("from=1&to=90002&query=avg:a{*}.rollup(avg,60)", "more than 1500"),
        ("from=1&to=2&query=" + ",".join(["avg:a{*}"] * 51), "at most 50 queries"),
    ],
)
def test_what_is_no_query_is_refused(shared: Client, parameters: str, said: str) -> None:
    reply = shared.get(f"/api/v1/query?{quote(parameters, safe='=&')}")
    assert reply.status == 400, reply.text
    assert said in reply.errors[0]
