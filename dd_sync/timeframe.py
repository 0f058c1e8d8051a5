"""Spans of time as people and Datadog write them: 90m, 2h30m, last_1h."""

from __future__ import annotations

import re
from datetime import timedelta

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"([0-9]+)([smhdw])")
_LARGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """`90m`, `2h30m`, `1d` as a timedelta.

    Units: s, m (minutes), h, d, w, each at most once and the larger first.
    Raises ValueError with a text for people on anything else, zero, or more than ten years.
    """
    parts = _PART.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text or len(text) > 40:
        raise ValueError(f"'{text}' is not a duration; write for example 90m, 2h30m or 1d")
    sizes = [SECONDS[unit] for _, unit in parts]
    if sizes != sorted(set(sizes), reverse=True):
        raise ValueError(f"'{text}' is not a duration: each unit once, the larger first, as in 2h30m")
    seconds = sum(int(number) * SECONDS[unit] for number, unit in parts)
    if seconds == 0:
        raise ValueError(f"'{text}' is no time at all; write for example 30m")
    if seconds > _LARGEST.total_seconds():
        raise ValueError(f"'{text}' is longer than ten years")
    return timedelta(seconds=seconds)


def format_duration(span: timedelta) -> str:
    """The shortest exact way to write a span: 1h30m, 2d, 45s. Days are the largest unit."""
    left = int(span.total_seconds())
    if left <= 0:
        return "0s"
    text = ""
    for unit in ("d", "h", "m", "s"):
        number, left = divmod(left, SECONDS[unit])
        if number:
            text += f"{number}{unit}"
    return text


def window_text(span: timedelta) -> str:
    """A rolling evaluation window in Datadog's words: one number and one unit.

    1 h gives `last_1h`, 90 min `last_90m`, 24 h `last_24h`, 2 days `last_2d`.
    Raises ValueError for spans that are not whole minutes.
    """
    seconds = int(span.total_seconds())
    if seconds <= 0 or seconds % 60 or span.microseconds:
        raise ValueError(f"a window is a whole number of minutes, not {format_duration(span)}")
    if seconds % 86400 == 0 and seconds > 86400:
        return f"last_{seconds // 86400}d"
    if seconds % 3600 == 0:
        return f"last_{seconds // 3600}h"
    return f"last_{seconds // 60}m"
