from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.evaluate.select import matcher
from dd_sync.local.group_scope import parse_group_scope
from dd_sync.local.http import Refused


def matches(scope: str, *tags: str) -> bool:
    return matcher(parse_group_scope(scope))(frozenset(tags))


@pytest.mark.parametrize(
    ("scope", "tags", "matched"),
    [
        ("*", (), True),
        ("tenant:acme", ("tenant:acme", "env:prod"), True),
        ("tenant:acme", ("tenant:acme2",), False),
        ("tenant:ACME", ("tenant:acme",), True),
        ("tenant:ac*", ("tenant:acme",), True),
        ("tenant:*me", ("tenant:acme",), True),
        ("tenant:*", ("env:prod",), False),
        ("-tenant:acme", ("tenant:birch",), True),
        ("-tenant:acme", ("tenant:acme",), False),
        ("env:prod AND tenant:acme", ("env:prod", "tenant:acme"), True),
        ("env:prod AND tenant:acme", ("env:dev", "tenant:acme"), False),
        ("env:prod, tenant:acme", ("env:prod", "tenant:acme"), True),
        ("env:prod tenant:acme", ("env:prod",), False),
        ("tenant:(acme OR birch)", ("tenant:birch",), True),
        ("tenant:(acme OR birch)", ("tenant:cedar",), False),
        ("tenant:(ac* OR birch)", ("tenant:acme",), True),
        ("tenant:(ac*)", ("tenant:acme",), True),
        ("-tenant:(acme OR birch) AND env:prod", ("tenant:cedar", "env:prod"), True),
        ("-tenant:(acme OR birch) AND env:prod", ("tenant:birch", "env:prod"), False),
        ('name:"two"', ("name:two",), True),
        ("url:http://x", ("url:http://x",), True),
    ],
)
def test_a_scope_matches_groups(scope: str, tags: tuple[str, ...], matched: bool) -> None:
    assert matches(scope, *tags) is matched


@pytest.mark.parametrize("scope", ["acme", "-acme", "a:b acme", "BAD_SCOPE_OF_MINE, a:b"])
def test_a_tag_without_a_key_is_told_so(scope: str) -> None:
    with pytest.raises(Refused, match="All values must have a key"):
        parse_group_scope(scope)


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "   ",
        "a:b OR c:d",
        "a:(b OR (c))",
        "a:(b AND c)",
        "a:()",
        "-(a:b AND c:d)",
        "a:b?",
        "a:b*c",
        "a:(b OR -c d)",
        "1a:b",
        "a:b,,c:d",
        "a:b,",
        "NOT a:b",
        "a:b)c",
        "a:",
        'a:""',
    ],
)
def test_what_the_scope_language_does_not_have_is_refused(scope: str) -> None:
    with pytest.raises(Refused, match=r"Invalid scope parameter|All values must have a key"):
        parse_group_scope(scope)


words = st.text(string.ascii_lowercase + string.digits + "-_.", min_size=1, max_size=6)


@given(st.dictionaries(words.map(lambda w: "k" + w), words, min_size=1, max_size=4), st.data())
def test_a_conjunction_holds_exactly_where_all_of_it_does(tags: dict[str, str], data: st.DataObject) -> None:
    joint = data.draw(st.sampled_from((" AND ", ",", ", ", " ")))
    scope = joint.join(f"{key}:{value}" for key, value in tags.items())
    whole = [f"{key}:{value}" for key, value in tags.items()]
    assert matches(scope, *whole, "other:tag")
    dropped = data.draw(st.sampled_from(whole))
    assert not matches(scope, *(tag for tag in whole if tag != dropped))


@given(st.text(max_size=60) | st.text("ab:*-(),OR AND\"'", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(Refused):
        parse_group_scope(text)
