"""promtool's notation of samples: `1 2 _ 3`, `5x60`, `0+10x60`, `_x10`, `stale`."""

from __future__ import annotations

import math
import re

import numpy as np

from dd_sync.errors import DdSyncError, Place
from dd_sync.evaluate.series import Floats

# One value may stand for many samples, so a short text could ask for any amount of memory.
MOST_SAMPLES = 1_000_000

# Each digit can be read in one way only: with two, a long wrong item would take for ever.
_UNSIGNED = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_GAP = re.compile(r"_(?:x(?P<times>\d+))?")
_VALUE = re.compile(rf"(?P<first>[+-]?{_UNSIGNED})(?:(?P<step>[+-]{_UNSIGNED})?x(?P<times>\d+))?")
_ITEM = re.compile(r"\S+")


class NotationError(DdSyncError):
    """Samples that are not in the notation; `place` is relative to the text, line 1."""

    rule = "series-notation"

    def __init__(self, problem: str, *, hint: str, where: Place) -> None:
        super().__init__(problem, hint=hint, where=where)
        self.place = where


def read_values(text: str) -> Floats:
    """The samples in `text`, NaN where there is none.

    Items are separated by blanks: a number; `_` no sample; `stale` no sample (Prometheus ends a series
    with it, Datadog has no such mark); `5x3` is 5 5 5 5 and `1+2x3` is 1 3 5 7, one sample more than the
    number after x, as promtool has it; `_x3` is three gaps.
    Raises NotationError with the column of the item that is wrong.
    """
    parts: list[Floats] = []
    total = 0
    for item in _ITEM.finditer(text):
        part = _read_item(item.group(), item.start() + 1, MOST_SAMPLES - total)
        total += part.size
        parts.append(part)
    return np.concatenate(parts) if parts else np.empty(0)


def _read_item(item: str, column: int, room: int) -> Floats:
    if item == "stale":
        return np.full(1, np.nan)
    if gap := _GAP.fullmatch(item):
        return np.full(_checked(int(gap["times"] or 1), item, column, room), np.nan)
    value = _VALUE.fullmatch(item)
    if value is None:
        raise NotationError(
            f"'{_shown(item)}' is not a sample",
            hint="write numbers, `_` for a gap, `5x59` for sixty fives or `0+10x5` for 0 10 20 30 40 50",
            where=Place("values", 1, column, len(item)),
        )
    first, step = float(value["first"]), float(value["step"] or 0)
    if not (math.isfinite(first) and math.isfinite(step)):
        raise NotationError(
            f"'{_shown(item)}' is too large for a number",
            hint="numbers reach to about 1.8e308",
            where=Place("values", 1, column, len(item)),
        )
    count = _checked(_count(value["times"]) + 1, item, column, room)
    return np.asarray(first + step * np.arange(count), dtype=np.float64)


def _count(digits: str | None) -> int:
    # Python refuses to read integers of thousands of digits; any number this long is too many anyway.
    return int((digits or "0")[:18])


def _checked(count: int, item: str, column: int, room: int) -> int:
    if count > room:
        raise NotationError(
            f"'{_shown(item)}' makes more than {MOST_SAMPLES:,} samples in one series",
            hint="use a longer interval or split the scenario",
            where=Place("values", 1, column, len(item)),
        )
    return count


def _shown(item: str) -> str:
    return item if len(item) <= 40 else item[:37] + "..."
