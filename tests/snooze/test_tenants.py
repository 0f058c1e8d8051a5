"""A tenant's name covers that tenant and nothing else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.errors import RequestError
from dd_sync.snooze.tenants import check_tenant


@pytest.mark.parametrize(
    "tenant",
    ["acme", "acme-2", "a_b.c", "0xabc", "eu/acme", "a:b", "order", "oracle", "acmé", "東京", "हिन्दी", "१२"],
)
def test_a_tag_value_is_a_tenant(tenant: str) -> None:
    assert check_tenant(tenant, "tenant") == f"tenant:{tenant}"


@pytest.mark.parametrize(
    ("tenant", "problem"),
    [
        ("", "the name is empty"),
        ("  ", "the name is empty"),
        ("*", "it is a pattern"),
        ("acme*", "it is a pattern"),
        ("acm?", "it is a pattern"),
        ("acme,tenant", "tag values hold no ','"),
        ("acme globex", "tag values hold no ' '"),
        ('acme"', "tag values hold no '\"'"),
        ("(acme", r"tag values hold no '\('"),
        ("{acme}", r"tag values hold no '\{'"),
        ("acme!", "tag values hold no '!'"),
        ("or", "a word of Datadog's scope language"),
        ("OR", "a word of Datadog's scope language"),
        ("and", "a word of Datadog's scope language"),
        ("NOT", "a word of Datadog's scope language"),
        ("Acme", "tag values have no capitals"),
        ("acme\n", r"an invisible character \(U\+000A\)"),
        ("acme\u202e", r"an invisible character \(U\+202E\)"),
        ("ac\u200bme", r"an invisible character \(U\+200B\)"),
        ("ac\x00me", r"an invisible character \(U\+0000\)"),
        ("ａcme", "it holds characters that stand for others"),
        ("ﬁne", "it holds characters that stand for others"),
        ("Ácme", "tag values have no capitals"),
        ("acme½", "tag values hold no '½'"),
        ("acme™", "tag values hold no '™'"),
        ("acme\u2028x", r"an invisible character \(U\+2028\)"),
        ("acme’", "tag values hold no '’'"),
        ("-acme", "it begins with -"),
        ("acme:", "ends with :"),
    ],
)
def test_whatever_could_widen_or_blur_a_snooze_is_refused_with_a_reason(tenant: str, problem: str) -> None:
    with pytest.raises(RequestError, match=problem) as caught:
        check_tenant(tenant, "tenant")
    assert caught.value.hint
    assert caught.value.problem.isprintable()


def test_a_name_with_capitals_is_told_as_datadog_knows_it() -> None:
    with pytest.raises(RequestError) as caught:
        check_tenant("Acme", "tenant")
    assert caught.value.hint == "Datadog knows it as acme"


@pytest.mark.parametrize("name", ["Acme Corp", "Ácme", "(acme", "ü!"])
def test_no_other_tenant_is_suggested_for_a_name_that_is_none(name: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_tenant(name, "tenant")
    assert "acme" not in caught.value.hint


def test_a_tenant_may_be_named_with_its_tag() -> None:
    assert check_tenant("tenant:acme", "tenant") == "tenant:acme"


def test_the_whole_tag_has_200_characters_at_most() -> None:
    assert len(check_tenant("a" * 193, "tenant")) == 200
    with pytest.raises(RequestError, match="the tag has 201 characters") as caught:
        check_tenant("a" * 194, "tenant")
    assert len(caught.value.problem) < 200


@pytest.mark.parametrize("tag", ["", "Tenant", "tenant:x", "-tenant", "a b", "tenant\n"])
def test_a_tag_of_tenants_that_is_no_tag_key_is_refused(tag: str) -> None:
    with pytest.raises(RequestError, match="cannot be the tag of tenants"):
        check_tenant("acme", tag)


@given(st.text(max_size=30) | st.text(alphabet="aA*,: ()ORNT-\n", max_size=12))
def test_every_scope_is_one_pair_of_key_and_literal_value(tenant: str) -> None:
    try:
        scope = check_tenant(tenant, "tenant")
    except RequestError:
        return
    assert scope == f"tenant:{tenant}"
    assert not tenant.startswith("-")
    assert all(unicodedata.category(c)[0] in "LMN" or c in "_.:/-" for c in tenant)
    assert not set(scope) & set("*?, \"'(){}[]!@\t\n\r")
    assert len(scope) <= 200
