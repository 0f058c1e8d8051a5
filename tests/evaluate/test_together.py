"""`notify_by`: groups are judged each by itself, and told of together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.replay import Replay, Silence, Sources, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.model.monitor import Monitor
from dd_sync.query.nodes import Tag

START = 1772409600
QUERY = "sum(last_1m):sum:m{*} by {service,host}.as_count() > 30"
MakeSeries = Callable[..., Series]
Play = Callable[..., Replay]


def told(done: Replay) -> list[tuple[int, str, str]]:
    return [((one.at - START) // 60, str(one.kind), one.group) for one in done.notifications]


def web(series: MakeSeries, a: str, b: str) -> list[Series]:
    return [
        series("m", a, "service:web", "host:a", since=-60),
        series("m", b, "service:web", "host:b", since=-60),
    ]


def test_one_notification_tells_of_all_groups_of_a_service(series: MakeSeries, play: Play) -> None:
    found = web(series, "1 40x4 1x5", "1 1 50x4 1x5")
    done = play(QUERY, found, 8, notify_by=["service"], message="{{service.name}}/{{host.name}}: {{value}}")
    assert told(done) == [(1, "alert", "service:web"), (7, "recovery", "service:web")]
    first, last = done.notifications
    assert first.title == "[Triggered on {service:web}] Rule"
    assert first.body == "web/a: 40"
    assert last.body == "web/b: 1"
    assert [one.group for one in done.transitions] == [
        f"service:web,host:{host}" for host in ("a", "b", "a", "b")
    ]


def test_the_worst_group_speaks_and_equals_are_listed(series: MakeSeries, play: Play) -> None:
    found = web(series, "1 27 40 40 1", "1 27 27 60 1")
    done = play(
        QUERY,
        found,
        5,
        notify_by=["*"],
        thresholds={"critical": 30, "warning": 20},
        message="{{host.name}} {{value}} {{threshold}}",
    )
    assert [(one.kind, one.group, one.title, one.body) for one in done.notifications] == [
        ("warning", "*", "[Warn] Rule", "a,b 27 30"),
        ("alert", "*", "[Triggered] Rule", "a 40 30"),
        ("recovery", "*", "[Recovered] Rule", "a,b 1 30"),
    ]


def test_below_a_threshold_the_smallest_value_is_told(series: MakeSeries, play: Play) -> None:
    query = QUERY.replace("> 30", "< 30")
    done = play(query, web(series, "50 20", "50 10"), 2, notify_by=["service"], message="{{value}}")
    assert [one.body for one in done.notifications] == ["10"]


def test_all_keys_are_each_group_by_itself(series: MakeSeries, play: Play) -> None:
    found = web(series, "1 40 1", "1 40 1")
    assert told(play(QUERY, found, 3, notify_by=["host", "service"])) == told(play(QUERY, found, 3))
    assert [one[2] for one in told(play(QUERY, found, 3, groupby_simple_monitor=True))] == ["*", "*"]


def test_a_downtime_silences_only_if_it_covers_every_group_in_trouble(series: MakeSeries, play: Play) -> None:
    silence = Silence(scope=Tag("host", "a"), start=START, end=START + 3600)
    one = play(QUERY, web(series, "1 40x4 1", "1x9"), 8, notify_by=["service"], downtimes=(silence,))
    assert told(one) == []
    assert [str(held.reason) for held in one.suppressed] == [
        "a downtime on host:a",
        "nobody was told of the trouble",
    ]
    both = play(QUERY, web(series, "1 40x4 1", "1 40x4 1"), 8, notify_by=["service"], downtimes=(silence,))
    assert told(both) == [(1, "alert", "service:web"), (6, "recovery", "service:web")]


def test_a_first_recovery_is_muted_only_if_every_group_is(series: MakeSeries, play: Play) -> None:
    def muted(*hosts: str) -> list[tuple[int, str, str]]:
        silences = tuple(
            Silence(scope=Tag("host", host), start=START + 120, end=START + 3600, mute_first_recovery=True)
            for host in hosts
        )
        return told(
            play(QUERY, web(series, "1 40x4 1", "1 40x4 1"), 8, notify_by=["service"], downtimes=silences)
        )

    assert muted("a") == [(1, "alert", "service:web"), (6, "recovery", "service:web")]
    assert muted("a", "b") == [(1, "alert", "service:web")]


def test_the_trouble_is_told_again_as_one(series: MakeSeries, play: Play) -> None:
    found = web(series, "1 40x5 1", "1 1 1 40x3 1")
    done = play(QUERY, found, 8, notify_by=["*"], renotify_interval=2)
    assert told(done) == [
        (1, "alert", "*"),
        (3, "renotify", "*"),
        (5, "renotify", "*"),
        (7, "recovery", "*"),
    ]


def levels() -> st.SearchStrategy[list[int | None]]:
    return st.lists(st.sampled_from([None, 0, 15, 40]), min_size=12, max_size=12)


@settings(max_examples=50)
@given(rows=st.lists(levels(), min_size=1, max_size=4), cut=st.integers(1, 11))
def test_pieces_tell_what_the_whole_tells_and_the_worst_state_is_what_is_told(
    rows: Sequence[Sequence[int | None]], cut: int
) -> None:
    found = [
        Series.of(
            "m",
            MetricType.COUNT,
            (f"host:{number}", f"service:{number % 2}"),
            interval=60,
            times=[START + 60 * at for at, value in enumerate(row) if value is not None],
            values=[value for value in row if value is not None],
        )
        for number, row in enumerate(rows)
    ]
    options = {
        "new_group_delay": 0,
        "notify_by": ["service"],
        "renotify_interval": 3,
        "thresholds": {"critical": 30, "warning": 10},
    }
    message = "{{host.name}} {{value}} {{triggered_duration_sec}}"
    rule = compile_rule("k", Monitor(type="query alert", query=QUERY, message=message, options=options))
    sources = Sources(series=SeriesSet(found))
    times = evaluation_times(rule, START + 60, START + 60 * 14)
    whole = replay(rule, sources, times)
    first = replay(rule, sources, times[:cut])
    rest = replay(rule, sources, times[cut:], previous=first.final)
    assert first.notifications + rest.notifications == whole.notifications
    assert rest.final == whole.final
    for service in ("0", "1"):
        members = [row for row, name in enumerate(whole.groups) if name.startswith(f"service:{service},")]
        kinds = {5: "alert", 4: "warning", 1: "recovery"}
        worst = whole.states[members].max(axis=0, initial=0)
        moves, before = [], 1
        for at, code in zip(whole.times, worst, strict=True):
            if code and code != before:
                moves.append((int(at), kinds[int(code)]))
                before = int(code)
        said = [(one.at, str(one.kind)) for one in whole.notifications if one.group == f"service:{service}"]
        assert [one for one in said if one[1] != "renotify"] == moves
