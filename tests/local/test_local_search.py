from __future__ import annotations

from typing import Any

import pytest

from tests.local.client import Client, later


@pytest.fixture
def searched(datadog: Client) -> Client:
    datadog.create(name="Alpha [prod]", tags=["team:a"], message="x @slack-risk @pagerduty and a@b.example")
    datadog.create(name="Beta", tags=["team:b"], query="avg(last_5m):avg:cpu{*} > 2", options={})
    datadog.create(
        name="Gamma",
        type="log alert",
        query='logs("x").index("*").rollup("avg","@ms").last("5m") > 1',
        options={},
        message="",
    )
    for tenant, value in (("acme", 20), ("birch", 1)):
        datadog.points(tenant, [value] * 30)
    datadog.advance("30m")
    return datadog


def names(datadog: Client, query: str, more: str = "") -> list[str]:
    path = f"/api/v1/monitor/search?query={query.replace(' ', '%20')}{more}"
    return [one["name"] for one in datadog.done("GET", path)["monitors"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Alpha [prod]", "Beta", "Gamma"]),
        ("alph", ["Alpha [prod]"]),
        ('"alpha [prod]"', ["Alpha [prod]"]),
        ("title:b", ["Beta"]),
        ("status:alert", ["Alpha [prod]"]),
        ('status:"no data"', ["Beta", "Gamma"]),
        ("-status:alert", ["Beta", "Gamma"]),
        ("NOT status:alert AND type:metric", ["Beta"]),
        ("tag:team:a", ["Alpha [prod]"]),
        ("tag:team:?", ["Alpha [prod]", "Beta"]),
        ("type:log", ["Gamma"]),
        ("metric:streams.*", ["Alpha [prod]"]),
        ("notification:pagerduty", ["Alpha [prod]"]),
        ("notification:b.example", []),
        ("muted:false id:2", ["Beta"]),
        ('scope:"env:prod"', ["Alpha [prod]"]),
    ],
)
def test_a_search_finds_by_field(searched: Client, query: str, found: list[str]) -> None:
    assert names(searched, query) == found


def test_results_are_counted_sorted_and_paged(searched: Client) -> None:
    whole = searched.done("GET", "/api/v1/monitor/search?per_page=2&sort=name,desc")
    assert [one["name"] for one in whole["monitors"]] == ["Gamma", "Beta"]
    assert whole["metadata"] == {"page": 0, "page_count": 2, "per_page": 2, "total_count": 3}
    assert whole["counts"]["status"] == [{"name": "No Data", "count": 2}, {"name": "Alert", "count": 1}]
    assert {"name": "team:a", "count": 1} in whole["counts"]["tag"]
    assert names(searched, "", "&page=1&per_page=2") == ["Gamma"]
    first = searched.done("GET", "/api/v1/monitor/search?query=alpha")["monitors"][0]
    assert first["notifications"] == [
        {"handle": "slack-risk", "name": "Slack"},
        {"handle": "pagerduty", "name": "Pagerduty"},
    ]
    assert (first["metrics"], first["classification"]) == (["streams.created"], "metric")


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ("query=status:notastatus", "Query parsing error: 'notastatus' is not a valid monitor status"),
        (
            "query=a%20OR%20b",
            "Query parsing error: OR and parentheses are not supported by the local Datadog",
        ),
        ("query=colour:red", "Query parsing error: 'colour' is not a field the local Datadog searches by"),
        ("sort=age", "The value provided for parameter 'sort' is invalid"),
    ],
)
def test_what_cannot_be_searched_is_told(shared: Client, parameters: str, error: str) -> None:
    reply = shared.get(f"/api/v1/monitor/search?{parameters}")
    assert (reply.status, reply.errors) == (400, [error])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["tenant:acme", "tenant:birch"]),
        ("group_status:alert", ["tenant:acme"]),
        ("group:tenant:birch", ["tenant:birch"]),
        ("tag:team:b", []),
    ],
)
def test_groups_are_searched_too(searched: Client, query: str, found: list[str]) -> None:
    answer = searched.done("GET", f"/api/v1/monitor/groups/search?query={query}")
    groups = [one for one in answer["groups"] if one["monitor_name"].startswith("Alpha")]
    assert [one["group"] for one in groups] == found
    assert answer["metadata"]["total_count"] >= len(found)


