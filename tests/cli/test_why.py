"""`dd-sync why`: every reason a state can have, whom it told, and what is wrong with a question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import Run
from tests.cli.test_quality import GAUGE, raw, scenario, write


@pytest.fixture
def why(dd_sync: Run, tmp_path: Path) -> Any:
    """Asks about the one monitor `it` of a catalog, and gives the text."""

    def ask(monitor: str, scenarios: str, at: str, *more: str, group: str = "*") -> str:
        write(tmp_path, monitor, scenarios)
        answer = dd_sync("why", "it", group, "--at", at, *more)
        assert answer.code == 0, answer.err
        return answer.out

    return ask


LOAD = raw("avg(last_5m):avg:load{*} > 5", thresholds={"critical": 5})
BY_HOST = raw("avg(last_5m):avg:load{*} by {host} > 5", thresholds={"critical": 5})


def test_a_group_is_forgotten_a_day_after_its_last_data(why: Any) -> None:
    one = scenario(GAUGE % "1x9", "{at: 5m, group: host:a, state: OK}", lasts="1d12h")
    said = why(BY_HOST, one, "1d10h", group="host:a")
    assert "host:a: does not exist" in said
    assert "forgotten after a long time without data" in said
    assert "nothing is sent while there is no group" in said


def test_a_new_group_is_said_to_be_new(why: Any) -> None:
    monitor = raw("avg(last_5m):avg:load{*} by {host} > 5", thresholds={"critical": 5}, new_group_delay=600)
    one = scenario(GAUGE % "9x59", "{at: 30m, group: host:a, state: Alert}")
    said = why(monitor, one, "5m", group="host:a")
    assert "9 is > 5, the critical threshold." in said
    assert "The group is new, and is judged from 10m after its first data on." in said
    assert "judged from" not in why(monitor, one, "30m", group="host:a")


def test_a_window_that_is_not_full_keeps_the_state(why: Any) -> None:
    monitor = raw("avg(last_30m):avg:load{*} > 5", thresholds={"critical": 5}, require_full_window=True)
    one = scenario(GAUGE % "9x59", "{at: 50m, state: Alert}")
    assert "not full, as require_full_window asks for" in why(monitor, one, "10m")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"on_missing_data": "resolve"}, "it counts as recovered"),
        ({"on_missing_data": "show_no_data"}, "it is No Data, which is told to nobody"),
        ({}, "it keeps the state it had"),
        ({"notify_no_data": True, "no_data_timeframe": 50}, "No Data once data has been missing for 50m"),
    ],
)
def test_the_missing_data_policy_is_said(why: Any, options: dict[str, Any], said: str) -> None:
    monitor = raw("avg(last_5m):avg:load{*} > 5", thresholds={"critical": 5}, **options)
    one = scenario(GAUGE % "9x9", "{at: 8m, state: Alert}")
    assert said in " ".join(why(monitor, one, "30m").split())


def test_what_is_not_sent_says_why(why: Any) -> None:
    monitor = raw("avg(last_5m):avg:load{*} > 5", thresholds={"critical": 5}, on_missing_data="show_no_data")
    said = why(monitor, scenario(GAUGE % "1x9", "{at: 8m, state: OK}"), "15m")
    assert "no data: nobody, missing data is shown, not notified" in said


@pytest.mark.parametrize(
    ("query", "thresholds", "values", "reason"),
    [
        ("> 5", {"critical": 5, "warning": 3}, "4x59", "4 is > 3, the warning threshold, and not > 5"),
        ("> 5", {"critical": 5, "warning": 3}, "2x59", "2 is not > 3, the warning threshold."),
        ("< 5", {"critical": 5, "critical_recovery": 7}, "1x29 6x29", "stays Alert until the value is >= 7"),
        (
            "> 5",
            {"critical": 5, "warning": 3, "warning_recovery": 1},
            "4x29 2x29",
            "stays Warn until the value",
        ),
        ("== 5", {"critical": 5}, "5x59", "5 is == 5, the critical threshold."),
    ],
)
def test_the_value_is_told_against_its_thresholds(
    why: Any, query: str, thresholds: dict[str, float], values: str, reason: str
) -> None:
    monitor = raw(f"avg(last_5m):avg:load{{*}} {query}", thresholds=thresholds)
    assert reason in why(
        monitor, scenario(GAUGE % values, "{at: 9m, never: No Data}".replace("at: 9m, ", "")), "50m"
    )


def test_a_group_that_was_resolved_by_time_keeps_what_the_value_does_not_say(why: Any) -> None:
    counted = raw(
        "sum(last_5m):sum:load{*}.as_count() < 5",
        thresholds={"critical": 5},
        on_missing_data="default",
        timeout_h=1,
    )
    series = "{metric: load, type: count, tags: [host:a], values: 9x9}"
    said = why(counted, scenario(series, "{at: 30m, state: Alert}", lasts="3h"), "2h")
    assert "0 is < 5, the critical threshold." in said
    assert "It keeps the state it had: OK." in said


def test_functions_are_shown_bucket_by_bucket_by_letters(why: Any) -> None:
    monitor = raw(
        "max(last_10m):ewma_3(avg:load{*}.rollup(max, 60)) * (2 + abs(avg:load{*}.rollup(max, 60))) > 50"
    )
    lines = why(monitor, scenario(GAUGE % "1x29 4x29", "{at: 5m, state: OK}"), "35m").splitlines()
    assert "  a  avg:load{*}.rollup(max, 60)" in lines
    assert "  b  ewma_3(a)" in lines
    assert any("b * " in line for line in lines)
    assert any(line.split()[:2] == ["1m", "from"] for line in lines)


def test_a_change_is_shown_with_what_it_is_compared_to(why: Any) -> None:
    monitor = raw("change(avg(last_5m),last_30m):avg:load{*} > 2", thresholds={"critical": 2})
    said = why(monitor, scenario(GAUGE % "1x29 4x29", "{at: 50m, state: Alert}"), "50m")
    assert "a, 30m earlier" in said
    assert "avg over the window of the difference to 30m earlier: 3" in said


def test_anomalies_are_a_share_that_recovers_when_it_reaches_its_threshold(why: Any) -> None:
    query = "avg(last_1h):anomalies(avg:load{*}, 'basic', 3, alert_window='last_10m', interval=60) >= 0.8"
    monitor = raw(query, thresholds={"critical": 0.8, "critical_recovery": 0.2})
    one = scenario(
        GAUGE % '"poisson(50)x59 900x9 poisson(50)x19"',
        "{at: 5m, state: OK}",
        lasts="90m",
        more="    seed: 1\n",
    )
    said = why(monitor, one, "76m")
    assert "It stays Alert until the value is <= 0.2, the recovery threshold." in said
    assert "share of anomalous buckets over 10m: 0.4" in said
    assert "Alert is over  <= 0.2  no" in said


def test_a_handle_of_the_escalation_is_told_only_in_reminders(why: Any) -> None:
    monitor = raw(
        "avg(last_5m):avg:load{*} > 5",
        thresholds={"critical": 5},
        message="@a",
        escalation_message="@b",
        renotify_interval=10,
    )
    said = why(monitor, scenario(GAUGE % "9x59", "{at: 5m, state: Alert}"), "1m")
    assert "@b  not told  only if is_renotify" in said


def test_many_rows_are_cut_to_the_last_ones(why: Any) -> None:
    monitor = raw("avg(last_1h):avg:load{*}.rollup(avg, 60) > 50")
    said = why(monitor, scenario(GAUGE % "0+1x59", "{at: 50m, state: OK}"), "1h")
    assert "… and 30 rows before these" in said


def test_those_told_together_are_told_of_once(why: Any) -> None:
    monitor = raw(
        "avg(last_5m):avg:load{*} by {env,host} > 5",
        thresholds={"critical": 5},
        notify_by=["env"],
        message="m @slack-a",
    )
    series = "{metric: load, type: gauge, tags: [host:a, env:prod], values: 9x59}"
    one = scenario(series, "{at: 30m, group: 'env:prod,host:a', state: Alert}")
    said = why(monitor, one, "30m", group="host:a,env:prod")
    assert "the last time at 00:0" in said
    assert "alert, to @slack-a" in said


def test_downtimes_are_listed_with_what_they_do(why: Any) -> None:
    monitor = raw(
        "avg(last_5m):avg:load{*} by {tenant} > 5", thresholds={"critical": 5}, message="m @slack-a"
    )
    snoozes = (
        "    snoozes:\n      - {tenant: acme, from: 0m, for: 5m}\n"
        "      - {tenant: acme, from: 10m, for: 20m}\n      - {tenant: acme, from: 50m, for: 5m}\n"
    )
    series = "{metric: load, type: gauge, tags: [tenant:acme], values: 1x14 9x44}"
    one = scenario(series, "{at: 30m, group: tenant:acme, state: Alert}", more=snoozes)
    said = why(monitor, one, "25m", group="tenant:acme")
    assert "00:00 to 00:05  was over" in said
    assert "00:10 to 00:30  silences it" in said
    assert "00:50 to 00:55  begins later" in said
    assert "and a downtime on tenant:acme silences it" in said


def test_a_message_from_elsewhere_cannot_steer_the_terminal(why: Any) -> None:
    long = "word " * 400 + "\\u001b[31m @slack-{{host.name}} @slack-b"
    monitor = raw("avg(last_5m):avg:load{*} by {host} > 5", thresholds={"critical": 5}, message="MESSAGE")
    one = scenario(GAUGE % "9x59", "{at: 30m, group: host:a, state: Alert}")
    said = why(monitor.replace('"MESSAGE"', f'"{long}"'), one, "6m", group="host:a")
    assert "\x1b" not in said
    assert "| …" in said
    assert max(map(len, said.splitlines())) <= 100


def test_colours_come_on_request(why: Any) -> None:
    one = scenario(GAUGE % "9x59", "{at: 30m, state: Alert}")
    assert "\x1b[31m\x1b[1mAlert" in why(LOAD, one, "30m", "--color", "always")


def test_everything_is_there_as_data(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, LOAD.replace('"m"', '"m @slack-a"'), scenario(GAUGE % "9x59", "{at: 30m, state: Alert}"))
    found = dd_sync("why", "it", "--at", "1m", "--format", "json").json
    assert (found["state"], found["before"], found["value"]) == ("Alert", None, 9)
    assert found["sent"][0]["handles"] == ["@slack-a"]
    assert found["window"]["steps"][0]["text"] == "avg:load{*}"
    assert found["thresholds"] == [{"name": "Alert", "comparator": ">", "threshold": 5, "past": True}]
    assert found["at"] == "2026-03-02T00:01:00Z"


# --- files -----------------------------------------------------------------------------------


def test_samples_are_read_from_every_form_of_file(dd_sync: Run, tmp_path: Path) -> None:
    import polars

    write(tmp_path, BY_HOST, "")
    rows = [{"time": f"2026-03-02T00:0{m}:00Z", "host": "a", "value": 9.0} for m in range(8)]
    frame = polars.DataFrame(rows)
    frame.write_csv(tmp_path / "a.csv")
    frame.write_ndjson(tmp_path / "a.ndjson")
    frame.write_parquet(tmp_path / "a.parquet")
    said = [
        dd_sync("why", "it", "--at", "7m", "--series", f"a.{end}") for end in ("csv", "ndjson", "parquet")
    ]
    assert {answer.code for answer in said} == {0}
    assert len({answer.out for answer in said}) == 1
    assert "it on host:a: Alert" in said[0].out


def test_a_file_may_hold_several_metrics_or_be_named_for_one(dd_sync: Run, tmp_path: Path) -> None:
    ratio = raw(
        "sum(last_5m):sum:err{*}.as_count() / sum:req{*}.as_count() > 0.5", thresholds={"critical": 0.5}
    )
    write(tmp_path, ratio, "")
    (tmp_path / "all.csv").write_text(
        "time,metric,value\n"
        + "".join(f"{1772409600 + 60 * m},{n},{v}\n" for m in range(5) for n, v in (("err", 3), ("req", 4)))
    )
    assert "0.75 is > 0.5" in dd_sync("why", "it", "--at", "5m", "--series", "all.csv").out
    for name in ("err", "req"):
        (tmp_path / f"{name}.csv").write_text(
            "time,value\n" + "".join(f"{1772409600 + 60 * m},2\n" for m in range(5))
        )
    both = ("--series", "err=err.csv", "--series", "req=req.csv")
    assert "1 is > 0.5" in dd_sync("why", "it", "--at", "5m", *both).out
    asked = dd_sync("why", "it", "--at", "5m", "--series", "err.csv")
    assert (asked.code, "--series err=err.csv" in asked.err) == (1, True)


def test_the_type_and_interval_of_samples_can_be_given(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, raw("sum(last_5m):sum:x{*}.as_count() > 100", thresholds={"critical": 100}), "")
    (tmp_path / "x.csv").write_text("time,value\n" + "".join(f"{1772409600 + 60 * m},2\n" for m in range(5)))
    counted = dd_sync("why", "it", "--at", "5m", "--series", "x.csv")
    rate = dd_sync("why", "it", "--at", "5m", "--series", "x.csv", "--type", "rate", "--interval", "60s")
    assert "10 is not > 100" in counted.out
    assert "600 is > 100" in rate.out


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("time,value\n2026-03-02T00:00:00Z,\n", "no samples"),
        ("time,metric,value\n2026-03-02T00:00:00Z,other,1\n", "no sample of 'load'"),
        ("time,value\nsoon,1\n", "expected a time"),
    ],
)
def test_a_file_without_samples_of_the_metric_is_said(
    dd_sync: Run, tmp_path: Path, content: str, problem: str
) -> None:
    write(tmp_path, LOAD, "")
    (tmp_path / "a.csv").write_text(content)
    answer = dd_sync("why", "it", "--at", "5m", "--series", "a.csv")
    assert (answer.code, problem in answer.err) == (1, True), answer.err


# --- questions that have no answer -----------------------------------------------------------


def test_what_cannot_be_evaluated_is_said_at_the_line_of_the_monitor(dd_sync: Run, tmp_path: Path) -> None:
    monitor = raw('processes("x").over("*").rollup("count").last("10m") < 1', "process alert")
    one = scenario(GAUGE % "1x9", "{at: 5m, state: OK}")
    write(tmp_path, monitor, one)
    answer = dd_sync("why", "it", "--at", "5m")
    assert answer.code == 1
    assert "monitors/all.yaml:5:13: error[unsupported]: monitors of type 'process alert'" in answer.err
    write(tmp_path, monitor, one.replace("{at: 5m, state: OK}", "{unsupported: true}"))
    assert dd_sync("why", "it", "--at", "5m").err == answer.err


def test_a_file_of_samples_that_is_wrong_is_said_at_its_line(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, LOAD, scenario("{metric: load, type: gauge, file: load.csv}", "{at: 5m, state: OK}"))
    (tmp_path / "monitors/scenarios/load.csv").write_text("time,value\n2026-03-02T00:00:00Z,much\n")
    answer = dd_sync("why", "it", "--at", "5m")
    assert answer.code == 1
    assert "monitors/scenarios/load.csv:2:22: error[scenario]: " in answer.err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--at", "2026-03-02T00:05:00"), "says no time zone"),
        (("--at", "-5m"), "not within what was evaluated"),
        (("--at", "5m", "--scenario", "o"), "in the names of 2 scenarios"),
        (("--at", "5m"), "'it' has 2 scenarios"),
    ],
)
def test_a_question_that_is_not_clear_is_asked_back(
    dd_sync: Run, tmp_path: Path, asked: tuple[str, ...], said: str
) -> None:
    one, two = (scenario(GAUGE % "1x9", "{at: 5m, state: OK}", name=name) for name in ("one", "two"))
    write(tmp_path, LOAD, one + two)
    more = () if "o" in asked or (len(asked) == 2 and asked[1] == "5m") else ("--scenario", "one")
    answer = dd_sync("why", "it", *asked, *more)
    assert (answer.code, said in answer.err) == (1, True), answer.err


def test_a_monitor_without_a_scenario_says_what_to_do(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, LOAD, "")
    assert "--series" in dd_sync("why", "it", "--at", "5m").err


def test_no_group_at_all_is_said(dd_sync: Run, tmp_path: Path) -> None:
    series = GAUGE.replace("load", json.dumps("other")) % "1x9"
    write(tmp_path, BY_HOST, scenario(series, "{group: host:a, never: Alert}"))
    assert "nothing it looks at had data" in dd_sync("why", "it", "host:a", "--at", "5m").err
    assert "say which one" in dd_sync("why", "it", "--at", "5m").err
