"""What is changed in a monitor to see whether its scenarios notice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.model.monitor import Monitor
from dd_sync.query.queries import FORMS, form_of, parse_query
from dd_sync.scenarios.mutants import Mutant, mutants_of
from dd_sync.scenarios.mutation import moved_number

RATE = "sum(last_1h):sum:orders{env:prod} by {tenant}.as_count() > 500"
FOLDER = Path(__file__).resolve().parents[1] / "query"


def mutants(query: str, type: str = "query alert", **options: Any) -> dict[str, Mutant]:
    return {one.id: one for one in mutants_of(Monitor(type=type, query=query, options=options))}


def queries(query: str, type: str = "query alert", **options: Any) -> dict[str, str]:
    return {name: one.monitor.query for name, one in mutants(query, type, **options).items()}


def corpus() -> list[tuple[str, str]]:
    """Queries of every form that was collected, each with a type that can have it."""
    lines = [
        line
        for name in ("corpus.txt", "corpus_alerts.txt")
        for line in (FOLDER / name).read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    queries = [line.split("\t")[-1] for line in lines]
    return [(next(kind for kind, forms in FORMS.items() if form_of(one) in forms), one) for one in queries]


@pytest.mark.parametrize(("type", "query"), corpus())
def test_every_mutant_of_any_query_is_a_query_of_its_own(type: str, query: str) -> None:
    monitor = Monitor(type=type, query=query)
    found = mutants_of(monitor)
    assert found == mutants_of(monitor)
    assert len({one.id for one in found}) == len(found)
    for one in found:
        assert one.words
        assert one.monitor != monitor
        parse_query(type, one.monitor.query)


def test_a_threshold_is_off_by_a_tenth_in_the_query_and_in_the_options() -> None:
    found = mutants(RATE, thresholds={"critical": 500})
    up, down = found["critical-up"], found["critical-down"]
    assert (up.monitor.query[-3:], up.monitor.options["thresholds"]) == ("550", {"critical": 550})
    assert (down.monitor.query[-3:], down.monitor.options["thresholds"]) == ("450", {"critical": 450})
    assert up.words == "critical threshold 500 -> 550"


def test_warning_and_recovery_are_moved_and_taken_away() -> None:
    found = mutants(RATE, thresholds={"critical": 500, "warning": 400, "critical_recovery": 300})
    assert found["warning-up"].monitor.options["thresholds"]["warning"] == 440
    assert "warning" not in found["warning-gone"].monitor.options["thresholds"]
    assert "critical_recovery" not in found["critical_recovery-gone"].monitor.options["thresholds"]
    assert "critical-gone" not in found


@given(
    st.floats(-1e9, 1e9).map(lambda x: round(x, 3)),
    st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 3)), max_size=3),
    st.booleans(),
)
def test_a_moved_number_goes_its_way_and_passes_no_other(value: float, others: list[float], up: bool) -> None:
    moved = moved_number(value, others, up=up)
    assert (moved > value) if up else (moved < value)
    for other in others:
        assert (other < value) == (other < moved) or other == value


def test_strictness_windows_and_aggregators_change() -> None:
    found = queries(RATE)
    assert found["comparator"].endswith(">= 500")
    assert found["window-shorter"].startswith("sum(last_30m):")
    assert found["window-longer"].startswith("sum(last_2h):")
    assert found["time-avg"].startswith("avg(last_1h):")
    assert ":max:orders{" in found["space-max-0"]
    assert found["modifier-0-0"] == "sum(last_1h):sum:orders{env:prod} by {tenant} > 500"


def test_the_shortest_window_is_not_made_shorter() -> None:
    found = queries("avg(last_1m):avg:cpu{*} > 5")
    assert "window-shorter" not in found
    assert found["window-longer"].startswith("avg(last_2m):")


def test_groups_are_dropped_one_by_one_and_from_every_metric() -> None:
    found = queries("avg(last_5m):avg:a{*} by {host,env} / avg:b{*} by {host,env} > 1")
    assert found["by-host"] == "avg(last_5m):avg:a{*} by {env} / avg:b{*} by {env} > 1"
    assert found["by-env"] == "avg(last_5m):avg:a{*} by {host} / avg:b{*} by {host} > 1"


def test_each_term_of_a_scope_is_dropped() -> None:
    found = queries("avg(last_5m):avg:a{env:prod,!host:x} > 1")
    assert found["scope-env:prod-0"] == "avg(last_5m):avg:a{!host:x} > 1"
    assert found["scope-!host:x-0"] == "avg(last_5m):avg:a{env:prod} > 1"
    nested = queries("avg(last_5m):avg:a{env IN (a,b) AND (x:1 OR y:2)} > 1")
    assert nested["scope-env:a-0"] == "avg(last_5m):avg:a{env IN (b) AND (x:1 OR y:2)} > 1"
    assert nested["scope-x:1-0"] == "avg(last_5m):avg:a{env IN (a,b) AND y:2} > 1"
    one = queries("avg(last_5m):avg:a{host NOT IN (a,b)} > 1")
    assert one["scope-!host:a-0"] == "avg(last_5m):avg:a{host NOT IN (b)} > 1"
    assert one["scope-host NOT IN (a,b)-0"] == "avg(last_5m):avg:a{*} > 1"


def test_numbers_and_functions_of_the_expression_change_where_they_stand() -> None:
    found = mutants("avg(last_5m):3 * day_before(avg:a{*}) - abs(-avg:b{*}) + 0 > 1")
    queries = {name: one.monitor.query for name, one in found.items()}
    assert queries["number-0-up"].startswith("avg(last_5m):3.3 * ")
    assert queries["before-1"].startswith("avg(last_5m):3 * week_before(avg:a{*})")
    assert "- -avg:b{*}" in queries["function-2"] or "- (-avg:b{*})" in queries["function-2"]
    assert queries["number-3-up"].endswith("+ 1 > 1")
    start, end = found["before-1"].span
    assert "avg(last_5m):3 * day_before(avg:a{*}) - abs"[start:end] == "day_before(avg:a{*})"


def test_a_timeshift_keeps_its_function_and_changes_its_seconds() -> None:
    found = queries("avg(last_5m):avg:a{*} - timeshift(avg:a{*}, -3600) > 1")
    assert not [name for name in found if name.startswith("function")]
    assert any("timeshift(avg:a{*}, -3960)" in query for query in found.values())


def test_the_shift_of_a_change_is_moved() -> None:
    found = queries("change(avg(last_5m),last_1h):avg:a{*} > 1")
    assert found["shift-window-longer"].startswith("change(avg(last_5m),last_2h):")


@pytest.mark.parametrize(
    ("policy", "others"),
    [
        ("default", {"show_and_notify_no_data", "show_no_data", "resolve"}),
        ("show_and_notify_no_data", {"default", "show_no_data", "resolve"}),
        ("show_no_data", {"default", "show_and_notify_no_data"}),
        ("resolve", {"default", "show_and_notify_no_data"}),
    ],
)
def test_the_missing_data_policy_becomes_others(policy: str, others: set[str]) -> None:
    found = mutants(RATE, on_missing_data=policy)
    assert {name.removeprefix("missing-") for name in found if name.startswith("missing-")} == others


def test_options_with_a_meaning_in_time_change() -> None:
    found = mutants(
        RATE,
        notify_no_data=True,
        no_data_timeframe=20,
        require_full_window=True,
        evaluation_delay=60,
        new_group_delay=0,
        timeout_h=1,
        renotify_interval=30,
    )
    options = {name: one.monitor.options for name, one in found.items()}
    assert options["notify-no-data"]["notify_no_data"] is False
    assert options["no_data_timeframe-doubled"]["no_data_timeframe"] == 40
    assert options["full-window"]["require_full_window"] is False
    assert options["evaluation_delay-gone"]["evaluation_delay"] == 0
    assert "timeout_h" not in options["timeout_h-gone"]
    assert options["renotify_interval-doubled"]["renotify_interval"] == 60
    assert "new_group_delay-gone" not in options


def test_a_composite_changes_its_operators_negations_and_parts() -> None:
    found = set(queries("1 && (2 || !3)", "composite").values())
    assert found == {"1 || 2 || !3", "2 || !3", "1", "1 && 2 && !3", "1 && !3", "1 && 2", "1 && (2 || 3)"}
    assert set(queries("!(1 && 2)", "composite").values()) == {"1 && 2", "!(1 || 2)", "!2", "!1"}


def test_a_service_check_changes_its_runs_scopes_groups_and_counts() -> None:
    found = mutants(
        '"up".over("env:prod").exclude("host:x").by("host").last(2).count_by_status()',
        "service check",
        thresholds={"critical": 2, "ok": 1},
    )
    queries = {name: one.monitor.query for name, one in found.items()}
    assert ".last(3)" in queries["last-more"]
    assert ".last(1)" in queries["last-fewer"]
    assert '.over("*")' in queries["over-env:prod"]
    assert "exclude" not in queries["exclude-host:x"]
    assert "by(" not in queries["by-host"]
    assert found["critical-down"].monitor.options["thresholds"]["critical"] == 1
    assert found["ok-gone"].monitor.options["thresholds"] == {"critical": 2}


def test_a_search_of_events_loses_a_term_and_counts_other_things() -> None:
    found = queries(
        'logs("service:web (status:error OR status:critical)").index("*")'
        '.rollup("cardinality", "@usr.id").by("host").last("5m") > 5',
        "log alert",
    )
    assert 'logs("status:error OR status:critical")' in found["search-service:web"]
    assert any('"service:web status:critical"' in query for query in found.values())
    assert '.rollup("count")' in found["rollup"]
    assert 'last("10m")' in found["window-longer"]
    assert "by(" not in found["by-host"]
    measured = queries('logs("a").index("*").rollup("avg", "@d").last("5m") > 5', "log alert")
    assert '.rollup("max", "@d")' in measured["rollup"]
    assert 'logs("")' in measured["search-a"] or 'logs("*")' in measured["search-a"]
    assert "rollup" not in queries('logs("").index("*").rollup("count").last("5m") > 5', "log alert")


def test_a_formula_changes_its_threshold_and_window() -> None:
    found = queries('formula("query1 / query2").last("15m") > 5', "log alert")
    assert found["comparator"].endswith(">= 5")
    assert 'last("30m")' in found["window-longer"]