def test_what_a_downtime_silences_is_told_as_muted(searched: Client) -> None:
    searched.silence("tenant:acme", schedule={"end": later(hours=2)})
    searched.silence("*", tags=["team:b"])
    searched.silence("*", schedule={"start": later(hours=1), "end": later(hours=2)})
    groups = searched.done("GET", "/api/v1/monitor/groups/search?query=alpha")["groups"]
    shown = {one["group"]: (one["muted"], one["muted_remaining"], len(one["downtimes"])) for one in groups}
    assert shown == {"tenant:acme": (True, 90 * 60, 1), "tenant:birch": (False, None, 0)}
    assert names(searched, "muted:true") == ["Beta"]
    found = searched.done("GET", "/api/v1/monitor/search")
    assert {"name": True, "count": 1} in found["counts"]["muted"]
    assert all("muted" not in one and one["muted_until_ts"] is None for one in found["monitors"])


class TestEvents:
    def events(self, datadog: Client, parameters: str = "") -> Any:
        return datadog.done("GET", f"/api/v2/events?filter[from]=now-1h{parameters}")

    def test_every_notification_leaves_an_event(self, searched: Client) -> None:
        (event,) = self.events(searched)["data"]
        assert event["attributes"]["timestamp"] == later(minutes=26)
        assert event["attributes"]["tags"] == ["team:a", "tenant:acme"]
        assert event["attributes"]["attributes"]["title"].startswith("[Triggered on {tenant:acme}]")
        assert event["attributes"]["attributes"]["status"] == "error"

    def test_a_muted_alert_leaves_none(self, datadog: Client) -> None:
        datadog.create()
        datadog.silence("*")
        datadog.points("acme", [20] * 30)
        datadog.advance("30m")
        assert self.events(datadog)["data"] == []

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("source:alert", 1),
            ("source:chef", 0),
            ("team:a", 1),
            ("team:b", 0),
            ("triggered status:error", 1),
            ("status:success", 0),
        ],
    )
    def test_events_are_found_by_their_terms(self, searched: Client, query: str, found: int) -> None:
        listed = self.events(searched, f"&filter[query]={query.replace(' ', '%20')}")
        assert len(listed["data"]) == found
        body = {"filter": {"query": query, "from": "now-1h", "to": "now"}}
        assert searched.done("POST", "/api/v2/events/search", body) == listed

    def test_pages_follow_a_cursor_in_either_order(self, datadog: Client) -> None:
        datadog.create()
        for tenant in ("acme", "birch", "cedar"):
            datadog.points(tenant, [20] * 30)
        datadog.advance("30m")
        seen: list[str] = []
        cursor = ""
        while True:
            page = self.events(datadog, f"&page[limit]=2&sort=-timestamp{cursor}")
            seen += [one["id"] for one in page["data"]]
            if "meta" not in page:
                break
            cursor = f"&page[cursor]={page['meta']['page']['after']}"
        assert seen == ["3", "2", "1"]

    def test_times_may_be_written_in_three_ways(self, searched: Client) -> None:
        for start, found in ((later(minutes=20), 1), ("1772411400000", 0), ("now", 0), ("now-5m", 1)):
            path = f"/api/v2/events?filter[from]={start.replace('+', '%2B')}"
            assert len(searched.done("GET", path)["data"]) == found

    @pytest.mark.parametrize(
        "parameters",
        ["filter[from]=noon", "filter[to]=now-x", "sort=title", "page[cursor]=x", "page[limit]=0"],
    )
    def test_what_makes_no_sense_is_refused(self, shared: Client, parameters: str) -> None:
        assert shared.get(f"/api/v2/events?{parameters}").status == 400

    @pytest.mark.parametrize("body", [[1], {"filter": 1}, {"page": "x"}])
    def test_a_search_of_another_form_is_refused(self, shared: Client, body: Any) -> None:
        assert shared.post("/api/v2/events/search", body).status == 400

    def test_a_search_without_a_body_takes_the_last_quarter_hour(self, searched: Client) -> None:
        assert len(searched.done("POST", "/api/v2/events/search")["data"]) == 1
