"""Service checks: consecutive statuses, and shares of a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
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
from dd_sync.evaluate.sources import CheckRun, CheckRuns, Status
from dd_sync.model.monitor import Monitor
from dd_sync.query.nodes import Tag

START = 1772409600
QUERY = '"http.can_connect".over("env:prod").by("host").last(5).count_by_status()'
LETTERS = {"o": Status.OK, "w": Status.WARNING, "c": Status.CRITICAL, "u": Status.UNKNOWN}


def runs(statuses: str, *tags: str, every: int = 60, since: int = 0, message: str = "") -> list[CheckRun]:
    """`runs("occo_c", "host:a")`: a run each minute from START on, none at a blank."""
    return [
        CheckRun(START + since + every * at, "http.can_connect", LETTERS[letter], tags, message)
        for at, letter in enumerate(statuses)
        if letter != "_"
    ]


def compiled(query: str = QUERY, **options: Any) -> Any:
    name, message = options.pop("name", "Check"), options.pop("message", "")
    options = {"new_group_delay": 0, **options}
    return compile_rule(
        "k", Monitor(type="service check", query=query, name=name, message=message, options=options)
    )


def play(
    found: Iterable[CheckRun],
    minutes: int,
    *,
    query: str = QUERY,
    downtimes: tuple[Silence, ...] = (),
    **options: Any,
) -> Replay:
    rule = compiled(query, **options)
    times = evaluation_times(rule, START + 60, START + 60 * minutes + 1)
    return replay(rule, Sources(checks=CheckRuns(found)), times, downtimes=downtimes)


NAMES = {0: "-", 1: "o", 2: "n", 3: "u", 4: "w", 5: "c"}


def states(done: Replay) -> dict[str, str]:
    return {
        name: "".join(NAMES[int(code)] for code in done.states[row]) for row, name in enumerate(done.groups)
    }


PROD = ("env:prod", "host:a")


# --- consecutive statuses ------------------------------------------------------------------------


def test_each_status_needs_as_many_runs_in_a_row_as_its_threshold_says() -> None:
    thresholds = {"critical": 3, "warning": 2, "ok": 2}
    done = play(runs("occwwocccoco" + "oo", *PROD), 14, thresholds=thresholds)
    assert states(done) == {"host:a": "oooowwwwccccoo"}
    assert [(one.after.value, (one.at - START) // 60) for one in done.transitions] == [
        ("Warn", 5),
        ("Alert", 9),
        ("OK", 13),
    ]


def test_one_run_is_enough_unless_said_otherwise() -> None:
    assert states(play(runs("ocwo", *PROD), 4)) == {"host:a": "ocwo"}


def test_unknown_is_a_state_only_where_it_has_a_threshold() -> None:
    assert states(play(runs("cuuo", *PROD), 4)) == {"host:a": "ccco"}
    done = play(
        runs("cuuo", *PROD),
        4,
        thresholds={"unknown": 2},
        message="{{#is_unknown}}lost{{/is_unknown}}{{#is_recovery}}back{{/is_recovery}}",
    )
    assert states(done) == {"host:a": "ccuo"}
    assert [(one.kind, one.title, one.body) for one in done.notifications] == [
        ("alert", "[Triggered on {host:a}] Check", ""),
        ("unknown", "[Unknown on {host:a}] Check", "lost"),
        ("recovery", "[Recovered on {host:a}] Check", "back"),
    ]


def test_an_unknown_run_ends_a_row() -> None:
    assert states(play(runs("occucc", *PROD), 6, thresholds={"critical": 3})) == {"host:a": "oooooo"}


def test_only_runs_over_the_scope_and_not_excluded_count() -> None:
    query = QUERY.replace('.by("host")', '.exclude("role:db","!zone:1").by("host")')
    found = [
        *runs("c", "env:prod", "host:in", "zone:1"),
        *runs("c", "env:dev", "host:dev", "zone:1"),
        *runs("c", "env:prod", "host:db", "role:db", "zone:1"),
        *runs("c", "env:prod", "host:far", "zone:2"),
        *runs("c", "env:prod", "zone:1"),
        CheckRun(START, "tcp.can_connect", Status.CRITICAL, ("env:prod", "host:other", "zone:1")),
    ]
    assert states(play(found, 1, query=query)) == {"host:in": "c"}


def test_every_set_of_tags_is_a_group_by_the_star() -> None:
    query = '"http.can_connect".over("*").by("*").last(1).count_by_status()'
    found = [*runs("oc", "host:A", "port:80"), *runs("oo", "host:A", "port:81")]
    silence = Silence(scope=Tag("port", "80"), start=START, end=None)
    done = play(found, 2, query=query, message="{{host.name}}:{{port.name}}")
    assert states(done) == {"host:a,port:80": "oc", "host:a,port:81": "oo"}
    (told,) = done.notifications
    assert (told.title, told.body) == ("[Triggered on {host:a,port:80}] Check", "a:80")
    assert play(found, 2, query=query, downtimes=(silence,)).notifications == ()


def test_without_keys_all_runs_are_of_one_group() -> None:
    query = '"http.can_connect".over("*").last(2).count_by_status()'
    found = [*runs("oc", "host:a"), *runs("oc", "host:b", since=1)]
    assert states(play(found, 2, query=query, thresholds={"critical": 2})) == {"*": "oc"}


def test_runs_before_the_first_evaluation_count_in_a_row_but_do_not_judge() -> None:
    found = runs("cc_c", *PROD, since=-180)
    assert states(play(found, 2, thresholds={"critical": 3})) == {"host:a": "cc"}
    assert states(play(runs("cc_", *PROD, since=-180), 2)) == {}


# --- no runs -------------------------------------------------------------------------------------


def test_missing_runs_keep_the_state_unless_they_are_to_be_told() -> None:
    found = runs("oc____o", *PROD)
    assert states(play(found, 7)) == {"host:a": "occccco"}
    done = play(
        found, 7, notify_no_data=True, no_data_timeframe=3, message="{{#is_no_data}}gone{{/is_no_data}}"
    )
    assert states(done) == {"host:a": "occcnno"}
    assert [(one.kind, one.body) for one in done.notifications] == [
        ("alert", ""),
        ("no data", "gone"),
        ("recovery", ""),
    ]


def test_a_day_without_runs_is_no_data_unless_said_otherwise_and_two_days_end_the_group() -> None:
    found = runs("c", *PROD)
    done = play(found, 2 * 1440 + 3, notify_no_data=True)
    line = states(done)["host:a"]
    assert (line.index("n"), line.index("-")) == (1440, 2 * 1440 + 1)


def test_an_alert_without_runs_resolves_by_itself() -> None:
    line = states(play(runs("oc", *PROD), 70, timeout_h=1))["host:a"]
    assert (line[:2], line.rindex("c")) == ("oc", 61)


def test_new_hosts_are_not_judged_at_once() -> None:
    done = play(runs("cccccccc", *PROD), 8, new_group_delay=None)
    assert states(done) == {"host:a": "oooooccc"}
    assert states(play(runs("ccc", *PROD), 3, new_group_delay=120)) == {"host:a": "ooc"}


@pytest.mark.parametrize("cut", range(9))
def test_a_new_host_that_runs_seldom_is_judged_by_its_runs_once_it_is_judged(cut: int) -> None:
    found = [*runs("_c", *PROD), *runs("coc", "env:prod", "host:b"), *runs("cc", "env:prod", "host:c")]
    rule = compiled(new_group_delay=240, thresholds={"critical": 2})
    times = evaluation_times(rule, START + 60, START + 60 * 8 + 1)
    sources = Sources(checks=CheckRuns([*found, *runs("c", *PROD, since=400)]))
    first = replay(rule, sources, times[:cut])
    rest = replay(rule, sources, times[cut:], previous=first.final)
    parts = [states(part) for part in (first, rest)]
    line = {
        host: "".join(
            part.get(f"host:{host}", "-" * size) for part, size in zip(parts, (cut, 8 - cut), strict=True)
        )
        for host in "abc"
    }
    assert line == {"a": "-ooooocc", "b": "oooooooo", "c": "oooocccc"}


def test_a_new_cluster_is_judged_by_its_runs_once_it_is_judged() -> None:
    query = '"http.can_connect".over("*").by("host").pct_by_status()'
    done = play(runs("c", *PROD), 5, query=query, new_group_delay=120, thresholds={"critical": 50})
    assert states(done) == {"host:a": "ooccc"}


# --- what is said --------------------------------------------------------------------------------


def test_a_message_knows_what_the_check_said() -> None:
    found = [
        *runs("o", *PROD),
        *runs("c", *PROD, since=60, message="refused " * 100),
        *runs("o", *PROD, since=120),
    ]
    done = play(
        found,
        3,
        thresholds={"critical": 1, "warning": 2, "ok": 1},
        message="{{host.name}} {{threshold}} {{warn_threshold}} {{ok_threshold}} {{check_message}}",
    )
    first, last = done.notifications
    assert first.body == f"a 1 2 1 {('refused ' * 100)[:500].rstrip()}"
    assert last.body == "a 1 2 1"


# --- clusters ------------------------------------------------------------------------------------

CLUSTER = '"http.can_connect".over("env:prod").by("*").last(1).pct_by_status()'


def test_a_cluster_is_judged_by_the_share_of_its_checks() -> None:
    found = [
        line
        for host, of in zip("abcd", ("occoo", "ooccc", "oooww", "ooooo"), strict=True)
        for line in runs(of, "env:prod", f"host:{host}")
    ]
    done = play(found, 5, query=CLUSTER, thresholds={"critical": 50, "warning": 25}, message="{{value}} %")
    assert states(done) == {"*": "owcww"}
    assert [done.value_at("*", START + 60 * at) for at in (1, 2, 3, 4)] == [0, 25, 50, 25]
    assert [one.body for one in done.notifications] == ["25 %", "50 %", "25 %"]
    assert done.notes == compiled(CLUSTER).notes != ()


def test_clusters_are_grouped_and_no_check_at_all_is_no_share() -> None:
    query = CLUSTER.replace('"*"', '"zone"')
    found = [
        *runs("ouu", "env:prod", "zone:1", "host:a"),
        *runs("ooc", "env:prod", "zone:1", "host:b"),
        *runs("ccc", "env:prod", "zone:2", "host:c"),
    ]
    done = play(found, 3, query=query, thresholds={"critical": 100, "unknown": 50, "warning": 0, "ok": 0})
    assert states(done) == {"zone:1": "ouw", "zone:2": "ccc"}
    quiet = play(runs("c", "env:prod", "zone:1"), 3, query=query, no_data_timeframe=1)
    assert states(quiet) == {"zone:1": "ooo"}


def test_a_check_that_went_away_leaves_the_cluster() -> None:
    found = [*runs("c", "env:prod", "host:a"), *runs("o" * 8, "env:prod", "host:b")]
    done = play(found, 8, query=CLUSTER, thresholds={"critical": 50}, no_data_timeframe=5)
    assert states(done) == {"*": "cccccooo"}


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "thresholds", "said"),
    [
        (QUERY, {"critical": 6}, "looks at 5 runs"),
        (QUERY, {"critical": 0}, "no number of runs"),
        (QUERY, {"critical": 1.5}, "no number of runs"),
        (QUERY, {"critical_recovery": 1}, "'critical_recovery'"),
        (CLUSTER, {"critical": 101}, "no percentage"),
        (QUERY.replace("host", "environment:foo"), {}, "'environment:foo'"),
    ],
)
def test_what_has_no_meaning_is_refused(query: str, thresholds: dict[str, float], said: str) -> None:
    with pytest.raises(Unsupported) as refused:
        compiled(query, thresholds=thresholds)
    assert said in refused.value.problem
    assert refused.value.hint


# --- against counting by hand --------------------------------------------------------------------


def by_hand(found: Sequence[CheckRun], times: Iterable[int], needs: dict[Status, int]) -> str:
    """Each run in order, with how many of its status came just before."""
    marks = {Status.OK: "o", Status.WARNING: "w", Status.CRITICAL: "c", Status.UNKNOWN: "u"}
    line, state, seen = [], "-", False
    for at in times:
        before = [run for run in found if run.at < at]
        if before and not seen:
            state, seen = "o", True
        for index, run in enumerate(before):
            if run.at < at - 60:
                continue
            row = 0
            for other in reversed(before[: index + 1]):
                if other.status is not run.status:
                    break
                row += 1
            if run.status in needs and row >= needs[run.status]:
                state = marks[run.status]
        line.append(state)
    return "".join(line)


@given(
    found=st.lists(st.tuples(st.integers(0, 900), st.sampled_from("owcu")), max_size=40),
    needs=st.fixed_dictionaries(
        {"critical": st.integers(1, 4), "warning": st.integers(1, 4), "ok": st.integers(1, 4)},
        optional={"unknown": st.integers(1, 4)},
    ),
    cut=st.integers(0, 15),
)
def test_any_runs_give_the_states_counted_by_hand(
    found: list[tuple[int, str]], needs: dict[str, int], cut: int
) -> None:
    names = {
        "ok": Status.OK,
        "warning": Status.WARNING,
        "critical": Status.CRITICAL,
        "unknown": Status.UNKNOWN,
    }
    given_runs = [CheckRun(START + at, "http.can_connect", LETTERS[letter], PROD) for at, letter in found]
    done = play(given_runs, 15, thresholds=needs)
    ordered = sorted(given_runs, key=lambda run: run.at)
    wanted = by_hand(ordered, done.times.tolist(), {names[name]: need for name, need in needs.items()})
    assert states(done).get("host:a", "-" * 15) == wanted
    sources = Sources(checks=CheckRuns(given_runs))
    first = replay(done.rule, sources, done.times[:cut])
    rest = replay(done.rule, sources, done.times[cut:], previous=first.final)
    pieces = [states(part).get("host:a", "-" * part.times.size) for part in (first, rest)]
    assert "".join(pieces) == wanted
    assert rest.final == done.final


def test_runs_are_given_in_any_order_and_by_time() -> None:
    source = CheckRuns(reversed(runs("ocw", *PROD)))
    assert [run.status for run in source.select("http.can_connect", START, START + 120)] == [0, 2]
    assert source.select("other", START, START + 120) == []
    assert np.all(np.diff([run.at for run in source.select("http.can_connect", 0, 2**40)]) > 0)
