"""`dd-sync test --coverage` and `--mutate`: which mistakes are noticed, and that a remedy is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import Run

CATALOG = "catalog: shop\ntenant_tag: tenant\n"
ORDERS = """\
  - key: orders
    name: Orders
    message: "{{value}} {{#is_alert}}@slack-shop{{/is_alert}}"
    guard: {rate: {metric: orders, scope: "env:prod", by: [tenant], window: 5m, above: 50, warn_at: 40}}
"""
FLOOD = """\
  - name: a flood
    monitor: orders
    for: 20m
    series:
      - {metric: orders, type: count, interval: 1m, tags: [env:prod, tenant:acme], values: "5x5 20x14"}
    expect:
      - {at: 15m, group: tenant:acme, state: Alert}
"""


def write(folder: Path, monitors: str, scenarios: str) -> None:
    (folder / "monitors/scenarios").mkdir(parents=True, exist_ok=True)
    (folder / "monitors/catalog.yaml").write_text(CATALOG)
    (folder / "monitors/all.yaml").write_text(f"monitors:\n{monitors}")
    (folder / "monitors/scenarios/all.yaml").write_text(f"scenarios:\n{scenarios or '  []'}")


def raw(query: str, kind: str = "query alert", key: str = "it", message: str = "m", **options: Any) -> str:
    return (
        f"  - key: {key}\n    name: It\n    type: {kind}\n    query: {json.dumps(query)}\n"
        f"    options: {json.dumps(options)}\n    message: {json.dumps(message)}\n"
    )


def scenario(
    series: str, expect: str, *, key: str = "it", lasts: str = "1h", name: str = "one", more: str = ""
) -> str:
    return (
        f"  - name: {name}\n    monitor: {key}\n    for: {lasts}\n{more}"
        f"    series:\n      - {series}\n    expect:\n      - {expect}\n"
    )


GAUGE = "{metric: load, type: gauge, tags: [host:a], values: %s}"


def mutation(dd_sync: Run, *more: str) -> dict[str, Any]:
    answer = dd_sync("test", "--mutate", "--format", "json", *more)
    assert answer.code == 0, answer.err + answer.out
    found: dict[str, Any] = answer.json["mutation"]
    return found


def fates(found: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["fate"] for one in found["mutants"]}


# --- mutation --------------------------------------------------------------------------------


def test_a_mutant_is_killed_by_the_first_scenario_that_fails_on_it(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, ORDERS, FLOOD)
    found = {one["id"]: one for one in mutation(dd_sync)["mutants"]}
    assert found["by-tenant"]["fate"] == "killed"
    assert found["by-tenant"]["by"] == "a flood"
    assert (found["critical-up"]["fate"], found["critical-up"]["by"]) == ("survived", None)
    assert (found["critical-up"]["file"], found["critical-up"]["line"]) == ("monitors/all.yaml", 5)


@pytest.mark.parametrize(
    ("monitors", "scenarios"),
    [
        (ORDERS, FLOOD),
        (
            raw(
                "sum(last_10m):sum:err{env:prod} by {svc}.as_count() "
                "/ sum:req{env:prod} by {svc}.as_count() > 0.5",
                thresholds={"critical": 0.5, "warning": 0.2},
            ),
            scenario(
                "{metric: err, type: count, tags: [env:prod, svc:a], values: 1x59}",
                "{group: svc:a, never: Alert}",
            ),
        ),
        (
            raw(
                "avg(last_10m):avg:load{!env:dev} by {host} < 2",
                thresholds={"critical": 2, "critical_recovery": 4},
                notify_no_data=True,
                no_data_timeframe=20,
            ),
            scenario(GAUGE % "5x59", "{at: 30m, group: host:a, state: OK}"),
        ),
        (
            raw("max(last_1d):max:load{*} >= 3", thresholds={"critical": 3}, renotify_interval=30),
            scenario(GAUGE % "1x59", "{at: 30m, state: OK}"),
        ),
        (
            raw("min(last_15m):clamp_min(avg:load{*}, 1) * 2 + 1 > 7", thresholds={"critical": 7}),
            scenario(GAUGE % "1x59", "{at: 30m, state: OK}"),
        ),
        (
            raw("change(avg(last_5m),last_1h):avg:load{*} > 5", thresholds={"critical": 5}),
            scenario(GAUGE % "1x119", "{at: 90m, state: OK}", lasts="2h"),
        ),
        (
            raw("avg(last_5m):100 - avg:load{*} > 90", thresholds={"critical": 90}),
            scenario(GAUGE % "50x59", "{at: 30m, state: OK}"),
        ),
        (
            raw("max(last_5m):p95:took{*, env:prod} >= 3", key="it", thresholds={"critical": 3}),
            scenario(
                "{metric: took, type: distribution, tags: [env:dev], values: 1x59}", "{at: 30m, state: none}"
            ),
        ),
    ],
    ids=["rate", "ratio", "below", "a day", "function", "change", "what is left", "percentile"],
)
def test_every_remedy_passes_on_the_monitor_and_notices_its_mutants(
    dd_sync: Run, tmp_path: Path, monitors: str, scenarios: str
) -> None:
    write(tmp_path, monitors, scenarios)
    before = mutation(dd_sync)
    remedies = list(dict.fromkeys(one["scenario"] for one in before["mutants"] if one["scenario"]))
    assert remedies
    write(tmp_path, monitors, scenarios + "".join(remedies))
    after = mutation(dd_sync)
    promised = {one["id"] for one in before["mutants"] if one["scenario"]}
    assert {name for name, fate in fates(after).items() if fate == "killed"} >= promised
    # All but what no series can show.
    assert after["percent"] >= 85


def test_failing_scenarios_have_to_pass_before_mutants_are_made(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, ORDERS, FLOOD.replace("Alert", "OK"))
    answer = dd_sync("test", "--mutate")
    assert answer.code == 1
    assert "asked once they all pass" in answer.err
    assert "mutants" not in answer.out


@pytest.mark.parametrize(
    ("options", "id"),
    [
        ({"thresholds": {"critical": 5, "critical_recovery": 5}}, "critical_recovery-gone"),
        ({"thresholds": {"critical": 5}, "notify_no_data": False}, "notify-no-data"),
    ],
)
def test_what_cannot_be_told_apart_is_equivalent_and_not_counted(
    dd_sync: Run, tmp_path: Path, options: dict[str, Any], id: str
) -> None:
    monitor = raw("avg(last_5m):default_zero(avg:load{*}) > 5", **options)
    write(tmp_path, monitor, scenario(GAUGE % "9x59", "{at: 30m, state: Alert, value: 9}"))
    found = mutation(dd_sync)
    assert fates(found)[id] == "equivalent"
    counted = [fate for fate in fates(found).values() if fate in ("killed", "survived")]
    assert found["killed"] + found["survived"] == len(counted)
    assert "Equivalent" in dd_sync("test", "--mutate").out


def test_a_mutant_that_cannot_be_evaluated_is_not_judged(dd_sync: Run, tmp_path: Path) -> None:
    monitor = raw("avg(last_5m):avg:load{*} == 5", thresholds={"critical": 5, "critical_recovery": 4})
    expects = scenario(GAUGE % "9x59", "{unsupported: true}")
    write(tmp_path, monitor, expects)
    found = mutation(dd_sync)
    assert found["mutants"] == []
    assert "no published meaning" in found["unsupported"]["it"]
    # Without its recovery threshold the monitor could be evaluated, with another comparator it could not.
    write(
        tmp_path,
        raw(
            "avg(last_5m):avg:load{*} > 5",
            thresholds={"critical": 5, "warning": 3},
            on_missing_data="resolve",
        ),
        scenario(GAUGE % "9x59", "{at: 30m, state: Alert, value: 9}"),
    )
    assert "not judged" in dd_sync("test", "--mutate").out


def test_a_part_is_judged_by_the_scenarios_of_its_composite(dd_sync: Run, tmp_path: Path) -> None:
    parts = raw("avg(last_5m):avg:load{*} > 5", key="a") + raw("avg(last_5m):avg:disk{*} > 5", key="b")
    both = raw("${monitor:a} && ${monitor:b}", "composite", key="both")
    series = (
        "{metric: load, type: gauge, tags: [host:a], values: 5.2x59}\n"
        "      - {metric: disk, type: gauge, tags: [host:a], values: 9x59}"
    )
    write(tmp_path, parts + both, scenario(series, "{at: 30m, state: Alert}", key="both"))
    found = {(one["monitor"], one["id"]): one for one in mutation(dd_sync)["mutants"]}
    assert found["a", "critical-up"]["fate"] == "killed"
    assert found["b", "critical-up"]["fate"] == "survived"
    assert found["both", "condition-0"]["fate"] == "survived"
    assert {one for one, _ in found} == {"a", "b", "both"}


def test_a_scenario_with_tunables_judges_the_same_mistake_in_its_own_monitor(
    dd_sync: Run, tmp_path: Path
) -> None:
    tunable = "tunables:\n  most: {env: MOST, default: 500, min: 1, max: 1000, unit: orders}\n"
    write(
        tmp_path,
        "",
        FLOOD.replace("for: 20m", "for: 20m\n    tunables: {most: 100}").replace("Alert", "Warn"),
    )
    orders = ORDERS.replace("above: 50", 'above: "${most}"')
    (tmp_path / "monitors/all.yaml").write_text(f"{tunable}monitors:\n{orders}")
    found = {one["id"]: one for one in mutation(dd_sync)["mutants"]}
    # 100 orders are not more than the scenario's 100, but they are at least 100, and more than 90.
    assert found["comparator"]["fate"] == "killed"
    assert found["critical-down"]["fate"] == "killed"
    assert found["critical-down"]["change"] == "critical threshold 500 -> 450"


def test_the_place_is_that_of_what_was_written(dd_sync: Run, tmp_path: Path) -> None:
    monitors = """\
  - key: spike
    name: Spike
    evaluation_delay: 60s
    renotify: 30m
    exempt: [{tenant: load-test, until: 2099-01-01, reason: test}]
    message: m
    guard:
      spike:
        metric: orders
        scope: env:prod
        by: [tenant]
        window: 1h
        times: 3
        floor: 100
        recover_at: 50
