"""What a scenario can give a monitor: made-up samples, files, checks, events, snoozes, other monitors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dd_sync.catalog.json_schema import json_schema
from dd_sync.catalog.source import Source, parse
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.scenarios.load import Scenario, load_scenarios
from dd_sync.scenarios.run import run
from dd_sync.scenarios.schema import ScenarioForm
from dd_sync.scenarios.sources import sources_of
from dd_sync.scenarios.statuses import MOST_RUNS

MakeDeclared = Callable[..., Declared]
MakeSource = Callable[[str], Source]
START = 1772409600

RATE = "sum(last_1h):sum:streams.created{env:prod} by {tenant}.as_count() > 500"


@pytest.fixture
def scenario(source: MakeSource) -> Callable[..., Scenario]:
    def make(inputs: str, expect: str = "{never: No Data}", monitor: str = "stream-rate") -> Scenario:
        lines = [f"    {line}\n" for line in [*inputs.splitlines(), f"expect: [{expect}]"]]
        text = f"scenarios:\n  - name: a\n    monitor: {monitor}\n    for: 3h\n{''.join(lines)}"
        loaded = load_scenarios([source(text)])
        assert loaded.problems == ()
        return loaded.scenarios[0]

    return make


def mistake(source: MakeSource, inputs: str) -> tuple[str, str, str]:
    """The first problem with these inputs: what is marked, the problem and the hint."""
    lines = "".join(f"    {line}\n" for line in inputs.splitlines())
    text = f"scenarios:\n  - name: a\n    monitor: m\n    for: 3h\n{lines}    expect: [{{never: Alert}}]\n"
    problem = load_scenarios([source(text)]).problems[0]
    assert problem.where is not None
    assert problem.source is not None
    marked = problem.source[problem.where.column - 1 :][: problem.where.length]
    return marked, problem.problem, problem.hint


# --- made-up samples ---------------------------------------------------------------------------


def values(scenario: Scenario, metric: str = "m") -> list[list[float]]:
    return [one.values.tolist() for one in sources_of(scenario).series.select(metric, 0, 2**40)]


def test_the_seed_is_the_scenarios_or_the_series_own(scenario: Callable[..., Scenario]) -> None:
    one = "{metric: m, type: count, values: poisson(9)x9}"
    same = [values(scenario(f"seed: 1\nseries: [{one}]")) for _ in range(2)]
    assert same[0] == same[1]
    assert values(scenario(f"seed: 2\nseries: [{one}]")) != same[0]
    assert values(scenario("series: [{metric: m, type: count, seed: 1, values: poisson(9)x9}]")) == same[0]


def test_series_of_other_tags_have_other_chances(scenario: Callable[..., Scenario]) -> None:
    each = ", ".join(f"{{metric: m, type: count, tags: [t:{t}], values: poisson(9)x30}}" for t in "ab")
    first, second = values(scenario(f"seed: 1\nseries: [{each}]"))
    assert first != second


def test_chance_without_a_seed_is_refused(source: MakeSource) -> None:
    marked, problem, hint = mistake(source, "series: [{metric: m, type: count, values: poisson(9)x9}]")
    assert (marked, hint) == ("poisson(9)x9", "add `seed: 1` to the scenario, or to this series")
    assert problem == "these samples are made by chance, and no seed says by which"


# --- files -------------------------------------------------------------------------------------


@pytest.fixture
def in_files(tmp_path: Path) -> Callable[..., Any]:
    """Reads a scenario over a file beside it."""
    (tmp_path / "monitors/scenarios/data").mkdir(parents=True)

    def read(series: str, content: str, name: str = "data/a.csv") -> Any:
        folder = tmp_path / "monitors"
        (folder / "scenarios" / name).write_text(content, "utf-8")
        text = (
            "scenarios:\n  - name: a\n    monitor: stream-rate\n    for: 3h\n"
            f"    series: [{{metric: streams.created, type: count, {series}}}]\n"
            "    expect: [{at: 2h, group: tenant:acme, state: Alert}]\n"
        )
        return load_scenarios([parse(f"{folder}/scenarios/s.yaml", text)], {"stream-rate"}, folder)

    return read


CSV = "time,env,tenant,value\n" + "".join(
    f"2025-06-01T{minute // 60:02}:{minute % 60:02}:00Z,prod,acme,20\n" for minute in range(180)
)


def test_a_file_beside_the_scenario_is_its_series(
    in_files: Callable[..., Any], declared: MakeDeclared
) -> None:
    loaded = in_files("file: data/a.csv, from: 0m", CSV)
    assert loaded.problems == ()
    assert run(loaded.scenarios[0], {"stream-rate": declared()}, "tenant").failures == ()


def test_samples_of_another_time_are_not_taken_for_none(
    in_files: Callable[..., Any], declared: MakeDeclared
) -> None:
    loaded = in_files("file: data/a.csv", CSV)
    (failure,) = run(loaded.scenarios[0], {"stream-rate": declared()}, "tenant").failures
    assert failure.problem == "its samples are of 2025-06-01 to 2025-06-01, the scenario is of 2026-03-02"
    assert failure.where.file.endswith("scenarios/data/a.csv")
    assert "from: 0m" in failure.hint


def test_a_broken_file_fails_its_scenario_at_its_line(
    in_files: Callable[..., Any], declared: MakeDeclared
) -> None:
    loaded = in_files("file: data/a.csv, columns: {value: n}", "time,n\n2026-03-02T00:00:00Z,five\n")
    (failure,) = run(loaded.scenarios[0], {"stream-rate": declared()}, "tenant").failures
    assert (failure.where.line, failure.where.column) == (2, 22)
    assert failure.problem == "expected a number, found the text 'five'"


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ("file: data/b.csv", "there is no file"),
        ("file: ../../a.csv", "'../../a.csv' leads out of the catalog's folder"),
        ("file: /etc/a.csv", "'/etc/a.csv' is not below the catalog's folder"),
        ("file: 'C:\\a.csv'", "is not below the catalog's folder"),
        ("file: data/a.txt", "'data/a.txt' is no file of samples"),
        ("file: 5", "expected a file's name, found 5"),
        ("file: data/a.csv, values: 5", "both values and a file"),
        ("tags: []", "a series without samples"),
    ],
)
def test_a_file_has_to_be_one_of_the_catalog(in_files: Callable[..., Any], series: str, said: str) -> None:
    (problem,) = in_files(series, CSV).problems
    assert said in problem.problem
    assert problem.hint


def test_a_link_out_of_the_catalog_is_not_followed(in_files: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(CSV, "utf-8")
    (tmp_path / "monitors/scenarios/data/link.csv").symlink_to(tmp_path / "secret.csv")
    (problem,) = in_files("file: data/link.csv", CSV).problems
    assert problem.problem == "'data/link.csv' leads out of the catalog's folder"
    (tmp_path / "monitors/scenarios/data/loop.csv").symlink_to("loop.csv")
    assert in_files("file: data/loop.csv", CSV).problems


# --- checks and events -------------------------------------------------------------------------


def service_check(**options: Any) -> Declared:
    monitor = Monitor(
        type="service check",
        query='"validator.up".over("env:prod").by("host").last(4).count_by_status()',
        name="Up",
        message="{{host.name}}: {{check_message}} @pagerduty",
        options={"thresholds": {"ok": 2, "critical": 3}, **options},
    )
    return Declared(key="up", monitor=monitor, file="a.yaml", path=("monitors", 0))


def test_runs_of_a_check_come_one_an_interval(scenario: Callable[..., Scenario]) -> None:
    text = (
        "checks: [{check: validator.up, tags: [env:prod, host:a], from: 10m, "
        "statuses: ok*2 _ critical, message: late}]"
    )
    runs = sources_of(scenario(text)).checks.select("validator.up", 0, 2**40)
    assert [(run.at - START, run.status.name, run.message) for run in runs] == [
        (600, "OK", ""),
        (660, "OK", ""),
        (780, "CRITICAL", "late"),
    ]
    assert runs[0].tags == ("env:prod", "host:a")


def test_a_service_check_alerts_on_its_statuses(scenario: Callable[..., Scenario]) -> None:
    text = (
        "checks: [{check: validator.up, tags: [env:prod, host:a], "
        "statuses: ok*10 critical*5 ok*20, message: late}]"
    )
    told = "{at: 13m, kind: alert, contains: 'a: late'}, {at: 17m, kind: recovery}"
    outcome = run(
        scenario(text, f"{{group: host:a, notifications: [{told}]}}", "up"), {"up": service_check()}, "tenant"
    )
    assert outcome.failures == ()


def test_a_service_check_that_asks_for_it_becomes_unknown(scenario: Callable[..., Scenario]) -> None:
    text = "checks: [{check: validator.up, tags: [env:prod, host:a], statuses: ok*10 unknown*5 ok*20}]"
    expect = "{group: host:a, transitions: [{at: 12m, to: Unknown}, {at: 16m, to: OK}]}"
    monitor = service_check(thresholds={"unknown": 2, "ok": 1})
    assert run(scenario(text, expect, "up"), {"up": monitor}, "tenant").failures == ()


@pytest.mark.parametrize(
    ("statuses", "marked", "said"),
    [
        ('"ok*3 crit"', "crit", "'crit' is no status"),
        ('"okx3"', "okx3", "'okx3' is no status"),
        ('"ok ok*"', "ok*", "'ok*' is no status"),
        (f'"ok*{MOST_RUNS} ok"', "ok", "more than 100,000 runs of one check"),
        ("7", "7", "expected statuses, found 7"),
    ],
)
def test_a_status_that_is_none_is_named(source: MakeSource, statuses: str, marked: str, said: str) -> None:
    found = mistake(source, f"checks: [{{check: a, statuses: {statuses}}}]")
    assert found[:2] == (marked, said)
    assert found[2]


def test_events_come_at_their_times_with_their_tags(scenario: Callable[..., Scenario]) -> None:
    text = (
        "events: [{at: 5m, times: 2, every: 30s, service: web, status: error, host: a, tags: [env:prod], "
        "attributes: {usr: {plan: pro}}, message: boom}]"
    )
    first, second = sources_of(scenario(text)).events.select("logs", 0, 2**40)
    assert (first.at - START, second.at - START) == (300, 330)
    assert set(first.tags) == {"env:prod", "service:web", "status:error", "host:a"}
    assert (first.attributes, first.message, first.index) == ({"usr": {"plan": "pro"}}, "boom", "main")


def test_events_have_an_end(source: MakeSource) -> None:
    each = ", ".join("{at: 5m, times: 150000}" for _ in range(2))
    assert mistake(source, f"events: [{each}]")[1] == "more than 200,000 events"


# --- snoozes -----------------------------------------------------------------------------------

FLOOD = 'series: [{metric: streams.created, type: count, tags: [env:prod, tenant:acme], values: "20x180"}]\n'


def test_a_snooze_that_is_canceled_ends_then_and_says_so(
    scenario: Callable[..., Scenario], declared: MakeDeclared
) -> None:
    snooze = "snoozes: [{tenant: acme, from: 10m, for: 2h, canceled: 1h}]"
    expect = "{group: tenant:acme, notifications: [{at: 1h, kind: downtime ended}]}"
    outcome = run(scenario(FLOOD + snooze, expect), {"stream-rate": declared()}, "tenant")
    assert outcome.failures == ()
    assert [(one.start - START, one.over_at) for one in outcome.silences] == [(600, START + 3600)]


@pytest.mark.parametrize("canceled", ["5m", "10m", "2h10m", "3h"])
def test_a_snooze_is_canceled_while_it_silences(source: MakeSource, canceled: str) -> None:
    found = mistake(source, f"snoozes: [{{tenant: acme, from: 10m, for: 2h, canceled: {canceled}}}]")
    assert found[:2] == (canceled, "it is canceled while it does not silence")


# --- composites --------------------------------------------------------------------------------


def composite(query: str, *references: str) -> Declared:
    monitor = Monitor(type="composite", query=query, name="Both", message="both @x")
    return Declared(key="both", monitor=monitor, file="a.yaml", path=("monitors", 1), references=references)


def test_the_parts_of_a_composite_are_the_catalogs_monitors(
    scenario: Callable[..., Scenario], declared: MakeDeclared
) -> None:
    monitors = {
        "both": composite("${monitor:stream-rate} && ${monitor:slow}", "stream-rate", "slow"),
        "stream-rate": declared(),
        "slow": declared("avg(last_5m):avg:latency{*} by {tenant} > 2", key="slow"),
    }
    slow = FLOOD.rstrip()[:-1] + ', {metric: latency, type: gauge, tags: [tenant:acme], values: "1x89 5x90"}]'
    both = scenario(slow, "{group: tenant:acme, transitions: [{at: 1h32m, to: Alert}]}", "both")
    outcome = run(both, monitors, "tenant")
    assert outcome.failures == ()
    assert {key: part.rule.key for key, part in outcome.parts.items()} == {
        "stream-rate": "stream-rate",
        "slow": "slow",
    }
    fast = replace(monitors["slow"].monitor, query="avg(last_5m):avg:latency{*} by {tenant} > 9")
    changed = {**monitors, "slow": replace(monitors["slow"], monitor=fast)}
    assert not run(both, changed, "tenant").passed


def test_a_part_that_is_not_there_fails_the_scenario_and_nothing_else(
    scenario: Callable[..., Scenario], declared: MakeDeclared
) -> None:
    monitors = {"both": composite("${monitor:stream-rate} && ${monitor:b}", "stream-rate", "b")}
    outcome = run(
        scenario(FLOOD, "{never: Alert}", "both"), {**monitors, "stream-rate": declared()}, "tenant"
    )
    assert not outcome.passed


# --- what Datadog does not publish -------------------------------------------------------------


@pytest.mark.parametrize(("rollup", "value"), [("", 100), ("rollup: 1m", 100), ("rollup: 5m", 60)])
def test_the_rollup_of_a_query_that_names_none_can_be_chosen(
    scenario: Callable[..., Scenario], declared: MakeDeclared, rollup: str, value: int
) -> None:
    monitor = declared("max(last_5m):avg:cpu{*} > 90")
    series = 'series: [{metric: cpu, type: gauge, values: "50x8 100 50x80"}]'
    peak = scenario(f"{series}\n{rollup}".rstrip(), f"{{at: 10m, value: {value}}}")
    outcome = run(peak, {"stream-rate": monitor}, "tenant")
    assert outcome.failures == ()


def test_a_rollup_of_days_is_refused(source: MakeSource) -> None:
    assert mistake(source, "rollup: 2d")[:2] == ("2d", "a rollup is 1d at most")


# --- expectations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expect",
    [
        "{group: tenant:acme, never: [Warn, No Data]}",
        "{group: tenant:acme, notifications_at_least: [{at: 26m, kind: alert, contains: [acme, '520']}]}",
        "{group: tenant:acme, notifications: [{at: 26m, kind: alert, contains_not: [birch, '@here']}]}",
    ],
)
def test_what_is_expected_is_met(
    scenario: Callable[..., Scenario], declared: MakeDeclared, expect: str
) -> None:
    assert run(scenario(FLOOD, expect), {"stream-rate": declared()}, "tenant").failures == ()


@pytest.mark.parametrize(
    ("expect", "at", "said", "wanted"),
    [
        ("{never: [Warn, Alert]}", 1560, "tenant:acme is Alert at 26m", "never Alert"),
        (
            "{notifications_at_least: [{at: 27m, kind: alert}]}",
            1620,
            "expected alert at 27m, got alert at 26m",
            "the notification alert",
        ),
        (
            "{notifications_at_least: [{at: 26m, kind: alert, contains: [acme, birch]}]}",
            1560,
            "does not say 'birch'",
            "to hear 'birch'",
        ),
        (
            "{notifications: [{at: 26m, kind: alert, contains_not: 520}]}",
            1560,
            "says '520'",
            "not to hear '520'",
        ),
        ("{transitions: [{at: 26m, to: Warn}]}", 1560, "expected Warn at 26m", "a change to Warn"),
        ("{transitions: []}", 1560, "expected none, got tenant:acme Alert at 26m", "no change"),
        ("{notifications: []}", 1560, "expected the notifications none, got alert", "no notification"),
    ],
)
def test_what_is_not_met_says_when_and_what_was_wanted(
    scenario: Callable[..., Scenario], declared: MakeDeclared, expect: str, at: int, said: str, wanted: str
) -> None:
    expect = expect.replace("contains_not: 520", "contains_not: '520'")
    (failure,) = run(scenario(FLOOD, expect), {"stream-rate": declared()}, "tenant").failures
    assert said in failure.problem
    assert (failure.at, failure.wanted) == (at, wanted)


@pytest.mark.parametrize(
    ("expect", "marked", "said"),
    [
        ("{never: []}", "never", "an empty list"),
        ("{never: [Alarm]}", "Alarm", "found the text 'Alarm'"),
        ("{notifications: [{at: 1m, kind: alert, contains: []}]}", "contains", "an empty list"),
        ("{notifications: [{at: 4h, kind: alert}]}", "4h", "this time is outside the scenario"),
        ("{transitions_at_least: [{at: -1m, to: OK}]}", "-1m", "this time is outside the scenario"),
    ],
)
def test_an_expectation_that_cannot_be_meant_is_refused(
    source: MakeSource, expect: str, marked: str, said: str
) -> None:
    text = f"scenarios:\n  - name: a\n    monitor: m\n    for: 3h\n    expect: [{expect}]\n"
    (problem,) = load_scenarios([source(text)]).problems
    assert problem.where is not None
    assert problem.source is not None
    assert problem.source[problem.where.column - 1 :][: problem.where.length] == marked
    assert said in problem.problem


def test_every_key_of_a_scenario_is_described_to_editors() -> None:
    schema = json_schema(ScenarioForm)
    one = schema["else"]["anyOf"][-1]["properties"]["scenarios"]["items"]
    assert set(one["properties"]) == {
        field.alias or name for name, field in ScenarioForm.model_fields.items()
    }
    assert {"SeriesForm", "CheckForm", "EventForm", "SnoozeForm", "ExpectForm"} <= schema["$defs"].keys()
    state = schema["$defs"]["ExpectForm"]["properties"]["state"]
    assert any("pattern" in each for each in state["anyOf"])
