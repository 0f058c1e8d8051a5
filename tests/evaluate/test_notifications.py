"""What is said to whom, when it is said again, and when it is not said at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dd_sync.evaluate.replay import Replay, Silence
from dd_sync.evaluate.series import Series
from dd_sync.query.nodes import And, Everything, Not, Tag

START = 1772409600
SHORT = "sum(last_1m):sum:m{env:prod} by {tenant}.as_count() > 30"
MESSAGE = """{{tenant.name}} made {{value}} (limit {{threshold}}, warn {{warn_threshold}})
{{#is_alert}}@pagerduty-risk{{/is_alert}}{{#is_warning}}@slack-risk{{/is_warning}}
{{#is_recovery}}over after {{triggered_duration_sec}} s{{/is_recovery}}
"""

MakeSeries = Callable[..., Series]
Play = Callable[..., Replay]


def minute(number: float) -> int:
    return START + int(60 * number)


def told(done: Replay) -> list[tuple[int, str]]:
    return [((one.at - START) // 60, str(one.kind)) for one in done.notifications]


def held(done: Replay) -> list[tuple[int, str, str]]:
    return [((one.at - START) // 60, str(one.kind), one.reason) for one in done.suppressed]


@pytest.fixture
def flood(series: MakeSeries) -> list[Series]:
    """Quiet, bad from minute 3 to 12, quiet again."""
    return [series("m", "1x1 40x9 1x20", "env:prod", "tenant:acme", since=-60)]


def test_each_transition_says_its_values_to_its_handles(series: MakeSeries, play: Play) -> None:
    done = play(
        SHORT,
        [series("m", "1 27 40 27 1", "env:prod", "tenant:acme")],
        5,
        name="Rate in {{env.name}}",
        message=MESSAGE,
        thresholds={"critical": 30, "warning": 25},
    )
    assert [(one.kind, one.title, one.handles) for one in done.notifications] == [
        ("warning", "[Warn on {tenant:acme}] Rate in prod", ("@slack-risk",)),
        ("alert", "[Triggered on {tenant:acme}] Rate in prod", ("@pagerduty-risk",)),
        ("warning", "[Warn on {tenant:acme}] Rate in prod", ("@slack-risk",)),
        ("recovery", "[Recovered on {tenant:acme}] Rate in prod", ()),
    ]
    assert "acme made 40 (limit 30, warn 25)" in done.notifications[1].body
    assert "over after 180 s" in done.notifications[3].body


def test_titles_carry_the_priority_and_leave_out_the_group_where_it_is_not_wanted(
    flood: list[Series], play: Play
) -> None:
    done = play(SHORT, flood, 5, priority=1, include_tags=False)
    assert done.notifications[0].title == "[P1] [Triggered] Rule"
    simple = play(SHORT.replace(" by {tenant}", ""), flood, 5)
    assert simple.notifications[0].title == "[Triggered] Rule"


def test_times_of_the_trouble_stay_until_it_begins_anew(series: MakeSeries, play: Play) -> None:
    done = play(
        SHORT,
        [series("m", "1 27 40 1 40", "env:prod", "tenant:acme")],
        5,
        message="{{first_triggered_at}} {{last_triggered_at_epoch}} {{triggered_duration_sec}}",
        thresholds={"critical": 30, "warning": 25},
    )
    assert [one.body for one in done.notifications] == [
        f"2026-03-02 00:02:00 UTC {minute(2)}000 0",
        f"2026-03-02 00:02:00 UTC {minute(3)}000 60",
        f"2026-03-02 00:02:00 UTC {minute(3)}000 120",
        f"2026-03-02 00:05:00 UTC {minute(5)}000 0",
    ]


def test_transitions_are_named_for_the_message(series: MakeSeries, play: Play) -> None:
    flags = (
        "is_alert_to_warning",
        "is_warning_recovery",
        "is_no_data",
        "is_no_data_recovery",
        "is_alert_recovery",
    )
    message = " ".join(f"{{{{#{flag}}}}}{flag}{{{{/{flag}}}}}" for flag in flags)
    done = play(
        SHORT,
        [series("m", "40 27 1 _ 1 40 1", "env:prod", "tenant:acme")],
        7,
        message=message,
        thresholds={"critical": 30, "warning": 25},
        on_missing_data="show_and_notify_no_data",
    )
    assert [one.body.split() for one in done.notifications] == [
        [],
        ["is_alert_to_warning"],
        ["is_warning_recovery"],
        ["is_no_data"],
        ["is_no_data_recovery"],
        [],
        ["is_alert_recovery"],
    ]


# --- again -------------------------------------------------------------------------------------


def test_an_alert_is_told_again_each_interval_as_often_as_allowed(flood: list[Series], play: Play) -> None:
    options = {"renotify_interval": 2, "escalation_message": "still there @pagerduty-risk"}
    done = play(SHORT, flood, 20, message="Look.{{#is_renotify}} Again.{{/is_renotify}}", **options)
    assert told(done) == [(2, "alert"), *((at, "renotify") for at in (4, 6, 8, 10)), (12, "recovery")]
    again = done.notifications[1]
    assert again.title == "[Re-Triggered on {tenant:acme}] Rule"
    assert again.body == "Look. Again.\n\nstill there @pagerduty-risk"
    assert again.handles == ("@pagerduty-risk",)
    once = play(SHORT, flood, 20, renotify_interval=2, renotify_occurrences=1)
    assert told(once) == [(2, "alert"), (4, "renotify"), (12, "recovery")]


def test_only_states_that_ask_for_it_are_told_again(series: MakeSeries, play: Play) -> None:
    found = [series("m", "27x5 40x5", "env:prod", "tenant:acme")]
    thresholds = {"critical": 30, "warning": 25}
    default = play(SHORT, found, 11, thresholds=thresholds, renotify_interval=2)
    assert told(default)[:3] == [(1, "warning"), (7, "alert"), (9, "renotify")]
    warn = play(SHORT, found, 11, thresholds=thresholds, renotify_interval=2, renotify_statuses=["warn"])
    assert told(warn)[:4] == [(1, "warning"), (3, "renotify"), (5, "renotify"), (7, "alert")]


# --- not at all --------------------------------------------------------------------------------


def test_a_draft_says_nothing(flood: list[Series], play: Play) -> None:
    done = play(SHORT, flood, 20, draft=True)
    assert told(done) == []
    assert held(done)[0] == (2, "alert", "the monitor is a draft")


def test_an_alert_during_a_downtime_is_not_told_and_nor_is_its_recovery(
    flood: list[Series], play: Play
) -> None:
    silence = Silence(scope=Tag("tenant", "acme"), start=START, end=minute(30))
    done = play(SHORT, flood, 31, downtimes=(silence,))
    assert told(done) == []
    assert held(done) == [
        (2, "alert", "a downtime on tenant:acme"),
        (12, "recovery", "nobody was told of the trouble"),
    ]
    assert [one.after.value for one in done.transitions] == ["Alert", "OK"]


@pytest.mark.parametrize("scope", [Tag("tenant", "beta"), And((Tag("tenant", "acme"), Tag("host", "x")))])
def test_a_downtime_on_something_else_silences_nothing(flood: list[Series], play: Play, scope: Tag) -> None:
    done = play(SHORT, flood, 20, downtimes=(Silence(scope=scope, start=START, end=None),))
    assert told(done) == [(2, "alert"), (12, "recovery")]


@pytest.mark.parametrize("scope", [Everything(), Tag("tenant", "ac*"), Not(Tag("tenant", "beta"))])
def test_a_downtime_on_everything_or_a_pattern_silences(flood: list[Series], play: Play, scope: Tag) -> None:
    assert told(play(SHORT, flood, 20, downtimes=(Silence(scope=scope, start=START, end=None),))) == []


def test_the_first_recovery_during_a_downtime_is_told_unless_it_is_muted(
    flood: list[Series], play: Play
) -> None:
    silence = Silence(scope=Everything(), start=minute(5), end=minute(30))
    assert told(play(SHORT, flood, 31, downtimes=(silence,))) == [(2, "alert"), (12, "recovery")]
    muting = Silence(scope=Everything(), start=minute(5), end=minute(30), mute_first_recovery=True)
    done = play(SHORT, flood, 31, downtimes=(silence, muting))
    assert told(done) == [(2, "alert")]
    assert held(done) == [(12, "recovery", "a downtime on * mutes the first recovery")]


def test_the_second_recovery_during_a_downtime_is_not_told(series: MakeSeries, play: Play) -> None:
    found = [series("m", "40 40 1 40 1", "env:prod", "tenant:acme")]
    silence = Silence(scope=Everything(), start=minute(2), end=minute(30))
    assert told(play(SHORT, found, 8, downtimes=(silence,))) == [(1, "alert"), (3, "recovery")]


@pytest.mark.parametrize("start", [0, 5])
def test_an_alert_that_outlives_a_downtime_is_told_at_its_end(
    flood: list[Series], play: Play, start: int
) -> None:
    silence = Silence(scope=Everything(), start=minute(start), end=minute(7.5))
    assert (8, "downtime ended") in told(play(SHORT, flood, 20, downtimes=(silence,)))


def test_the_end_of_a_downtime_is_told_only_as_it_asks(flood: list[Series], play: Play) -> None:
    whole = Silence(scope=Everything(), start=START, end=minute(8))

    def ended(**changes: Any) -> list[tuple[int, str]]:
        silence = replace(whole, **changes)
        return told(play(SHORT, flood, 11, downtimes=(silence,)))

    assert ended() == [(8, "downtime ended")]
    assert ended(notify_end_states=("warn", "no data")) == []
    assert ended(notify_end_types=("canceled",)) == []
    assert ended(canceled_at=minute(6)) == []
    assert ended(canceled_at=minute(6), notify_end_types=("canceled",)) == [(6, "downtime ended")]
    assert ended(canceled_at=minute(-1), start=minute(0)) == [(2, "alert")]


def test_another_downtime_keeps_the_end_of_the_first_silent(flood: list[Series], play: Play) -> None:
    silences = tuple(Silence(scope=Everything(), start=START, end=minute(end)) for end in (6, 9))
    assert told(play(SHORT, flood, 11, downtimes=silences)) == [(9, "downtime ended")]


def test_an_end_without_trouble_says_nothing(flood: list[Series], play: Play) -> None:
    silence = Silence(scope=Everything(), start=START, end=minute(20))
    assert told(play(SHORT, flood, 25, downtimes=(silence,))) == []


def test_missing_data_that_is_only_shown_is_not_told_at_a_downtimes_end(
    series: MakeSeries, play: Play
) -> None:
    found = [series("m", "1", "env:prod", "tenant:acme")]
    silence = Silence(scope=Everything(), start=START, end=minute(5))
    assert told(play(SHORT, found, 9, on_missing_data="show_no_data", downtimes=(silence,))) == []
    loud = play(SHORT, found, 9, on_missing_data="show_and_notify_no_data", downtimes=(silence,))
    assert told(loud) == [(5, "downtime ended")]


def test_reminders_rest_during_a_downtime_and_go_on_after_it(flood: list[Series], play: Play) -> None:
    silence = Silence(scope=Everything(), start=minute(3), end=minute(7), notify_end_types=())
    done = play(SHORT, flood, 11, renotify_interval=2, downtimes=(silence,))
    assert told(done) == [(2, "alert"), (8, "renotify"), (10, "renotify")]
    assert [at for at, kind, _ in held(done) if kind == "renotify"] == [4, 6]


def test_a_reminder_waits_an_interval_after_the_end_of_a_downtime_was_told(
    flood: list[Series], play: Play
) -> None:
    silence = Silence(scope=Everything(), start=minute(3), end=minute(7))
    done = play(SHORT, flood, 11, renotify_interval=2, downtimes=(silence,))
    assert told(done) == [(2, "alert"), (7, "downtime ended"), (9, "renotify"), (11, "renotify")]


def test_an_alert_that_begins_as_the_downtime_ends_is_told_once(flood: list[Series], play: Play) -> None:
    silence = Silence(scope=Everything(), start=START, end=minute(2))
    assert told(play(SHORT, flood, 5, downtimes=(silence,))) == [(2, "alert")]
