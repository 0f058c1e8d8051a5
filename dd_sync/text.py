"""Text from elsewhere, made fit to show: what a file or Datadog says must not steer the terminal."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache

# Control, format (direction marks among them), surrogate, and line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONGEST_WORD = 100
_MOST_COMPARED = 200
_BESIDE = 8
_UNSAFE = re.compile(r"[^\x00-\x7e]")
_JOINERS = "\u200c\u200d"


def printable(text: str, *, keep: str = "\n") -> str:
    """The text with a replacement character for each control or invisible character not in `keep`."""
    if text.isprintable():
        return text
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNSEEN and c not in keep else c
        for c in text
    )


def within_line(text: str, longest: int | None = None) -> str:
    """The text fit to stand within one line, cut to `longest` characters with an ellipsis."""
    shown = printable(text, keep="")
    return shown if longest is None or len(shown) <= longest else shown[: longest - 1] + "…"


def pointed_at(line: str, column: int, length: int, longest: int) -> tuple[str, int, int]:
    """A line of a file fit to show, the columns before what is pointed at, and how many carets mark that.

    column: from 1; of a line of more than `longest` characters, the part around it.
    """
    text = printable(line.rstrip("\r\n").replace("\t", " "))
    start = min(max(column - 1, 0), len(text))
    length = max(1, min(length, max(1, len(text) - start)))
    if len(text) <= longest:
        return text, _width(text[:start]), length
    first = min(max(0, start - 40), len(text))
    part = text[first : first + longest]
    left, right = ("…" if first else ""), ("…" if first + longest < len(text) else "")
    before = _width(left + text[first:start])
    return f"{left}{part}{right}", before, max(1, min(length, longest - (start - first)))


def _width(text: str) -> int:
    """Columns a terminal needs: East Asian wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def json_text(value: object) -> str:
    """JSON as commands print it: the very values, and nothing unseen that is not escaped."""
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False)
    # Control characters are escaped already; of ASCII that leaves only this one.
    return text if text.isascii() and "\x7f" not in text else _UNSAFE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if unicodedata.category(character) not in _UNSEEN:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True))


def code_fence(text: str) -> str:
    """A Markdown fence that the text cannot end: longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def first_unseen(text: str, *, keep: str = "") -> int | None:
    """The offset of the first control or invisible character not in `keep`, None if all can be seen.

    The joiners of emoji and of some scripts are part of what is seen when they stand between two
    characters beyond ASCII; anywhere else they only hide.
    """
    hidden = {c for c in set(text) if not c.isprintable() and unicodedata.category(c) in _UNSEEN} - set(keep)
    if not hidden:
        return None
    found = (at for at, c in enumerate(text) if c in hidden and not _joins(text, at))
    return next(found, None)


def _joins(text: str, at: int) -> bool:
    beside = text[at - 1 : at] + text[at + 1 : at + 2]
    return text[at] in _JOINERS and len(beside) == 2 and not any(c.isascii() for c in beside)


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The known name that is most like this one, whatever its case; None if none is.

    Among hundreds, only those beside it in the alphabet are compared: a hint must not take longer than the
    work it is about. likeness: 1 is equal.
    """
    from difflib import get_close_matches  # only mistakes pay for the import

    word = word[:_LONGEST_WORD].lower()
    names = known if isinstance(known, frozenset) else frozenset(known)
    compared = _in_order(names)
    if len(compared) > _MOST_COMPARED:
        at = bisect_left(compared, (word, ""))
        compared = compared[max(0, at - _BESIDE) : at + _BESIDE]
    found = get_close_matches(word, [lower for lower, _ in compared], n=1, cutoff=likeness)
    return dict(compared)[found[0]] if found else None


@lru_cache(maxsize=8)
def _in_order(names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Each name in lower case and as it is, sorted."""
    return tuple(sorted((name[:_LONGEST_WORD].lower(), name) for name in names))
