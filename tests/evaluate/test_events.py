"""Monitors on events: searches counted and measured over windows, by facets, and in formulas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.replay import (
    Replay,
    Silence,
    Sources,
    Unsupported,
    compile_rule,
    evaluation_times,
    replay,
)
from dd_sync.evaluate.sources import Event, Events
from dd_sync.model.monitor import Monitor
from dd_sync.query.nodes import Tag

START = 1772409600
TYPES = {
    "logs": "log alert",
    "events": "event-v2 alert",
    "rum": "rum alert",
    "error-tracking": "error-tracking alert",
}


def event(
    at: float, *tags: str, source: str = "logs", message: str = "", index: str = "main", **attributes: Any
) -> Event:
    """An event so many minutes from START on."""
    return Event(START + int(60 * at), source, tags, attributes, message, index)


def compiled(query: str, *, type: str | None = None, message: str = "", **options: Any) -> Any:
    kind = type or TYPES.get(query.partition("(")[0], "log alert")
    monitor = Monitor(
        type=kind, query=query, name="Logs", message=message, options={"new_group_delay": 0, **options}
    )
    return compile_rule("k", monitor)


def play(
    query: str, found: Iterable[Event], minutes: int, *, downtimes: tuple[Silence, ...] = (), **options: Any
) -> Replay:
    rule = compiled(query, **options)
    times = evaluation_times(rule, START + 60, START + 60 * minutes + 1)
    return replay(rule, Sources(events=Events(found)), times, downtimes=downtimes)


def values(done: Replay, group: str = "*") -> list[float | None]:
    return [done.value_at(group, int(at)) for at in done.times]


def states(done: Replay) -> dict[str, str]:
    names = {0: "-", 1: "o", 2: "n", 4: "w", 5: "c"}
    return {
        name: "".join(names[int(code)] for code in done.states[row]) for row, name in enumerate(done.groups)
    }


# --- counts --------------------------------------------------------------------------------------


def test_events_that_the_search_finds_are_counted_over_the_window() -> None:
    found = [event(at, "status:error") for at in (0, 0.5, 1, 1.5)] + [event(0.2, "status:info")]
    done = play('logs("status:error").index("*").rollup("count").last("2m") > 2', found, 5)
    assert values(done) == [2, 4, 2, 0, 0]
    assert states(done) == {"*": "ocooo"}


def test_nothing_found_is_a_count_of_zero_from_the_beginning() -> None:
    quiet = play('logs("status:error").rollup("count").last("5m") < 1', [], 3)
    assert (states(quiet), values(quiet)) == ({"*": "ccc"}, [0, 0, 0])


def test_the_end_of_a_window_is_not_in_it_and_a_delay_moves_it() -> None:
    found = [event(1)]
    query = 'logs("*").rollup("count").last("1m") > 0'
    assert values(play(query, found, 3)) == [0, 1, 0]
    assert values(play(query, found, 4, evaluation_delay=60)) == [0, 0, 1, 0]


def test_only_the_indexes_named_are_searched() -> None:
    found = [event(0, index="main"), event(0, index="audit"), event(0, index="cold")]
    assert values(play('logs("*").index("main","audit").rollup("count").last("1m") > 5', found, 1)) == [2]
    assert values(play('logs("*").index("*").rollup("count").last("1m") > 5', found, 1)) == [3]
    assert values(play('rum("*").rollup("count").last("1m") > 5', found, 1)) == [0]


@pytest.mark.parametrize(
    ("rollup", "expected"),
    [
        ('"count"', 5),
        ('"count", "@ms"', 4),
        ('"cardinality", "@user"', 2),
        ('"sum", "@ms"', 100),
        ('"avg", "@ms"', 25),
        ('"min", "@ms"', 10),
        ('"max", "@ms"', 40),
        ('"median", "@ms"', 25),
        ('"pc75", "@ms"', 32.5),
        ('"cardinality", "host"', 2),
    ],
)
def test_a_measure_is_rolled_up(rollup: str, expected: float) -> None:
    found = [
        event(0.1, "host:a", ms=10, user="u1"),
        event(0.2, "host:a", ms="20", user="u2"),
        event(0.3, "host:b", ms=30, user="u1"),
        event(0.4, "host:a", ms=40),
        event(0.5, "host:a", user="u1"),
    ]
    done = play(f'logs("*").rollup({rollup}).last("1m") > 1000', found, 1)
    assert values(done) == [pytest.approx(expected)]


def test_what_is_no_number_is_not_measured_and_a_spike_leaves_nothing_behind() -> None:
    found = [
        event(0, x="many"),
        event(1, x=1e300),
        event(2, x=0.1),
        event(2.5, x=0.2),
        event(1.5, x=math.inf),
    ]
    done = play('logs("*").rollup("sum", "@x").last("1m") > 1', found, 4)
    assert values(done) == [None, 1e300, pytest.approx(0.3, abs=1e-15), None]
    assert values(play('logs("*").rollup("sum", "@x").last("5m") > 1', [event(0, x=1e308)] * 9, 1)) == [None]


# --- groups --------------------------------------------------------------------------------------


def test_facets_make_groups_and_an_event_without_one_is_in_none() -> None:
    found = [
        event(0, "service:web", http={"code": 500}),
        event(0, "service:web", http={"code": 500.0}),
        event(0, "service:web", http={"code": 404}),
        event(0, "service:api", http={"code": [500, 502]}),
        event(0, "service:api"),
        event(0, http={"code": 500}),
    ]
    done = play('logs("*").rollup("count").by("service,@http.code").last("1m") > 1', found, 1)
    assert {group: values(done, group) for group in done.groups} == {
        "service:api,@http.code:500": [1],
        "service:api,@http.code:502": [1],
        "service:web,@http.code:404": [1],
        "service:web,@http.code:500": [2],
    }
    assert play('logs("*").rollup("count").by("*").last("1m") > 1', found, 1).groups == ("*",)


def test_a_value_of_a_facet_may_hold_anything() -> None:
    found = [event(at, "service:web", path="/a,b:c") for at in (0, 1)]
    query = 'logs("*").rollup("count").by("@path","service").last("1m") > 0'
    first = play(query, found, 1, message="{{@path.name}} {{service.name}}")
    assert [one.body for one in first.notifications] == ["/a,b:c web"]
    rest = replay(first.rule, Sources(events=Events(found)), first.times + 60, previous=first.final)
    assert states(rest) == {"@path:/a,b:c,service:web": "c"}


def test_a_group_stays_a_day_or_as_long_as_it_is_said() -> None:
    query = 'logs("*").rollup("count").by("service").last("1m") > 0'
    assert states(play(query, [event(0, "service:a")], 1445))["service:a"].index("-") == 1441
    short = play(query, [event(0, "service:a")], 100, group_retention_duration="60m")
    assert states(short)["service:a"] == "c" + "o" * 60 + "-" * 39


def test_missing_events_follow_the_policy() -> None:
    query = 'logs("*").rollup("avg", "@ms").last("1m") > 10'
    found = [event(0, ms=20), event(3, ms=1)]
    assert states(play(query, found, 4)) == {"*": "ccco"}
    assert states(play(query, found, 4, on_missing_data="default")) == {"*": "ccco"}
    assert states(play(query, found, 4, on_missing_data="resolve")) == {"*": "cooo"}
    shown = play(query, found, 4, on_missing_data="show_no_data")
    told = play(query, found, 4, on_missing_data="show_and_notify_no_data")
    assert states(shown) == states(told) == {"*": "cnno"}
    assert [one.kind for one in shown.notifications] == ["alert", "recovery"]
    assert [one.kind for one in told.notifications] == ["alert", "no data", "recovery"]
    counts = play(
        'logs("*").rollup("count").last("1m") > 0', found, 3, on_missing_data="show_and_notify_no_data"
    )
    assert states(counts) == {"*": "cnn"}


def test_thresholds_renotification_notify_by_and_downtimes_are_as_for_metrics() -> None:
    found = [event(at, "service:web", f"host:{host}") for at in range(1, 5) for host in "ab"]
    query = 'logs("*").rollup("count").by("service,host").last("1m") > 0'
    done = play(query, found, 6, notify_by=["service"], renotify_interval=2)
    assert [(str(one.kind), one.group, (one.at - START) // 60) for one in done.notifications] == [
        ("alert", "service:web", 2),
        ("renotify", "service:web", 4),
        ("recovery", "service:web", 6),
    ]
    silence = Silence(scope=Tag("service", "web"), start=START, end=None)
    assert play(query, found, 6, downtimes=(silence,)).notifications == ()


# --- what is said --------------------------------------------------------------------------------


def test_a_message_knows_the_latest_event() -> None:
    found = [
        event(0.1, "env:prod", error={"message": "old"}, message="first"),
        event(0.2, "env:prod", error={"message": "disk full", "codes": [1, 2]}, message="second"),
    ]
    done = play(
        'logs("*").rollup("count").last("1m") > 1',
        found,
        2,
        message="{{log.attributes.[error.message]}}/{{log.attributes.error.codes}}/{{log.tags.env}}/"
        "{{log.message}}/{{value}}/{{threshold}}",
    )
    assert [one.body for one in done.notifications] == ["disk full/1,2/prod/second/2/1", "////0/1"]


def test_an_event_has_a_title_and_a_text() -> None:
    found = [event(0, "source:deploy", "Host:A", source="events", title="Rolled back", message="to 1.2")]
    done = play(
        'events("source:deploy").rollup("count").last("5m") >= 1',
        found,
        1,
        message="{{event.title}}: {{event.text}} on {{event.host.name}} ({{event.tags}})",
    )
    assert [one.body for one in done.notifications] == ["Rolled back: to 1.2 on a (host:a,source:deploy)"]


# --- formulas ------------------------------------------------------------------------------------


def variable(
    name: str,
    search: str,
    *,
    source: str = "logs",
    by: Sequence[Any] = (),
    interval: int | None = None,
    **compute: Any,
) -> dict[str, Any]:
    made = {"aggregation": "count", **compute}
    return {
        "name": name,
        "data_source": source,
        "search": {"query": search},
        "indexes": ["*"],
        "compute": made if interval is None else {**made, "interval": interval},
        "group_by": list(by),
    }


BAD = variable("query1", "status:error")
ALL = variable("query2", "")


def test_a_formula_is_of_the_values_over_the_window() -> None:
    found = [
        event(0, "status:error"),
        event(0, "status:info"),
        event(0, "status:info"),
        event(1, "status:error"),
    ]
    done = play('formula("query1 / query2 * 100").last("1m") > 50', found, 3, variables=[BAD, ALL])
    assert values(done) == [pytest.approx(100 / 3), 100, None]
    assert states(done) == {"*": "occ"}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("query1 + query2 - 1", 3),
        ("-query1", -1),
        ("abs(query1 - query2)", 2),
        ("default_zero(query1 / (query2 - 3))", 0),
        ("clamp_max(query2, 2) * clamp_min(query1, 5)", 10),
        ("log2(query2 + 1)", 2),
        ("log10(query1 - 1)", None),
        ("query2", 3),
    ],
)
def test_functions_of_a_formula(formula: str, expected: float | None) -> None:
    found = [event(0, "status:error"), event(0, "status:info"), event(0, "status:info")]
    done = play(f'formula("{formula}").last("1m") > 50', found, 1, variables=[BAD, ALL])
    assert values(done) in ([expected], [])


def test_groups_of_a_formula_are_those_of_its_queries() -> None:
    by = [{"facet": "service", "limit": 10, "sort": {"aggregation": "count", "order": "desc"}}]
    bad, every = variable("a", "status:error", by=by), variable("b", "", by=by)
    found = [event(0, "service:x", "status:error"), event(0, "service:x"), event(0, "service:y")]
    done = play('formula("a / b").last("1m") > 0.4', found, 2, variables=[bad, every])
    assert states(done) == {"service:x": "cc", "service:y": "oo"}
    share = play('formula("a / b").last("1m") > 0.3', found, 1, variables=[bad, variable("b", "")])
    assert {group: values(share, group) for group in share.groups} == {"service:x": [pytest.approx(1 / 3)]}


def test_only_the_top_values_of_a_facet_are_seen() -> None:
    top = {"facet": "service", "limit": 1, "sort": {"aggregation": "max", "metric": "@ms", "order": "desc"}}
    query = variable("a", "", by=[top, {"facet": "host", "limit": 1}])
    found = [
        event(0, "service:x", "host:1", ms=1),
        event(0, "service:x", "host:1", ms=1),
        event(0, "service:x", "host:2", ms=50),
        event(0, "service:y", "host:3", ms=40),
        event(1, "service:y", "host:3", ms=60),
        event(1, "service:x", "host:1", ms=2),
    ]
    done = play('formula("a").last("1m") > 9', found, 2, variables=[query])
    assert {group: values(done, group) for group in done.groups} == {
        "service:x,host:1": [2, 0],
        "service:y,host:3": [None, 1],
    }
    low = {"facet": "service", "limit": 1, "sort": {"aggregation": "max", "metric": "@ms", "order": "asc"}}
    rising = play('formula("a").last("1m") > 9', found, 1, variables=[variable("a", "", by=[low])])
    assert {group: values(rising, group) for group in rising.groups} == {"service:y": [1]}


def test_sources_have_the_names_of_the_api_too() -> None:
    found = [event(0, source="trace-analytics"), event(0, source="spans"), event(0, source="ci_pipelines")]
    spans = variable("a", "", source="spans")
    assert values(
        play('formula("a").last("1m") > 9', found, 1, variables=[spans], type="trace-analytics alert")
    ) == [2]
    pipelines = 'ci-pipelines("*").rollup("count").last("1m") > 9'
    assert values(play(pipelines, found, 1, type="ci-pipelines alert")) == [1]


def test_a_window_that_begins_anew_counts_from_its_beginning() -> None:
    found = [event(at) for at in range(0, 180, 10)]
    done = play('logs("*").rollup("count").current("1h") > 99', found, 130)
    assert [done.value_at("*", START + 60 * at) for at in (5, 55, 60, 65, 125)] == [1, 6, 6, 1, 1]


def test_a_schedule_tells_every_evaluation_that_is_not_ok() -> None:
    schedule = {
        "recurrences": [{"rrule": "FREQ=DAILY;INTERVAL=1", "timezone": "UTC", "start": "2026-03-01T06:00:00"}]
    }
    found = [event(5 * 60 + 30), event(29 * 60 + 30)]
    rule = compiled(
        'logs("*").rollup("count").last("1h") > 0',
        on_missing_data="default",
        scheduling_options={"custom_schedule": schedule},
    )
    times = evaluation_times(rule, START, START + 3 * 86400)
    done = replay(rule, Sources(events=Events(found)), times)
    assert [(one.at - START) / 3600 for one in done.notifications] == [6, 30]
    assert {str(one.kind) for one in done.notifications} == {"alert"}


def test_what_a_filter_of_issues_leaves_over_is_taken_as_given_and_said() -> None:
    query = 'error-tracking("*").source("all").new().rollup("count").by("@issue.id").last("1d") >= 1'
    done = play(query, [event(0, source="error-tracking", issue={"id": "i1"})], 10)
    assert states(done) == {"@issue.id:i1": "c"}
    assert done.notes == ("the events given are taken to be those that .new() leaves over",)


# --- what is refused -----------------------------------------------------------------------------

PLAIN = 'formula("query1").last("5m") > 5'


@pytest.mark.parametrize(
    ("query", "options", "said"),
    [
        ('logs("*").rollup("latest", "@x").last("5m") > 5', {}, "'latest'"),
        ('logs("*").rollup("avg").last("5m") > 5', {}, "no measure"),
        ('logs("*").rollup("count").last("5m") > threshold', {}, "query of its own"),
        ('logs("*").rollup("count").current("3h") > 1', {}, "no published meaning"),
        ('logs("*").rollup("count").last("5m") > 5', {"group_retention_duration": "soon"}, None),
        ('logs("*").rollup("count").by("a").last("5m") > 5', {"group_retention_duration": "soon"}, "'soon'"),
        ('logs("*").rollup("count").last("5m") > 5', {"thresholds": {"critical": 6}}, "alerts at 5"),
        (PLAIN, {}, "no query named 'query1'"),
        (PLAIN, {"variables": "x"}, "not a list"),
        ('formula("1 + 1").last("5m") > 5', {}, "without a query"),
        ('formula("query1").rollup("sum").last("5m") > 5', {"variables": [BAD]}, ".rollup()"),
        ('formula("query1").last("5m").anomaly(direction="both") > 5', {"variables": [BAD]}, ".anomaly()"),
        ('formula("derivative(query1)").last("5m") > 5', {"variables": [BAD]}, "derivative()"),
        ('formula("abs(\'x\')").last("5m") > 5', {"variables": [BAD]}, "'x' stands where"),
        ('formula("abs(query1, 2)").last("5m") > 5', {"variables": [BAD]}, "abs()"),
        (PLAIN, {"variables": [{**BAD, "data_source": "cloud_cost"}]}, "'cloud_cost'"),
        (PLAIN, {"variables": [{**BAD, "compute": "x"}]}, "'compute'"),
        (PLAIN, {"variables": [{**BAD, "search": {"query": "(a"}}]}, "query1"),
        (PLAIN, {"variables": [{**BAD, "compute": {"aggregation": "latest"}}]}, "'latest'"),
        (
            PLAIN,
            {"variables": [variable("query1", "", aggregation="avg", metric="@x", interval=1000)]},
            "by intervals",
        ),
        (PLAIN, {"variables": [variable("query1", "", by=[{"facet": "a", "limit": 0}])]}, "limit"),
        (PLAIN, {"variables": [variable("query1", "", by=["a"])]}, "without a facet"),
        (PLAIN, {"variables": [{**BAD, "indexes": "main"}]}, "'indexes' is not a list"),
        (
            PLAIN,
            {
                "variables": [
                    variable("query1", "", by=[{"facet": "a", "limit": 1, "sort": {"aggregation": "avg"}}])
                ]
            },
            "no measure",
        ),
        (
            'formula("a / b").last("5m") > 5',
            {"variables": [variable("a", "", by=[{"facet": "x"}]), variable("b", "", by=[{"facet": "y"}])]},
            "different facets",
        ),
    ],
)
def test_what_has_no_meaning_here_is_refused(query: str, options: dict[str, Any], said: str | None) -> None:
    if said is None:
        compiled(query, **options)
        return
    with pytest.raises(Unsupported) as refused:
        compiled(query, **options)
    assert said in refused.value.problem
    assert refused.value.hint


# --- against counting by hand --------------------------------------------------------------------


def by_hand(found: Sequence[Event], start: int, end: int, method: str) -> float | None:
    inside = [one for one in found if start <= one.at < end]
    measured = [float(one.attributes["x"]) for one in inside if one.attributes.get("x") is not None]
    if method == "count":
        return len(inside)
    if method == "cardinality":
        return len(set(measured))
    if not measured:
        return None
    ordered = sorted(measured)
    if method == "pc90":
        place = 0.9 * (len(ordered) - 1)
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (place - low) * (ordered[high] - ordered[low])
    return {"sum": sum(ordered), "avg": sum(ordered) / len(ordered), "min": ordered[0], "max": ordered[-1]}[
        method
    ]


@settings(max_examples=50)
@given(
    found=st.lists(
        st.tuples(st.integers(0, 900), st.sampled_from("ab"), st.one_of(st.none(), st.integers(-5, 5))),
        max_size=40,
    ),
    method=st.sampled_from(["count", "cardinality", "sum", "avg", "min", "max", "pc90"]),
    window=st.integers(1, 6),
    delay=st.sampled_from([0, 30, 120]),
    cut=st.integers(0, 15),
)
def test_any_events_give_the_values_counted_by_hand(
    found: list[tuple[int, str, int | None]], method: str, window: int, delay: int, cut: int
) -> None:
    given_events = [Event(START + at, "logs", (f"host:{host}",), {"x": x}) for at, host, x in found]
    measure = "" if method == "count" else ', "@x"'
    query = f'logs("*").rollup("{method}"{measure}).by("host").last("{window}m") > 2'
    done = play(query, given_events, 15, evaluation_delay=delay, on_missing_data="show_no_data")
    for group in done.groups:
        own = [one for one in given_events if f"{one.tags[0]}" == group]
        for at in done.times.tolist():
            end = at - delay
            wanted = by_hand(own, end - 60 * window, end, method)
            got = done.value_at(group, at)
            if not any(end - 60 * window <= one.at < end for one in own):
                wanted = None
            assert got == (None if wanted is None else pytest.approx(wanted, abs=1e-9))
    sources = Sources(events=Events(given_events))
    first = replay(done.rule, sources, done.times[:cut])
    rest = replay(done.rule, sources, done.times[cut:], previous=first.final)
    assert first.transitions + rest.transitions == done.transitions
    assert rest.final == done.final


def test_many_events_are_counted_in_good_time() -> None:
    random = np.random.default_rng(7)
    found = [
        Event(START + int(at), "logs", (f"host:{int(host)}",))
        for at, host in zip(random.integers(0, 86400, 5_000), random.integers(0, 50, 5_000), strict=True)
    ]
    done = play('logs("*").rollup("count").by("host").last("1h") > 9', found, 1440)
    assert len(done.groups) == 50
    assert np.nansum(done.values[:, 1439]) == sum(START + 82800 <= one.at < START + 86400 for one in found)
