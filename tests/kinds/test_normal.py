"""What Datadog answers after a write is not a change; what a person edited is."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.kinds.monitor import comparable, compared, unknown_fields
from dd_sync.kinds.normal import normal_options, unknown_options
from dd_sync.model.monitor import Monitor
from dd_sync.model.options import OPTIONS
from tests.kinds.bodies import answer

QUERY = "sum(last_1h):sum:streams.created{env:prod,!tenant:load-test} by {tenant}.as_count() > 500"


def monitor(options: dict[str, Any] | None = None, **fields: Any) -> Monitor:
    given_: dict[str, Any] = {"type": "query alert", "query": QUERY, "name": "n", "message": "m"}
    return Monitor(**{**given_, **fields}, options=options or {})


def same(declared: Monitor, live: Monitor) -> bool:
    ours, theirs = compared(declared, live)
    return ours == theirs


# What recorded API traffic shows Datadog to answer, for what was sent.
ANSWERED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {},
        {
            "notify_audit": False,
            "silenced": {},
            "include_tags": True,
            "new_host_delay": 300,
            "notify_no_data": False,
        },
    ),
    ({}, {"groupby_simple_monitor": False, "locked": False, "avalanche_window": 20}),
    ({}, {"silenced": {"*": 1765465762}, "device_ids": [], "synthetics_check_id": "x"}),
    ({"thresholds": {"critical": 2, "ok": 1}}, {"thresholds": {"critical": 2.0, "ok": 1.0}}),
    ({"thresholds": {}}, {}),
    ({"thresholds": {"critical": 2, "warning": None}}, {"thresholds": {"critical": 2.0}}),
    ({"escalation_message": "again\n\n"}, {"escalation_message": "again"}),
    ({"escalation_message": ""}, {}),
    ({"renotify_interval": None, "timeout_h": None}, {"renotify_interval": None, "timeout_h": None}),
    ({"renotify_interval": 0, "timeout_h": 0}, {}),
    ({"on_missing_data": "default"}, {"on_missing_data": "default", "notify_audit": False}),
    ({"renotify_statuses": ["warn", "alert"]}, {"renotify_statuses": ["alert", "warn"]}),
    ({"notify_by": []}, {}),
    ({"new_host_delay": None}, {"new_host_delay": None}),
    ({"new_group_delay": 60}, {"new_group_delay": 60}),
    ({}, {"an_option_of_tomorrow": 1}),
    ({"restriction_query": None}, {}),
    ({"min_location_failed": 1, "min_failure_duration": 0}, {}),
    ({"notify_by": ["b", "a", "b"]}, {"notify_by": ["a", "b"]}),
    (
        {"variables": [{"name": "a", "group_by": []}, {"name": "b"}]},
        {"variables": [{"name": "b"}, {"name": "a"}]},
    ),
    (
        {"scheduling_options": {"evaluation_window": {"hour_starts": 0, "timezone": "UTC"}}},
        {"scheduling_options": {"evaluation_window": {"hour_starts": 0}}},
    ),
    (
        {
            "on_missing_data": "default",
            "scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY"}]}},
        },
        {
            "scheduling_options": {
                "custom_schedule": {
                    "recurrences": [{"rrule": "FREQ=DAILY", "start": "2026-01-01T06:00:00", "timezone": None}]
                }
            }
        },
    ),
]


@pytest.mark.parametrize(("sent", "answered"), ANSWERED)
def test_what_datadog_fills_in_is_no_difference(sent: dict[str, Any], answered: dict[str, Any]) -> None:
    assert same(monitor(sent), monitor(answered))


# Declared and live options that mean different things.
EDITED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"notify_no_data": True}),
    ({}, {"include_tags": False}),
    ({}, {"new_host_delay": 0}),
    ({}, {"new_host_delay": None}),
    ({"new_host_delay": None}, {"new_host_delay": 300}),
    ({}, {"thresholds": {"warning": 5.0}}),
    ({"thresholds": {"critical": 2}}, {"thresholds": {"critical": 2.5}}),
    ({}, {"on_missing_data": "default"}),
    ({"on_missing_data": "resolve"}, {}),
    ({"evaluation_delay": 60}, {}),
    ({}, {"new_group_delay": 0}),
    ({"avalanche_window": 10}, {"avalanche_window": 20}),
    ({"avalanche_window": 10}, {}),
    ({"an_option_of_tomorrow": 1}, {}),
    ({"an_option_of_tomorrow": 1}, {"an_option_of_tomorrow": 2}),
    ({"include_tags": None}, {}),
    ({"variables": [{"name": "a"}, {"name": "b"}]}, {"variables": [{"name": "c"}, {"name": "a"}]}),
    (
        {"variables": [{"name": "a"}, {"name": "a", "x": 1}]},
        {"variables": [{"name": "a", "x": 1}, {"name": "a"}]},
    ),
    ({"variables": [{"name": "a"}]}, {"variables": [{"name": "a", "group_by": [{"facet": "b"}]}]}),
    ({"variables": ["a"]}, {"variables": "a"}),
    ({"on_missing_data": "default"}, {}),
    (
        {"scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY"}]}}},
        {
            "on_missing_data": "default",
            "scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY"}]}},
        },
    ),
    (
        {"scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "start": "x"}]}}},
        {"scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "start": "y"}]}}},
    ),
    (
        {"scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY"}]}}},
        {"scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=WEEKLY"}]}}},
    ),
    (
        {"scheduling_options": {"custom_schedule": {"recurrences": ["FREQ=DAILY"]}}},
        {"scheduling_options": {"custom_schedule": {"recurrences": "FREQ=DAILY"}}},
    ),
    ({"scheduling_options": {"evaluation_window": {"hour_starts": 0}}}, {}),
]


@pytest.mark.parametrize(("declared", "live"), EDITED)
def test_what_somebody_edited_is_a_difference(declared: dict[str, Any], live: dict[str, Any]) -> None:
    assert not same(monitor(declared), monitor(live))


def test_a_metric_alert_is_a_query_alert_and_nothing_else_is() -> None:
    assert same(monitor(), monitor(type="metric alert"))
    assert not same(monitor(type="log alert"), monitor())


def test_white_space_that_datadog_cuts_is_no_difference() -> None:
    declared = monitor(name=" n", query=f"{QUERY}\n", message=" m\n\n")
    assert same(declared, monitor())
    assert not same(monitor(message="m  m"), monitor(message="m m"))


def test_a_query_is_compared_by_what_it_says() -> None:
    spaced = QUERY.replace("env:prod,!", "env:prod AND NOT ").replace("h):", "h): ").replace("500", "500.0")
    assert spaced != QUERY
    ours, theirs = compared(monitor(), monitor(query=spaced))
    assert ours == theirs
    assert not same(monitor(), monitor(query=QUERY.replace("500", "800")))


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("composite", "1 && 2", "1&&2"),
        (
            "log alert",
            'logs("status:error").index("*").rollup("count").last("5m") > 5',
            "logs('status:error').index('*').rollup('count').last('5m') > 5.0",
        ),
        (
            "service check",
            '"a.up".over("x:y","z:w").by("host").last(2).count_by_status()',
            '"a.up".over("x:y", "z:w").by("host").last(2).count_by_status()',
        ),
    ],
)
def test_queries_of_every_type_are_compared_by_what_they_say(kind: str, one: str, other: str) -> None:
    assert same(monitor(type=kind, query=one), monitor(type=kind, query=other))
    assert not same(
        monitor(type=kind, query=one), monitor(type=kind, query=other.replace("5", "6").replace("2", "3"))
    )


def test_queries_that_cannot_be_read_are_compared_as_text() -> None:
    assert not same(monitor(query="not ( a query"), monitor(query="not  ( a query"))
    composite = monitor(type="composite", query="1 && ")
    assert not same(composite, replace(composite, query="1 &&  &&"))


def test_the_order_of_tags_and_roles_means_nothing() -> None:
    one = monitor(tags=("b:1", "a:2", "b:1"), restricted_roles=("y", "x"))
    assert same(one, monitor(tags=("a:2", "b:1"), restricted_roles=("x", "y")))
    assert not same(one, monitor(tags=("a:2", "b:1"), restricted_roles=("x",)))
    assert not same(monitor(tags=("a:2",)), monitor(tags=("a:2", "added:in-the-ui")))


def test_the_tag_that_remembers_an_apply_is_not_compared() -> None:
    assert same(monitor(tags=("a:1",)), monitor(tags=("a:1", "dd_sync_applied:1-0f0f0f0f")))


def test_roles_that_are_not_declared_belong_to_the_restriction_policy() -> None:
    assert same(monitor(), monitor(restricted_roles=("r1",)))
    assert not same(monitor(restricted_roles=()), monitor(restricted_roles=("r1",)))


def test_no_priority_is_zero_and_a_draft_is_not_published() -> None:
    assert same(monitor(priority=None), monitor(priority=0, draft_status="published"))
    assert not same(monitor(priority=1), monitor())
    assert not same(monitor(), monitor(draft_status="draft"))


DEFAULTS = [name for name, option in OPTIONS.items() if option.default is not None]
READ_ONLY = [name for name, option in OPTIONS.items() if option.read_only]


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_default_equals_being_absent(name: str) -> None:
    assert normal_options({name: OPTIONS[name].default}) == {}


def test_options_that_the_table_does_not_know_are_named() -> None:
    assert unknown_options({"locked": True, "an_option_of_tomorrow": 1, "timeout_h": None}) == (
        "an_option_of_tomorrow",
    )


def test_fields_that_nobody_knows_are_named_once_and_those_of_a_live_monitor_are_not() -> None:
    body = answer({"type": "query alert", "query": QUERY}, random.Random(5))
    assert set(unknown_fields([body])) <= {"options.an_injected_option"}
    odd = {"id": 1, "mood": "good", "options": {"zeal": 1, "timeout_h": 2}}
    assert unknown_fields([odd, {**odd, "options": None}]) == ("mood", "options.zeal")


def test_assets_are_compared_where_datadog_was_asked_for_them() -> None:
    book = {"name": "Runbook", "url": "/notebooks/1", "category": "runbook"}
    filled: dict[str, Any] = {
        **book,
        "monitor_id": 7,
        "options": {},
        "template_variables": {},
        "resource_key": None,
    }
    assert same(monitor(assets=(book,)), monitor(assets=(filled,)))
    assert same(monitor(assets=(book,)), monitor(assets=()))
    assert same(monitor(assets=(book,)), monitor())
    assert same(monitor(), monitor(assets=(filled,)))
    assert not same(monitor(assets=(book,)), monitor(assets=({**filled, "url": "/notebooks/2"},)))
    assert not same(monitor(assets=()), monitor(assets=(filled,)))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 500) | st.sampled_from(["", "a", "default", "show_all "]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
OPTION_SETS = st.dictionaries(
    st.sampled_from([*DEFAULTS, *READ_ONLY, "thresholds", "on_missing_data", "scheduling_options", "other"]),
    VALUES,
    max_size=6,
)


@given(OPTION_SETS)
def test_normalising_twice_is_normalising_once(options: dict[str, Any]) -> None:
    once = normal_options(options)
    assert normal_options(once) == once


@given(OPTION_SETS, OPTION_SETS)
def test_equal_monitors_stay_equal_and_a_monitor_equals_itself(
    options: dict[str, Any], other: dict[str, Any]
) -> None:
    one, two = monitor(options), monitor(other)
    assert same(one, one)
    if comparable(one) == comparable(two):
        assert same(one, two)
