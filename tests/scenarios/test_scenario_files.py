"""Scenario files as they are read: what is wrong is said with its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dd_sync.catalog.source import Source
from dd_sync.scenarios.load import covered_keys, load_scenarios

MakeSource = Callable[[str], Source]

GOOD = """\
scenarios:
  - name: a flood alerts
    monitor: stream-rate
    for: 3h
    tunables: {streams_per_hour: 100}
    series:
      - {metric: streams.created, type: count, tags: [env:prod, tenant:acme], values: "5x59 20x60", from: -1h}
    snoozes: [{tenant: acme, from: 1h, for: 2h}]
    expect:
      - {at: 90m, group: tenant:acme, state: Alert, value: 600, tolerance: 0.01}
      - {group: tenant:beta, never: Alert}
"""


def test_a_scenario_is_read_with_its_defaults(source: MakeSource) -> None:
    loaded = load_scenarios([source(GOOD)], {"stream-rate"})
    assert loaded.problems == ()
    (scenario,) = loaded.scenarios
    assert scenario.form.start.isoformat() == "2026-03-02T00:00:00+00:00"
    assert scenario.form.series[0].interval.total_seconds() == 60
    assert scenario.form.series[0].since == -3600
    values = scenario.form.series[0].values
    assert values is not None
    assert values.size == 121
    assert covered_keys(loaded.scenarios) == {"stream-rate"}
    assert str(scenario.place("expect", 0, "state")) == "scenarios/streams.yaml:10:46"


@pytest.mark.parametrize("text", ["", "scenarios: []", "# nothing yet"])
def test_an_empty_file_has_no_scenarios(source: MakeSource, text: str) -> None:
    assert load_scenarios([source(text)]) == load_scenarios([])


@pytest.mark.parametrize(
    ("old", "new", "marked", "said", "hint"),
    [
        (
            "stream-rate",
            "stream-rte",
            "stream-rte",
            "there is no monitor 'stream-rte'",
            "mean 'stream-rate'?",
        ),
        ("for: 3h", "for: 3", "3", "expected a duration, found 3", "30m or 2h"),
        ("for: 3h", "for: 3h\n    strat: 1", "strat", "unknown key 'strat'", "did you mean 'start'?"),
        ("for: 3h", "for: 90d", "90d", "35d at most", "shorter"),
        ("    for: 3h\n", "", None, "'for' is missing", "for:"),
        ("type: count", "type: counter", "counter", "expected count or rate or gauge", "count"),
        ("20x60", "20x", "20x", "'20x' is not a sample", "5x59"),
        ('"5x59 20x60"', "[1, 2]", "values", "expected samples, found a list", "5x59"),
        ("from: -1h", "from: yesterday", "yesterday", "is not a duration", ""),
        ("from: -1h", "from: 3", "3", "expected a time from the start, found 3", "-7d"),
        ("tags: [env:prod,", "tags: ['env: prod',", "'env: prod'", "'env: prod' is not a tag", "env:prod"),
        ("state: Alert", "state: Alerting", "Alerting", "found the text 'Alerting'", "Alert"),
        ("at: 90m, ", "", None, "a state or value is expected at a time", "at:"),
        ("at: 90m", "at: 4h", "4h", "outside the scenario", "longer"),
        ("never: Alert", "at: 5m", "5m", "nothing is expected at this time", "state:"),
        (", never: Alert", "", None, "nothing is expected here", "never:"),
        ("value: 600, ", "", "0.01", "goes with a value", "value:"),
        ("for: 3h", "for: 3h\n    start: 2026-03-02", "2026-03-02", "says no time zone", "UTC"),
        ("for: 3h", "for: 3h\n    start: noon", "noon", "is not a time", "UTC"),
        ("for: 3h", "for: 3h\n    start: 5", "5", "expected a time, found 5", "UTC"),
        (
            "for: 3h",
            "for: 3h\n    start: 1970-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "between 2000 and 2100",
            "UTC",
        ),
        ("scenarios:\n", "scenaros: 1\nscenarios:\n", "scenaros", "unknown key", "did you mean 'scenarios'?"),
    ],
)
def test_a_mistake_is_named_where_it_stands(
    source: MakeSource, old: str, new: str, marked: str | None, said: str, hint: str
) -> None:
    loaded = load_scenarios([source(GOOD.replace(old, new, 1))], {"stream-rate"})
    (problem,) = loaded.problems
    assert said in problem.problem
    assert hint in problem.hint
    assert problem.where is not None
    assert problem.source is not None
    shown = problem.source[problem.where.column - 1 :][: problem.where.length]
    assert marked is None or shown == marked


def test_every_mistake_of_a_file_is_told_at_once_and_the_rest_is_kept(source: MakeSource) -> None:
    text = GOOD + "  - {name: a, monitor: b, for: 1x, expect: []}\n" + "  - 7\n"
    loaded = load_scenarios([source(text)])
    assert [one.where.line for one in loaded.problems if one.where] == [12, 13]
    assert [one.name for one in loaded.scenarios] == ["a flood alerts"]


def test_a_scenario_that_expects_nothing_is_refused(source: MakeSource) -> None:
    loaded = load_scenarios([source("scenarios: [{name: a, monitor: b, for: 1h, expect: []}]")])
    assert [one.problem for one in loaded.problems] == ["the scenario expects nothing"]


def test_a_file_that_is_not_yaml_or_no_list_says_so(source: MakeSource) -> None:
    broken = load_scenarios([source("scenarios: [")])
    assert len(broken.problems) == 1
    strange = load_scenarios([source("scenarios: 5")])
    assert [one.problem for one in strange.problems] == ["expected a list of scenarios"]


def test_two_scenarios_of_one_monitor_have_different_names(source: MakeSource) -> None:
    twice = GOOD + GOOD.removeprefix("scenarios:\n")
    problems = load_scenarios([source(twice)]).problems
    assert [(one.problem, str(one.where)) for one in problems] == [
        ("'stream-rate' has another scenario of this name", "scenarios/streams.yaml:12:11")
    ]


def test_whatever_an_expectation_sees_reached_is_known_to_coverage(source: MakeSource) -> None:
    text = GOOD + "      - {group: a:b, transitions: [{at: 5m, to: Warn}]}\n"
    expect = load_scenarios([source(text)]).scenarios[0].form.expect
    assert [sorted(one.states_expected) for one in expect] == [["Alert"], [], ["Warn"]]
