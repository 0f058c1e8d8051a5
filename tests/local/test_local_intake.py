from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from dd_sync.local.intake import normalise_tag
from dd_sync.local.points_table import Intake
from dd_sync.local.store import Store
from tests.local.client import START, Client

NOW = int(START.timestamp())
V1, V2 = "/api/v1/series", "/api/v2/series"


def v2(*points: tuple[Any, Any], **fields: Any) -> dict[str, Any]:
    listed = [{"timestamp": at, "value": value} for at, value in points]
    return {"series": [{"metric": "streams.created", "type": 1, "interval": 60, "points": listed, **fields}]}


def v1(*points: tuple[Any, ...], **fields: Any) -> dict[str, Any]:
    return {"series": [{"metric": "streams.created", "points": [list(point) for point in points], **fields}]}


def kept(datadog: Client) -> tuple[int, int]:
    """How many series and points there are."""
    status = datadog.done("GET", "/local/status")
    return status["series"], status["points"]


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [(V2, v2((NOW, 1)), '{"errors":[]}'), (V1, v1((NOW, 1)), '{"status":"ok"}')],
)
def test_series_are_accepted_as_recorded(datadog: Client, path: str, body: Any, answer: str) -> None:
    reply = datadog.send("POST", path, body, headers={"DD-API-KEY": "only this one"})
    assert (reply.status, reply.text) == (202, answer)
    assert reply.headers["content-type"].startswith("text/json")
    assert kept(datadog) == (1, 1)


@pytest.mark.parametrize("path", [V1, V2])
def test_points_out_of_time_are_dropped_without_a_word(datadog: Client, path: str) -> None:
    times = [NOW - 3601, NOW - 3600, NOW + 600, NOW + 601, NOW * 1000]
    body = (v1 if path == V1 else v2)(*((at, 1) for at in times))
    assert datadog.post(path, body).status == 202
    assert kept(datadog) == (1, 2)


def test_history_takes_what_is_kept_and_a_month_ahead(datadog: Client) -> None:
    times = [NOW + day * 86400 for day in (-10, -8, -7, 0, 31, 32)]
    datadog.done("POST", "/local/series", v2(*((at, 1) for at in times)))
    assert kept(datadog) == (1, 4)


def test_a_point_sent_again_replaces_the_first(datadog: Client) -> None:
    for value in (1, 2):
        datadog.done("POST", V2, v2((NOW, value)))
    datadog.done("POST", V2, v2((NOW, 1), tags=["env:prod"]))
    assert kept(datadog) == (2, 2)


def test_tags_in_any_order_and_case_are_one_series(datadog: Client) -> None:
    datadog.done("POST", V2, v2((NOW, 1), tags=["Env:PROD", "tenant:acme"]))
    datadog.done("POST", V2, v2((NOW + 1, 1), tags=["tenant:acme", "env:prod", "env:prod"]))
    assert kept(datadog) == (1, 2)


@pytest.mark.parametrize(
    ("tag", "normalised"),
    [
        ("Env:Prod", "env:prod"),
        (" tenant:a b!!c ", "tenant:a_b_c"),
        ("9lives:x", "lives:x"),
        ("key:", "key"),
        ("key:ä_", "key"),
        ("url:http://a.b/c-d", "url:http://a.b/c-d"),
        ("123", ""),
        ("k:" + "v" * 300, "k:" + "v" * 198),
    ],
)
def test_a_tag_is_normalised_as_metric_tags_are(tag: str, normalised: str) -> None:
    assert normalise_tag(tag) == normalised
    assert normalise_tag(normalised) == normalised


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress])
def test_compressed_bodies_are_read(datadog: Client, encode: Any) -> None:
    encoding = "gzip" if encode is gzip.compress else "deflate"
    headers = {**datadog.headers, "Content-Encoding": encoding}
    raw = encode(json.dumps(v2((NOW, 1))).encode())
    assert datadog.send("POST", V2, raw=raw, headers=headers).status == 202
    assert kept(datadog) == (1, 1)
    for broken in (raw[:-12], b"no" + raw):
        reply = datadog.send("POST", V2, raw=broken, headers=headers)
        assert (reply.status, reply.errors) == (400, ["Request body could not be decompressed"])


