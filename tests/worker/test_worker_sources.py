"""Reading from Datadog and from Prometheus: what is asked, and answers that cannot be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
import requests
import responses

from dd_sync.errors import DatadogError, DdSyncError, RequestError
from dd_sync.worker.buckets import Buckets, Plan
from dd_sync.worker.prometheus import PrometheusError, PrometheusSource, checked_url
from dd_sync.worker.sources import DatadogSource, Wanted
from dd_sync.worker.state import Positions
from tests.worker.memory import START, Memory, derivation, refused, worker

PLAN = Plan.of(derivation())
WANTED = Wanted(PLAN, START, START + 300)


class Fixed(Memory):
    """Answers every query with the same series."""

    def __init__(self, *series: Any) -> None:
        super().__init__()
        self.series = list(series)

    def query(self, query: str, start: int, end: int) -> list[Any]:
        self.requests.append(query)
        return self.series


def one(**fields: Any) -> dict[str, Any]:
    whole = {"query_index": 0, "tag_set": ["tenant:acme"], "interval": 60, "pointlist": [[1000.0 * START, 5]]}
    return {**whole, **fields}


def buckets(found: Mapping[str, Buckets | DdSyncError]) -> Buckets:
    first = next(iter(found.values()))
    assert isinstance(first, Buckets), first
    return first


def error(found: Mapping[str, Buckets | DdSyncError]) -> DdSyncError:
    first = next(iter(found.values()))
    assert isinstance(first, DdSyncError), first
    return first


def test_gaps_of_any_form_are_no_values() -> None:
    points = [
        [1000 * START, 5],
        [1000 * (START + 60), None],
        [1000 * (START + 120), float("nan")],
        [1000 * (START + 180) + 30_000, 7],
        [1000 * (START + 300), 8],
        [1000 * (START - 60), 9],
    ]
    read = buckets(DatadogSource(Fixed(one(pointlist=points))).read([WANTED]))
    assert read.groups == (("acme",),)
    np.testing.assert_array_equal(read.values, [[5, *[np.nan] * 4]])


def test_groups_without_the_key_are_left_out_as_monitors_leave_them() -> None:
    source = DatadogSource(
        Fixed(
            one(tag_set=[]), one(tag_set=["tenant:N/A"]), one(tag_set=["host:a"]), one(tag_set=["TENANT:b"])
        )
    )
    assert buckets(source.read([WANTED])).groups == (("b",),)


@pytest.mark.parametrize(
    ("series", "said"),
    [
        (one(tag_set=None), "without tag_set"),
        (one(interval=300), "buckets of 300 s, not of 60 s"),
        (one(pointlist=None), "no pairs"),
        (one(pointlist=[1]), "no pairs"),
        (one(pointlist=[["x", 1]]), "no pairs"),
        (one(pointlist=[[1e400, 1]]), None),
        (one(pointlist=[[60_000, "x"]]), "no pairs"),
    ],
)
def test_an_answer_that_cannot_be_right_is_an_error_and_no_number(series: Any, said: str | None) -> None:
    found = DatadogSource(Fixed(series)).read([WANTED])
    if said is None:
        assert np.isnan(buckets(found).values).all()
    else:
        assert said in error(found).problem


@pytest.mark.parametrize("index", [None, 2, -1, "0", True])
def test_a_series_of_no_query_is_an_error(index: Any) -> None:
    wanted = [WANTED, Wanted(Plan.of(derivation("b")), START, START + 300)]
    found = DatadogSource(Fixed(one(query_index=index))).read(wanted)
    assert [type(each) for each in found.values()] == [DatadogError] * 2


def test_an_error_that_is_not_about_the_query_is_that_of_all() -> None:
    memory = Memory()

    def fail(request: str) -> None:
        raise refused(503)

    memory.fail = fail
    source = DatadogSource(memory)
    wanted = [WANTED, Wanted(Plan.of(derivation("b")), START, START + 300)]
    assert len(source.read(wanted)) == 2
    assert source.queries == 1
    assert len(source.batches(wanted)) == 1


def test_a_request_has_room_for_its_queries() -> None:
    wanted = [
        Wanted(Plan.of(derivation(f"k{number}", f"m{'x' * 150}.{number}")), START, START + 300)
        for number in range(40)
    ]
    batches = DatadogSource(Memory()).batches(wanted)
    assert [one for batch in batches for one in batch] == wanted
    assert max(len(batch) for batch in batches) <= 8
    assert DatadogSource(Memory(room=7.0)).wait() == 7.0
    assert DatadogSource(Memory()).batches([]) == []


@pytest.mark.parametrize(
    "series",
    [one(pointlist=None), one(pointlist=[1, [1, None], ["x", 1]]), one(query_index=9), one(query_index="x")],
)
def test_a_worker_that_learns_nothing_begins_anew(series: Any) -> None:
    positions = Positions(delay=60)
    positions.learn([PLAN], Fixed(series), START)
    due, lost = positions.due(PLAN, START)
    assert due is not None
    assert (due.first - START, lost) == (-55 * 60, None)


# --- Prometheus --------------------------------------------------------------------------------------

URL = "http://127.0.0.1:9090"


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def prometheus(token: str | None = None) -> PrometheusSource:
    return PrometheusSource(URL, requests.Session(), token)


def matrix(*result: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(result)}}


def test_prometheus_is_asked_for_the_ends_of_the_buckets(http: responses.RequestsMock) -> None:
    labels = {"tenant": "acme"}
    values = [[START + 60, "5"], [START + 120, "NaN"], [START + 180, "+Inf"], [START + 300, "7"]]
    http.post(
        f"{URL}/api/v1/query_range",
        json=matrix({"metric": labels, "values": values}, {"metric": {}, "values": []}),
    )
    read = buckets(prometheus("s3cret").read([WANTED]))
    assert read.groups == (("acme",),)
    np.testing.assert_array_equal(read.values, [[5, np.nan, np.nan, np.nan, 7]])
    request = http.calls[0].request
    assert parse_qs(str(request.body)) == {
        "query": ['sum by (tenant) (increase(tx_count_total{tenant!=""}[1m]))'],
        "start": [str(START + 60)],
        "end": [str(START + 300)],
        "step": ["60"],
    }
    assert request.headers["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(prometheus("s3cret"))


def test_a_gauge_is_the_average_over_the_bucket(http: responses.RequestsMock) -> None:
    http.post(f"{URL}/api/v1/query_range", json=matrix())
    one = derivation(query="avg:pool.size{env:prod} by {tenant}", bucket=timedelta(minutes=5))
    assert buckets(prometheus().read([Wanted(Plan.of(one), START, START + 600)])).groups == ()
    query = parse_qs(str(http.calls[0].request.body))["query"]
    assert query == ['avg by (tenant) (avg_over_time(pool_size{env="prod",tenant!=""}[5m]))']


def test_a_long_time_is_asked_in_parts(http: responses.RequestsMock) -> None:
    http.post(f"{URL}/api/v1/query_range", json=matrix())
    prometheus().read([Wanted(PLAN, START, START + 60 * 25_000)])
    assert len(http.calls) == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {"status": 400, "json": {"status": "error", "error": "parse \x1b[31m error"}},
            "400: parse \ufffd[31m",
        ),
        ({"status": 502, "body": "<html>"}, "answered 502"),
        ({"status": 302, "headers": {"Location": "http://elsewhere"}}, "answered 302"),
        ({"json": {"data": {"resultType": "vector", "result": []}}}, "answered 200"),
        ({"json": [1]}, "answered 200"),
        ({"body": "[" * 100_000}, "answered 200"),
        ({"json": matrix(1)}, "cannot be read"),
        ({"json": matrix({"metric": {"tenant": "a"}, "values": [[1, "x"]]})}, "cannot be read"),
        ({"json": matrix({"metric": {"tenant": "a"}, "values": [["Infinity", "1"]]})}, "cannot be read"),
        ({"body": requests.ConnectionError("http://secret@host")}, "cannot be reached (ConnectionError)"),
        ({"body": requests.ReadTimeout()}, "cannot be reached (ReadTimeout)"),
    ],
)
def test_what_prometheus_gets_wrong_is_told(
    http: responses.RequestsMock, answer: dict[str, Any], said: str
) -> None:
    http.post(f"{URL}/api/v1/query_range", **answer)
    found = error(prometheus().read([WANTED]))
    assert isinstance(found, PrometheusError)
    assert said in found.problem
    assert "secret" not in found.problem
    assert found.exit == 4


def test_an_answer_without_end_is_given_up(
    http: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dd_sync.worker.prometheus._LARGEST", 1000)
    http.post(f"{URL}/api/v1/query_range", body=" " * 2000)
    assert "more than 0 MB" in error(prometheus().read([WANTED])).problem


def test_what_promql_cannot_say_is_a_failure_of_that_guard_alone() -> None:
    for query, said in (
        ("sum:tx.count{a:b OR c:d} by {tenant}.as_count()", "cannot be said by label matchers"),
        ("p95:tx.count{*} by {tenant}", "no counterpart"),
    ):
        wanted = Wanted(Plan.of(derivation("odd", query=query)), START, START + 60)
        assert said in error(prometheus().read([wanted])).problem


def test_a_round_reads_prometheus_and_sends_to_datadog(http: responses.RequestsMock) -> None:
    values = [[START - 60 * ago, str(60 + ago % 3)] for ago in range(150, -1, -1)]
    http.post(f"{URL}/api/v1/query_range", json=matrix({"metric": {"tenant": "acme"}, "values": values}))
    memory = Memory()
    found = worker(memory, source=prometheus())
    found.begin()
    done = found.round()
    assert (done.points, done.queries) == (54, 0)
    assert len(memory.gauge()) == 54
    assert prometheus().wait() == 0.0


def test_a_token_does_not_travel_readable() -> None:
    assert checked_url("http://prometheus:9090/", token=False) == "http://prometheus:9090"
    assert checked_url("https://prometheus/base", token=True) == "https://prometheus/base"
    assert checked_url("http://localhost:9090", token=True) == "http://localhost:9090"
    with pytest.raises(RequestError, match="not sent over plain http"):
        checked_url("http://prometheus:9090", token=True)
    with pytest.raises(RequestError, match="not the URL"):
        checked_url("http://prometheus:99999", token=False)


def test_a_derivation_is_of_one_metric() -> None:
    with pytest.raises(TypeError, match="is not one metric"):
        Plan.of(derivation(query="avg:a{*} + avg:b{*}"))
