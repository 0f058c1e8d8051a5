"""Options about missing data agree."""

from __future__ import annotations

import pytest

from tests.checks.conftest import Lint, of, other


@pytest.mark.parametrize(
    ("kind", "query", "options", "expected"),
    [
        (
            "query alert",
            "avg(last_5m):avg:a{*} > 1",
            "{on_missing_data: default, notify_no_data: true}",
            ["on_missing_data and notify_no_data @ notify_no_data"],
        ),
        (
            "query alert",
            "avg(last_5m):avg:a{*} > 1",
            "{on_missing_data: default, no_data_timeframe: 10}",
            ["on_missing_data and no_data_timeframe @ no_data_timeframe"],
        ),
        (
            "query alert",
            "avg(last_5m):avg:a{*} > 1",
            "{on_missing_data: resolve, timeout_h: 2}",
            ["on_missing_data: resolve and timeout_h @ timeout_h"],
        ),
        (
            "query alert",
            "avg(last_5m):default_zero(avg:a{*}) > 1",
            "{on_missing_data: show_no_data}",
            ["default_zero leaves no data missing @ show_no_data"],
        ),
        (
            "service check",
            '"a".over("*").by("host").last(2).count_by_status()',
            "{on_missing_data: default}",
            ["a monitor of the type service check has no on_missing_data @ on_missing_data"],
        ),
        (
            "slo alert",
            'error_budget("x").over("7d") > 75',
            "{on_missing_data: default}",
            ["a monitor of the type slo alert has no on_missing_data @ on_missing_data"],
        ),
        (
            "query alert",
            "avg(last_5m):avg:a{*} > 1",
            "{scheduling_options: {custom_schedule: {recurrences: [{rrule: FREQ=DAILY}]}}}",
            ["a custom schedule without on_missing_data @ custom_schedule"],
        ),
        (
            "query alert",
            "avg(last_5m):avg:a{*} > 1",
            "{on_missing_data: default, notify_no_data: false, no_data_timeframe: null}",
            [],
        ),
        ("query alert", "avg(last_5m):default_zero(avg:a{*}) > 1", "{on_missing_data: default}", []),
        ("query alert", "avg(last_5m):avg:a{*} > 1", "{on_missing_data: resolve, timeout_h: 0}", []),
        (
            "query alert",
            "avg(last_5m):avg:a{*} > 1",
            "{notify_no_data: true, timeout_h: 2, scheduling_options: {evaluation_window: {}}}",
            [],
        ),
        (
            "log alert",
            'logs("x").index("*").rollup("count").last("5m") > 1',
            "{scheduling_options: {custom_schedule: {recurrences: [{rrule: FREQ=DAILY}]}}}",
            [],
        ),
    ],
)
def test_options_that_contradict_each_other_are_told(
    lint: Lint, kind: str, query: str, options: str, expected: list[str]
) -> None:
    assert of("missing-data-conflict", lint(other(kind, query, options))) == expected
