"""A block that some notification shows."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import RATE, Lint, metric, of, other

WARNS = "{thresholds: {critical: 1, warning: 0.5}}"
NEVER = "this block is never shown @ "
ELSE = "what follows the {{else}} of this block is never shown @ "


def told(message: str, options: str = "{}", more: str = "") -> str:
    return other("query alert", "avg(last_5m):avg:a{*} > 1", options, f"    message: '{message}'\n{more}")


@pytest.mark.parametrize(
    ("message", "options", "expected"),
    [
        ("{{#is_no_data}}a{{/is_no_data}}", "{}", [NEVER + "{{#is_no_data}}"]),
        ("x {{#is_no_data_recovery}}a{{/is_no_data_recovery}}", "{}", [NEVER + "{{#is_no_data_recovery}}"]),
        ("{{#is_no_data}}a{{/is_no_data}}", "{on_missing_data: show_no_data}", [NEVER + "{{#is_no_data}}"]),
        ("{{#is_warning}}a{{/is_warning}}", "{}", [NEVER + "{{#is_warning}}"]),
        ("{{#is_alert_to_warning}}a{{/is_alert_to_warning}}", "{}", [NEVER + "{{#is_alert_to_warning}}"]),
        ("{{#is_unknown}}a{{/is_unknown}}", WARNS, [NEVER + "{{#is_unknown}}"]),
        ("{{#is_renotify}}a{{/is_renotify}}", "{}", [NEVER + "{{#is_renotify}}"]),
        (
            "{{#is_alert}}a{{#is_recovery}}b{{/is_recovery}}{{/is_alert}}", "{}",
            [NEVER + "{{#is_recovery}}"],
        ),
        ("{{#is_alert}}{{^is_alert}}b{{/is_alert}}{{/is_alert}}", "{}", [NEVER + "{{^is_alert}}"]),
        (
            "{{#is_alert}}a{{else}}{{#is_alert}}b{{/is_alert}}{{/is_alert}}", "{}",
            [NEVER + "{{#is_alert}}"],
        ),
        (
            '{{#if x}}{{#is_recovery}}{{#is_alert}}{{/is_alert}}{{/is_recovery}}{{/if}}', "{}",
            [NEVER + "{{#is_alert}}"],
        ),
        (
            "{{#is_recovery}}{{^is_alert}}a{{else}}b{{/is_alert}}{{/is_recovery}}", "{}",
            [ELSE + "{{^is_alert}}"],
        ),
        (
            "{{#is_renotify}}{{#is_warning}}a{{/is_warning}}{{/is_renotify}}",
            "{renotify_interval: 9, thresholds: {critical: 1, warning: 0.5}}", [NEVER + "{{#is_warning}}"],
        ),
    ],
)  # fmt: skip
def test_a_block_nothing_shows_is_told(lint: Lint, message: str, options: str, expected: list[str]) -> None:
    assert of("unreachable-block", lint(told(message, options))) == expected


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("{{#is_no_data}}a{{/is_no_data}}", "{notify_no_data: true}"),
        ("{{#is_no_data}}a{{/is_no_data}}", "{on_missing_data: show_and_notify_no_data}"),
        ("{{#is_no_data_recovery}}a{{/is_no_data_recovery}}", "{on_missing_data: show_no_data}"),
        ("{{#is_warning}}a{{#is_alert_to_warning}}b{{/is_alert_to_warning}}{{/is_warning}}", WARNS),
        ("{{^is_warning}}a{{#is_alert_to_warning}}b{{/is_alert_to_warning}}{{/is_warning}}", WARNS),
        ("{{#is_renotify}}a{{#is_alert}}b{{/is_alert}}{{/is_renotify}}", "{renotify_interval: 9}"),
        (
            "{{#is_renotify}}{{#is_warning}}a{{/is_warning}}{{/is_renotify}}",
            "{renotify_interval: 9, renotify_statuses: [warn], thresholds: {critical: 1, warning: 0.5}}",
        ),
        ("{{#is_alert}}a{{else}}b{{/is_alert}}{{^is_recovery}}c{{/is_recovery}}", "{}"),
        ("{{#is_recovery}}{{#is_alert_recovery}}a{{/is_alert_recovery}}{{/is_recovery}}", "{}"),
        ("{{#if value}}a{{else}}b{{/if}}{{#unless value}}c{{/unless}} {{value}}", "{}"),
    ],
)  # fmt: skip
def test_blocks_that_something_shows_are_left_alone(lint: Lint, message: str, options: str) -> None:
    assert of("unreachable-block", lint(told(message, options))) == []


PRIORITY = '{{#is_priority "P1"}}a{{else}}b{{/is_priority}}'


@pytest.mark.parametrize(
    ("message", "more", "expected"),
    [
        (PRIORITY, "    priority: 2\n", [NEVER + '{{#is_priority "P1"}}']),
        (PRIORITY, "", [NEVER + '{{#is_priority "P1"}}']),
        (PRIORITY, "    priority: 1\n", [ELSE + '{{#is_priority "P1"}}']),
        (PRIORITY + '{{#is_alert}}{{override_priority "P1"}}{{/is_alert}}', "    priority: 2\n", []),
    ],
)
def test_a_priority_is_compared_with_the_monitor_s_own(
    lint: Lint, message: str, more: str, expected: list[str]
) -> None:
    assert of("unreachable-block", lint(told(message, more=more))) == expected


def test_other_types_have_states_of_their_own(lint: Lint) -> None:
    message = "    message: '{{#is_unknown}}a{{/is_unknown}}{{#is_warning}}b{{/is_warning}}'\n"
    check = '"a".over("*").by("host").last(2).count_by_status()'
    assert lint(other("service check", check, more=message)) == ()
    assert of("unreachable-block", lint(other("composite", "1 && 2", more=message))) == [
        NEVER + "{{#is_unknown}}"
    ]


def test_a_guard_warns_only_where_it_says_so(lint: Lint) -> None:
    message = "    message: '{{#is_warning}}soon{{/is_warning}}'\n"
    (problem,) = lint(RATE + message)
    assert (problem.rule, problem.severity) == ("unreachable-block", Severity.WARNING)
    assert lint(RATE.replace("above: 500", "above: 500, warn_at: 80%") + message) == ()


def test_what_a_level_adds_is_not_judged(lint: Lint) -> None:
    assert (
        lint(
            metric("avg(last_5m):avg:a{*} > 1") + "    level: 2\n", policy="levels: {2: {handles: ['@a']}}\n"
        )
        == ()
    )
