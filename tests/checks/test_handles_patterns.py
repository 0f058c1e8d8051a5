"""A policy's patterns: only `*` is a wildcard, and none can take long."""

from __future__ import annotations

import re
from fnmatch import translate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.checks.handles import covers


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_pattern_covers_what_the_same_regular_expression_matches(pattern: str, text: str) -> None:
    assert covers(pattern, text) == (re.match(translate(pattern), text) is not None)


@pytest.mark.parametrize("special", ["@slack-[ab]", "@slack-?", "@slack-.", "@slack-(x)"])
def test_nothing_but_a_star_is_special(special: str) -> None:
    assert covers(special, special)
    assert not covers(special, "@slack-a")


def test_many_stars_and_a_long_handle_are_judged_at_once() -> None:
    assert not covers("@" + "*a" * 50 + "b", "@" + "a" * 100_000)
