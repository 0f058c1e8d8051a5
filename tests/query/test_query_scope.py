"""The filter inside the braces."""

from __future__ import annotations

import pytest

from dd_sync.errors import QueryError
from dd_sync.query.canonical import render_scope
from dd_sync.query.nodes import And, Everything, In, Not, Or, Scope, Tag
from dd_sync.query.tools import parse_scope

ENV, TIER, BARE = Tag("env", "prod"), Tag("tier", "1"), Tag("canary", None)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("*", Everything()),
        (" * ", Everything()),
        ("env:prod", ENV),
        ("canary", BARE),
        ("!env:prod", Not(ENV)),
        ("! env:prod", Not(ENV)),
        ("env:prod,tier:1", And((ENV, TIER))),
        ("env:prod , !tier:1 ,canary", And((ENV, Not(TIER), BARE))),
        ("*,!env:prod", And((Everything(), Not(ENV)))),
        ("env:prod AND tier:1", And((ENV, TIER))),
        ("env:prod and (tier:1 and canary)", And((ENV, TIER, BARE))),
        ("env:prod OR tier:1 or canary", Or((ENV, TIER, BARE))),
        ("(env:prod OR tier:1) OR canary", Or((ENV, TIER, BARE))),
        ("env:prod OR tier:1 AND canary", Or((ENV, And((TIER, BARE))))),
        ("(env:prod OR tier:1) AND canary", And((Or((ENV, TIER)), BARE))),
        ("NOT env:prod", Not(ENV)),
        ("not(env:prod)", Not(ENV)),
        ("NOT (env:prod OR tier:1)", Not(Or((ENV, TIER)))),
        ("!(env:prod OR tier:1)", Not(Or((ENV, TIER)))),
        ("NOT env:prod AND tier:1", And((Not(ENV), TIER))),
        ("tier IN (1,2)", In("tier", ("1", "2"))),
        ("tier in( 1 , 2-* )", In("tier", ("1", "2-*"))),
        ("tier NOT IN (1)", Not(In("tier", ("1",)))),
        ("tier not in (a:b)", Not(In("tier", ("a:b",)))),
        ("env:prod,tier IN (1,2)", And((ENV, In("tier", ("1", "2"))))),
        ("host:web-*", Tag("host", "web-*")),
        ("host:*-trace", Tag("host", "*-trace")),
        ("pod:*", Tag("pod", "*")),
        ("env:", Tag("env", "")),
        ("env: prod", Tag("env", "prod")),
        ("env: ,canary", And((Tag("env", ""), BARE))),
        ("$host", Tag("$host", None)),
        ("env:$env.value", Tag("env", "$env.value")),
        ("url:https://a.example/b?c=d", Tag("url", "https://a.example/b?c=d")),
        ("version:1.2.3+4%5[6]@7", Tag("version", "1.2.3+4%5[6]@7")),
        ("route:/users/(id)/x", Tag("route", "/users/(id)/x")),
        ('name:"two words, one tag"', Tag("name", '"two words, one tag"')),
        ("straße:größe", Tag("straße", "größe")),
        ("image:repo/app:1.0", Tag("image", "repo/app:1.0")),
    ],
)
def test_every_form_of_a_scope_is_read(text: str, scope: Scope) -> None:
    assert parse_scope(text) == scope


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("", 1, "the scope is empty"),
        ("   ", 1, "the scope is empty"),
        ("{env:prod}", 1, "'{' in a scope"),
        ("env:prod}", 9, "'}' in a scope"),
        ("env:prod,", 10, "expected a tag, not the end"),
        (",env:prod", 1, "expected a tag, not ','"),
        ("env:prod tier:1", 10, "unexpected 'tier:1'"),
        ("env:prod)", 9, "unexpected ')'"),
        ("(env:prod", 1, "the parenthesis is not closed"),
        ("(env:prod tier:1)", 11, "expected ) or another tag"),
        ("env:prod AND", 13, "expected a tag, not the end"),
        ("env:prod AND OR tier:1", 14, "expected a tag, not 'OR'"),
        ("env:prod,tier:1 OR canary", 17, "a comma and OR in one scope"),
        ("canary OR env:prod,tier:1", 8, "a comma and OR in one scope"),
        ("tier IN 1,2", 9, "expected ( after IN"),
        ("tier IN ()", 10, "expected a value"),
        ("tier IN (1 2)", 12, "expected , or ) not '2'"),
        ("tier NOT (1)", 10, "expected IN"),
        ("IN (a)", 1, "expected a tag, not 'IN'"),
        (":prod", 1, "expected a tag, not ':'"),
    ],
)
def test_a_mistake_in_a_scope_is_shown_where_it_is(text: str, column: int, problem: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_scope(text)
    assert problem in caught.value.problem
    assert caught.value.hint
    assert caught.value.place.column == column


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("env:prod AND NOT tier:1", "env:prod,!tier:1"),
        ("env:prod  ,  canary", "env:prod,canary"),
        ("*", "*"),
        ("NOT env:prod", "!env:prod"),
        ("env:prod or tier:1", "env:prod OR tier:1"),
        ("((env:prod)) and (tier:1 or canary)", "env:prod AND (tier:1 OR canary)"),
        ("(env:prod and tier:1) or canary", "env:prod AND tier:1 OR canary"),
        ("env:prod,tier in (1 ,2)", "env:prod AND tier IN (1,2)"),
        ("not tier in (1)", "tier NOT IN (1)"),
        ("NOT (env:prod,tier:1)", "NOT (env:prod AND tier:1)"),
        ("!!env:prod", "NOT NOT env:prod"),
        ("NOT *", "!*"),
    ],
)
def test_a_scope_has_one_text(text: str, canonical: str) -> None:
    assert render_scope(parse_scope(text)) == canonical
    assert parse_scope(canonical) == parse_scope(text)
