"""Composites: conditions over the states of other monitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.errors import QueryError
from dd_sync.evaluate.replay import (
    GroupState,
    Replay,
    Silence,
    Sources,
    Unsupported,
    compile_rule,
    evaluation_times,
    parts_of,
    replay,
)
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.model.monitor import Monitor
from dd_sync.query.nodes import Everything

START = 1772409600
DAY = 86400
SEVERITY = {"OK": 1, "No Data": 2, "Warn": 3, "Alert": 4}
# A gauge of these values, compared with 30 and 20, gives the states.
LEVEL = {"OK": 1.0, "Warn": 25.0, "Alert": 40.0, "No Data": None}

Parts = dict[int | str, Replay]
Rows = Mapping[tuple[str, ...], Sequence[str]]


def part(metric: str, rows: Rows, *, by: str = "", minutes: int | None = None, **options: Any) -> Replay:
    """A monitor whose groups go through these states, one each minute from START + 60 on."""
    keys = [key for key in by.split(",") if key]
    found = []
    for group, states in rows.items():
        values = [LEVEL[state] for state in states]
        found.append(
            Series.of(
                metric,
                MetricType.GAUGE,
                [f"{key}:{value}" for key, value in zip(keys, group, strict=True)],
                interval=60,
                times=[START + 60 * at for at, value in enumerate(values) if value is not None],
                values=[value for value in values if value is not None],
            )
        )
    grouped = f" by {{{by}}}" if by else ""
    monitor = Monitor(
        type="query alert",
        query=f"avg(last_1m):avg:{metric}{{*}}{grouped} > 30",
        options={
            "new_group_delay": 0,
            "thresholds": {"critical": 30, "warning": 20},
            "on_missing_data": "show_and_notify_no_data",
            **options,
        },
    )
    rule = compile_rule(metric, monitor)
    length = max(map(len, rows.values())) if minutes is None else minutes
    times = evaluation_times(rule, START + 60, START + 60 * length + 1)
    return replay(rule, Sources(series=SeriesSet(found)), times)


def composed(
    query: str,
    parts: Parts,
    *,
    times: Any = None,
    previous: Mapping[str, GroupState] | None = None,
    downtimes: tuple[Silence, ...] = (),
    message: str = "",
    **options: Any,
) -> Replay:
    monitor = Monitor(type="composite", query=query, name="Both", message=message, options=options)
    rule = compile_rule("both", monitor)
    if times is None:
        times = next(iter(parts.values())).times
    return replay(rule, Sources(parts=parts), times, previous=previous, downtimes=downtimes)


def states(done: Replay) -> dict[str, list[str]]:
    names = {0: "none", 1: "OK", 2: "No Data", 4: "Warn", 5: "Alert"}
    return {name: [names[int(code)] for code in done.states[row]] for row, name in enumerate(done.groups)}


# --- truth tables --------------------------------------------------------------------------------


def published(operator: str, a: str, b: str) -> str:
    """Datadog's own rule in its own words: No Data here is before it is replaced by the last state."""
    true = {"Alert", "Warn", "No Data"}
    if operator == "&&":
        return min((a, b), key=SEVERITY.__getitem__) if a in true and b in true else "OK"
    return max((one for one in (a, b) if one in true), key=SEVERITY.__getitem__, default="OK")


@pytest.mark.parametrize("operator", ["&&", "||"])
def test_the_truth_tables_are_the_published_ones(operator: str) -> None:
    pairs = list(product(LEVEL, repeat=2))
    # Data comes first, since a group without any is not there; it comes back before each pair.
    one, other = (["OK", *(step for pair in pairs for step in ("OK", pair[at]))] for at in (0, 1))
    parts: Parts = {1: part("a", {(): one}), 2: part("b", {(): other})}
    done = composed(f"1 {operator} 2", parts, notify_no_data=True)
    assert states(done)["*"][2::2] == [published(operator, *pair) for pair in pairs]
    quiet = composed(f"1 {operator} 2", parts)
    # What was before each pair is OK.
    wanted = [published(operator, *pair) for pair in pairs]
    assert states(quiet)["*"][2::2] == ["OK" if state == "No Data" else state for state in wanted]


