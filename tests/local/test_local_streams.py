"""Service checks, logs, events and composites in the local Datadog."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.client import Client, later

CHECK = '"app.up".over("env:prod").by("host").last(3).count_by_status()'
LOGS = 'logs("status:error").index("*").rollup("count").by("service").last("5m") > 2'


def at(datadog: Client, minutes: float) -> int:
    return int(datadog.now().timestamp() + 60 * minutes)


def run(status: int, when: int, **more: Any) -> dict[str, Any]:
    return {
        "check": "app.up",
        "host_name": "Web-1",
        "status": status,
        "timestamp": when,
        "tags": ["env:prod"],
        **more,
    }


def test_runs_of_a_check_are_evaluated(datadog: Client) -> None:
    number = datadog.create(
        type="service check",
        query=CHECK,
        message="{{host.name}}: {{check_message}} @slack-risk",
        options={"thresholds": {"critical": 2, "ok": 1, "warning": 1}, "new_group_delay": 0},
    )["id"]
    reply = datadog.post(
        "/api/v1/check_run", [run(0, at(datadog, 0)), run(2, at(datadog, 1), message="x" * 600)]
    )
    assert (reply.status, reply.json) == (202, {"status": "ok"})
    assert reply.headers["content-type"].startswith("text/json")
    datadog.post("/api/v1/check_run", run(2, at(datadog, 2), message="refused"))
    datadog.post("/api/v1/check_run", [run(0, at(datadog, 4))])
    datadog.advance("6m")
    assert datadog.told() == [("00:03", "host:web-1", "alert"), ("00:05", "host:web-1", "recovery")]
    first = datadog.done("GET", "/local/notifications")["notifications"][0]
    assert first["body"] == "web-1: refused @slack-risk"
    assert datadog.states(number) == {"host:web-1": "OK"}


def test_old_runs_are_dropped_unless_they_seed_a_story(datadog: Client) -> None:
    number = datadog.create(type="service check", query=CHECK, options={"new_group_delay": 0})["id"]
    datadog.advance("60m")
    datadog.post("/api/v1/check_run", [run(2, at(datadog, -11)), run(2, at(datadog, 11))])
    datadog.advance("20m")
    assert datadog.states(number) == {}
    datadog.done("POST", "/local/check_run", [run(2, at(datadog, 30))])
    datadog.advance("31m")
    assert datadog.states(number) == {"host:web-1": "Alert"}


def test_logs_are_evaluated(datadog: Client) -> None:
    number = datadog.create(
        type="log alert",
        query=LOGS,
        message="{{service.name}}: {{value}} {{log.attributes.code}} {{log.message}}",
        options={"new_group_delay": 0},
    )["id"]
    line = {
        "ddsource": "nginx",
        "ddtags": "env:prod,team:risk",
        "hostname": "web-1",
        "service": "web",
        "status": "error",
    }
    reply = datadog.post("/api/v2/logs", [{**line, "message": "timed out"}, {**line, "code": 7}])
    assert (reply.status, reply.json) == (202, {})
    datadog.post("/api/v2/logs", {**line, "message": json.dumps({"message": "inner", "code": 8})})
    datadog.post("/api/v2/logs", {"service": "web", "status": "info", "message": "{not json"})
    datadog.post("/api/v2/logs", {**line, "timestamp": "2026-03-01T01:00:00Z", "message": "too old"})
    datadog.post("/api/v2/logs", {**line, "service": "api", "date": 1000 * at(datadog, 1), "message": "soon"})
    datadog.advance("3m")
    (told,) = datadog.done("GET", "/local/notifications")["notifications"]
    assert told["body"] == "web: 3 8 inner"
    assert datadog.states(number) == {"service:web": "Alert", "service:api": "OK"}


def test_events_that_are_posted_and_those_of_any_source_are_evaluated(datadog: Client) -> None:
    posted = datadog.create(
        name="posted",
        type="event-v2 alert",
        query='events("deploy status:error").rollup("count").last("5m") >= 1',
        message="{{event.title}}: {{event.text}}",
        options={},
    )["id"]
    rum = datadog.create(
        name="rum",
        type="rum alert",
        query='rum("@type:error").rollup("cardinality", "@usr.id").last("5m") >= 2',
        options={},
    )["id"]
    datadog.done(
        "POST",
        "/api/v1/events",
        {"title": "Deploy broke", "text": "back", "alert_type": "error", "tags": ["env:prod"]},
    )
    events = [
        {"source": "rum", "timestamp": at(datadog, 1), "attributes": {"type": "error", "usr": {"id": name}}}
        for name in ("a", "b", "a")
    ]
    reply = datadog.post("/local/events", events)
    assert (reply.status, reply.json) == (202, {"errors": []})
    datadog.advance("4m")
    assert datadog.states(posted) == datadog.states(rum) == {"*": "Alert"}
    bodies = [one["body"] for one in datadog.done("GET", "/local/notifications")["notifications"]]
    assert "Deploy broke: back" in bodies


def test_a_composite_alerts_as_its_parts_do(datadog: Client) -> None:
    check = datadog.create(
        name="check",
        type="service check",
        query=CHECK.replace('"host"', '"tenant"'),
        options={"new_group_delay": 0},
    )["id"]
    rate = datadog.create(
        name="rate",
        query="sum(last_5m):sum:streams.created{*} by {tenant}.as_count() > 10",
        options={"new_group_delay": 0},
    )["id"]
    both = datadog.create(
        name="both",
        type="composite",
        query=f"{check} && {rate}",
        message="{{a.status}} {{b.value}}",
        options={},
    )["id"]
    datadog.points("acme", [1, 1, 20, 20, 1, 1, 1, 1, 1, 1, 1, 1])
    datadog.points("birch", [20] * 12)
    datadog.done(
        "POST",
        "/local/check_run",
        [
            run(status, at(datadog, minute), tags=["env:prod", "tenant:acme"])
            for minute, status in ((0, 2), (4, 0), (5, 2))
        ],
    )
    for _ in range(3):
        datadog.advance("4m")
    told = datadog.done("GET", "/local/notifications")["notifications"]
    own = [
        (one["at"][11:16], one["group"], one["kind"], one["body"])
        for one in told
        if one["monitor_id"] == both
    ]
    assert own == [
        ("00:03", "tenant:acme", "alert", "Alert 22"),
        ("00:05", "tenant:acme", "recovery", "OK 43"),
        ("00:06", "tenant:acme", "alert", "Alert 43"),
        ("00:09", "tenant:acme", "recovery", "Alert 5"),
    ]
    assert datadog.states(both) == {"tenant:acme": "OK"}


def test_a_composite_of_a_part_that_cannot_be_evaluated_is_not_either(datadog: Client) -> None:
    odd = datadog.create(
        name="odd",
        type="process alert",
        query='processes("x").over("*").rollup("count").last("10m") < 1',
        options={},
    )["id"]
    both = datadog.create(name="both", type="composite", query=f"!{odd}", options={})["id"]
    datadog.advance("2m")
    unsupported = datadog.done("GET", "/local/status")["unsupported"]
    assert [one["monitor_id"] for one in unsupported] == [odd, both]
    assert str(odd) in unsupported[1]["reason"]


def test_a_slow_part_lends_its_last_state(datadog: Client) -> None:
    slow = datadog.create(
        name="slow",
        query="sum(last_1d):sum:streams.created{*} by {tenant}.as_count() > 10",
        options={"new_group_delay": 0},
    )["id"]
    datadog.points("acme", [20] * 60)
    datadog.advance("11m")
    both = datadog.create(name="both", type="composite", query=f"{slow}", options={})["id"]
    datadog.advance("3m")
    assert datadog.states(both) == {"tenant:acme": "Alert"}


def test_a_new_threshold_keeps_the_groups_of_a_log_monitor(datadog: Client) -> None:
    number = datadog.create(type="log alert", query=LOGS, options={"new_group_delay": 0})["id"]
    datadog.post("/api/v2/logs", [{"service": "web", "status": "error"}] * 3)
    datadog.advance("2m")
    path = f"/api/v1/monitor/{number}"
    datadog.done("PUT", path, {"query": LOGS.replace("> 2", "> 1")})
    assert datadog.states(number) == {"service:web": "Alert"}
    datadog.done("PUT", path, {"query": LOGS.replace("5m", "10m")})
    assert datadog.states(number) == {}


def test_a_composite_of_other_parts_begins_anew(datadog: Client) -> None:
    first, second = (datadog.create(name=name)["id"] for name in "ab")
    both = datadog.create(name="both", type="composite", query=f"{first} && {second}", options={})["id"]
    datadog.points("acme", [600] * 9)
    datadog.advance("3m")
    assert datadog.states(both) == {"tenant:acme": "Alert"}
    datadog.done("PUT", f"/api/v1/monitor/{both}", {"query": f"{first} || {second}"})
    assert datadog.states(both) == {}


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("/api/v1/check_run", [{"check": "a", "status": 4}], "'status'"),
        ("/api/v1/check_run", [{"check": "a", "status": True}], "'status'"),
        ("/api/v1/check_run", [{"status": 0}], "'check'"),
        ("/api/v1/check_run", ["x"], "list of objects"),
        ("/api/v1/check_run", [{"check": "a", "status": 0, "tags": "x"}], "'tags'"),
        ("/api/v1/check_run", [{"check": "a", "status": 0, "tags": [1]}], "'tags'"),
        ("/api/v1/check_run", [{"check": "a", "status": 0, "timestamp": "now"}], "'timestamp'"),
        ("/api/v1/check_run", [{"check": "a", "status": 0}] * 1001, "at most 1000"),
        ("/api/v2/logs", {"timestamp": "yesterday"}, "'timestamp'"),
        ("/api/v2/logs", 5, "list of objects"),
        ("/local/events", [{"source": ""}], "'source'"),
        ("/local/events", [{"source": "rum", "attributes": []}], None),
        ("/local/events", [{"source": "rum", "attributes": [1]}], "'attributes'"),
    ],
)
def test_a_body_of_another_shape_is_refused(datadog: Client, path: str, body: Any, error: str | None) -> None:
    reply = datadog.post(path, body)
    if error is None:
        assert reply.status == 202
        return
    assert reply.status == 400
    assert error in reply.errors[0]


def test_what_is_no_json_after_all_is_a_message(datadog: Client) -> None:
    number = datadog.create(
        type="log alert",
        query='logs("deep").rollup("count").last("5m") > 1',
        options={},
        message="{{log.message}}",
    )["id"]
    datadog.post("/api/v2/logs", [{"message": "{deep"}, {"message": '{"a":' * 900 + " deep"}])
    datadog.advance("1m")
    assert datadog.states(number) == {"*": "Alert"}
    assert datadog.done("GET", "/local/status")["now"] == later(minutes=1)
