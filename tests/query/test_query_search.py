"""The search language: what is read, what is kept, and the little that is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.errors import QueryError
from dd_sync.query.canonical_alerts import render_search
from dd_sync.query.nodes import Node
from dd_sync.query.search import parse_search
from dd_sync.query.search_nodes import (
    AllOf,
    AnyOf,
    Cidr,
    Compared,
    Empty,
    Facet,
    Phrase,
    Range,
    Search,
    Without,
    Word,
)

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Empty()),
        ("  ", Empty()),
        ("*", Word("*")),
        ("timeout", Word("timeout")),
        ("service:web", Facet("service", Word("web"))),
        ("@http.url:/orders/*", Facet("@http.url", Word("/orders/*"))),
        ("tags:env:prod", Facet("tags", Word("env:prod"))),
        ("*:refused", Facet("*", Word("refused"))),
        ("service:", Facet("service", Word(""))),
        ("@a:-5", Facet("@a", Word("-5"))),
        (r"@my\ key:hello\:world", Facet(r"@my\ key", Word(r"hello\:world"))),
        (r"C:\dir\ ", Facet("C", Word(r"\dir\ "))),
        ("trailing\\", Word("trailing\\")),
        ('"connection reset"', Phrase("connection reset")),
        (r'"say \"no\""', Phrase(r"say \"no\"")),
        ('@error:"not found"', Facet("@error", Phrase("not found"))),
        ('@error:*"not found"*', Facet("@error", Word('*"not found"*'))),
        ('@a:"b"c', Facet("@a", Word('"b"c'))),
        ("@status:>=500", Facet("@status", Compared(">=", "500"))),
        ("@status:< 500", Facet("@status", Compared("<", "500"))),
        ("@build:<$VERSION", Facet("@build", Compared("<", "$VERSION"))),
        ("@build:<", Facet("@build", Word("<"))),
        ("@status:[400 TO 499]", Facet("@status", Range("400", "499"))),
        ("@status:{400 TO *}", Facet("@status", Range("400", "*", False, False))),
        ("@status:[ 400 TO 499 }", Facet("@status", Range("400", "499", True, False))),
        ('@day:["1 May" TO "2 May"]', Facet("@day", Range('"1 May"', '"2 May"'))),
        ("@list:[a]", Facet("@list", Word("[a]"))),
        ("@list:{{name}}", Facet("@list", Word("{{name}}"))),
        ("[web] started", AllOf((Word("[web]"), Word("started")))),
        ("CIDR(@ip,10.0.0.0/8, 172.16.0.0/12)", Cidr("@ip", ("10.0.0.0/8", "172.16.0.0/12"))),
        ("a b AND c", AllOf((A, B, C))),
        ("a && b || c", AnyOf((AllOf((A, B)), C))),
        ("a OR (b OR c)", AnyOf((A, B, C))),
        ("(a b) c", AllOf((A, B, C))),
        ("a and b", AllOf((A, Word("and"), B))),
        ("-a", Without(A)),
        ("!a", Without(A)),
        ("NOT a", Without(A)),
        ("-(a OR b)", Without(AnyOf((A, B)))),
        ("a - b", AllOf((A, Word("-"), B))),
        ("web-1 --flag", AllOf((Word("web-1"), Word("--flag")))),
        ("status:(a OR -b)", Facet("status", AnyOf((A, Without(B))))),
        ("status:()", Facet("status", Empty())),
        ("-status:(a)", Without(Facet("status", A))),
    ],
)
def test_every_term_and_operator_is_read(text: str, found: Search) -> None:
    assert parse_search(text) == found


@pytest.mark.parametrize("text", ["a AND", "AND a", "a OR", "OR OR a", "a NOT", "() a", "a -()", "(a OR)"])
def test_an_operator_without_a_term_says_nothing(text: str) -> None:
    assert parse_search(text) == A


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ('a "b c', 3, "the quote is not closed"),
        ('@a:"b c', 4, "the quote is not closed"),
        ("a (b OR c", 3, "the parenthesis is not closed"),
        ("status:(a", 8, "the parenthesis is not closed"),
        ("a) b", 2, "unexpected ')'"),
        ("@a:[1 TO 5", 4, "the range is not closed"),
        ("@a:{1 TO 5", 4, "the range is not closed"),
        ("(" * 65, 65, "nested more than 64 levels"),
        ("NOT " * 65 + "a", 257, "nested more than 64 levels"),
    ],
)
def test_what_no_reading_can_mend_is_refused_at_its_place(text: str, column: int, problem: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_search(text)
    assert problem in caught.value.problem
    assert caught.value.hint
    assert caught.value.place.column == column


def test_spans_cut_each_node_out_of_the_text() -> None:
    text = 'service:web -(@a:[1 TO 5] OR "b c")'
    found = parse_search(text)

    def cut(node: Node) -> str:
        return text[slice(*node.span)]

    assert isinstance(found, AllOf)
    service, without = found.items
    assert isinstance(service, Facet)
    assert isinstance(without, Without)
    assert isinstance(without.item, AnyOf)
    assert (cut(found), cut(service), cut(service.value)) == (text, "service:web", "web")
    assert cut(without) == '-(@a:[1 TO 5] OR "b c")'
    assert [cut(item) for item in without.item.items] == ["@a:[1 TO 5]", '"b c"']


words = st.from_regex(r"[\w.*?/@$=+,%'#][\w.*?/@$=+,%'#\[\]-]{0,5}", fullmatch=True).filter(
    lambda word: word not in {"AND", "OR", "NOT", "CIDR"}
)
keys = st.from_regex(r"@?[a-zA-Z_*][\w.-]{0,6}", fullmatch=True)
phrases = st.builds(Phrase, st.text("ab :(){}[]-'", max_size=6))
plain_values = (
    st.builds(Word, words)
    | phrases
    | st.builds(Range, st.sampled_from(["1", "*", '"a b"']), st.sampled_from(["5", "*"]), st.booleans())
    | st.builds(Compared, st.sampled_from([">", ">=", "<", "<="]), st.sampled_from(["5", "-1.5", "$X"]))
)
terms = (
    st.builds(Word, words)
    | phrases
    | st.builds(Facet, keys, plain_values)
    | st.just(Cidr("@ip", ("10.0.0.0/8", "172.16.0.0/12")))
)


def _joined(kind: type[AllOf] | type[AnyOf], items: list[Search]) -> Search:
    flat: list[Search] = []
    for item in items:
        flat.extend(item.items if isinstance(item, kind) else (item,))
    return kind(tuple(flat))


def _compound(inner: st.SearchStrategy[Search]) -> st.SearchStrategy[Search]:
    several = st.lists(inner, min_size=2, max_size=3)
    # A range or a comparison stands right after its key, never in parentheses.
    grouped = inner.filter(lambda node: not isinstance(node, Word | Phrase))
    return (
        st.builds(Without, inner)
        | several.map(lambda items: _joined(AllOf, items))
        | several.map(lambda items: _joined(AnyOf, items))
        | st.builds(Facet, keys, grouped)
    )


searches: st.SearchStrategy[Search] = st.just(Empty()) | st.recursive(terms, _compound, max_leaves=6)


@settings(max_examples=200)
@given(searches)
def test_the_rendered_search_means_the_same_search(search: Search) -> None:
    assert parse_search(render_search(search)) == search


PIECES = r"""a b: @c: ( ) " \ - ! AND OR NOT [ ] { } > <= * CIDR( , ' é && ||"""


def read_or_none(text: str) -> Search | None:
    try:
        return parse_search(text)
    except QueryError:
        return None


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from([*PIECES.split(), " ", "\n", "1 TO 2"]),
        max_size=14,
    ).map("".join)
)
def test_a_search_is_refused_or_its_text_is_a_fixed_point(text: str) -> None:
    found = read_or_none(text)
    if found is None:
        return
    canonical = render_search(found)
    assert parse_search(canonical) == found
    assert render_search(parse_search(canonical)) == canonical
