"""Tenants whose names could be taken for each other: a letter or two apart, or letters that look alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# Pairs and letters that a tired eye takes for others, made the same. Case is gone from tags already.
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_ASCII = str.maketrans("01i5|_./:", "ollsl----")
_CYRILLIC = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0475"
    "\u043a\u043c\u0442\u0432\u043d\u043f\u0433\u04cf",
    "aeopcxyljshdqwvkmtbhnrl",
)
_GREEK = str.maketrans(
    "\u03bf\u03b1\u03bd\u03c1\u03c5\u03b9\u03ba\u03c4\u03b5\u03c7\u03b3\u03b7\u03c9\u03c3",
    "oavpulktexynwo",
)
_LATIN = str.maketrans("\u0142\u00f8\u0111\u0131\u0261\u0251\u00df\u00f0\u00fe", "lodlgabdp")


def alike(tenant: str, known: Iterable[str]) -> tuple[str, ...]:
    """Those of `known` that this name could be meant for or taken for, itself left out; sorted."""
    look = _look(tenant)
    found = set()
    for other in known:
        seen = _look(other)
        if other != tenant and (seen == look or is_near(look, seen)):
            found.add(other)
    return tuple(sorted(found))


def _look(name: str) -> str:
    """The same for names that look the same."""
    if not name.isascii():
        bare = (c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
        name = "".join(bare).translate(_CYRILLIC).translate(_GREEK).translate(_LATIN)
    for pair, one in _PAIRS:
        name = name.replace(pair, one)
    return name.translate(_ASCII)


def is_near(one: str, other: str) -> bool:
    """Whether a slip of the fingers leads from one to the other: one edit, or two from eight letters on.

    An edit is a letter too many, too few or another one, or two that changed places. Names of less than
    four letters are never near.
    """
    shorter = min(len(one), len(other))
    most = 0 if shorter < 4 else 1 if shorter < 8 else 2
    # Most names differ by far more, which shows without measuring.
    if not most or abs(len(one) - len(other)) > most or len(set(one) ^ set(other)) > 2 * most:
        return False
    return _edits(one, other) <= most


def _edits(one: str, other: str) -> int:
    """The number of edits between two texts, none of them within another."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row = row, [i]
        for j, b in enumerate(other, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before = above
    return row[-1]
