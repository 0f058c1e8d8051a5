"""A query read aloud: one sentence a person understands."""

from __future__ import annotations

from pathlib import Path

import pytest

from dd_sync.query.aloud import read_aloud, read_variables
from dd_sync.query.queries import parse_query

CORPUS = [
    line
    for name in ("corpus.txt", "corpus_alerts.txt")
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
RATE = "streams.created{env:prod,!tenant:load-test} by {tenant}.as_count()"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"sum(last_1h):sum:{RATE} > 500",
            "the sum over the last hour of streams.created (as counts) for env:prod, not tenant:load-test, "
            "for each tenant, is more than 500",
        ),
        (
            "percentile(last_5m):p99:request.time{*,env:prod} >= 2",
            "the percentile over the last 5 minutes of the p99 of request.time for env:prod is at least 2",
        ),
        (
            "avg(last_5m):avg:disk.in_use{!device:tmpfs} by {host} * 100 > 90",
            "the average over the last 5 minutes of (disk.in_use for not device:tmpfs) times 100,"
            " for each host, is more than 90",
        ),
        (
            "sum(last_5m):count(v: v>=0.5):request.time{env:prod}.as_count() > 10",
            "the sum over the last 5 minutes of the count of values at least 0.5 of request.time (as counts)"
            " for env:prod is more than 10",
        ),
        (
            "avg(current_1d):(max:a{x IN (1,2)} - -b{*}.rollup(avg, 60)) / 2 < 0.5",
            "the average over the current day of ((the maximum of a for x 1 or 2) minus minus b "
            "(rolled up by avg 60 s)) divided by 2 is less than 0.5",
        ),
        (
            "pct_change(avg(last_5m),1h_ago):avg:a{k:1 OR k:2}.fill(zero) != 0",
            "the change, in percent, against an hour earlier of the average over the last 5 minutes of "
            "a (gaps filled with zero) for k:1 OR k:2 is not 0",
        ),
        (
            "change(min(last_1h),last_2d):min:a{*}.as_rate().rollup(sum, daily) == 1",
            "the change against 2 days earlier of the minimum over the last hour of a "
            "(per second and rolled up by sum daily) is exactly 1",
        ),
        (
            "max(next_1w):forecast(abs(avg:a{*} by {host}), 'linear', 1, interval='60m') <= threshold",
            "the maximum over the next week of forecast(abs(the average of a), linear, 1, interval 60m), "
            "for each host, is at most the threshold's own query",
        ),
        (
            'logs("service:web -a").rollup("cardinality", "@usr.id").by("@a,b,c").last("1mo") > 1',
            "the number of different values of @usr.id in logs matching service:web -a over the last month, "
            "for each @a, b and c, is more than 1",
        ),
        (
            'rum("*").rollup("pc95").last("2d") > 1',
            "the pc95 of the measure in RUM events over the last 2 days is more than 1",
        ),
        (
            'error-tracking("").new().by("issue.id").last("1d") > 0',
            "the number of new issues over the last day, for each issue.id, is more than 0",
        ),
        (
            'error-tracking("").impact().last("1d") > 0',
            "the number of high-impact issues over the last day is more than 0",
        ),
        (
            'formula("-a * 2").rollup("sum").by("t").last("5m") > 1',
            "the sum of minus a times 2 over the last 5 minutes, for each t, is more than 1",
        ),
        (
            'formula("a").last("30d").anomaly(direction="both") >= 5',
            "the anomaly (direction both) of a over the last 30 days is at least 5",
        ),
        (
            'formula("a").current("1mo").forecast() > 5',
            "the forecast of a over the current month is more than 5",
        ),
        (
            'processes("nginx").over("env:prod","!host:a").by("host").rollup("count").last("10m") < 1',
            "the number of processes matching nginx for env:prod, not host:a over the last 10 minutes, "
            "for each host, is less than 1",
        ),
        (
            '"a.b".over("env:prod").exclude("host:x","host:y").by("host").last(3).count_by_status()',
            "a.b for env:prod (without host:x and host:y) fails as often as its thresholds say "
            "in the last 3 runs, for each host",
        ),
        ("'a.b'.over('*').by('*').last(1).pct_by_status()", "too large a share of a.b fails"),
        (
            'error_budget("x").over("7d") > 75',
            "the error budget of SLO x consumed over 7 days, in percent, is more than 75",
        ),
        (
            'burn_rate("x").over("30d").long_window("1h").short_window("5m") > 14.4',
            "the error budget of SLO x burns, over both the last hour and the last 5 minutes, "
            "at a rate that is more than 14.4",
        ),
        ("1 && (2 || !${monitor:b})", "monitor 1 alerts and (monitor 2 alerts or b does not alert)"),
        (
            "1 && 2 || !(3 && 4)",
            "(monitor 1 alerts and monitor 2 alerts) or not (monitor 3 alerts and monitor 4 alerts)",
        ),
        ("no_query", "its Synthetic test fails"),
    ],
)
def test_a_query_is_read_as_a_sentence(text: str, sentence: str) -> None:
    assert read_aloud(parse_query(None, text)) == f"Alerts when {sentence}."


@pytest.mark.parametrize("text", CORPUS)
def test_every_query_can_be_read_aloud(text: str) -> None:
    sentence = read_aloud(parse_query(None, text))
    assert sentence.startswith("Alerts when ")
    assert sentence.endswith(".")
    assert "  " not in sentence


def test_what_a_formula_names_is_told() -> None:
    variables = [
        {
            "name": "a",
            "data_source": "logs",
            "search": {"query": "status:error"},
            "compute": {"aggregation": "count"},
        },
        {
            "name": "b",
            "data_source": "spans",
            "search": {"query": ""},
            "compute": {"aggregation": "pc95", "metric": "@duration"},
            "group_by": [{"facet": "service", "limit": 10}, {"facet": "@http.route"}],
        },
        {"name": "c", "data_source": "cloud_cost", "query": "sum:aws.cost{*} ", "aggregator": "sum"},
        {"name": "d", "data_source": "data_quality_metrics", "measure": "row_count", "filter": "table:users"},
        {
            "name": "e",
            "data_source": "of_tomorrow",
            "search": {"query": "*"},
            "compute": {"aggregation": "count"},
        },
    ]
    assert list(read_variables(variables)) == [
        "a is the number of logs matching status:error.",
        "b is the pc95 of @duration in spans, for each service and @http.route.",
        "c is sum:aws.cost{*}.",
        "d is the row_count of table:users.",
        "e is the number of of_tomorrow events.",
    ]


@pytest.mark.parametrize(
    "variables",
    [
        None,
        "a",
        [1, None],
        [{"name": "a"}, {"name": "b", "search": {"query": "x"}}, {"name": "c", "compute": {}, "search": 1}],
        [{"name": "a", "search": {"query": "("}, "compute": {"aggregation": "count"}}],
    ],
)
def test_a_query_of_another_form_is_not_told(variables: object) -> None:
    assert list(read_variables(variables)) == []


def test_groups_of_another_form_are_left_out() -> None:
    one = {"name": "a", "data_source": "logs", "search": {}, "compute": {"aggregation": "count"}}
    for groups in (None, 1, [1, {"limit": 5}]):
        assert list(read_variables([{**one, "group_by": groups}])) == ["a is the number of logs."]
