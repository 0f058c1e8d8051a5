"""One text for one meaning."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.query.canonical import render, render_expression, render_number, render_scope
from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Change,
    Everything,
    Expression,
    In,
    Keyword,
    Metric,
    MetricAlert,
    Modifier,
    Negative,
    Not,
    Number,
    Or,
    Scope,
    Tag,
    Text,
    TimeAggregation,
    Window,
)
from dd_sync.query.parser import parse
from dd_sync.query.tools import parse_scope

OPERATORS = {"and", "or", "not", "in"}

names = st.from_regex(r"[a-z][a-z0-9_]{0,5}(\.[a-z0-9_]{1,4}){0,2}", fullmatch=True)
tag_keys = st.from_regex(r"[a-zA-Z_@$][\w./-]{0,6}", fullmatch=True).filter(
    lambda k: k.lower() not in OPERATORS
)
tag_values = st.from_regex(r"[a-z0-9_*@$][a-z0-9_.:/*@+%\[\]-]{0,6}", fullmatch=True)
plain_values = tag_values.filter(lambda v: ":" not in v)
tags = st.builds(Tag, tag_keys, tag_values | st.just("") | st.none())


def _joined(kind: type[And] | type[Or], items: list[Scope]) -> Scope:
    flat: list[Scope] = []
    for item in items:
        flat.extend(item.items if isinstance(item, kind) else (item,))
    return kind(tuple(flat))


leaves = (
    st.just(Everything())
    | tags
    | st.builds(In, tag_keys, st.lists(plain_values, min_size=1, max_size=3).map(tuple))
)
scopes: st.SearchStrategy[Scope] = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: _joined(And, items))
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: _joined(Or, items))
    ),
    max_leaves=6,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.sampled_from(["sum", "avg", "zero", "America/New_York", "9 am", "it's", ""])
modifiers = st.lists(
    st.builds(
        Modifier,
        st.sampled_from(["as_count", "as_rate", "rollup", "fill", "weighted"]),
        st.lists(words | finite, max_size=2).map(tuple),
    ),
    max_size=2,
).map(tuple)
metrics = st.builds(
    Metric,
    st.sampled_from([None, "avg", "sum", "min", "max", "count", "p95", "p99.9", "count(v: v<=-1e-07)"]),
    names,
    scopes,
    st.lists(tag_keys, max_size=2).map(tuple),
    modifiers,
)
numbers = st.builds(Number, finite)
texts = st.builds(Text, st.sampled_from(["basic", "above", "", "it's", 'a "b"', "60m", "a,b)"]))
keywords = st.lists(
    st.builds(Keyword, names.filter(lambda n: "." not in n), texts | numbers), max_size=2
).map(tuple)


def _compound(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return (
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner)
        | st.builds(Negative, inner.filter(lambda node: not isinstance(node, Number)))
        | st.builds(
            Call,
            st.sampled_from(["abs", "top", "anomalies", "day_before", "zzz"]),
            st.lists(inner | texts, min_size=1, max_size=2).map(tuple),
            keywords,
            modifiers,
        )
    )


expressions: st.SearchStrategy[Expression] = st.recursive(metrics | numbers, _compound, max_leaves=6)
counts = st.integers(1, 10080)
units = st.sampled_from(["m", "h", "d", "w", "mo"])
windows = st.builds(Window, st.sampled_from(["last", "current", "next"]), counts, units)
aggregations = st.builds(
    TimeAggregation,
    st.sampled_from(["avg", "sum", "min", "max", "last", "percentile"]),
    windows,
    st.none()
    | st.builds(
        Change, st.sampled_from(["change", "pct_change"]), st.builds(Window, st.just("last"), counts, units)
    ),
)
comparators = st.sampled_from([">", ">=", "<", "<=", "==", "!="])
alerts = st.builds(MetricAlert, aggregations, expressions, comparators, finite | st.none())


@settings(max_examples=100)
@given(alerts)
def test_the_rendered_text_means_the_same_nodes(alert: MetricAlert) -> None:
    text = render(alert)
    assert parse(text) == alert
    assert render(parse(text)) == text


@settings(max_examples=100)
@given(scopes)
def test_the_rendered_scope_means_the_same_scope(scope: Scope) -> None:
    assert parse_scope(render_scope(scope)) == scope


@settings(max_examples=50)
@given(alerts, st.sampled_from([" ", "\n", "\t "]))
def test_white_space_between_tokens_changes_nothing(alert: MetricAlert, space: str) -> None:
    text = render(alert)
    spaced = text.replace(" ", space) if "'" not in text and '"' not in text else text
    assert parse(space + spaced + space) == alert


@settings(max_examples=100)
@given(finite)
def test_a_number_loses_nothing(value: float) -> None:
    assert float(render_number(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20.0, "20"),
        (0.5, "0.5"),
        (-3.0, "-3"),
        (1e-07, "1e-07"),
        (1e21, "1e+21"),
        (-0.0, "0"),
        (1e14, "1" + "0" * 14),
    ],
)
def test_a_number_is_as_short_as_can_be(value: float, text: str) -> None:
    assert render_number(value) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (
            " sum( last_1h ) : sum:streams.created{ env:prod, !tenant:load-test }by{tenant}.as_count( )>500 ",
            "sum(last_1h):sum:streams.created{env:prod,!tenant:load-test} by {tenant}.as_count() > 500",
        ),
        ("change(avg(last_5m),1h_ago):x{*} >= 1e0", "change(avg(last_5m),last_1h):x{*} >= 1"),
        ("avg(last_5m):((a{*})-(b{*}-c{*}))*(2) > 1", "avg(last_5m):(a{*} - (b{*} - c{*})) * 2 > 1"),
        ("avg(last_5m):a{*}/(b{*}/c{*}) > 1", "avg(last_5m):a{*} / (b{*} / c{*}) > 1"),
        ("avg(last_5m):-(a{*}+b{*}) > -1", "avg(last_5m):-(a{*} + b{*}) > -1"),
        (
            'avg(last_4h):anomalies(avg:x{*},"agile",2,direction="both") >= 1',
            "avg(last_4h):anomalies(avg:x{*}, 'agile', 2, direction='both') >= 1",
        ),
        ("avg(last_5m):x{*}.rollup('sum',60.0) > 1", "avg(last_5m):x{*}.rollup(sum, 60) > 1"),
        ("avg(last_5m):x{*}.rollup(sum,'9 am') > 1", "avg(last_5m):x{*}.rollup(sum, '9 am') > 1"),
        ("avg(last_5m):x{*} < threshold", "avg(last_5m):x{*} < threshold"),
    ],
)
def test_ways_to_write_a_query_have_one_canonical_text(text: str, canonical: str) -> None:
    assert render(parse(text)) == canonical
    assert render(parse(canonical)) == canonical


def test_an_expression_renders_alone() -> None:
    assert render_expression(parse("avg(last_5m):a{*}  *2 > 1").expression) == "a{*} * 2"
