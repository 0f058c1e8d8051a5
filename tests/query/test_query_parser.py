"""What is read from a metric monitor's query, and what is refused where."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dd_sync.errors import Place, QueryError
from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Change,
    Everything,
    Keyword,
    Metric,
    MetricAlert,
    Modifier,
    Negative,
    Node,
    Not,
    Number,
    Tag,
    Text,
    TimeAggregation,
    Window,
)
from dd_sync.query.parser import parse


def expression(text: str) -> object:
    return parse(f"avg(last_5m):{text} > 1").expression


def refusal(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    return caught.value


def test_a_rate_guard_is_read_into_every_one_of_its_parts() -> None:
    text = "sum(last_1h):sum:streams.created{env:prod,!tenant:load-test} by {tenant}.as_count() > 500"
    assert parse(text) == MetricAlert(
        aggregation=TimeAggregation("sum", Window("last", 1, "h")),
        expression=Metric(
            "sum",
            "streams.created",
            And((Tag("env", "prod"), Not(Tag("tenant", "load-test")))),
            by=("tenant",),
            modifiers=(Modifier("as_count"),),
        ),
        comparator=">",
        threshold=500.0,
    )


@pytest.mark.parametrize(
    ("text", "kind", "length"),
    [
        ("last_5m", "last", timedelta(minutes=5)),
        ("last_168h", "last", timedelta(days=7)),
        ("last_2d", "last", timedelta(days=2)),
        ("last_1w", "last", timedelta(weeks=1)),
        ("last_1mo", "last", timedelta(days=30)),
        ("current_1h", "current", timedelta(hours=1)),
        ("current_1d", "current", timedelta(days=1)),
        ("current_1mo", "current", timedelta(days=30)),
        ("next_2w", "next", timedelta(weeks=2)),
    ],
)
def test_every_form_of_window_is_read(text: str, kind: str, length: timedelta) -> None:
    window = parse(f"avg({text}):avg:x{{*}} > 1").aggregation.window
    assert (window.kind, window.length) == (kind, length)


@pytest.mark.parametrize("method", ["avg", "sum", "min", "max", "last", "percentile", "p95", "p99.9"])
def test_every_time_aggregation_is_read(method: str) -> None:
    assert parse(f"{method}(last_5m):x{{*}} > 1").aggregation.method == method


@pytest.mark.parametrize("shift", ["last_1h", "1h_ago"])
@pytest.mark.parametrize("kind", ["change", "pct_change"])
def test_a_change_alert_is_read_with_both_ways_to_write_its_shift(
    kind: Literal["change", "pct_change"], shift: str
) -> None:
    read = parse(f"{kind}(min(last_5m),{shift}):avg:x{{*}} < -20").aggregation
    assert (read.method, read.window.count) == ("min", 5)
    assert read.change == Change(kind, Window("last", 1, "h"))


@pytest.mark.parametrize("comparator", [">", ">=", "<", "<=", "==", "!="])
def test_every_comparator_is_read(comparator: str) -> None:
    assert parse(f"avg(last_5m):x{{*}}{comparator}1").comparator == comparator


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("-20", -20.0),
        ("+3", 3.0),
        ("- 4", -4.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("2.5E-4", 0.00025),
        ("-1.5e+2", -150.0),
    ],
)
def test_every_way_to_write_a_threshold_is_read(text: str, value: float) -> None:
    assert parse(f"avg(last_5m):x{{*}} > {text}").threshold == value


def test_the_word_threshold_stands_for_a_query_of_its_own() -> None:
    assert parse("avg(last_5m):x{*} > threshold").threshold is None


@pytest.mark.parametrize("name", ["avg", "sum", "min", "max", "count", "p50", "p75", "p99", "p99.9"])
def test_every_space_aggregation_is_read(name: str) -> None:
    assert expression(f"{name}:x.y{{*}}") == Metric(name, "x.y", Everything())


def test_a_metric_may_have_no_space_aggregation() -> None:
    assert expression("x.y_z{*}") == Metric(None, "x.y_z", Everything())


@pytest.mark.parametrize(
    "text",
    [
        "avg:x{a:b} by {c,d}.as_count()",
        "avg:x{a:b}by {c,d}.as_count()",
        "avg:x{a:b} by{ c , d } .as_count( )",
        "avg : x { a:b } BY {c,d}\n  .as_count()",
        "  avg:x{a:b}\n\tby\n{c,\nd}.as_count()  ",
    ],
)
def test_spacing_has_no_meaning(text: str) -> None:
    assert expression(text) == Metric("avg", "x", Tag("a", "b"), ("c", "d"), (Modifier("as_count"),))


@pytest.mark.parametrize(
    ("text", "modifier"),
    [
        (".as_rate()", Modifier("as_rate")),
        (".weighted()", Modifier("weighted")),
        (".rollup(sum, 300)", Modifier("rollup", ("sum", 300.0))),
        (".rollup(60)", Modifier("rollup", (60.0,))),
        (".rollup('avg', 'daily')", Modifier("rollup", ("avg", "daily"))),
        (".fill(zero)", Modifier("fill", ("zero",))),
        (".fill(last, -1)", Modifier("fill", ("last", -1.0))),
    ],
)
def test_every_modifier_is_read(text: str, modifier: Modifier) -> None:
    assert expression("x{*}" + text) == Metric(None, "x", Everything(), (), (modifier,))


def test_modifiers_keep_their_order() -> None:
    read = expression("x{*}.as_count().fill(zero, 0).rollup(sum, 300)")
    assert isinstance(read, Metric)
    assert [modifier.name for modifier in read.modifiers] == ["as_count", "fill", "rollup"]
    assert read.has("fill")
    assert not read.has("as_rate")


A, B, C = (Metric(None, name, Everything()) for name in "abc")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a{*} + b{*} * c{*}", Binary("+", A, Binary("*", B, C))),
        ("(a{*} + b{*}) * c{*}", Binary("*", Binary("+", A, B), C)),
        ("a{*} - b{*} - c{*}", Binary("-", Binary("-", A, B), C)),
        ("a{*}/b{*}*c{*}", Binary("*", Binary("/", A, B), C)),
        ("-a{*} * b{*}", Binary("*", Negative(A), B)),
        ("a{*} - -3", Binary("-", A, Number(-3.0))),
        ("-(a{*} + 1)", Negative(Binary("+", A, Number(1.0)))),
        ("--2", Number(2.0)),
        ("100 * a{*}", Binary("*", Number(100.0), A)),
        ("((a{*}))", A),
    ],
)
def test_arithmetic_groups_as_in_school(text: str, tree: object) -> None:
    assert expression(text) == tree


def test_functions_nest_and_take_words_in_any_quoting() -> None:
    read = expression("anomalies(abs(a{*}), 'basic', 2, direction=\"above\", kind=agile, interval=-60)")
    keywords = (
        Keyword("direction", Text("above")),
        Keyword("kind", Text("agile")),
        Keyword("interval", Number(-60.0)),
    )
    assert read == Call("anomalies", (Call("abs", (A,)), Text("basic"), Number(2.0)), keywords)


def test_a_bare_word_is_a_text_argument() -> None:
    assert expression("top(a{*}, 10, max, desc)") == Call("top", (A, Number(10.0), Text("max"), Text("desc")))


def test_a_function_may_have_modifiers() -> None:
    read = expression("abs(a{*}).rollup(sum, 60)")
    assert read == Call("abs", (A,), (), (Modifier("rollup", ("sum", 60.0)),))


def test_a_function_that_is_not_known_and_like_no_other_is_left_to_datadog() -> None:
    assert expression("zzz_transform(a{*})") == Call("zzz_transform", (A,))


def test_spans_cut_each_node_out_of_the_text() -> None:
    text = "avg(last_5m):\n  abs(avg:a{env:prod} by {host}.as_count()) + 10 > 1"
    alert = parse(text)

    def cut(node: Node) -> str:
        return text[slice(*node.span)]

    total = alert.expression
    assert isinstance(total, Binary)
    assert isinstance(total.left, Call)
    metric = total.left.arguments[0]
    assert isinstance(metric, Metric)
    assert cut(alert) == text
    assert cut(alert.aggregation) == "avg(last_5m)"
    assert cut(alert.aggregation.window) == "last_5m"
    assert cut(total) == "abs(avg:a{env:prod} by {host}.as_count()) + 10"
    assert cut(metric) == "avg:a{env:prod} by {host}.as_count()"
    assert cut(metric.scope) == "env:prod"
    assert cut(metric.modifiers[0]) == ".as_count()"
    assert cut(total.right) == "10"


@pytest.mark.parametrize(
    ("text", "column", "problem", "hint"),
    [
        ("", 1, "expected a time aggregation", "begin with the evaluation window"),
        ("avg:x{*} > 1", 1, "expected a time aggregation", "begin with the evaluation window"),
        ("mean(last_5m):x{*} > 1", 1, "unknown time aggregation 'mean'", "use avg, sum, min, max, last,"),
        ("agv(last_5m):x{*} > 1", 1, "unknown time aggregation 'agv'", "did you mean avg?"),
        ("pct_chagne(avg(last_5m),last_1h):x{*} > 1", 1, "unknown time aggr", "did you mean pct_change?"),
        ("change(avg last_5m,last_1h):x{*} > 1", 12, "expected '('", "avg(last_5m)"),
        ("change(avg(last_5m)):x{*} > 1", 20, "expected ','", "what to compare with"),
        ("change(avg(last_5m),current_1d):x{*} > 1", 21, "cannot be compared with", "1h_ago"),
        ("change(avg(last_5m),0h_ago):x{*} > 1", 21, "is not a span of time", "1h_ago"),
        ("avg(last5m):x{*} > 1", 5, "'last5m' is not an evaluation window", "last_5m"),
        ("avg(last_0m):x{*} > 1", 5, "is not an evaluation window", "last_5m"),
        ("avg(last_5s):x{*} > 1", 5, "is not an evaluation window", "last_5m"),
        ("avg(last_99999999m):x{*} > 1", 5, "is not an evaluation window", "last_5m"),
        ("avg(last_5m:x{*} > 1", 12, "expected ')'", "close the parenthesis"),
        ("avg(last_5m)x{*} > 1", 13, "expected ':'", "a colon follows"),
        ("avg(last_5m): > 1", 15, "expected a metric, a function or a number", "avg:cpu{env:prod}"),
        ("avg(last_5m):x > 1", 16, "expected the scope of x", "x{*} for everything"),
        ("avg(last_5m):x{a:b > 1", 15, "the brace is not closed", "add the missing }"),
        ("avg(last_5m):x{} > 1", 15, "the scope is empty", "write * for everything"),
        ("avg(last_5m):x{*} by host > 1", 22, "expected the grouping in braces", "by {tenant}"),
        ("avg(last_5m):x{*} by {} > 1", 22, "not a list of tag keys", "by {tenant,env}"),
        ("avg(last_5m):x{*} by {a b} > 1", 22, "not a list of tag keys", "by {tenant,env}"),
        ("avg(last_5m):x{*}.as_count() by {a} > 1", 30, "expected a comparator", "right after the scope"),
        ("avg(last_5m):x{*}.as_cont() > 1", 19, "unknown modifier 'as_cont'", "did you mean as_count?"),
        ("avg(last_5m):x{*}.as_count > 1", 28, "expected '('", ".as_count() with its parentheses"),
        ("avg(last_5m):x{*}.rollup(sum 60) > 1", 30, "expected ')'", "separated by commas"),
        ("avg(last_5m):x{*}.rollup(*) > 1", 26, "expected a word or a number", ".rollup(sum, 60)"),
        ("avg(last_5m):av:x{*} > 1", 14, "unknown aggregation 'av'", "did you mean avg?"),
        ("avg(last_5m):p100:x{*} > 1", 14, "unknown aggregation 'p100'", "use avg, sum"),
        ("avg(last_5m):avg:{*} > 1", 18, "expected the metric's name", "letters, digits"),
        ("avg(last_5m):x{*},y{*} > 1", 18, "expected a comparator", "a monitor has one expression"),
        ("avg(last_5m):x{*}) > 1", 18, "expected a comparator", "no parenthesis is open"),
        ("avg(last_5m):(x{*}).as_count() > 1", 20, "expected a comparator", "a modifier follows a metric"),
        ("avg(last_5m):x{*}", 18, "expected a comparator, not the end", "> 90"),
        ("avg(last_5m):x{*} = 1", 19, "expected a comparator", "use >, >="),
        ("avg(last_5m):x{*} >== 1", 19, "'>==' is no comparator", "use >, >="),
        ("avg(last_5m):x{*} >", 20, "expected the threshold", "> 90"),
        ("avg(last_5m):x{*} > 5ms", 21, "'5ms' is not a number", "plain number"),
        ("avg(last_5m):x{*} > 1e999", 21, "too large", "1.8e308"),
        ("avg(last_5m):x{*} > 5 %", 23, "unexpected '%' after the threshold", "ends the query"),
        ("avg(last_5m):x{*} > 5 by {a}", 23, "unexpected 'by' after the threshold", "right after the scope"),
        ("avg(last_5m):count(v: v>y):x{*} > 1", 25, "expected a number", "count(v: v>0.5)"),
        ("avg(last_5m):count(v: v>1 > 1", 19, "the parenthesis is not closed", "missing )"),
        ("avg(last_5m):count(v: v>1) > 1", 28, "expected ':', not '>'", "colon and the metric"),
        ("avg(last_5m):count(v: w>1):x{*} > 1", 20, "unknown aggregation 'v'", "use avg, sum"),
        ("avg(last_5m):(x{*} > 1", 14, "the parenthesis is not closed", "add the missing )"),
        ("avg(last_5m):abs(x{*}", 17, "the parenthesis is not closed", "add the missing )"),
        ("avg(last_5m):abs(x{*} y{*}) > 1", 23, "expected ')'", "separated by commas"),
        ("avg(last_5m):abs() > 1", 18, "expected a metric, a function or a number", "avg:cpu"),
        ("avg(last_5m):top(x{*}, 'max) > 1", 24, "the quote is not closed", "add the missing quote"),
        ("avg(last_5m):anomlies(x{*}) > 1", 14, "unknown function 'anomlies'", "did you mean anomalies?"),
        ("avg(last_5m):x{*} % 2 > 1", 19, "expected a comparator", "> 90"),
    ],
)
def test_a_mistake_is_shown_where_it_is_with_what_to_do(
    text: str, column: int, problem: str, hint: str
) -> None:
    error = refusal(text)
    assert problem in error.problem
    assert hint in error.hint
    assert (error.place.file, error.place.line, error.place.column) == ("query", 1, column)


def test_a_place_counts_lines_and_never_leaves_its_own() -> None:
    place = refusal("avg(last_5m):\n  avg:x{*,\n  } > 1").place
    assert (place.line, place.column, place.length) == (3, 3, 1)
    assert refusal("avg(last_5m):\n mean:x{*} > 1").place.length == 4


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "avg(last_5m):" + "(" * 90_000,
        "avg(last_5m):" + "-" * 90_000,
        "avg(last_5m):" + "abs(" * 20_000,
        "avg(last_5m):x{" + "(" * 90_000 + "} > 1",
        "avg(last_5m):x{" + "!" * 90_000 + "} > 1",
        "avg(last_5m):" + "{" * 90_000,
        "avg(last_5m):" + 'x{a:"b' * 15_000,
        "avg(last_5m):x{" + "a:(" * 30_000 + "} > 1",
        "avg(last_5m):x{*}" + " + x{*}" * 10_000 + " > 1",
        "avg(last_5m):x{*} > " + "9" * 90_000,
        "avg(last_5m):x{*} > 9" + "m" * 90_000,
        "avg(last_5m):" + "x" * 90_000,
        "avg(last_5m):" + "abz" * 30_000 + ":x{*} > 1",
        "avg(last_5m):x{" + "a" * 90_000 + " NOT x} > 1",
    ],
)
def test_hostile_text_is_refused_in_few_words(text: str) -> None:
    error = refusal(text)
    assert error.hint
    assert len(error.problem) + len(error.hint) < 250


def test_nesting_and_operators_are_allowed_as_far_as_anybody_needs_them() -> None:
    deep = "(" * 60 + "x{*}" + ")" * 60
    assert expression(deep) == Metric(None, "x", Everything())
    assert isinstance(expression(" + ".join(["x{*}"] * 250)), Binary)


PIECES = (
    r"""avg sum(last_5m): x {*} {a:b} { } ( ) , . rollup by - ' " = > 1 1h_ago e9 AND NOT IN ! * é change("""
)


def place_of_refusal(query: str) -> Place | None:
    try:
        parse(query)
    except QueryError as error:
        return error.place
    return None


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([*PIECES.split(), " ", "\n", "\x00"]), max_size=20).map("".join)
    | st.text(max_size=40)
)
@example("avg(last_5m):x{a IN (")
def test_no_text_raises_anything_but_a_query_error_within_the_text(text: str) -> None:
    for query in (text, "avg(last_5m):" + text, f"avg(last_5m):x{{{text}}} > 1"):
        place = place_of_refusal(query)
        if place is not None:
            lines = query.split("\n")
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1


def test_a_negated_tag_is_not_the_tag() -> None:
    assert expression("x{!a:b}") == Metric(None, "x", Not(Tag("a", "b")))