def test_an_encoding_nobody_reads_is_refused(shared: Client) -> None:
    reply = shared.send("POST", V2, raw=b"x", headers={**shared.headers, "Content-Encoding": "zstd1"})
    assert reply.status == 415


def test_a_body_that_unpacks_beyond_its_limit_is_refused(shared: Client) -> None:
    raw = gzip.compress(b" " * 6_000_000)
    reply = shared.send("POST", V2, raw=raw, headers={**shared.headers, "Content-Encoding": "gzip"})
    assert (reply.status, reply.errors) == (413, ["Payload too large"])


def test_a_body_beyond_its_limit_is_refused(shared: Client) -> None:
    reply = shared.send("POST", V2, raw=b" " * 512_001)
    assert (reply.status, reply.errors) == (413, ["Payload too large"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (V2, []),
        (V2, {}),
        (V2, {"series": {}}),
        (V2, {"series": [1]}),
        (V2, v2((NOW, "1"))),
        (V2, v2((NOW, True))),
        (V2, v2((NOW, 10**400))),
        (V2, v2((None, 1))),
        (V2, v2((NOW, 1), type="count")),
        (V2, v2((NOW, 1), type=4)),
        (V2, v2((NOW, 1), interval=-1)),
        (V2, v2((NOW, 1), interval=1.5)),
        (V2, v2((NOW, 1), metric="")),
        (V2, v2((NOW, 1), metric="1x")),
        (V2, v2((NOW, 1), metric="m" * 201)),
        (V2, v2((NOW, 1), metric=7)),
        (V2, v2((NOW, 1), tags="a:b")),
        (V2, v2((NOW, 1), tags=[1])),
        (V2, v2((NOW, 1), resources={"host": "x"})),
        (V2, v2((NOW, 1), resources=["x"])),
        (V2, v2(points=[1])),
        (V2, v2(points={})),
        (V1, v1((NOW, 1, 2))),
        (V1, v1(points=[{}])),
        (V1, v1((NOW, 1), type="histogram")),
        (V1, v1((NOW, 1), type=3)),
    ],
)
def test_a_body_of_another_form_is_refused_whole(shared: Client, path: str, body: Any) -> None:
    before = kept(shared)
    reply = shared.post(path, body)
    assert reply.status == 400
    assert len(reply.errors) == 1
    assert kept(shared) == before


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(shared: Client, value: str) -> None:
    raw = json.dumps(v2((NOW, 1.5))).replace("1.5", value).encode()
    reply = shared.send("POST", V2, raw=raw)
    assert (reply.status, reply.errors) == (400, ["Invalid JSON structure"])


def test_hosts_and_types_reach_the_evaluator(start: Any) -> None:
    datadog = start()
    query = "avg(last_5m):avg:cpu{*} by {host} > 5"
    number = datadog.create(query=query, options={"new_group_delay": 0})["id"]
    series = v2((NOW, 9), metric="cpu", type=3, resources=[{"type": "host", "name": "Web-1"}])
    datadog.done("POST", V2, series)
    datadog.done("POST", V1, v1((NOW, 9), metric="cpu", type="gauge", host="web-2"))
    datadog.advance("1m")
    assert datadog.states(number) == {"host:web-1": "Alert", "host:web-2": "Alert"}


def test_old_points_go_and_their_series_with_them() -> None:
    store = Store()
    store.points.add(
        [Intake("a", "count", 60, (), ((1, 1.0), (2, 2.0))), Intake("b", "gauge", 1, (), ((1, 1.0),))]
    )
    store.points.drop_before(2)
    assert store.points.count() == (1, 1)
    assert [one.values.tolist() for one in store.points.select("a", 0, 9)] == [[2.0]]
    assert store.points.select("a", 0, 2) == []
    store.close()