def test_not_turns_ok_into_an_alert_and_leaves_no_data() -> None:
    parts: Parts = {1: part("a", {(): ["OK", "Warn", "Alert", "No Data", "OK"]})}
    assert states(composed("!1", parts, notify_no_data=True))["*"] == [
        "Alert",
        "OK",
        "OK",
        "No Data",
        "Alert",
    ]
    # Without notify_no_data the last known state stays.
    assert states(composed("!1", parts))["*"] == ["Alert", "OK", "OK", "OK", "Alert"]


def conditions() -> st.SearchStrategy[Any]:
    leaf = st.sampled_from([1, 2, 3])
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.just("!"), inner), st.tuples(inner, st.sampled_from(["&&", "||"]), inner)
        ),
        max_leaves=6,
    )


def written(condition: Any) -> str:
    if isinstance(condition, int):
        return str(condition)
    return "(" + " ".join(one if isinstance(one, str) else written(one) for one in condition) + ")"


def by_hand(condition: Any, now: Mapping[int, str]) -> str:
    if isinstance(condition, int):
        return now[condition]
    if len(condition) == 2:
        inner = by_hand(condition[1], now)
        return {"No Data": "No Data", "OK": "Alert"}.get(inner, "OK")
    left, operator, right = condition
    return published(operator, by_hand(left, now), by_hand(right, now))


@settings(max_examples=50)
@given(
    condition=conditions(),
    rows=st.lists(st.tuples(*[st.sampled_from(list(LEVEL))] * 3), min_size=1, max_size=6),
    notify=st.booleans(),
    cut=st.integers(0, 6),
)
def test_any_condition_is_what_its_truth_table_says(
    condition: Any, rows: list[tuple[str, str, str]], notify: bool, cut: int
) -> None:
    lines = list(zip(("OK", "OK", "OK"), *rows, strict=True))
    parts: Parts = {at: part(f"m{at}", {(): line}) for at, line in enumerate(lines, 1)}
    done = composed(written(condition), parts, notify_no_data=notify)
    expected, last = [], "OK"
    for row in zip(*lines, strict=True):
        found = by_hand(condition, dict(enumerate(row, 1)))
        last = last if found == "No Data" and not notify else found
        expected.append(last)
    # A monitor that is not among those of the query says nothing.
    assert states(done)["*"] == expected
    times = done.times
    first = composed(written(condition), parts, times=times[:cut], notify_no_data=notify)
    rest = composed(written(condition), parts, times=times[cut:], previous=first.final, notify_no_data=notify)
    assert [*states(first).get("*", []), *states(rest).get("*", [])] == expected


# --- groups --------------------------------------------------------------------------------------

A, OK = ["Alert"] * 2, ["OK"] * 2


def test_only_common_groups_are_evaluated_and_simple_monitors_go_with_each() -> None:
    parts: Parts = {
        1: part("a", {("x",): A, ("y",): A, ("z",): OK}, by="host"),
        2: part("b", {("y",): A, ("z",): A}, by="host"),
        3: part("c", {(): A}),
    }
    assert states(composed("1 && 2 && 3", parts)) == {"host:y": A, "host:z": OK}
    assert states(composed("1 && 3", parts)) == {"host:x": A, "host:y": A, "host:z": OK}


def test_groups_are_compared_by_values_not_by_keys() -> None:
    parts: Parts = {
        1: part("a", {("x",): A, ("y",): A}, by="host"),
        2: part("b", {("y",): A}, by="hostname"),
    }
    assert states(composed("1 && 2", parts)) == {"host:y": A}


