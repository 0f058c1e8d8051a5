"""Names that could be taken for each other, and names that are merely others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.snooze.near import alike, is_near

NAMES = st.text(alphabet="abcdo01l-_", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("tenant", "other"),
    [
        ("acme", "acne"),
        ("amce", "acme"),
        ("globex-eu", "globexeu"),
        ("g1obex", "globex"),
        ("gl0bex", "globex"),
        ("acrne", "acme"),
        ("vvest", "west"),
        ("acme_eu", "acme-eu"),
        ("\u0430cme", "acme"),
        ("acm\u00e9", "acme"),
        ("\u03b1cme", "acme"),
        ("o", "0"),
    ],
)
def test_what_looks_or_types_alike_is_told(tenant: str, other: str) -> None:
    assert alike(tenant, [other, "unrelated"]) == (other,)


@pytest.mark.parametrize(
    ("tenant", "other"),
    [
        ("acme", "globex"),
        ("eu", "us"),
        ("abc", "abd"),
        ("acme", "acme-europe"),
        ("acme", "acme"),
        ("acme", "mace"),
    ],
)
def test_what_is_merely_another_name_is_not(tenant: str, other: str) -> None:
    assert alike(tenant, [other]) == ()


def edits(one: str, other: str) -> int:
    """The definition, word for word: too slow for names, right for a test."""
    if not one or not other:
        return len(one) + len(other)
    best = min(
        edits(one[1:], other) + 1,
        edits(one, other[1:]) + 1,
        edits(one[1:], other[1:]) + (one[0] != other[0]),
    )
    if one[:2] == other[1::-1][:2] and len(one) > 1 and len(other) > 1 and one[0] != one[1]:
        best = min(best, edits(one[2:], other[2:]) + 1)
    return best


@given(st.text("abc", min_size=4, max_size=6), st.text("abc", min_size=4, max_size=6))
def test_near_is_one_edit_by_the_definition(one: str, other: str) -> None:
    assert is_near(one, other) is (edits(one, other) <= 1)


@given(NAMES, NAMES)
def test_nearness_is_mutual(one: str, other: str) -> None:
    assert bool(alike(one, [other])) is bool(alike(other, [one]))
