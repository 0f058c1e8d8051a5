"""Scenarios run against monitors: what passes, what fails, and what a reader is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from dd_sync.catalog.source import Source
from dd_sync.errors import CatalogError, Problem
from dd_sync.model.monitor import Declared
from dd_sync.scenarios.declarations import Declarations
from dd_sync.scenarios.load import Scenario, load_scenarios
from dd_sync.scenarios.run import Failure, Outcome, run, run_all
from dd_sync.scenarios.show import show

MakeSource = Callable[[str], Source]
MakeDeclared = Callable[..., Declared]
Check = Callable[..., Outcome]

HEAD = """\
scenarios:
  - name: a flood alerts its tenant and nobody else
    monitor: stream-rate
    for: 3h
    {more}
    series:
      - {{metric: streams.created, type: count, tags: [env:prod, tenant:acme], values: "5x59 20x60 5x60"}}
      - {{metric: streams.created, type: count, tags: [env:prod, tenant:beta], values: "5x181"}}
      - {{metric: streams.created, type: count, tags: [env:dev, tenant:dev], values: "50x181"}}
    expect:
      - {expect}
"""


@pytest.fixture
def scenario(source: MakeSource) -> Callable[..., Scenario]:
    def make(expect: str, more: str = "snoozes: []") -> Scenario:
        loaded = load_scenarios([source(HEAD.format(expect=expect, more=more))])
        assert loaded.problems == ()
        return loaded.scenarios[0]

    return make


@pytest.fixture
def check(scenario: Callable[..., Scenario], declared: MakeDeclared) -> Check:
    def outcome(expect: str, more: str = "snoozes: []", monitor: Declared | None = None) -> Outcome:
        return run(scenario(expect, more), {"stream-rate": monitor or declared()}, "tenant")

    return outcome


@pytest.mark.parametrize(
    "expect",
    [
        "{at: 74m, group: tenant:acme, state: Alert, value: 510}",
        "{at: 73m, group: tenant:acme, state: OK, value: 494, tolerance: 1}",
        "{at: 74m30s, group: tenant:acme, value: 510}",
        "{at: 0m, group: tenant:acme, state: none}",
        "{at: 2h, group: tenant:gamma, state: none}",
        "{group: tenant:beta, never: Alert}",
        "{group: tenant:dev, never: Alert}",
        "{group: tenant:dev, notifications: []}",
        "{never: No Data}",
        "{transitions: [{at: 74m, to: Alert}, {at: 168m, to: OK}]}",
        "{group: tenant:acme, transitions: [{at: 74m, to: Alert}, {at: 168m, to: OK}]}",
        "{group: tenant:beta, transitions: []}",
        "{group: tenant:acme, transitions_at_least: [{at: 168m, to: OK}]}",
        "{group: tenant:acme, notifications: ["
        "{at: 74m, kind: alert, handles: ['@slack-risk'], contains: made 510}, "
        "{at: 168m, kind: recovery, handles: []}]}",
        "{group: tenant:beta, notifications: []}",
    ],
)
def test_what_happens_is_met(check: Check, expect: str) -> None:
    outcome = check(expect)
    assert outcome.failures == ()
    assert outcome.passed
    assert show(outcome) == "ok     stream-rate: a flood alerts its tenant and nobody else"


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        (
            "{at: 73m, group: tenant:acme, state: Alert}",
            "tenant:acme at 1h13m (2026-03-02 01:13): expected Alert, got OK",
        ),
        (
            "{at: 0m, group: tenant:acme, state: OK}",
            "tenant:acme at 0m (2026-03-02 00:00): expected OK, got none",
        ),
        ("{at: 74m, group: tenant:acme, value: 511}", "expected 511, got 510"),
        ("{at: 0m, group: tenant:acme, value: 0}", "expected 0, got no value"),
        ("{at: 9m, state: OK}", "the monitor has groups; say which one is meant with `group:`"),
        (
            "{at: 9m, group: tenant:gamma, state: OK}",
            "there never was a group tenant:gamma; there was tenant:acme, tenant:beta",
        ),
        (
            "{group: tenant:gamma, never: Alert}",
            "there never was a group tenant:gamma; there was tenant:acme, tenant:beta",
        ),
        (
            "{group: tennant:acme, transitions: []}",
            "there is no group tennant:acme: the monitor is grouped by tenant",
        ),
        ("{at: 9m, group: '*', state: none}", "there is no group *: the monitor is grouped by tenant"),
        ("{never: Alert}", "tenant:acme is Alert at 1h14m (2026-03-02 01:14)"),
        (
            "{transitions: [{at: 74m, to: Alert}]}",
            "expected Alert at 1h14m, got tenant:acme Alert at 1h14m, tenant:acme OK at 2h48m",
        ),
        ("{group: tenant:beta, transitions: [{at: 74m, to: Alert}]}", "expected Alert at 1h14m, got none"),
        (
            "{group: tenant:acme, transitions_at_least: [{at: 74m, to: Warn}]}",
            "expected Warn at 1h14m, got Alert at 1h14m, OK at 2h48m",
        ),
        (
            "{group: tenant:acme, notifications: [{at: 74m, kind: alert}]}",
            "expected the notifications alert at 1h14m, got alert at 1h14m, recovery at 2h48m",
        ),
        (
            "{notifications: [{at: 74m, kind: alert}, {at: 168m, kind: recovery, handles: ['@x']}]}",
            "the recovery at 2h48m (2026-03-02 02:48) tells none, expected @x",
        ),
        (
            "{notifications: [{at: 74m, kind: alert, contains: beta}, {at: 168m, kind: recovery}]}",
            "does not say 'beta'; it says: [Triggered on {tenant:acme}] Rate / acme made 510",
        ),
        ("{unsupported: true}", "the monitor can be evaluated after all"),
    ],
)
def test_what_does_not_happen_fails_and_says_what_did(check: Check, expect: str, said: str) -> None:
    outcome = check(expect)
    assert not outcome.passed
    assert said in outcome.failures[0].problem
    assert outcome.failures[0].where.line >= 9


def test_a_failure_shows_a_timeline_of_its_group(check: Check) -> None:
    text = show(check("{at: 2h, group: tenant:acme, state: OK}"))
    assert text.splitlines() == [
        "FAILED stream-rate: a flood alerts its tenant and nobody else",
        "  scenarios/streams.yaml:11:45: tenant:acme at 2h (2026-03-02 02:00): expected OK, got Alert",
        "  tenant:acme",
        "    time   clock             value  state",
        "    0m     2026-03-02 00:00      -  none",
        "    1m     2026-03-02 00:01      5  OK",
        "    1h13m  2026-03-02 01:13    495  OK",
        "    1h14m  2026-03-02 01:14    510  Alert  told: alert",
        "    2h     2026-03-02 02:00   1200  Alert  <- expected OK",
        "    2h47m  2026-03-02 02:47    510  Alert",
        "    2h48m  2026-03-02 02:48    495  OK     told: recovery",
        "    3h     2026-03-02 03:00    315  OK",
    ]


def test_a_failure_about_all_groups_shows_each(check: Check) -> None:
    text = show(check("{transitions: []}"))
    assert "  tenant:acme" in text.splitlines()
    assert "  tenant:beta" in text.splitlines()


def test_a_failure_about_many_groups_shows_a_few(source: MakeSource, declared: MakeDeclared) -> None:
    lines = [
        "      - {metric: streams.created, type: count, values: 20x181, "
        f"tags: [env:prod, tenant:t{number}]}}"
        for number in range(8)
    ]
    text = HEAD.format(expect="{never: Alert}", more="snoozes: []").replace(
        "    expect:", "\n".join([*lines, "    expect:"])
    )
    shown = show(run(load_scenarios([source(text)]).scenarios[0], {"stream-rate": declared()}, "tenant"))
    assert "  … and 4 more groups" in shown.splitlines()


def test_of_very_many_failures_the_first_are_listed(check: Check) -> None:
    told = ", ".join("{at: 5m, to: Warn}" for _ in range(30))
    lines = show(check(f"{{group: tenant:beta, transitions_at_least: [{told}]}}")).splitlines()
    assert sum("expected Warn at 5m" in line for line in lines) == 20
    assert "  … and 10 more" in lines


def test_a_group_that_changes_all_the_time_is_shown_around_what_failed(
    source: MakeSource, declared: MakeDeclared
) -> None:
    text = HEAD.format(expect="{at: 100m, group: tenant:acme, state: Warn}", more="snoozes: []")
    text = text.replace('"5x59 20x60 5x60"', '"' + "600 0 " * 90 + '"')
    monitor = declared("sum(last_1m):sum:streams.created{env:prod} by {tenant}.as_count() > 500")
    shown = show(run(load_scenarios([source(text)]).scenarios[0], {"stream-rate": monitor}, "tenant"))
    lines = shown.splitlines()
    assert len(lines) < 35
    assert any("1h40m" in line and "<- expected Warn" in line for line in lines)
    assert "more changes" in lines[-1]


def test_a_snooze_silences_its_tenant_and_the_failure_says_why(check: Check) -> None:
    snooze = "snoozes: [{tenant: acme, from: 1h, for: 1h}]"
    assert check(
        "{group: tenant:acme, notifications: [{at: 2h, kind: downtime ended}, {at: 168m, kind: recovery}]}",
        snooze,
    ).passed
    failed = check("{group: tenant:acme, notifications: [{at: 74m, kind: alert}]}", snooze)
    assert "(not sent: alert at 1h14m: a downtime on tenant:acme)" in failed.failures[0].problem
    assert "not told: alert, a downtime on tenant:acme" in show(failed)


def test_a_monitor_that_may_not_be_snoozed_is_heard_all_the_same(
    check: Check, declared: MakeDeclared
) -> None:
    snooze = "snoozes: [{tenant: acme, from: 1h, for: 2h}]"
    outcome = check("{group: tenant:acme, notifications: []}", snooze, declared(snoozable=False))
    assert not outcome.passed
    assert "note: 'stream-rate' may not be snoozed, so the snoozes silence nothing" in show(outcome)


def test_a_monitor_that_cannot_be_evaluated_fails_unless_that_is_expected(
    check: Check, declared: MakeDeclared
) -> None:
    monitor = declared("avg(last_5m):last:m{*} > 1")
    assert check("{unsupported: true}", monitor=monitor).passed
    failed = check("{never: Alert}", monitor=monitor)
    assert not failed.passed
    assert failed.replay is None
    assert "not evaluated here" in show(failed)
    assert "    = " in show(failed)


def test_a_monitor_with_a_broken_message_fails_with_its_reason(check: Check, declared: MakeDeclared) -> None:
    outcome = check("{unsupported: true}", monitor=declared(message="{{#is_alert}}"))
    assert not outcome.passed


def test_a_simple_alert_needs_no_group(check: Check, declared: MakeDeclared) -> None:
    monitor = declared("sum(last_1h):sum:streams.created{env:prod}.as_count() > 5000")
    assert check("{at: 1h, state: OK, value: 600}", monitor=monitor).passed


def test_a_scenario_too_short_for_an_evaluation_still_ends(
    source: MakeSource, declared: MakeDeclared
) -> None:
    text = HEAD.format(expect="{never: Alert}", more="start: 2026-03-02T00:00:01Z").replace(
        "for: 3h", "for: 30s"
    )
    assert run(load_scenarios([source(text)]).scenarios[0], {"stream-rate": declared()}, "tenant").passed


# --- many --------------------------------------------------------------------------------------


def test_each_scenario_has_the_monitors_of_its_tunables_and_its_day(
    scenario: Callable[..., Scenario], declared: MakeDeclared
) -> None:
    asked: list[tuple[Mapping[str, object], date]] = []

    def declare(tunables: Mapping[str, object], day: date) -> Declarations:
        asked.append((tunables, day))
        limit = tunables.get("limit", 500)
        query = f"sum(last_1h):sum:streams.created{{*}} by {{tenant}}.as_count() > {limit}"
        return Declarations({"stream-rate": declared(query)})

    quiet = scenario("{never: Alert}", "tunables: {limit: 5000}")
    loud = scenario("{group: tenant:acme, transitions_at_least: [{at: 74m, to: Alert}]}")
    outcomes = list(run_all([quiet, loud], declare, "tenant"))
    assert [one.passed for one in outcomes] == [True, True]
    assert asked == [({"limit": 5000}, date(2026, 3, 2)), ({}, date(2026, 3, 2))]


def test_a_catalog_that_cannot_be_declared_fails_its_scenario_only(
    scenario: Callable[..., Scenario], declared: MakeDeclared
) -> None:
    def declare(tunables: Mapping[str, object], day: date) -> Declarations:
        if tunables:
            raise CatalogError([Problem("tunables", "limit is above its maximum of 9", "lower it")])
        return Declarations({"stream-rate": declared()})

    wrong, right = scenario("{never: Alert}", "tunables: {limit: 99}"), scenario("{never: No Data}")
    first, second = run_all([wrong, right], declare, "tenant")
    assert "scenarios/streams.yaml:5:5: limit is above its maximum of 9" in show(first)
    assert second.passed


def test_a_monitor_that_is_gone_is_said(scenario: Callable[..., Scenario], declared: MakeDeclared) -> None:
    monitors = Declarations({"stream-rates": declared()})
    (outcome,) = run_all([scenario("{never: Alert}")], lambda tunables, day: monitors, "tenant")
    assert outcome.failures[0].problem == "there is no monitor 'stream-rate'"
    assert outcome.failures[0].hint == "did you mean 'stream-rates'?"


BY_TWO = "sum(last_1h):sum:streams.created{*} by {env,tenant}.as_count() > 500"


@pytest.mark.parametrize("group", ["env:prod,tenant:acme", "tenant:acme,env:prod"])
def test_a_group_may_be_written_in_any_order(check: Check, declared: MakeDeclared, group: str) -> None:
    assert check(f"{{at: 74m, group: '{group}', state: Alert}}", monitor=declared(BY_TWO)).passed
    outcome = check(f"{{group: '{group}', never: Alert}}", monitor=declared(BY_TWO))
    assert outcome.failures[0].problem.startswith("env:prod,tenant:acme is Alert at 1h14m")


def test_the_group_of_a_notification_for_several_is_one_too(check: Check, declared: MakeDeclared) -> None:
    monitor = declared(BY_TWO, notify_by=["env"])
    assert check("{group: env:dev, notifications_at_least: [{at: 11m, kind: alert}]}", monitor=monitor).passed
    assert check("{group: env:prod, notifications: []}", monitor=monitor).failures
    (failure,) = check("{group: tenant:acme, notifications: []}", monitor=monitor).failures
    assert failure.problem == "there is no group tenant:acme: the monitor is grouped by env, tenant"


def test_a_monitor_without_groups_has_one_that_need_not_be_named(
    check: Check, declared: MakeDeclared
) -> None:
    simple = declared("sum(last_1h):sum:streams.created{env:none}.as_count() > 500")
    assert check("{group: '*', never: Alert}", monitor=simple).passed
    (failure,) = check("{group: tenant:acme, never: Alert}", monitor=simple).failures
    assert failure.problem == "there is no group tenant:acme: the monitor has no groups"


def test_series_that_the_monitor_does_not_read_prove_nothing(
    scenario: Callable[..., Scenario], declared: MakeDeclared
) -> None:
    def failure(query: str) -> Failure:
        declare = Declarations({"stream-rate": declared(query)})
        (outcome,) = run_all([scenario("{never: Alert}")], lambda *_: declare, "tenant")
        return outcome.failures[0]

    misspelt = failure("sum(last_1h):sum:stream.created{*} by {tenant}.as_count() > 500")
    assert misspelt.problem == "the monitor does not read 'streams.created'"
    assert misspelt.hint == "did you mean 'stream.created'?"
    assert misspelt.where.line == 7
    assert failure("sum(last_1h):sum:a{*}.as_count() / sum:b{*}.as_count() > 500").hint == "it reads a, b"
