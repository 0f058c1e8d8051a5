"""One text for one meaning, in every form that is not a metric query; and the nodes as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.errors import QueryError
from dd_sync.query.alerts import (
    BurnRate,
    CompositeAlert,
    Condition,
    Conjunction,
    Disjunction,
    ErrorBudget,
    EventAlert,
    FormulaAlert,
    MonitorId,
    MonitorKey,
    Negation,
    NoQuery,
    ProcessAlert,
    Query,
    Rollup,
    ServiceCheck,
)
from dd_sync.query.canonical import render
from dd_sync.query.canonical_alerts import render_search
from dd_sync.query.json_text import json_text
from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Everything,
    Expression,
    Keyword,
    Negative,
    Not,
    Number,
    Scope,
    Tag,
    Text,
    Variable,
    Window,
)
from dd_sync.query.queries import parse_query
from dd_sync.query.quoting import quoted, unquoted
from dd_sync.query.search_nodes import AllOf, AnyOf, Compared, Empty, Facet, Phrase, Range, Without, Word

CORPUS = [
    line
    for line in (Path(__file__).parent / "corpus_alerts.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]

finite = st.floats(allow_nan=False, allow_infinity=False)
thresholds = finite | st.none()
comparators = st.sampled_from([">", ">=", "<", "<=", "==", "!="])
names = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)
facets = st.from_regex(r"@?[a-z_][\w.-]{0,6}", fullmatch=True)
texts = st.text("ab \\\"'.:é", max_size=6)
counts = st.integers(1, 2880)
spans = st.builds(Window, st.just("last"), counts, st.sampled_from(["m", "h", "d", "w", "mo"]))
windows = spans | st.builds(Window, st.just("current"), counts, st.just("h"))
keys = st.lists(facets, max_size=3).map(tuple)
rollups = st.none() | st.builds(Rollup, st.sampled_from(["count", "avg", "pc95"]), st.none() | texts)
searches = st.sampled_from(
    [
        Empty(),
        Word("*"),
        Word("a\\:b"),
        Phrase('say \\"no\\"'),
        Without(Facet("@a", Range("1", "5", False))),
        AllOf((Facet("service", Word("web")), AnyOf((Phrase("it's"), Facet("@b", Compared(">=", "5")))))),
    ]
)

tags: st.SearchStrategy[Scope] = st.just(Everything()) | st.builds(
    Tag, st.from_regex(r"[a-z][\w.-]{0,4}", fullmatch=True), st.none() | st.sampled_from(["", "x:y", "w-*"])
)
signed = tags | st.builds(Not, tags)
scope_lists = st.lists(
    signed | st.lists(signed, min_size=2, max_size=3).map(lambda items: And(tuple(items))), max_size=2
).map(tuple)

checks = st.builds(
    ServiceCheck, texts, scope_lists, scope_lists, keys, st.integers(1, 100), st.just("count_by_status")
) | st.builds(ServiceCheck, texts, scope_lists, scope_lists, keys, st.none(), st.just("pct_by_status"))
events = st.builds(
    EventAlert,
    st.sampled_from(["logs", "rum", "error-tracking", "quanta"]),
    searches,
    windows,
    comparators,
    thresholds,
    indexes=st.lists(texts, max_size=2).map(tuple),
    issue_source=st.none() | texts,
    issues=st.sampled_from([None, "new", "impact"]),
    rollup=rollups,
    by=keys,
)
processes = st.builds(
    ProcessAlert, searches, spans, comparators, thresholds, over=scope_lists, by=keys, rollup=rollups
)
leaves = st.builds(Variable, names) | st.builds(Number, finite)
words = st.builds(Text, st.sampled_from(["avg", "it's", 'a "b"', ""]))
expressions: st.SearchStrategy[Expression] = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner)
        | st.builds(Negative, inner.filter(lambda node: not isinstance(node, Number)))
        | st.builds(Call, st.sampled_from(["abs", "zzz"]), st.lists(inner | words, min_size=1).map(tuple))
    ),
    max_leaves=5,
)
arguments = st.builds(Text, texts) | st.builds(Number, finite)
algorithms = st.builds(
    Call,
    st.sampled_from(["anomaly", "change", "forecast"]),
    st.lists(arguments, max_size=2).map(tuple),
    st.lists(st.builds(Keyword, names, arguments), max_size=2).map(tuple),
)
formulas = st.builds(
    FormulaAlert,
    expressions,
    windows,
    comparators,
    thresholds,
    rollup=rollups,
    by=keys,
    algorithm=st.none() | algorithms,
)
budgets = st.builds(ErrorBudget, texts, spans, comparators, thresholds)
burn_rates = st.builds(BurnRate, texts, spans, spans, spans, comparators, thresholds)


def _joined(kind: type[Conjunction] | type[Disjunction], items: list[Condition]) -> Condition:
    flat: list[Condition] = []
    for item in items:
        flat.extend(item.items if isinstance(item, kind) else (item,))
    return kind(tuple(flat))


conditions: st.SearchStrategy[Condition] = st.recursive(
    st.builds(MonitorId, st.integers(0, 10**12)) | st.builds(MonitorKey, names),
    lambda inner: (
        st.builds(Negation, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: _joined(Conjunction, items))
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: _joined(Disjunction, items))
    ),
    max_leaves=6,
)
composites = st.builds(CompositeAlert, conditions)
queries: st.SearchStrategy[Query] = (
    checks | events | processes | formulas | budgets | burn_rates | composites | st.just(NoQuery())
)


@settings(max_examples=200)
@given(queries)
def test_the_rendered_text_means_the_same_nodes(query: Query) -> None:
    text = render(query)
    assert parse_query(None, text) == query
    assert render(parse_query(None, text)) == text


@settings(max_examples=100)
@given(st.text("ab\\\"'", max_size=8))
def test_quoting_loses_nothing(text: str) -> None:
    assert unquoted(quoted(text)) == text


@pytest.mark.parametrize("text", CORPUS)
def test_a_query_of_this_shape_is_read_and_has_one_text(text: str) -> None:
    query = parse_query(None, text)
    canonical = render(query)
    assert parse_query(None, canonical) == query
    assert render(parse_query(None, canonical)) == canonical


def test_an_alert_in_a_group_is_written_in_its_parentheses() -> None:
    assert render_search(Facet("a", Empty())) == "a:()"
    assert render_search(Without(Word("-b"))) == "-(-b)"


PIECES = r"""logs( formula( "a" 'b' " ' ( ) . , = > 1 5m .last("5m") .by("x") .rollup("count") processes(
no_query error_budget( && || ! ${monitor:a} .count_by_status() .over( \ - :"""


def _read_or_none(type: str | None, text: str) -> Query | None:
    try:
        return parse_query(type, text)
    except QueryError as error:
        _is_within(error, text)
        return None


def _is_within(error: QueryError, text: str) -> None:
    lines = text.split("\n")
    assert 1 <= error.place.line <= len(lines)
    assert 1 <= error.place.column <= len(lines[error.place.line - 1]) + 1


@settings(max_examples=300)
@given(
    st.sampled_from(
        [None, "log alert", "composite", "service check", "slo alert", "cost alert", "query alert"]
    ),
    st.lists(st.sampled_from([*PIECES.split(), " ", "\n", "\x00"]), max_size=12).map("".join)
    | st.text(max_size=30),
)
def test_no_text_raises_anything_but_a_query_error_within_the_text(type: str | None, text: str) -> None:
    for query in (text, f'logs("{text}").last("5m") > 1', f'"a"{text}', f'formula("{text}").last("5m") > 1'):
        found = _read_or_none(type, query)
        if found is not None:
            assert parse_query(None, render(found)) == found


# --- JSON ------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(queries)
def test_json_holds_every_field_of_every_node(query: Query) -> None:
    text = json_text(query)
    assert text.isascii()
    assert json.loads(text) == _expected(query)


def _expected(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_expected(item) for item in value]
    if isinstance(value, get_args(Query | Expression | Condition | Scope) + OTHER_NODES):
        names = type(value).__match_args__
        return {"node": type(value).__name__, **{name: _expected(getattr(value, name)) for name in names}}
    return value


OTHER_NODES = (Rollup, Window, Keyword, Empty, Word, Phrase, Without, Facet, Range, AllOf, AnyOf, Compared)


def test_json_reads_like_the_query() -> None:
    text = 'logs("service:web").rollup("count").by("host").last("5m") > 10'
    assert json.loads(json_text(parse_query("log alert", text))) == {
        "node": "EventAlert",
        "source": "logs",
        "search": {"node": "Facet", "key": "service", "value": {"node": "Word", "text": "web"}},
        "window": {"node": "Window", "kind": "last", "count": 5, "unit": "m"},
        "comparator": ">",
        "threshold": 10.0,
        "indexes": [],
        "issue_source": None,
        "issues": None,
        "rollup": {"node": "Rollup", "method": "count", "measure": None},
        "by": ["host"],
    }