def test_a_finer_grouping_goes_with_a_coarser_one() -> None:
    parts: Parts = {
        1: part("a", {("x",): A, ("y",): OK}, by="host"),
        2: part("b", {("sda", "x"): A, ("sda", "y"): A, ("sdb", "q"): A}, by="device,host"),
        3: part("c", {("sda",): A}, by="disk"),
    }
    assert states(composed("1 && 2", parts)) == {"device:sda,host:x": A, "device:sda,host:y": OK}
    assert states(composed("3 && 2", parts)) == {"device:sda,host:x": A, "device:sda,host:y": A}


def test_groupings_that_overlap_cannot_be_paired() -> None:
    parts: Parts = {
        1: part("a", {("x", "y"): A}, by="device,host"),
        2: part("b", {("x", "y"): A}, by="host,url"),
    }
    with pytest.raises(Unsupported, match="no groups in common"):
        composed("1 && 2", parts)


def test_a_group_that_one_part_forgets_is_gone_and_comes_back_new() -> None:
    forgotten = part("a", {("x",): ["Alert", *["No Data"] * 1441, "Alert"]}, by="host", minutes=1443)
    parts: Parts = {1: forgotten, 2: part("b", {("x",): ["Alert"] * 1443}, by="host")}
    found = states(composed("1 && 2", parts, notify_no_data=True))["host:x"]
    assert (found[0], found[1], found[1440], found[1441], found[1442]) == (
        "Alert",
        "No Data",
        "No Data",
        "none",
        "Alert",
    )


def test_a_group_that_comes_without_data_is_ok_until_something_is_known_of_it() -> None:
    parts: Parts = {
        1: part("a", {("x",): ["Alert", "No Data", "No Data", "No Data", "Alert"]}, by="host"),
        2: part("b", {("x",): ["No Data", "No Data", "Alert", "Alert", "Alert"]}, by="host"),
    }
    assert states(composed("1 && 2", parts)) == {"host:x": ["none", "none", "OK", "OK", "Alert"]}


def test_a_simple_monitor_that_never_saw_data_is_without_data() -> None:
    never = part("a", {(): ["No Data"] * 2}, minutes=2)
    parts: Parts = {1: never, 2: part("b", {(): A})}
    assert states(composed("1 && 2", parts, notify_no_data=True))["*"] == ["No Data"] * 2
    assert states(composed("1 || 2", parts))["*"] == A


def test_a_part_that_is_evaluated_less_often_keeps_its_state_in_between() -> None:
    slow = Monitor(type="query alert", query="max(last_1d):max:a{*}.rollup(max) > 30")
    rule = compile_rule("slow", slow)
    source = Series.of("a", MetricType.GAUGE, [], interval=60, times=[START, START + 700], values=[1.0, 40.0])
    first = replay(
        rule,
        Sources(series=SeriesSet([source])),
        evaluation_times(rule, START + 1, START + 601),
    )
    times = np.arange(START + 600, START + 1500, 60)
    then = replay(
        rule,
        Sources(series=SeriesSet([source])),
        evaluation_times(rule, START + 1000, START + 1500),
        previous=first.final,
    )
    assert list(then.times) == [START + 1200]
    assert states(composed("7", {7: then}, times=times))["*"] == ["OK"] * 10 + ["Alert"] * 5


# --- what is said --------------------------------------------------------------------------------


