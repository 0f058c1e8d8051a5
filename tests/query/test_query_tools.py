"""Questions that other rooms ask of a query."""

from __future__ import annotations

import pytest

from dd_sync.query.canonical import render_scope
from dd_sync.query.parser import parse
from dd_sync.query.tools import exclude, group_keys, is_metric_query, metrics_in, parse_scope


@pytest.mark.parametrize(
    ("scope", "without"),
    [
        ("*", "!tenant:acme"),
        ("env:prod", "env:prod,!tenant:acme"),
        ("env:prod,!tenant:beta", "env:prod,!tenant:beta,!tenant:acme"),
        ("env:prod OR env:dev", "(env:prod OR env:dev) AND NOT tenant:acme"),
        ("env:prod AND tier IN (1,2)", "env:prod AND tier IN (1,2) AND NOT tenant:acme"),
    ],
)
def test_an_excluded_tag_is_left_out_of_the_scope(scope: str, without: str) -> None:
    assert render_scope(exclude(parse_scope(scope), "tenant", "acme")) == without


def test_excluding_twice_is_excluding_once() -> None:
    for text in ("*", "env:prod", "a:b OR c:d"):
        once = exclude(parse_scope(text), "tenant", "acme")
        assert exclude(once, "tenant", "acme") == once


def test_metrics_are_found_everywhere_in_the_order_of_the_text() -> None:
    query = "avg(last_5m):a{*} * (2 + abs(-b{*}, 'x')) - top(c{*} / d{*}, 5, direction='x') > 1"
    assert [metric.name for metric in metrics_in(parse(query).expression)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("expression", "keys"),
    [
        ("a{*}", ()),
        ("a{*} by {tenant}", ("tenant",)),
        ("a{*} by {tenant,env} / -b{*} by {env,host}", ("tenant", "env", "host")),
        ("abs(a{*} by {x}) + 1", ("x",)),
        ("count_nonzero(a{*} by {host})", ()),
        ("count_not_null(a{*} by {host}) + b{*} by {env}", ("env",)),
    ],
)
def test_a_monitor_alerts_by_the_keys_of_its_metrics(expression: str, keys: tuple[str, ...]) -> None:
    assert group_keys(parse(f"avg(last_5m):{expression} > 1")) == keys


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("query alert", "avg(last_5m):x{*} > 1", True),
        ("metric alert", "  change(avg(last_5m),last_1h):x{*} > 1", True),
        ("query alert", 'formula("query1").rollup("sum").last("5m") > 124', False),
        ("query alert", " formula( 'a / b' ).last('5m') > 1", False),
        ("metric alert", '"http.can_connect".over("*").last(2).count_by_status()', False),
        ("log alert", "avg(last_5m):x{*} > 1", False),
        ("query alert", "nonsense", True),
    ],
)
def test_only_classic_metric_queries_are_for_this_parser(kind: str, text: str, expected: bool) -> None:
    assert is_metric_query(kind, text) is expected
