"""Text from elsewhere, made fit to show: what a file or Datadog says must not steer the terminal."""

from __future__ import annotations

import unicodedata

# Control, format (direction marks among them), surrogate, and line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


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


def first_unseen(text: str) -> str | None:
    """The first control or invisible character, None if every character can be seen."""
    return next((c for c in text if unicodedata.category(c) in _UNSEEN), None)
