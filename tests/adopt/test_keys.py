"""Keys made from names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.adopt.keys import key_for, slug
from dd_sync.catalog.schema import key


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Stream creation rate is high", "stream-creation-rate-is-high"),
        ("[P1] CPU of {{host.name}} > 90 %", "p1-cpu-of-90"),
        ("Größe über Limit", "groe-uber-limit"),
        ("日本語", ""),
        ("--- ", ""),
        ("word " * 40, "word-word-word-word-word-word-word-word-word-word-word-word"),
        ("x" * 90, "x" * 60),
        ("x" * 61 + " y", "x" * 60),
    ],
)
def test_a_key_is_the_name_as_far_as_it_can_be_written(name: str, meant: str) -> None:
    assert slug(name) == meant


def test_a_name_that_is_taken_gets_the_monitors_id() -> None:
    assert key_for("CPU high", 7, set()) == "cpu-high"
    assert key_for("CPU high", 7, {"cpu-high"}) == "cpu-high-7"
    assert key_for("日本語", 7, set()) == "monitor-7"
    assert key_for("日本語", 7, {"monitor-7"}) == "monitor-7-2"


@given(st.lists(st.text(max_size=80), max_size=8))
def test_keys_are_valid_and_each_is_another(names: list[str]) -> None:
    taken: set[str] = set()
    for number, name in enumerate(names, 1):
        found = key_for(name, number, taken)
        assert key(found) == found
        assert found not in taken
        taken.add(found)
