"""The name that was probably meant, also among thousands."""

from __future__ import annotations

from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st

from dd_sync.text import nearest

WORDS = st.text(alphabet="abcXYZ-_.0", max_size=8)


@given(WORDS, st.sets(WORDS, max_size=8))
def test_it_is_the_most_alike_of_a_few_or_none(word: str, known: set[str]) -> None:
    def likeness(name: str) -> float:
        # As difflib's own search asks: its measure depends on which of the two comes first.
        return SequenceMatcher(None, name.lower(), word.lower()).ratio()

    best = max(map(likeness, known), default=0.0)
    found = nearest(word, known)
    assert found is None if best < 0.6 else found is not None and likeness(found) == best


@given(st.integers(0, 4999), st.integers(1, 12), st.sampled_from("xq"))
def test_among_thousands_a_slip_is_still_found(number: int, at: int, slip: str) -> None:
    known = frozenset(f"{'abcdefghij'[n % 10] * 3}-monitor-{n}" for n in range(5000))
    meant = f"{'abcdefghij'[number % 10] * 3}-monitor-{number}"
    found = nearest(meant[:at] + slip + meant[at + 1 :], known)
    assert found is not None
    assert found[:3] == meant[:3]


def test_case_means_nothing_and_the_name_is_given_as_it_is() -> None:
    assert nearest("limit", ["LIMIT", "other"]) == "LIMIT"
    assert nearest("zzz", ["LIMIT"]) is None
    assert nearest("a", []) is None
    assert nearest("a" * 10_000, ["a" * 5_000]) == "a" * 5_000
