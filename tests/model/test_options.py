"""The table of options says what Datadog takes, and refuses nothing that Datadog was seen to accept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.errors import Severity
from dd_sync.model.option_values import check_value, problems
from dd_sync.model.options import FOREIGN_TYPES, OPTIONS, THRESHOLDS, TYPES, applies, threshold_names
from tests.model.options_page import page

PAGE = Path(__file__).parents[2] / "docs/options.md"


def test_the_page_on_options_is_what_the_table_says() -> None:
    if os.environ.get("CASES") == "write":
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page()


def found(type: str, options: dict[str, Any], **more: bool) -> list[tuple[str, str, str]]:
    return [
        (".".join(map(str, one.path)), one.problem, str(one.severity))
        for one in problems(type, options, **more)
    ]


# Options of monitors as Datadog was recorded to accept them, in each type's own manner.
ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("query alert", {}),
    ("metric alert", {"thresholds": {"critical": 2, "warning": 1.5, "critical_recovery": 0}}),
    ("query alert", {"thresholds": {"critical": 1, "warning": None, "ok": None}}),
    (
        "query alert",
        {
            "thresholds": {"critical": 0.4, "critical_recovery": 0},
            "threshold_windows": {"trigger_window": "last_15m", "recovery_window": "last_1h"},
        },
    ),
    ("query alert", {"threshold_windows": {"trigger_window": None, "recovery_window": None}}),
    ("service check", {"thresholds": {"ok": 1, "warning": 1, "critical": 2, "unknown": 3}}),
    ("service check", {"no_data_timeframe": 2, "notify_no_data": True, "timeout_h": 24}),
    (
        "log alert",
        {
            "enable_logs_sample": True,
            "evaluation_delay": 700,
            "groupby_simple_monitor": True,
            "locked": False,
            "no_data_timeframe": None,
            "notification_preset_name": "hide_handles",
            "on_missing_data": "show_and_notify_no_data",
            "renotify_interval": 60,
            "require_full_window": True,
            "silenced": {},
            "timeout_h": 24,
        },
    ),
    ("rum alert", {"variables": [{"name": "q", "data_source": "rum", "compute": {"aggregation": "count"}}]}),
    ("data-jobs alert", {"variables": [{"name": "runs", "job_type": "a.job", "jobs_query": "job_name:*"}]}),
    ("cost alert", {"thresholds": {"critical": 5, "warning": 3}, "variables": [{"name": "q"}]}),
    ("composite", {"thresholds": {}, "notify_no_data": False, "renotify_statuses": []}),
    ("slo alert", {"thresholds": {"critical": 14.4}, "require_full_window": True}),
    ("event-v2 alert", {"group_retention_duration": "2d", "no_data_timeframe": 2880}),
    ("error-tracking alert", {"notify_by": ["*"], "renotify_statuses": ["alert", "no data"]}),
    (
        "query alert",
        {
            "on_missing_data": "default",
            "scheduling_options": {
                "custom_schedule": {
                    "recurrences": [
                        {"rrule": "FREQ=DAILY", "start": "2026-10-26T09:13:00", "timezone": "Europe/Paris"}
                    ]
                },
                "evaluation_window": {"day_starts": "04:00", "month_starts": 1, "timezone": "UTC"},
            },
        },
    ),
    ("query alert", {"scheduling_options": {"evaluation_window": {"hour_starts": 0}}}),
    ("synthetics alert", {"min_location_failed": 1, "min_failure_duration": 0, "device_ids": []}),
    ("data-quality alert", {"avalanche_window": 10}),
    ("an alert of tomorrow", {"thresholds": {"critical": 1}, "require_full_window": True}),
    ("query alert", {"renotify_interval": 35, "new_group_delay": 0, "new_host_delay": 0}),
    ("query alert", {"evaluation_delay": 60.0}),
]


@pytest.mark.parametrize(("type", "options"), ACCEPTED)
def test_what_datadog_was_recorded_to_accept_passes(type: str, options: dict[str, Any]) -> None:
    assert found(type, options) == []


@pytest.mark.parametrize("name", list(OPTIONS))
def test_null_and_the_default_are_never_wrong(name: str) -> None:
    for of in (*TYPES, *FOREIGN_TYPES):
        assert found(of, {name: None}) == []
        assert found(of, {name: OPTIONS[name].default}) == []


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("query alert", {"notify_nodata": True}, "notify_nodata", "there is no option 'notify_nodata'"),
    ("query alert", {"notify_no_data": 1}, "notify_no_data", "expected true or false, found 1"),
    (
        "query alert",
        {"evaluation_delay": 90000},
        "evaluation_delay",
        "90000 is above the most, 86400 seconds",
    ),
    ("query alert", {"timeout_h": -1}, "timeout_h", "-1 is below the least, 0 hours"),
    ("query alert", {"timeout_h": "2"}, "timeout_h", "expected a whole number of hours, found '2'"),
    ("query alert", {"timeout_h": 1.5}, "timeout_h", "expected a whole number of hours, found 1.5"),
    ("query alert", {"timeout_h": True}, "timeout_h", "expected a whole number of hours, found true"),
    ("query alert", {"timeout_h": float("inf")}, "timeout_h", "expected a whole number of hours, found inf"),
    ("query alert", {"avalanche_window": []}, "avalanche_window", "expected a whole number, found a list"),
    ("query alert", {"new_group_delay": -1}, "new_group_delay", "-1 is below the least, 0 seconds"),
    (
        "query alert",
        {"on_missing_data": "resolved"},
        "on_missing_data",
        "'resolved' is not one of its values",
    ),
    ("query alert", {"on_missing_data": 1}, "on_missing_data", "expected a text, found 1"),
    ("query alert", {"renotify_statuses": ["ok"]}, "renotify_statuses", "'ok' is not one of its values"),
    ("query alert", {"notify_by": "host"}, "notify_by", "expected a list of texts, found 'host'"),
    ("query alert", {"notify_by": [1]}, "notify_by", "expected a list of texts, found a list"),
    ("query alert", {"escalation_message": {}}, "escalation_message", "expected a text, found a mapping"),
    ("query alert", {"thresholds": [1]}, "thresholds", "expected a mapping, found a list"),
    ("query alert", {"thresholds": {"crit": 1}}, "thresholds.crit", "there is no threshold 'crit'"),
    ("query alert", {"thresholds": {"critical": "5"}}, "thresholds.critical", "expected a number, found '5'"),
    (
        "query alert",
        {"thresholds": {"critical_query": 5}},
        "thresholds.critical_query",
        "expected a query, found 5",
    ),
    (
        "event-v2 alert",
        {"thresholds": {"critical": 5, "critical_recovery": 4}},
        "thresholds.critical_recovery",
        "the type 'event-v2 alert' has no threshold 'critical_recovery'",
    ),
    (
        "log alert",
        {"no_data_timeframe": 10},
        "no_data_timeframe",
        "'no_data_timeframe' is not for the type 'log alert'",
    ),
    (
        "service check",
        {"on_missing_data": "default"},
        "on_missing_data",
        "'on_missing_data' is not for the type 'service check'",
    ),
    (
        "query alert",
        {"no_data_timeframe": 1441},
        "no_data_timeframe",
        "1441 minutes is longer than the group retention, 1440 minutes",
    ),
    (
        "log alert",
        {"group_retention_duration": "1w"},
        "group_retention_duration",
        "'1w' is not a duration such as 60m, 12h or 2d",
    ),
    (
        "log alert",
        {"group_retention_duration": "73h"},
        "group_retention_duration",
        "73h is not from 60m to 72h",
    ),
    (
        "query alert",
        {"threshold_windows": {"trigger_window": "15m", "recovery_window": "last_15m"}},
        "threshold_windows.trigger_window",
        "'15m' is not a window",
    ),
    (
        "query alert",
        {"threshold_windows": {"recovery_window": "last_15m"}},
        "threshold_windows.recovery_window",
        "a recovery_window without a trigger_window",
    ),
    (
        "query alert",
        {"threshold_windows": {"trigger": "last_15m"}},
        "threshold_windows.trigger",
        "'trigger' is not known here",
    ),
    (
        "query alert",
        {"scheduling_options": {"evaluation_window": 1}},
        "scheduling_options.evaluation_window",
        "expected a mapping, found 1",
    ),
    (
        "query alert",
        {"scheduling_options": {"evaluation_window": {"hour_starts": 60}}},
        "scheduling_options.evaluation_window.hour_starts",
        "60 cannot stand here",
    ),
    (
        "query alert",
        {"scheduling_options": {"evaluation_window": {"month_starts": 2}}},
        "scheduling_options.evaluation_window.month_starts",
        "2 cannot stand here",
    ),
    (
        "query alert",
        # What YAML makes of 04:00 without quotes.
        {"scheduling_options": {"evaluation_window": {"day_starts": 240}}},
        "scheduling_options.evaluation_window.day_starts",
        "240 is not a time",
    ),
    (
        "query alert",
        {"scheduling_options": {"evaluation_window": {"timezone": 1}}},
        "scheduling_options.evaluation_window.timezone",
        "expected a text, found 1",
    ),
    (
        "query alert",
        {"scheduling_options": {"custom_schedule": []}},
        "scheduling_options.custom_schedule",
        "expected a mapping, found a list",
    ),
    (
        "query alert",
        {"scheduling_options": {"custom_schedule": {}}},
        "scheduling_options.custom_schedule",
        "a custom schedule has exactly one recurrence",
    ),
    (
        "query alert",
        {"scheduling_options": {"custom_schedule": {"recurrences": [{}, {}]}}},
        "scheduling_options.custom_schedule.recurrences",
        "a custom schedule has exactly one recurrence",
    ),
    (
        "query alert",
        {"scheduling_options": {"custom_schedule": {"recurrences": ["FREQ=DAILY"]}}},
        "scheduling_options.custom_schedule.recurrences.0",
        "expected a mapping, found 'FREQ=DAILY'",
    ),
    (
        "query alert",
        {"scheduling_options": {"custom_schedule": {"recurrences": [{"timezone": "UTC"}]}}},
        "scheduling_options.custom_schedule.recurrences.0",
        "a recurrence without a rule",
    ),
    (
        "query alert",
        {
            "scheduling_options": {
                "custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "start": "9:00"}]}
            }
        },
        "scheduling_options.custom_schedule.recurrences.0.start",
        "'9:00' is not a start",
    ),
    ("rum alert", {"variables": {}}, "variables", "expected a list, found a mapping"),
    ("rum alert", {"variables": ["q"]}, "variables.0", "expected a mapping, found 'q'"),
    ("rum alert", {"variables": [{"query": "a"}]}, "variables.0", "a variable without a name"),
    (
        "rum alert",
        {"variables": [{"name": "q"}, {"name": "q"}]},
        "variables.1.name",
        "two variables have the name 'q'",
    ),
]


@pytest.mark.parametrize(("type", "options", "path", "problem"), WRONG)
def test_a_wrong_value_is_an_error_at_its_place_with_a_hint(
    type: str, options: dict[str, Any], path: str, problem: str
) -> None:
    assert found(type, options) == [(path, problem, "error")]
    assert all(one.hint for one in problems(type, options))


WITHOUT_EFFECT: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "composite",
        {"thresholds": {"critical": 1}},
        "thresholds",
        "is not known to do anything for the type 'composite'",
    ),
    (
        "slo alert",
        {"evaluation_delay": 60},
        "evaluation_delay",
        "is not known to do anything for the type 'slo alert'",
    ),
    (
        "service check",
        {"variables": [{"name": "q"}]},
        "variables",
        "is not known to do anything for the type 'service check'",
    ),
    ("query alert", {"silenced": {"*": None}}, "silenced", "is written by Datadog alone"),
    ("query alert", {"thresholds": {"critical": 1, "ok": 0}}, "thresholds.ok", "has no threshold 'ok'"),
]


@pytest.mark.parametrize(("type", "options", "path", "problem"), WITHOUT_EFFECT)
def test_what_datadog_keeps_without_effect_is_a_warning(
    type: str, options: dict[str, Any], path: str, problem: str
) -> None:
    ((where, text, severity),) = found(type, options)
    assert (where, severity) == (path, Severity.WARNING)
    assert problem in text


def test_a_misspelt_option_is_given_its_name_and_an_unknown_one_can_be_let_through() -> None:
    (one,) = problems("query alert", {"renotify_intervall": 5})
    assert one.hint == "did you mean 'renotify_interval'?"
    (other,) = problems("query alert", {"zzz": 5, "timeout_h": 1})
    assert "--allow-unknown-options" in other.hint
    assert found("query alert", {"zzz": 5, "timeout_h": -1}, allow_unknown=True) == [
        ("timeout_h", "-1 is below the least, 0 hours", "error")
    ]
    (threshold,) = problems("service check", {"thresholds": {"warn": 1}})
    assert threshold.hint == "did you mean 'warning'?"


def test_hints_name_the_bounds_and_the_values() -> None:
    hints = [one.hint for one in problems("query alert", {"evaluation_delay": 90000, "new_group_delay": -1})]
    assert hints == ["use a whole number from 0 to 86400 seconds", "use a whole number from 0 seconds"]
    (one,) = problems("query alert", {"on_missing_data": "no"})
    assert one.hint == "use default, show_no_data, show_and_notify_no_data, resolve"


def test_a_day_passed_by_a_timeout_that_live_monitors_have_is_a_warning() -> None:
    assert found("query alert", {"timeout_h": 24}) == []
    assert found("query alert", {"timeout_h": 60}) == [
        ("timeout_h", "60 is more than Datadog's reference allows, 24 hours", "warning")
    ]


def test_every_type_has_the_thresholds_it_uses() -> None:
    assert threshold_names("service check") == ("critical", "warning", "ok", "unknown")
    assert threshold_names("event-v2 alert") == ("critical", "warning")
    assert threshold_names("composite") == ()
    assert "critical_query" in threshold_names("query alert")
    assert "critical_query" not in threshold_names("log alert")
    assert set(threshold_names("query alert")) | {"ok", "unknown"} == set(THRESHOLDS)


def test_an_option_applies_to_its_types_and_nobody_knows_of_unknown_ones() -> None:
    assert applies("thresholds", "log alert")
    assert not applies("thresholds", "composite")
    assert not applies("on_missing_data", "service check")
    assert applies("an_option_of_tomorrow", "composite")
    assert applies("thresholds", "an alert of tomorrow")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NESTED = {
    "thresholds": st.dictionaries(st.sampled_from([*THRESHOLDS, "x"]), ANYTHING),
    "threshold_windows": st.dictionaries(st.sampled_from(["trigger_window", "recovery_window"]), ANYTHING),
    "scheduling_options": st.fixed_dictionaries(
        {
            "evaluation_window": st.dictionaries(
                st.sampled_from(["hour_starts", "day_starts", "month_starts", "timezone"]), ANYTHING
            ),
            "custom_schedule": st.fixed_dictionaries(
                {"recurrences": st.lists(st.dictionaries(st.sampled_from(["rrule", "start"]), ANYTHING))}
            ),
        }
    ),
    "variables": st.lists(st.dictionaries(st.sampled_from(["name", "query"]), ANYTHING)),
}


@given(
    st.sampled_from([*TYPES, *FOREIGN_TYPES, "other"]),
    st.dictionaries(st.sampled_from([*OPTIONS, "other"]), ANYTHING),
    st.fixed_dictionaries({}, optional=NESTED),
)
def test_no_value_is_too_odd_to_be_judged(type: str, options: dict[str, Any], nested: dict[str, Any]) -> None:
    for one in problems(type, {**options, **nested}):
        assert one.problem
        assert one.hint
        assert one.path[0] in {*options, *nested}


@given(st.sampled_from([option for option in OPTIONS.values() if option.kind == "whole"]), st.integers())
def test_a_number_is_judged_by_its_bounds_and_nothing_else(option: Any, value: int) -> None:
    within = (option.least is None or value >= option.least) and (option.most is None or value <= option.most)
    assert (check_value(option, value) is None) == within
