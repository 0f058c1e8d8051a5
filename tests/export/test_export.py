"""Monitors as alert rules of Prometheus: promtool accepts them, and agrees with the scenarios."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dd_sync.cli import run

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")

CATALOG = "catalog: risk\ntenant_tag: tenant\nlevels: {2: {handles: ['@slack-risk']}}\n"
COUNTED = {"metric": "streams.created", "by": ["tenant"], "window": "1h"}
RATE = {"rate": {**COUNTED, "above": 100}}
MESSAGE = "{{tenant.name}} made {{value}} of {{threshold}}. {{#is_alert}}Look now.{{/is_alert}}"

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def dd_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def write(folder: Path, *monitors: dict[str, Any], scenarios: list[Any] | None = None) -> None:
    (folder / "monitors/scenarios").mkdir(parents=True, exist_ok=True)
    (folder / "monitors/catalog.yaml").write_text(CATALOG)
    full = [{"name": "N", "message": MESSAGE, **monitor} for monitor in monitors]
    (folder / "monitors/all.yaml").write_text(f"monitors: {json.dumps(full)}\n")
    if scenarios is not None:
        (folder / "monitors/scenarios/all.yaml").write_text(f"scenarios: {json.dumps(scenarios)}\n")


def guard(key: str, /, more: dict[str, Any] | None = None, **change: Any) -> dict[str, Any]:
    return {"key": key, "guard": {"rate": {**RATE["rate"], **change}}, **(more or {})}


def raw(key: str, query: str, kind: str = "query alert", **options: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "query": query, "options": options}


def rules(dd_sync: Command, *arguments: str) -> dict[str, dict[str, Any]]:
    code, out, _ = dd_sync("export", "prometheus", *arguments)
    assert code == 0
    (group,) = yaml.safe_load(out)["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


# --- what a rule says ----------------------------------------------------------------------------------


def test_a_guard_is_a_rule_with_its_tags_its_text_and_whom_it_tells(dd_sync: Command, tmp_path: Path) -> None:
    more = {"tags": ["team:risk", "team:fraud", "plain"], "level": 2, "name": "Too many for {{tenant.name}}"}
    write(tmp_path, guard("stream-rate", more))
    (rule,) = rules(dd_sync).values()
    assert rule == {
        "alert": "StreamRate",
        "expr": 'sum by (tenant) (increase(streams_created_total{tenant!=""}[1h])) > 100',
        "labels": {"team": "risk,fraud", "level": "2", "monitor": "stream-rate", "severity": "critical"},
        "annotations": {
            "summary": "Too many for {{ $labels.tenant }}",
            "description": "{{ $labels.tenant }} made {{ $value }} of 100. Look now.",
            "told": "@slack-risk",
        },
    }


def test_a_warning_is_a_rule_that_is_quiet_while_the_alert_fires(dd_sync: Command, tmp_path: Path) -> None:
    write(tmp_path, guard("a", warn_at="80%"))
    found = rules(dd_sync)
    assert list(found) == ["A", "AWarning"]
    assert (
        found["AWarning"]["expr"]
        == f"({found['A']['expr'].replace('100', '80')}) unless ({found['A']['expr']})"
    )
    assert "Look now" not in found["AWarning"]["annotations"]["description"]


def test_a_recovery_level_is_the_rule_s_own_memory(dd_sync: Command, tmp_path: Path) -> None:
    write(tmp_path, guard("a", recover_at="50%"))
    _, out, _ = dd_sync("export", "prometheus")
    assert "# recovers at 50: until then it asks whether it fires already" in out
    plain = 'sum by (tenant) (increase(streams_created_total{tenant!=""}[1h]))'
    memory = 'ALERTS{alertname="A",alertstate="firing"}'
    assert rules(dd_sync)["A"]["expr"] == f"({plain} > 100) or (({plain} > 50) and on (tenant) {memory})"


def test_silence_is_told_where_the_monitor_tells_it(dd_sync: Command, tmp_path: Path) -> None:
    gauge = "max(last_5m):max:load{*} by {host}.rollup(max, 60) > 9"
    write(
        tmp_path,
        raw("load", gauge, thresholds={"critical": 9}, on_missing_data="show_and_notify_no_data"),
        raw("old", gauge.replace("> 9", "> 8"), notify_no_data=True, no_data_timeframe=10),
        {"key": "gone", "guard": {"absent": {"metric": "worker.rounds", "window": "15m"}}},
    )
    found = rules(dd_sync)
    assert list(found) == ["GoneNoData", "Load", "LoadNoData", "Old", "OldNoData"]
    assert found["LoadNoData"]["expr"] == (
        'count by (host) (count_over_time(load{host!=""}[24h])) '
        'unless count by (host) (count_over_time(load{host!=""}[5m]))'
    )
    assert found["GoneNoData"]["expr"] == (
        "count (count_over_time(worker_rounds[24h])) unless count (count_over_time(worker_rounds[15m]))"
    )
    assert found["GoneNoData"]["labels"]["severity"] == "nodata"


def test_a_silence_over_a_scope_no_selector_can_say_is_left_out_whole(
    dd_sync: Command, tmp_path: Path
) -> None:
    silent = "max(last_15m):max:worker.rounds{a:b OR c:d}.rollup(count, 60) < 1"
    write(tmp_path, raw("gone", silent, thresholds={"critical": 1}))
    assert rules(dd_sync) == {}
    _, _, err = dd_sync("export", "prometheus")
    assert "left out: gone: the scope" in err


def test_an_evaluation_delay_looks_back(dd_sync: Command, tmp_path: Path) -> None:
    write(tmp_path, guard("a", {"evaluation_delay": "2m"}))
    assert "[1h] offset 2m" in rules(dd_sync)["A"]["expr"]


def test_what_means_something_else_there_is_left_out_with_its_reason(
    dd_sync: Command, tmp_path: Path
) -> None:
    write(
        tmp_path,
        raw("avg", "avg(last_5m):avg:load{*} > 1", thresholds={"critical": 1}),
        raw("logs", 'logs("x").index("*").rollup("count").last("5m") > 1', "log alert"),
        raw(
            "mixed",
            "max(last_5m):max:load{a:b OR c:d}.rollup(max, 60) > 9",
            on_missing_data="show_and_notify_no_data",
        ),
        guard("fine"),
    )
    code, out, err = dd_sync("export", "prometheus")
    assert code == 0
    assert "#   logs: no metric query (it is of the type log alert)" in out
    assert "left out: avg: avg:load{*} under avg() depends on Datadog's buckets" in err
    assert "left out: mixed: the scope" in err
    assert list(rules(dd_sync, "fine")) == ["Fine"]


def test_two_metrics_of_one_query_that_would_be_one_leave_it_out(dd_sync: Command, tmp_path: Path) -> None:
    query = "sum(last_5m):sum:x.y{*}.as_count() - sum:x_y{*}.as_count() > 1"
    write(tmp_path, raw("twins", query, thresholds={"critical": 1}), guard("fine"))
    code, _, err = dd_sync("export", "prometheus")
    assert (code, "left out: twins: its metrics x.y and x_y have one name" in err) == (0, True)


@pytest.mark.parametrize(
    ("monitors", "words"),
    [
        ([guard("a", metric="x.y"), guard("b", metric="x_y")], "are both x_y_total in Prometheus"),
        ([guard("a-b"), guard("aB".lower() + "-"), guard("a--b", metric="z")], "would both be the alert AB"),
    ],
)
def test_two_that_would_be_one_are_refused(
    dd_sync: Command, tmp_path: Path, monitors: list[dict[str, Any]], words: str
) -> None:
    write(tmp_path, *monitors)
    code, _, err = dd_sync("export", "prometheus")
    assert (code, words in err) == (1, True)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("{{#is_recovery}}ok{{/is_recovery}}{{^is_recovery}}bad{{/is_recovery}}", "bad"),
        ("{{#is_warning}}w{{else}}not{{/is_warning}}", "not"),
        (
            '{{#is_match "tenant.name" "a.b"}}x{{/is_match}}',
            '{{ if (match "a\\\\.b" $labels.tenant) }}x{{ else }}{{ end }}',
        ),
        (
            '{{^is_exact_match "tenant.name" "a" "b"}}x{{/is_exact_match}}',
            '{{ if or (eq $labels.tenant "a") (eq $labels.tenant "b") }}{{ else }}x{{ end }}',
        ),
        ("{{#is_priority 'P1'}}x{{/is_priority}}", "…"),
        ('{{eval "value * 2"}} {{warn_threshold}}', "… …"),
        ("{{{{raw}}}} {{ x }} {{{{/raw}}}}", '{{ "{{" }} x }}'),
        ("@slack-a, told\n\n\n\nonce", ", told\n\nonce"),
    ],
)  # fmt: skip
def test_a_message_becomes_a_template_where_both_can_say_it(
    dd_sync: Command, tmp_path: Path, message: str, expected: str
) -> None:
    write(tmp_path, guard("a", {"message": message}))
    assert rules(dd_sync)["A"]["annotations"]["description"] == expected


def test_keys_files_and_options_that_cannot_be_are_told(dd_sync: Command, tmp_path: Path) -> None:
    write(tmp_path, guard("stream-rate"))
    assert "did you mean" in dd_sync("export", "prometheus", "stream-rat")[2]
    assert dd_sync("export", "prometheus", "--tests", "t.yaml")[0] == 64
    code, _, err = dd_sync("export", "prometheus", "--out", "no/such/folder.yaml")
    assert (code, "cannot be written" in err) == (1, True)


# --- promtool as the judge -----------------------------------------------------------------------------


def promtool(*arguments: str, folder: Path) -> None:
    assert PROMTOOL
    done = subprocess.run(
        [PROMTOOL, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def series(metric: str, kind: str, values: str, tenant: str) -> dict[str, Any]:
    return {"metric": metric, "type": kind, "interval": "1m", "tags": [f"tenant:{tenant}"], "values": values}


def noise(seed: int, usual: int, minutes: int = 360) -> str:
    chance = random.Random(seed)
    counts = [chance.randint(0, 2 * usual) for _ in range(minutes)]
    start = chance.randrange(minutes // 2)
    counts[start : start + 60] = [count * chance.randint(2, 5) for count in counts[start : start + 60]]
    return " ".join("_" if chance.random() < 0.05 else str(count) for count in counts)


@needs_promtool
def test_promtool_accepts_the_rules_and_agrees_with_every_scenario(dd_sync: Command, tmp_path: Path) -> None:
    """Made-up counts and gauges with gaps and floods, judged by both evaluators at stable times."""
    counts, gauge = "streams.created", "payment.amount"
    monitors = [
        guard("rate", warn_at="80%"),
        guard("memory", recover_at="40%"),
        guard("delayed", {"evaluation_delay": "5m"}),
        {"key": "once", "guard": {"occurrence": {"metric": counts, "by": ["tenant"], "window": "45m"}}},
        {
            "key": "spike",
            "guard": {"spike": {**COUNTED, "times": 2, "floor": 30, "baseline": ["1h", "2h"]}},
        },
        {
            "key": "single",
            "guard": {"max": {"metric": gauge, "by": ["tenant"], "window": "10m", "above": 90}},
        },
    ]
    scenarios = []
    for index, monitor in enumerate(monitors):
        for seed in range(3):
            is_gauge = monitor["key"] == "single"
            metric, kind = (gauge, "gauge") if is_gauge else (counts, "count")
            usual = 40 if is_gauge else (0 if monitor["key"] == "once" else 1)
            lines = [
                series(metric, kind, noise(10 * index + seed, usual), "acme"),
                series(metric, kind, noise(100 * index + seed, 2 * usual), "birch"),
                series(metric, kind, f"_x120 {noise(7 * index + seed, usual, 240)}", "fresh"),
            ]
            if monitor["key"] == "once":
                lines = [
                    series(metric, kind, "0x100 1 0x200", "acme"),
                    series(metric, kind, "0x300", "birch"),
                ]
            scenarios.append(
                {
                    "name": f"noise {seed}",
                    "monitor": monitor["key"],
                    "for": "6h",
                    "series": lines,
                    "expect": [{"never": "No Data"}],
                }
            )
    write(tmp_path, *monitors, scenarios=scenarios)
    code, out, err = dd_sync("export", "prometheus", "--out", "rules.yaml", "--tests", "tests.yaml")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"{len(scenarios)} tests in tests.yaml and tests.minutes.yaml"
    promtool("check", "rules", "rules.yaml", folder=tmp_path)
    firing = (tmp_path / "tests.yaml").read_text() + (tmp_path / "tests.minutes.yaml").read_text()
    for name in ("Rate", "RateWarning", "Memory", "Delayed", "Once", "Spike", "Single"):
        assert f'alertname="{name}",tenant=' in firing, name
    promtool("test", "rules", "tests.yaml", "tests.minutes.yaml", folder=tmp_path)


@needs_promtool
def test_where_data_ends_the_two_differ_and_the_tests_pass_that_over(
    dd_sync: Command, tmp_path: Path
) -> None:
    depth = "max(last_10m):max:depth{*} by {tenant}.rollup(max, 60) > 90"
    gauge = series("depth", "gauge", "1x59 95x29 _x60 70x29 1x59 99x59", "acme")
    monitors = [
        raw("kept", depth, thresholds={"critical": 90}),
        raw("memory", depth, thresholds={"critical": 90, "critical_recovery": 50}),
        raw("told", depth, thresholds={"critical": 90}, on_missing_data="show_and_notify_no_data"),
        guard("counted", recover_at="50%"),
        raw(
            "silent",
            "sum(last_10m):sum:depth.n{*} by {tenant}.as_count() > 90",
            thresholds={"critical": 90},
            on_missing_data="show_and_notify_no_data",
        ),
    ]
    count = series("depth.n", "count", "1x59 95x29 _x60 1x59", "acme")
    flood = series("streams.created", "count", "1x60 9x119 _x120", "acme")
    given = {"silent": count, "counted": flood}
    scenarios = [
        {
            "name": "n",
            "monitor": key,
            "for": "4h",
            "series": [given.get(key, gauge)],
            "expect": [{"never": "Warn"}],
        }
        for key in (str(one["key"]) for one in monitors)
    ]
    write(tmp_path, *monitors, scenarios=scenarios)
    code, out, _ = dd_sync("export", "prometheus", "--out", "rules.yaml", "--tests", "tests.yaml")
    assert (code, out.splitlines()[-1]) == (0, "5 tests in tests.yaml and tests.minutes.yaml")
    firing = (tmp_path / "tests.yaml").read_text() + (tmp_path / "tests.minutes.yaml").read_text()
    for name in ("Kept", "Memory", "Told", "ToldNoData", "Counted", "Silent"):
        assert f'alertname="{name}",tenant=' in firing, name
    promtool("test", "rules", "tests.yaml", "tests.minutes.yaml", folder=tmp_path)


@needs_promtool
def test_a_wrong_rule_would_be_noticed(dd_sync: Command, tmp_path: Path) -> None:
    scenario = {
        "name": "flood",
        "monitor": "rate",
        "for": "3h",
        "series": [series("streams.created", "count", "1x60 9x119", "acme")],
        "expect": [{"at": "2h", "group": "tenant:acme", "state": "Alert"}],
    }
    write(tmp_path, guard("rate"), scenarios=[scenario])
    dd_sync("export", "prometheus", "--out", "rules.yaml", "--tests", "tests.yaml")
    promtool("test", "rules", "tests.yaml", folder=tmp_path)
    text = (tmp_path / "rules.yaml").read_text()
    (tmp_path / "rules.yaml").write_text(text.replace("> 100", "> 1000"))
    with pytest.raises(AssertionError, match="FAILED"):
        promtool("test", "rules", "tests.yaml", folder=tmp_path)


def test_scenarios_that_promtool_cannot_run_are_named(dd_sync: Command, tmp_path: Path) -> None:
    flood = series("streams.created", "count", "9x179", "acme")
    usual: dict[str, Any] = {
        "monitor": "rate",
        "for": "3h",
        "series": [flood],
        "expect": [{"group": "tenant:acme", "never": "Warn"}],
    }
    scenarios = [
        {**usual, "name": "tuned", "monitor": "tuned", "tunables": {"most": 200}},
        {**usual, "name": "fails", "expect": [{"group": "tenant:acme", "never": "Alert"}]},
        {**usual, "name": "mixed", "series": [flood, {**flood, "interval": "5m", "tags": ["tenant:b"]}]},
        {**usual, "name": "uneven", "series": [{**flood, "from": "30s"}]},
        {**usual, "name": "rates", "series": [{**flood, "type": "rate"}]},
        {**usual, "name": "fine"},
    ]
    write(tmp_path, guard("rate"), guard("tuned", above="${most}"), scenarios=scenarios)
    file = tmp_path / "monitors/all.yaml"
    tunable = "{env: MOST, default: 100, min: 1, max: 999, unit: streams}"
    file.write_text(f"tunables: {{most: {tunable}}}\n{file.read_text()}")
    code, out, err = dd_sync("export", "prometheus", "--out", "rules.yaml", "--tests", "sub.yaml")
    assert code == 0
    assert out.endswith("1 tests in sub.yaml\n")
    for words in (
        "tuned: tuned: it sets tunables",
        "rate: fails: it does not pass here",
        "rate: mixed: its series have several intervals",
        "rate: uneven: its samples are not on whole intervals",
        "rate: rates: its samples are neither counts nor gauges",
    ):
        assert f"not tested: {words}" in err