def test_the_message_knows_the_parts_by_letters() -> None:
    parts: Parts = {
        "load": part("a", {("x",): ["OK", "Warn"]}, by="host"),
        5: part("b", {(): ["OK", "Alert"]}),
    }
    done = composed(
        "${monitor:load} && 5 && ${monitor:load}",
        parts,
        message="{{host.name}}: {{a.status}} {{a.value}} of {{a.threshold}}, "
        "{{b.status}} {{b.value}}{{c.value}}{{value}} @pagerduty-risk",
    )
    (told,) = done.notifications
    assert told.title == "[Warn on {host:x}] Both"
    assert told.body == "x: Warn 25 of 30, Alert 40 @pagerduty-risk"
    assert told.handles == ("@pagerduty-risk",)


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        ([40.0], {}, "Alert 40"),
        ([40.0, None, None], {}, "Alert "),
        ([40.0, None, None], {"on_missing_data": "default"}, "OK 0"),
        ([], {}, "No Data "),
    ],
)
def test_the_message_knows_a_part_that_was_last_evaluated_in_an_earlier_replay(
    values: list[float | None], options: dict[str, Any], said: str
) -> None:
    query = "max(last_1d):max:a{*}" + (".as_count()" if options else "") + " > 30"
    rule = compile_rule("slow", Monitor(type="query alert", query=query, options=options))
    there = [(START + DAY * at, value) for at, value in enumerate(values) if value is not None]
    kind = MetricType.COUNT if options else MetricType.GAUGE
    source = Series.of(
        "a", kind, [], interval=60, times=[at for at, _ in there], values=[value for _, value in there]
    )
    sources = Sources(series=SeriesSet([source]))
    end = START + DAY * max(len(values) - 1, 0) + 1200
    whole = replay(rule, sources, evaluation_times(rule, START + 600, end + 1))
    first = replay(rule, sources, evaluation_times(rule, START + 600, end - 60))
    rest = replay(rule, sources, np.arange(end - 60, end - 60), previous=first.final)
    times = np.arange(end - 60, end, 60)
    message = "{{#is_alert}}{{a.status}} {{a.value}}{{/is_alert}}"
    told = [
        composed("7 || !7 || 8", {7: done, 8: part("b", {(): ["Alert"] * 9})}, times=times, message=message)
        for done in (whole, rest)
    ]
    assert [one.notifications[0].body for one in told] == [said.rstrip()] * 2


def test_muting_a_part_does_not_mute_the_composite() -> None:
    silence = Silence(scope=Everything(), start=START, end=None)
    parts: Parts = {1: part("a", {(): ["OK", "Alert"]})}
    assert [one.kind for one in composed("1", parts).notifications] == ["alert"]
    muted = composed("1", parts, downtimes=(silence,))
    assert [one.reason for one in muted.suppressed] == ["a downtime on *"]


def test_a_composite_is_told_again_and_in_one_as_any_other() -> None:
    parts: Parts = {1: part("a", {("x",): ["OK", *["Alert"] * 5], ("y",): ["OK", *["Alert"] * 5]}, by="host")}
    done = composed("1", parts, notify_by=["*"], renotify_interval=2)
    assert [(str(one.kind), one.group) for one in done.notifications] == [
        ("alert", "*"),
        ("renotify", "*"),
        ("renotify", "*"),
    ]


# --- what is refused -----------------------------------------------------------------------------


def test_parts_are_named_each_once_in_order() -> None:
    rule = compile_rule("k", Monitor(type="composite", query="9 && (${monitor:b} || !9 || 4)"))
    assert parts_of(rule) == (9, "b", 4)
    assert parts_of(compile_rule("k", Monitor(type="query alert", query="avg(last_5m):avg:m{*} > 1"))) == ()


def test_a_part_that_is_not_there_is_said_with_its_place() -> None:
    with pytest.raises(Unsupported, match="nothing is known of monitor 23") as refused:
        composed("1 && 23", {1: part("a", {(): A})})
    assert refused.value.where is not None
    assert (refused.value.where.column, refused.value.where.length) == (6, 2)


def test_a_composite_of_composites_and_one_of_eleven_monitors_are_refused() -> None:
    inner = composed("1", {1: part("a", {(): A})})
    with pytest.raises(Unsupported, match="monitor 2 is a composite itself"):
        composed("2", {2: inner})
    with pytest.raises(Unsupported, match="of 11 monitors"):
        composed(" && ".join(map(str, range(1, 12))), {})
    with pytest.raises(QueryError):
        compile_rule("k", Monitor(type="composite", query="1 &&"))


def test_notify_by_is_judged_by_the_groups_of_the_parts() -> None:
    with pytest.raises(Unsupported, match="notify_by has 'zone'"):
        composed("1", {1: part("a", {("x",): A}, by="host")}, notify_by=["zone"])
