"""What Datadog refuses, in its own words where they are known."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.local.http import Refused
from dd_sync.local.monitor_rules import check_monitor
from tests.local.client import Client, monitor


def options(**given: Any) -> dict[str, Any]:
    return monitor(options=given)


def thresholds(query_end: str = "> 500", **given: Any) -> dict[str, Any]:
    query = f"sum(last_1h):sum:a{{*}} by {{host}}.as_count() {query_end}"
    return monitor(query=query, options={"thresholds": given})


CHECK = {"type": "service check", "query": '"ntp.in_sync".over("*").by("*").last(2).count_by_status()'}
EVENT = {"type": "event-v2 alert", "query": 'events("x").rollup("count").last("5m") > 500'}
LOG = {"type": "log alert", "query": 'logs("x").index("*").rollup("count").last("5m") > 500'}
OVERLAP = (
    "alert and alert recovery criteria are such that the monitor can be simultaneously in alert"
    " and alert recovery states"
)

REFUSED = [
    (
        monitor(query="query"),
        "The value provided for parameter 'query' is invalid: invalid operator specified: ",
    ),
    (thresholds(critical=600), "Alert threshold (600.0) does not match that used in the query (500.0)."),
    (thresholds(warning=400), "Alert status is required."),
    (
        thresholds(critical=500, warning=500),
        "Warning threshold (500.0) must be less than the alert threshold (500.0) with > comparison.",
    ),
    (
        thresholds("<= 5", critical=5, warning=2),
        "Warning threshold (2.0) must be greater than the alert threshold (5.0) with <= comparison.",
    ),
    (thresholds(critical=500, critical_recovery=501), OVERLAP),
    (thresholds("< 5", critical=5, critical_recovery=4), OVERLAP),
    (
        thresholds(critical=500, warning=400, warning_recovery=450),
        OVERLAP.replace("alert and alert recovery criteria", "warning and warning recovery criteria").replace(
            "in alert and alert recovery states", "in warning and warning recovery states"
        ),
    ),
    (thresholds(critical=500, warning_recovery=1), "Invalid threshold statuses found: warning_recovery."),
    (thresholds(critical=500, fatal=1), "Invalid threshold statuses found: fatal."),
    (
        monitor(
            **EVENT,
            options={"thresholds": {"critical": 500, "critical_recovery": 1, "warning_recovery": 1}},
        ),
        "Invalid threshold statuses found: critical_recovery, warning_recovery.",
    ),
    (
        monitor(**CHECK, options={"thresholds": {"critical_query": "avg:x{*}"}}),
        "Invalid threshold statuses found: critical_query.",
    ),
    (
        monitor(**CHECK, options={"thresholds": {"critical": 3}}),
        "Last field should be larger than or equal to max threshold defined in monitor options",
    ),
    (
        options(renotify_occurrences=3),
        "The renotify_occurrences option can only be used if renotify_interval is set",
    ),
    (
        monitor(**LOG, options={"no_data_timeframe": 10}),
        "The no_data_timeframe option is not allowed for log alert monitors",
    ),
    (options(no_data_timeframe=1441), "no_data_timeframe must not exceed group retention"),
    (monitor(**CHECK, options={"on_missing_data": "default"}), "Invalid monitor option: on_missing_data"),
    (
        monitor(query="avg(last_5m):default_zero(avg:a{*}) > 5", options={"on_missing_data": "resolve"}),
        "Invalid on_missing_data value: resolve; valid value is: default",
    ),
    (
        options(on_missing_data="resolve", timeout_h=1),
        "Invalid on_missing_data value: resolve; timeout_h must not be set with it",
    ),
    (
        options(on_missing_data="default", notify_no_data=True),
        "Invalid monitor option: notify_no_data cannot be used with on_missing_data",
    ),
]


@pytest.mark.parametrize(("body", "error"), REFUSED)
def test_what_is_wrong_is_told_in_datadogs_words(shared: Client, body: dict[str, Any], error: str) -> None:
    for path in ("/api/v1/monitor", "/api/v1/monitor/validate"):
        reply = shared.post(path, body)
        assert (reply.status, reply.errors) == (400, [error])


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"query": "x > 1"}, "type"),
        ({"type": "query alert"}, "query"),
        (monitor(type="metrics alert"), "type"),
        (monitor(type="synthetics alert"), "type"),
        (monitor(type=7), "type"),
        (monitor(query=["x"]), "query"),
        (monitor(query="  "), "query"),
        (monitor(query="avg(last_5m):avg:x{*} > 1" + " " * 100_000), "query"),
        (monitor(query="avg(last_5m):avg:x{env:} by { > 1"), "query"),
        (monitor(query="mean(last_5m):avg:x{*} > 1", options={}), "query"),
        (monitor(name=1), "name"),
        (monitor(message={}), "message"),
        (monitor(tags="a:b"), "tags"),
        (monitor(tags=[1]), "tags"),
        (monitor(tags=["t"] * 81), "tags"),
        (monitor(priority=6), "priority"),
        (monitor(priority=True), "priority"),
        (monitor(options=[]), "options"),
        (monitor(draft_status="sketch"), "draft_status"),
        (monitor(restricted_roles="x"), "restricted_roles"),
        (monitor(assets=["x"]), "assets"),
        (options(timeout_h=-1), "options.timeout_h"),
        (options(evaluation_delay=86401), "options.evaluation_delay"),
        (options(evaluation_delay="60"), "options.evaluation_delay"),
        (options(new_group_delay=-1), "options.new_group_delay"),
        (options(notify_no_data="yes"), "options.notify_no_data"),
        (options(renotify_interval="ten"), "options.renotify_interval"),
        (options(on_missing_data="ignore"), "options.on_missing_data"),
        (options(renotify_statuses=["ok"]), "options.renotify_statuses"),
        (options(notification_preset_name="none"), "options.notification_preset_name"),
        (options(notify_by=["host"]), "options.notify_by"),
        (options(thresholds=[]), "options.thresholds"),
        (options(escalation_message=1), "options.escalation_message"),
        (options(silenced=None), "options.silenced"),
        (options(variables={}), "options.variables"),
        (options(group_retention_duration=60), "options.group_retention_duration"),
        (options(threshold_windows={"trigger_window": "last_15m"}), "options.threshold_windows"),
        (thresholds(critical="500"), "options.thresholds.critical"),
        (thresholds(critical_query=5), "options.thresholds.critical_query"),
        (thresholds(critical=10**400), "options.thresholds.critical"),
        (monitor(query="avg(last_5m):avg:x{*} > 1", options={"notify_by": ["*"]}), "options.notify_by"),
    ],
)
def test_a_value_of_the_wrong_kind_names_its_parameter(
    shared: Client, body: dict[str, Any], parameter: str
) -> None:
    reply = shared.post("/api/v1/monitor", body)
    assert reply.status == 400
    assert reply.errors[0].startswith(f"The value provided for parameter '{parameter}' is invalid")


@pytest.mark.parametrize(
    "body",
    [
        thresholds(critical=500, warning=400, critical_recovery=500, warning_recovery=300),
        thresholds(">= 500", critical=500, critical_recovery=499.5),
        thresholds("< -5", critical=-5, warning=-2),
        thresholds("== 5", critical=5),
        thresholds(critical=500, ok=0),
        thresholds("> 5e2", critical=500),
        monitor(**CHECK, options={"thresholds": {"critical": 2, "ok": 1, "warning": 1, "unknown": 2}}),
        monitor(
            type="service check",
            query='"node.up".over("env:prod").by("*").last(1).pct_by_status()',
            options={"thresholds": {"critical": 50, "warning": 20.5}},
        ),
        monitor(**LOG, options={"no_data_timeframe": None, "on_missing_data": "show_no_data"}),
        options(renotify_interval="0", evaluation_delay=""),
        options(timeout_h=60),
        options(notify_by=["tenant"], renotify_interval=10, renotify_occurrences=2),
        options(notify_by=["*"], some_option_of_next_year={"a": 1}),
        options(threshold_windows={"trigger_window": "last_15m", "recovery_window": "last_15m"}),
        options(thresholds=None, scheduling_options=None, renotify_statuses=None),
        monitor(
            query="avg(last_5m):default_zero(avg:a{*}) > 5",
            options={"on_missing_data": "default", "thresholds": {"critical": 5}},
        ),
        monitor(
            query="avg(last_5m):avg:a{*} > threshold", options={"thresholds": {"critical_query": "avg:b{*}"}}
        ),
        monitor(**{**LOG, "query": LOG["query"] + ".0.0"}, options={"thresholds": {"critical": 1}}),
        monitor(type="slo alert", query='error_budget("abc").over("7d") > 75', options={}),
        monitor(
            type="process alert", query='processes("x").over("*").rollup("count").last("10m") < 1', options={}
        ),
    ],
)
def test_what_datadog_accepts_is_accepted(shared: Client, body: dict[str, Any]) -> None:
    assert shared.post("/api/v1/monitor/validate", body).json == {}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OPTIONS = ["thresholds", "timeout_h", "notify_by", "on_missing_data", "renotify_statuses"]


@given(
    st.sampled_from(("query alert", "service check", "composite", "log alert", "event-v2 alert")),
    st.dictionaries(
        st.sampled_from(("name", "query", "tags", "options", "priority", "assets")), anything, max_size=3
    ),
    st.dictionaries(st.sampled_from(OPTIONS), anything, max_size=2),
)
def test_no_body_breaks_the_check(kind: str, fields: dict[str, Any], given_options: dict[str, Any]) -> None:
    body = {**monitor(type=kind, options=given_options), **fields}
    with contextlib.suppress(Refused):
        check_monitor(body, lambda _: None)
