"""The guards over amounts, single values, what is usual, checks and logs: as a catalog declares them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.catalog.load import Loading, load
from dd_sync.errors import Problem
from dd_sync.guards.ewma import nearest_span
from dd_sync.guards.registry import BUILT_IN
from dd_sync.local.monitor_rules import check_monitor
from dd_sync.model.derivation import Derivation
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.model.option_values import problems
from dd_sync.query.canonical import render
from dd_sync.query.queries import parse_query

GUARDS: dict[str, dict[str, Any]] = {
    "absent": {"metric": "worker.rounds", "window": "15m"},
    "cap": {"metric": "revenue.usd", "period": "rolling 24h", "above": 50_000},
    "consecutive": {"check": "validator.signed", "by": ["validator"], "failures": 3},
    "ewma": {"metric": "revenue.usd", "by": ["tenant"], "above": 2},
    "log_count": {"search": "service:donations", "by": ["@donor"], "window": "5m", "at_least": 5},
    "log_unique": {"search": "service:donations", "of": "@recipient", "window": "10m", "at_least": 10},
    "max": {"metric": "revenue.payment", "by": ["tenant"], "above": 100},
    "occurrence": {"metric": "validator.double_sign", "window": "5m"},
    "rate": {"metric": "streams.created", "window": "1h", "above": 500},
    "spike": {"metric": "settle.attempts", "window": "1h", "times": 3, "floor": 100},
    "zscore": {"metric": "revenue.usd", "by": ["tenant"], "above": 3},
}


def catalog(folder: Path, guard: str, spec: dict[str, Any], **more: Any) -> Loading:
    """A catalog of one monitor with this guard."""
    folder.mkdir(exist_ok=True)
    (folder / "catalog.yaml").write_text("catalog: risk\ntenant_tag: tenant\n")
    monitor = {"key": "one", "name": "One", "message": "m", "guard": {guard: spec}, **more}
    (folder / "one.yaml").write_text(f"monitors:\n- {json.dumps(monitor)}\n")
    return load(folder, environ={}, env=None, today=date(2026, 11, 1))


def declared(folder: Path, guard: str, spec: dict[str, Any], **more: Any) -> Declared:
    loading = catalog(folder, guard, spec, **more)
    assert loading.catalog is not None
    assert loading.problems == ()
    (found,) = loading.catalog.monitors
    return found


def monitor(folder: Path, guard: str, change: dict[str, Any] | None = None, **more: Any) -> Monitor:
    return declared(folder, guard, {**GUARDS[guard], **(change or {})}, **more).monitor


def refusal(folder: Path, guard: str, change: dict[str, Any], **more: Any) -> Problem:
    loading = catalog(folder, guard, {**GUARDS[guard], **change}, **more)
    (problem,) = loading.problems
    assert problem.is_error
    assert problem.where is not None
    return problem


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_a_guard_writes_is_a_monitor_that_datadog_takes(name: str, tmp_path: Path) -> None:
    made = monitor(tmp_path, name)
    assert render(parse_query(made.type, made.query)) == made.query
    assert list(problems(made.type, made.options)) == []
    check_monitor({**made.body(), "options": dict(made.options)}, lambda _: None)


# --- absent, occurrence, max -----------------------------------------------------------------------


def test_silence_is_told_as_no_data(tmp_path: Path) -> None:
    made = monitor(tmp_path, "absent", {"by": ["host"], "scope": "env:prod"})
    assert made.query == "sum(last_15m):sum:worker.rounds{env:prod} by {host}.rollup(count) < 1"
    assert made.options["on_missing_data"] == "show_and_notify_no_data"
    assert made.options["new_group_delay"] == 900


def test_a_value_that_comes_with_an_event_only_is_over_once_none_follows(tmp_path: Path) -> None:
    assert monitor(tmp_path, "max").options["on_missing_data"] == "default"
    made = monitor(tmp_path, "max", {"on_missing_data": "resolve"})
    assert made.options["on_missing_data"] == "resolve"
    assert (
        "'resolve'"
        in f"{(wrong := refusal(tmp_path, 'max', {'on_missing_data': 'resolved'})).problem} {wrong.hint}"
    )


def test_one_event_is_an_occurrence(tmp_path: Path) -> None:
    assert monitor(tmp_path, "occurrence").query == "sum(last_5m):sum:validator.double_sign{*}.as_count() > 0"


@pytest.mark.parametrize(
    ("change", "more", "query", "whole"),
    [
        ({}, {}, "max(last_5m):max:@ > 100", False),
        ({"window": "1h"}, {}, "max(last_1h):max:@ > 100", False),
        ({}, {"for": "15m"}, "min(last_15m):max:@ > 100", True),
        ({"above": None, "below": 5}, {}, "min(last_5m):min:@ < 5", False),
        ({"above": None, "at_most": 5}, {"for": "15m"}, "max(last_15m):min:@ <= 5", True),
    ],
)  # fmt: skip
def test_one_value_is_enough_unless_it_has_to_last(
    change: dict[str, Any], more: dict[str, Any], query: str, whole: bool, tmp_path: Path
) -> None:
    made = monitor(tmp_path, "max", change, **more)
    rollup = "min" if ":min:" in query else "max"
    assert made.query == query.replace("@", f"revenue.payment{{*}} by {{tenant}}.rollup({rollup}, 60)")
    assert made.options["require_full_window"] is whole


@pytest.mark.parametrize("name", ["rate", "spike", "cap", "occurrence", "absent", "log_count", "consecutive"])
def test_only_guards_over_gauges_take_for(name: str, tmp_path: Path) -> None:
    problem = refusal(tmp_path, name, {}, **{"for": "15m"})
    assert problem.problem == "'for' is for guards over gauges only"


@pytest.mark.parametrize(
    ("value", "words"), [("soon", "soon"), (15, "15"), ("90s", "whole number of minutes"), (None, "nothing")]
)
def test_a_for_that_is_no_window_is_refused(value: Any, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, "max", {}, **{"for": value}).problem


def test_a_window_beside_for_is_refused(tmp_path: Path) -> None:
    problem = refusal(tmp_path, "max", {"window": "5m"}, **{"for": "15m"})
    assert problem.problem == "a window beside 'for'"


# --- cap ---------------------------------------------------------------------------------------------


def test_a_rolling_cap_adds_up_the_amounts(tmp_path: Path) -> None:
    made = monitor(tmp_path, "cap", {"warn_at": "80%"})
    assert made.query == "sum(last_24h):sum:revenue.usd{*}.as_count() > 50000"
    assert made.options["thresholds"] == {"critical": 50_000, "warning": 40_000}
    assert "scheduling_options" not in made.options


@pytest.mark.parametrize(
    ("period", "window", "starts"),
    [
        ("calendar hour", "current_1h", {"hour_starts": 0, "timezone": "UTC"}),
        ("calendar day", "current_1d", {"day_starts": "00:00", "timezone": "UTC"}),
        ("calendar month", "current_1mo", {"day_starts": "00:00", "month_starts": 1, "timezone": "UTC"}),
    ],
)
def test_a_calendar_cap_begins_anew(period: str, window: str, starts: dict[str, Any], tmp_path: Path) -> None:
    made = monitor(tmp_path, "cap", {"period": period})
    assert made.query == f"sum({window}):sum:revenue.usd{{*}}.as_count() > 50000"
    assert made.options["scheduling_options"] == {"evaluation_window": starts}


def test_a_multiplied_cap_multiplies_its_shares_too(tmp_path: Path) -> None:
    made = monitor(tmp_path, "cap", {"period": "rolling 1h", "above": 5_000, "times": 2.0, "warn_at": "80%"})
    assert made.options["thresholds"] == {"critical": 10_000, "warning": 8_000}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"period": "24h"}, "is not a period"),
        ({"period": 24}, "is not a period"),
        ({"period": "rolling 400d"}, "longer than Datadog's 30d"),
        ({"period": "calendar year"}, "no calendar 'year'"),
        ({"timezone": "Mars/Olympus"}, "is not a time zone"),
        ({"above": 0}, "a cap is above 0"),
        ({"times": 0}, "a factor above 0"),
        ({"warn_at": 60_000}, "is not below the bound"),
        ({"times": 2, "warn_at": 100_000}, "is not below the bound 100000"),
    ],
)
def test_a_cap_that_cannot_work_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, "cap", change).problem


# --- zscore, ewma ------------------------------------------------------------------------------------


def test_a_zscore_watches_the_gauge_that_the_worker_sends(tmp_path: Path) -> None:
    exempt = [{"tenant": "load-test", "until": "2027-01-01", "reason": "r"}]
    found = declared(tmp_path, "zscore", {**GUARDS["zscore"], "scope": "env:prod"}, exempt=exempt)
    marks = "dd_sync_key:one,dd_sync_catalog:risk,!tenant:load-test"
    assert (
        found.monitor.query == f"max(last_5m):max:dd_sync.zscore{{{marks}}} by {{tenant}}.rollup(max, 60) > 3"
    )
    derivation = found.derivation
    assert isinstance(derivation, Derivation)
    assert (derivation.key, derivation.catalog, derivation.gauge) == ("one", "risk", "dd_sync.zscore")
    assert derivation.query == "sum:revenue.usd{env:prod,!tenant:load-test} by {tenant}.as_count()"
    assert derivation.window / derivation.bucket == 60


def test_a_lower_zscore_watches_the_smallest_and_may_have_to_last(tmp_path: Path) -> None:
    change = {"above": None, "below": -3, "kind": "gauge"}
    assert "min(last_5m):min:dd_sync.zscore{" in monitor(tmp_path, "zscore", change).query
    assert "max(last_15m):min:dd_sync.zscore{" in monitor(tmp_path, "zscore", change, **{"for": "15m"}).query


def test_the_native_zscore_is_datadogs_own_band_and_says_that_it_is_not_the_same(tmp_path: Path) -> None:
    found = declared(tmp_path, "zscore", {**GUARDS["zscore"], "native": True})
    assert found.monitor.query == (
        "avg(last_1h):anomalies(sum:revenue.usd{*} by {tenant}.as_count(), 'basic', 3, direction='above', "
        "alert_window='last_5m', interval=60, count_default_zero='true') >= 1"
    )
    assert found.monitor.options["threshold_windows"] == {
        "trigger_window": "last_5m",
        "recovery_window": "last_5m",
    }
    assert found.derivation is None
    assert "not the same" in found.notes[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"above": None}, "no bound"),
        ({"below": -3}, "two bounds"),
        ({"above": 0}, "no number of deviations"),
        ({"above": 101}, "no number of deviations"),
        ({"above": None, "below": 3}, "no number of deviations"),
        ({"window": "3m"}, "is not 5 to 1440 whole buckets"),
        ({"window": "90s", "bucket": "1m"}, "whole buckets"),
        ({"window": "2d"}, "is not 5 to 1440 whole buckets"),
        ({"bucket": "90s"}, "a bucket is whole minutes"),
    ],
)
def test_a_zscore_that_cannot_work_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, "zscore", change).problem


def test_native_anomalies_have_no_for(tmp_path: Path) -> None:
    assert refusal(tmp_path, "zscore", {"native": True}, **{"for": "15m"}).problem == "'for' beside native"


def test_an_ewma_watches_its_own_gauge(tmp_path: Path) -> None:
    found = declared(tmp_path, "ewma", {**GUARDS["ewma"], "measure": "percent", "above": 50})
    marks = "dd_sync_key:one,dd_sync_catalog:risk"
    assert (
        found.monitor.query
        == f"max(last_5m):max:dd_sync.ewma_deviation{{{marks}}} by {{tenant}}.rollup(max, 60) > 50"
    )
    assert found.derivation is not None
    assert (found.derivation.alpha, found.derivation.measure) == (0.3, "percent")


def test_the_native_ewma_says_which_span_is_nearest_and_how_far_off(tmp_path: Path) -> None:
    spec = {**GUARDS["ewma"], "measure": "percent", "above": 50, "native": True}
    found = declared(tmp_path, "ewma", spec)
    q = "sum:revenue.usd{*} by {tenant}.as_count()"
    assert found.monitor.query == f"max(last_5m):({q} - ewma_5({q})) / ewma_5({q}) * 100 > 50"
    assert "ewma_5 weighs the newest bucket with 0.333 instead of 0.3" in found.notes[0]
    lasting = declared(tmp_path, "ewma", spec, **{"for": "15m"})
    assert lasting.monitor.query.startswith("min(last_15m):")


@pytest.mark.parametrize(
    ("alpha", "span"), [(0.3, 5), (0.5, 3), (0.25, 7), (0.18, 10), (0.01, 20), (0.99, 3)]
)
def test_the_nearest_span_is_the_one_whose_weight_is_nearest(alpha: float, span: int) -> None:
    assert nearest_span(alpha) == span


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alpha": 0}, "alpha is above 0 and below 1"),
        ({"alpha": 1}, "alpha is above 0 and below 1"),
        ({"above": 0}, "the bound is above 0"),
        ({"native": True}, "no standard deviation to measure by"),
    ],
)
def test_an_ewma_that_cannot_work_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, "ewma", change).problem


# --- consecutive -------------------------------------------------------------------------------------


def test_failures_in_a_row_are_a_service_check(tmp_path: Path) -> None:
    exempt = [{"validator": "v9", "until": "2027-01-01", "reason": "r"}]
    made = monitor(
        tmp_path,
        "consecutive",
        {"scope": "env:prod,!region:test", "warnings": 5, "no_data_after": 10},
        exempt=exempt,
    )
    assert made.type == "service check"
    assert made.query == (
        '"validator.signed".over("env:prod").exclude("region:test","validator:v9").by("validator").last(5)'
        ".count_by_status()"
    )
    assert made.options["thresholds"] == {"critical": 3, "warning": 5, "ok": 1}
    assert (made.options["notify_no_data"], made.options["no_data_timeframe"]) == (True, 10)


def test_a_check_over_everything_says_so(tmp_path: Path) -> None:
    assert '.over("*").by("validator").last(3)' in monitor(tmp_path, "consecutive").query


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"by": []}, "a service check is grouped"),
        ({"failures": 0}, "0 is not a number of runs"),
        ({"failures": 2.5}, "2.5 is not a number of runs"),
        ({"failures": 101}, "101 is not a number of runs"),
        ({"check": '"x"'}, "is not a check's name"),
        ({"scope": "env:prod OR env:qa"}, "tags joined by commas only"),
        ({"scope": "env:prod,"}, ""),
    ],
)
def test_a_check_that_cannot_work_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, "consecutive", change).problem


# --- logs --------------------------------------------------------------------------------------------


def test_log_lines_are_counted_per_facet_without_the_exempt(tmp_path: Path) -> None:
    exempt = [
        {"tenant": "load-test", "until": "2027-01-01", "reason": "r"},
        {"tenant": "a:b", "until": "2027-01-01", "reason": "r"},
    ]
    change = {"by": ["@donor", "tenant"], "index": "main", "warn_at": 3}
    made = monitor(tmp_path, "log_count", change, exempt=exempt)
    assert made.type == "log alert"
    assert made.query == (
        'logs("service:donations -tenant:load-test -tenant:\\"a:b\\"").index("main").rollup("count")'
        '.by("@donor,tenant").last("5m") >= 5'
    )
    assert made.options["thresholds"] == {"critical": 5, "warning": 3}
    assert "dd_sync_snooze:allowed" in made.tags


def test_all_logs_without_the_exempt(tmp_path: Path) -> None:
    exempt = [{"tenant": "a", "until": "2027-01-01", "reason": "r"}]
    made = monitor(tmp_path, "log_count", {"search": "", "by": ["tenant"]}, exempt=exempt)
    assert made.query.startswith('logs("-tenant:a").index("*")')
    both = [*exempt, {"tenant": "b", "until": "2027-01-01", "reason": "r"}]
    made = monitor(tmp_path, "log_count", {"search": "", "by": ["tenant"]}, exempt=both)
    assert made.query.startswith('logs("-tenant:a -tenant:b").index("*")')


def test_a_search_of_alternatives_keeps_its_meaning_beside_the_exempt(tmp_path: Path) -> None:
    exempt = [{"tenant": "a", "until": "2027-01-01", "reason": "r"}]
    made = monitor(tmp_path, "log_count", {"search": "x OR y", "by": ["tenant"]}, exempt=exempt)
    assert made.query.startswith('logs("(x OR y) -tenant:a").index("*")')


def test_different_values_are_a_cardinality(tmp_path: Path) -> None:
    assert monitor(tmp_path, "log_unique").query == (
        'logs("service:donations").index("*").rollup("cardinality", "@recipient").last("10m") >= 10'
    )


def test_once_a_day_is_a_schedule_of_its_own(tmp_path: Path) -> None:
    made = monitor(tmp_path, "log_count", {"window": "4h", "at_least": 20, "daily_at": "06:00"})
    assert '.last("4h") >= 20' in made.query
    assert made.options["scheduling_options"] == {
        "custom_schedule": {
            "recurrences": [
                {"rrule": "FREQ=DAILY;INTERVAL=1", "timezone": "UTC", "start": "2026-01-01T06:00:00"}
            ]
        }
    }
    assert "require_full_window" not in made.options


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"search": "a AND (b"}, ""),
        ({"search": '"open'}, "the quote is not closed"),
        ({"by": ["a b"]}, "is not a facet"),
        ({"by": ["@donor", "@donor"]}, "is there twice"),
        ({"index": "Main Index"}, "is not a log index"),
        ({"window": "3d"}, "at most 2d"),
        ({"at_least": 0}, "means nothing for a count"),
        ({"at_least": None, "below": 0}, "means nothing for a count"),
        ({"at_least": None, "above": -1}, "means nothing for a count"),
        ({"at_least": None}, "no bound"),
        ({"daily_at": "6 am"}, "is not a time of day"),
        ({"daily_at": 360}, "is not a time of day"),
        ({"timezone": 1}, "is not a time zone"),
        ({"timezone": "../etc"}, "is not a time zone"),
    ],
)
def test_a_log_guard_that_cannot_work_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, "log_count", change).problem


NUMBERS = st.one_of(st.integers(1, 10**9), st.floats(0.001, 1e9, allow_nan=False))


@settings(max_examples=60, deadline=None)
@given(
    above=NUMBERS,
    window=st.sampled_from(["5m", "90m", "1h", "24h", "25h"]),
    by=st.lists(st.sampled_from(["tenant", "region", "host"]), unique=True),
    name=st.sampled_from(["cap", "max", "log_count", "log_unique"]),
    scope=st.sampled_from(["*", "env:prod", "env:prod,!region:x", "a:b OR c:d"]),
)
def test_every_guard_writes_queries_that_read_back_the_same(
    above: float, window: str, by: list[str], name: str, scope: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    change: dict[str, Any] = {"above": above, "at_least": None, "by": by}
    if name.startswith("log"):
        change["window"] = window
    else:
        change |= {"scope": scope}
        change |= {"period": f"rolling {window}"} if name == "cap" else {"window": window}
    spec = {key: value for key, value in {**GUARDS[name], **change}.items() if value is not None}
    made = declared(tmp_path_factory.mktemp("guards"), name, spec).monitor
    assert render(parse_query(made.type, made.query)) == made.query
    assert list(problems(made.type, made.options)) == []
