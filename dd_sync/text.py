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