"""
    series = "{metric: orders, type: count, tags: [env:prod, tenant:acme], values: '0x59'}"
    write(tmp_path, monitors, scenario(series, "{group: tenant:acme, never: Alert}", key="spike"))
    found = {one["id"]: one["line"] for one in mutation(dd_sync)["mutants"]}
    assert found["evaluation_delay-gone"] == 4
    assert found["renotify_interval-doubled"] == 5
    assert found["scope-!tenant:load-test-0"] == 6
    assert (found["scope-env:prod-0"], found["by-tenant"], found["window-longer"]) == (11, 12, 13)
    assert (found["number-0-up"], found["critical-up"], found["critical_recovery-up"]) == (14, 15, 16)
    # The mean of two baselines is divided by a 2 that nobody wrote.
    assert not [name for name in found if name.startswith("number-3")]


@pytest.mark.prove
def test_so_many_survivors_are_looked_into_and_the_rest_is_listed(dd_sync: Run, tmp_path: Path) -> None:
    scope = "svc IN (" + ",".join(f"s{n}" for n in range(45)) + ")"
    monitor = raw(f"sum(last_5m):sum:x{{{scope}}}.as_count() > 5", thresholds={"critical": 5})
    series = "{metric: x, type: count, tags: ['svc:s1'], values: '0x9'}"
    write(tmp_path, monitor, scenario(series, "{at: 5m, state: OK}"))
    found = mutation(dd_sync)["mutants"]
    remedies = {one["scenario"] for one in found if one["scenario"]}
    assert 0 < len(remedies) <= 30
    assert "No scenario was found that would notice:" in dd_sync("test", "--mutate").out
    assert any(one["fate"] == "survived" and not one["scenario"] for one in found)


def test_what_has_no_remedy_is_listed(dd_sync: Run, tmp_path: Path) -> None:
    check = raw(
        '"up".over("*").by("host").last(2).count_by_status()',
        "service check",
        thresholds={"ok": 1, "warning": 1, "critical": 1},
    )
    runs = '{check: up, tags: [host:a], statuses: "ok*9"}'
    one = scenario(runs, "{at: 8m, group: host:a, state: OK}", lasts="9m").replace("series:", "checks:")
    write(tmp_path, check, one)
    assert "No scenario was found that would notice any of them." in dd_sync("test", "--mutate").out


def test_processes_find_what_one_finds(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, ORDERS, FLOOD)
    assert mutation(dd_sync, "--jobs", "2") == mutation(dd_sync, "--jobs", "1")


def test_a_monitor_without_scenarios_counts_and_is_named(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, ORDERS + raw("avg(last_5m):avg:load{*} > 5"), FLOOD)
    found = mutation(dd_sync)
    assert found["without_scenarios"] == ["it"]
    assert any(one["monitor"] == "it" and one["fate"] == "survived" for one in found["mutants"])
    only = mutation(dd_sync, "-k", "flood")
    assert {one["monitor"] for one in only["mutants"]} == {"orders"}


def test_too_few_killed_is_a_failure(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, ORDERS, FLOOD)
    answer = dd_sync("test", "--min-killed", "99")
    assert answer.code == 1
    assert "at least 99 % is asked for" in answer.err
    assert dd_sync("test", "--min-killed", "1").code == 0


def test_names_that_yaml_reads_otherwise_are_quoted_in_a_remedy(dd_sync: Run, tmp_path: Path) -> None:
    monitor = raw("sum(last_5m):sum:on{yes,a:1} by {b}.as_count() > 5", thresholds={"critical": 5})
    series = "{metric: 'on', type: count, tags: ['yes', 'a:1', 'b:2'], values: '0x59'}"
    write(tmp_path, monitor, scenario(series, "{at: 30m, group: 'b:2', state: OK}"))
    remedies = [one["scenario"] for one in mutation(dd_sync)["mutants"] if one["scenario"]]
    assert 'metric: "on"' in remedies[0]
    write(tmp_path, monitor, "".join(dict.fromkeys(remedies)))
    assert dd_sync("test").code == 0


# --- coverage --------------------------------------------------------------------------------


def coverage(dd_sync: Run) -> dict[str, dict[str, Any]]:
    answer = dd_sync("test", "--coverage", "--format", "json")
    assert answer.code == 0, answer.err + answer.out
    return {
        f"{part['aspect']}: {part['name']}": part
        for monitor in answer.json["coverage"]["monitors"]
        for part in monitor["parts"]
    }


def test_a_state_counts_when_it_is_reached_and_expected(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, ORDERS, FLOOD)
    found = coverage(dd_sync)
    assert found["states: Alert"]["by"] == "a flood"
    assert (found["states: OK"]["by"], found["states: OK"]["note"]) == (
        None,
        "reached, but nothing expects it",
    )
    assert (found["states: Warn"]["by"], found["states: Warn"]["note"]) == (None, None)
    assert found["transitions: OK -> Alert"]["by"] == "a flood"
    assert found["transitions: Alert -> OK"]["by"] is None


@pytest.mark.parametrize(
    ("expect", "state"),
    [
        ("{group: tenant:acme, never: Warn}", "OK"),
        ("{group: tenant:acme, notifications: [{at: 8m, kind: alert}]}", "Alert"),
        ("{group: tenant:acme, transitions_at_least: [{at: 8m, to: Alert}]}", "Alert"),
    ],
)
def test_other_expectations_vouch_for_states_too(
    dd_sync: Run, tmp_path: Path, expect: str, state: str
) -> None:
    write(tmp_path, ORDERS, FLOOD.replace("{at: 15m, group: tenant:acme, state: Alert}", expect))
    assert coverage(dd_sync)[f"states: {state}"]["by"] == "a flood"


def test_no_data_is_reachable_where_the_policy_can_reach_it(dd_sync: Run, tmp_path: Path) -> None:
    quiet, told = (
        raw("avg(last_5m):avg:load{*} > 5", key=key, notify_no_data=key == "told")
        for key in ("quiet", "told")
    )
    series = scenario(GAUGE % "1x9", "{at: 40m, state: No Data}", key="told")
    write(tmp_path, quiet + told, series)
    answer = dd_sync("test", "--coverage", "--format", "json").json["coverage"]["monitors"]
    states = [[part["name"] for part in one["parts"] if part["aspect"] == "states"] for one in answer]
    assert states == [["OK", "Alert"], ["OK", "No Data", "Alert"]]


def test_a_composite_reaches_what_its_parts_reach(dd_sync: Run, tmp_path: Path) -> None:
    part = raw("avg(last_5m):avg:load{*} > 5", key="a", thresholds={"critical": 5, "warning": 3})
    check = raw(
        '"up".over("*").by("host").last(2).count_by_status()',
        "service check",
        key="c",
        thresholds={"ok": 1, "warning": 1, "critical": 1, "unknown": 1},
    )
    both = raw("${monitor:a} || !${monitor:a}", "composite", key="b")
    write(tmp_path, part + both + check, scenario(GAUGE % "1x9", "{at: 4m, state: OK}", key="a"))
    answer = dd_sync("test", "--coverage", "--format", "json").json["coverage"]["monitors"]
    states = {one["monitor"]: [p["name"] for p in one["parts"] if p["aspect"] == "states"] for one in answer}
    assert states["b"] == ["OK", "Warn", "Alert"]
    assert states["c"] == ["OK", "Unknown", "Warn", "Alert"]


def test_each_side_of_each_block_is_asked_for(dd_sync: Run, tmp_path: Path) -> None:
    message = (
        '"{{#is_alert}}a{{#is_match \\"tenant.name\\" \\"acme\\"}}b{{else}}c{{/is_match}}'
        '{{else}}{{/is_alert}}{{^is_recovery}}{{/is_recovery}}"'
    )
    orders = ORDERS.replace('"{{value}} {{#is_alert}}@slack-shop{{/is_alert}}"', message)
    write(tmp_path, orders, FLOOD)
    found = {name: part["by"] for name, part in coverage(dd_sync).items() if name.startswith("message")}
    assert found == {
        "message: {{#is_alert}} shown": "a flood",
        "message: {{#is_alert}} left out": None,
        'message: {{#is_match "tenant.name" "acme"}} shown': "a flood",
        'message: {{#is_match "tenant.name" "acme"}} left out': None,
        "message: {{^is_recovery}} shown": "a flood",
        "message: {{^is_recovery}} left out": None,
    }


def test_groups_are_judged_apart_only_with_something_expected_of_both(dd_sync: Run, tmp_path: Path) -> None:
    birch = FLOOD.replace(
        "    expect:",
        "      - {metric: orders, type: count, tags: [env:prod, tenant:birch], values: 1x19}\n    expect:",
    )
    write(tmp_path, ORDERS, birch)
    found = coverage(dd_sync)
    assert found["groups: two groups judged apart"]["by"] is None
    assert found["groups: every group of 'a flood'"]["note"] == "nothing is expected of tenant:birch"
    write(tmp_path, ORDERS, birch + "      - {group: tenant:birch, never: Alert}\n")
    assert coverage(dd_sync)["groups: two groups judged apart"]["by"] == "a flood"


def test_a_snooze_counts_when_it_keeps_a_notification_back(dd_sync: Run, tmp_path: Path) -> None:
    def snoozed(tenant: str) -> str:
        snooze = f"    snoozes: [{{tenant: {tenant}, from: 0m, for: 15m}}]\n    expect:"
        return FLOOD.replace("    expect:", snooze)

    write(tmp_path, ORDERS, snoozed("acme"))
    assert coverage(dd_sync)["snoozes: a notification kept back by a snooze"]["by"] == "a flood"
    write(tmp_path, ORDERS, snoozed("birch"))
    found = coverage(dd_sync)
    assert found["snoozes: a notification kept back by a snooze"]["by"] is None
    assert found["snoozes: the snooze of birch in 'a flood'"]["note"] == "it keeps nothing back"


def test_too_little_coverage_is_a_failure(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, ORDERS, FLOOD)
    assert dd_sync("test", "--min-coverage", "90").code == 1
    assert dd_sync("test", "--min-coverage", "5").code == 0


def own_catalog(dd_sync: Run, *asked: str) -> dict[str, Any]:
    folder = Path(__file__).resolve().parents[2] / "monitors"
    answer = dd_sync("test", "--catalog", str(folder), "--format", "json", *asked)
    assert answer.code == 0, answer.err
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.prove
def test_every_state_of_this_repositorys_monitors_is_tested(dd_sync: Run) -> None:
    monitors = own_catalog(dd_sync, "--min-coverage", "90")["coverage"]["monitors"]
    parts = [part for one in monitors for part in one["parts"]]
    assert [part for part in parts if part["aspect"] == "states" and part["by"] is None] == []


@pytest.mark.prove
def test_nine_in_ten_mutants_of_this_repositorys_monitors_are_noticed(dd_sync: Run) -> None:
    assert own_catalog(dd_sync, "--min-killed", "90")["mutation"]["without_scenarios"] == []
