"""promtool's notation of samples: `1 2 _ 3`, `5x60`, `0+10x60`, `_x10`, `stale`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from dd_sync.errors import DdSyncError, Place
from dd_sync.evaluate.series import Floats

# One value may stand for many samples, so a short text could ask for any amount of memory.
MOST_SAMPLES = 1_000_000
# A sum over every sample of a series is still a number.
LARGEST = 1e300

# Each digit can be read in one way only: with two, a long wrong item would take for ever.
_UNSIGNED = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_GAP = re.compile(r"_(?:x(?P<times>[0-9]+))?")
_VALUE = re.compile(rf"(?P<first>[+-]?{_UNSIGNED})(?:(?P<step>[+-]{_UNSIGNED})?x(?P<times>[0-9]+))?")
_ITEM = re.compile(r"\S+")


class NotationError(DdSyncError):
    """Samples that are not in the notation; `place` is relative to the text, line 1."""

    rule = "series-notation"

    def __init__(self, problem: str, *, hint: str, where: Place) -> None:
        super().__init__(problem, hint=hint, where=where)
        self.place = where


@dataclass(frozen=True, slots=True)
class Run:
    """`count` samples from `first` on, each `step` more than the one before; a NaN is a gap."""

    first: float
    step: float
    count: int


@dataclass(frozen=True, slots=True)
class Samples:
    """What a text says, not yet written out: a few characters may stand for a million samples."""

    runs: tuple[Run, ...]

    @property
    def size(self) -> int:
        return sum(run.count for run in self.runs)

    def values(self) -> Floats:
        """float64 [size], NaN where there is no sample."""
        parts = [run.first + run.step * np.arange(run.count, dtype=np.float64) for run in self.runs]
        return np.concatenate(parts) if parts else np.empty(0)


def read_samples(text: str) -> Samples:
    """The samples in `text`.

    Items are separated by blanks: a number; `_` no sample; `stale` no sample (Prometheus ends a series
    with it, Datadog has no such mark); `5x3` is 5 5 5 5 and `1+2x3` is 1 3 5 7, one sample more than the
    number after x, as promtool has it; `_x3` is three gaps.
    Raises NotationError with the column of the item that is wrong.
    """
    runs: list[Run] = []
    total = 0
    for item in _ITEM.finditer(text):
        run = _read_item(item.group(), item.start() + 1, MOST_SAMPLES - total)
        total += run.count
        runs.append(run)
    return Samples(tuple(runs))


def _read_item(item: str, column: int, room: int) -> Run:
    if item == "stale":
        return Run(math.nan, 0, _checked(1, item, column, room))
    if gap := _GAP.fullmatch(item):
        return Run(math.nan, 0, _checked(_count(gap["times"], 1), item, column, room))
    value = _VALUE.fullmatch(item)
    if value is None:
        raise NotationError(
            f"'{_shown(item)}' is not a sample",
            hint="write numbers, `_` for a gap, `5x59` for sixty fives or `0+10x5` for 0 10 20 30 40 50",
            where=Place("values", 1, column, len(item)),
        )
    first, step = float(value["first"]), float(value["step"] or 0)
    count = _checked(_count(value["times"], 0) + 1, item, column, room)
    if not max(abs(first), abs(first + step * (count - 1))) <= LARGEST:
        raise NotationError(
            f"'{_shown(item)}' is too large for a sample",
            hint="samples reach to 1e300",
            where=Place("values", 1, column, len(item)),
        )
    return Run(first, step, count)


def _count(digits: str | None, otherwise: int) -> int:
    # Python refuses to read integers of thousands of digits; any number this long is too many anyway.
    return int(digits[:18]) if digits else otherwise


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
