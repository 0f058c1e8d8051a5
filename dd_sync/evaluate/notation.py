"""promtool's notation of samples: `1 2 _ 3`, `5x60`, `0+10x60`, `_x10`, `stale`; and made-up samples.

`poisson(5)+sine(3,24h)x1439` is 1,440 samples, each the sum of its terms. As everywhere in this notation
there is one sample more than the number after x.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dd_sync.errors import DdSyncError, Place
from dd_sync.evaluate.generators import (
    LARGEST_MEAN,
    Burst,
    Constant,
    Dropout,
    Poisson,
    Ramp,
    Sine,
    Sum,
    Term,
)
from dd_sync.evaluate.series import Floats
from dd_sync.text import nearest
from dd_sync.timeframe import parse_duration

# One value may stand for many samples, so a short text could ask for any amount of memory.
MOST_SAMPLES = 1_000_000
# A sum over every sample of a series is still a number.
LARGEST = 1e300
LARGEST_MADE = 1e15
MOST_TERMS = 20

# Each digit can be read in one way only: with two, a long wrong item would take for ever.
_UNSIGNED = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"[+-]?{_UNSIGNED}")
_GAP = re.compile(r"_(?:x(?P<times>[0-9]+))?")
_VALUE = re.compile(rf"(?P<first>[+-]?{_UNSIGNED})(?:(?P<step>[+-]{_UNSIGNED})?x(?P<times>[0-9]+))?")
# Around the + of a sum and before its x there may be blanks, and within brackets.
_PART = re.compile(r"\([^()]*\)|\s*\+\s+(?=\S)|\s+\+(?=[a-z])|\s+(?=x[0-9])|[^\s()+]+|\S")
# Nothing but numbers, which are read at once.
_PLAIN = re.compile(r"[0-9.eE+\-\s]*")
_ITEM = re.compile(r"\S+")
_CALL = re.compile(r"(?P<name>[A-Za-z_]+)\((?P<arguments>[^()]*)\)")
_TIMES = re.compile(r"\s*x([0-9]+)$")


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

    random: ClassVar[bool] = False

    def make(self, interval: int, stream: str) -> Floats:
        return self.first + self.step * np.arange(self.count, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Samples one by one."""

    samples: Floats

    random: ClassVar[bool] = False

    @property
    def count(self) -> int:
        return self.samples.size

    def make(self, interval: int, stream: str) -> Floats:
        return self.samples


@dataclass(frozen=True, slots=True)
class Samples:
    """What a text says, not yet written out: a few characters may stand for a million samples."""

    runs: tuple[Run | Listed | Sum, ...]

    @property
    def size(self) -> int:
        return sum(run.count for run in self.runs)

    @property
    def random(self) -> bool:
        """Whether they are made with random numbers, so that a seed is needed."""
        return any(run.random for run in self.runs)

    def values(self, *, interval: int = 60, stream: str = "") -> Floats:
        """float64 [size], NaN where there is no sample.

        interval: seconds from one sample to the next; stream: names the random numbers, seed and all: the
        same name gives the same numbers, on every machine.
        """
        parts = [run.make(interval, f"{stream}/{index}") for index, run in enumerate(self.runs)]
        return np.concatenate(parts) if parts else np.empty(0)


def read_samples(text: str) -> Samples:
    """The samples in `text`.

    Items are separated by blanks: a number; `_` no sample; `stale` no sample (Prometheus ends a series
    with it, Datadog has no such mark); `5x3` is 5 5 5 5 and `1+2x3` is 1 3 5 7, one sample more than the
    number after x, as promtool has it; `_x3` is three gaps; `ramp(0,9)+poisson(5)x3` four made-up samples.
    Raises NotationError with the column of the item that is wrong.
    """
    if listed := _listed(text):
        return Samples((listed,))
    runs: list[Run | Sum] = []
    total = 0
    for item in _items(text):
        run = item.read(MOST_SAMPLES - total)
        total += run.count
        runs.append(run)
    return Samples(tuple(runs))


def _listed(text: str) -> Listed | None:
    """The numbers of a text that has nothing else; None leaves it to be read item by item."""
    if not _PLAIN.fullmatch(text):
        return None
    items = text.split()
    if len(items) > MOST_SAMPLES:
        return None
    try:
        samples = np.array(_numbers(items), dtype=np.float64)
    except (ValueError, OverflowError):
        return None
    return Listed(samples) if samples.size and np.abs(samples).max() <= LARGEST else None


def _numbers(items: Sequence[str]) -> Sequence[float]:
    """Each as a number. Raises ValueError. JSON, which nearly all of them are, is read in half the time."""
    try:
        read: list[float] = json.loads(f"[{','.join(items)}]")
    except ValueError:
        return [*map(float, items)]
    return read


def _items(text: str) -> Iterator[_Item]:
    """The items; the blanks of a sum do not end it."""
    if "(" not in text:
        yield from (_Item(found.group(), found.start() + 1) for found in _ITEM.finditer(text))
        return
    position = 0
    while position < len(text):
        start = position
        while part := _PART.match(text, position):
            position = part.end()
        if position > start:
            yield _Item(text[start:position], start + 1)
        while position < len(text) and text[position].isspace():
            position += 1


@dataclass(frozen=True, slots=True)
class _Item:
    text: str
    column: int

    def read(self, room: int) -> Run | Sum:
        """What it says. room: how many samples it may make."""
        if self.text == "stale":
            return Run(math.nan, 0, self._checked(1, room))
        if gap := _GAP.fullmatch(self.text):
            return Run(math.nan, 0, self._checked(_count(gap["times"], 1), room))
        if value := _VALUE.fullmatch(self.text):
            return self._run(value, room)
        if re.match(r"[^a-zA-Z(]*[a-zA-Z_]+\s*\(", self.text):
            return self._sum(room)
        raise self.error(
            f"'{_shown(self.text)}' is not a sample",
            "write numbers, `_` for a gap, `5x59` for sixty fives or `0+10x5` for 0 10 20 30 40 50",
        )

    def _run(self, value: re.Match[str], room: int) -> Run:
        first, step = float(value["first"]), float(value["step"] or 0)
        count = self._checked(_count(value["times"], 0) + 1, room)
        if not max(abs(first), abs(first + step * (count - 1))) <= LARGEST:
            raise self.error(f"'{_shown(self.text)}' is too large for a sample", "samples reach to 1e300")
        return Run(first, step, count)

    def _sum(self, room: int) -> Sum:
        times = _TIMES.search(self.text)
        if times is None:
            raise self.error(
                f"'{_shown(self.text)}' does not say how many samples", "end it with x59 for sixty samples"
            )
        terms = tuple(self._terms(times.start()))
        return Sum(terms, self._checked(_count(times[1], 0) + 1, room))

    def _terms(self, end: int) -> Iterator[Term]:
        position = 0
        for _ in range(MOST_TERMS):
            position = self._skip(position)
            if found := _CALL.match(self.text, position, end):
                yield self._call(found)
            elif found := _NUMBER.match(self.text, position, end):
                yield Constant(self._number(found[0], position))
            else:
                raise self._no_term(position, end)
            position = self._skip(found.end())
            if position >= end:
                return
            if self.text[position] != "+":
                raise self.error("a + is missing here", "join terms with +, as in 5+poisson(2)x59", position)
            position += 1
        raise self.error(f"a sum of more than {MOST_TERMS} terms", "use fewer", position)

    def _skip(self, position: int) -> int:
        return position + len(self.text[position:]) - len(self.text[position:].lstrip())

    def _no_term(self, position: int, end: int) -> NotationError:
        there = self.text[position:end].split("+")[0].strip()
        said = f"'{_shown(there)}' is no term of a sum" if there else "a term is missing here"
        return self.error(said, f"write a number or {_KNOWN}", position, len(there))

    def _call(self, found: re.Match[str]) -> Term:
        name, start = found["name"], found.start("name")
        if name not in _MAKERS:
            near = nearest(name, _MAKERS)
            hint = f"did you mean '{near}'?" if near else f"write {_KNOWN}"
            raise self.error(f"'{_shown(name)}' makes no samples", hint, start, len(name))
        maker = _MAKERS[name]
        given = found["arguments"].split(",") if found["arguments"].strip() else []
        if len(given) != len(maker.arguments):
            problem = f"{name} takes {len(maker.arguments)} of these: {', '.join(maker.arguments)}"
            raise self.error(problem, f"write {maker.example}", start, found.end() - start)
        values, position = [], found.start("arguments")
        for each, part in zip(maker.arguments, given, strict=True):
            at = position + len(part) - len(part.lstrip())
            values.append(self._argument(each, part.strip(), at, maker))
            position += len(part) + 1
        if problem := maker.wrong(*values):
            raise self.error(problem, f"as in {maker.example}", start, found.end() - start)
        return maker.make(*values)

    def _argument(self, name: str, text: str, at: int, maker: _Maker) -> float:
        if name in _SPANS:
            try:
                return int(parse_duration(text).total_seconds())
            except ValueError as error:
                raise self.error(str(error), f"as in {maker.example}", at, len(text)) from None
        if not _NUMBER.fullmatch(text):
            problem = f"'{_shown(text)}' is no number, but {name} has to be one"
            raise self.error(problem, f"as in {maker.example}", at, len(text))
        return self._number(text, at)

    def _number(self, text: str, at: int) -> float:
        number = float(text)
        if not abs(number) <= LARGEST_MADE:
            raise self.error(f"'{_shown(text)}' is too large", "write at most 1e15", at, len(text))
        return number

    def _checked(self, count: int, room: int) -> int:
        if count > room:
            raise self.error(
                f"'{_shown(self.text)}' makes more than {MOST_SAMPLES:,} samples in one series",
                "use a longer interval or split the scenario",
            )
        return count

    def error(self, problem: str, hint: str, offset: int = 0, length: int | None = None) -> NotationError:
        size = len(self.text) if length is None and not offset else length or 1
        return NotationError(problem, hint=hint, where=Place("values", 1, self.column + offset, size))


@dataclass(frozen=True, slots=True)
class _Maker:
    """arguments: their names, in order. wrong: what is wrong with them together, "" if nothing is."""

    arguments: tuple[str, ...]
    example: str
    make: Callable[..., Term]
    wrong: Callable[..., str] = lambda *_: ""


_SPANS = frozenset(("period", "every", "length"))


def _wrong_mean(mean: float) -> str:
    return "" if 0 <= mean <= LARGEST_MEAN else f"the mean of poisson is from 0 to {LARGEST_MEAN:,.0f}"


def _wrong_burst(height: float, every: float, length: float) -> str:
    return "" if length <= every else "a burst is longer than the time from one to the next"


def _wrong_share(share: float) -> str:
    return "" if 0 <= share <= 1 else "the share of dropout is from 0 to 1"


_MAKERS = {
    "constant": _Maker(("value",), "constant(5)", Constant),
    "ramp": _Maker(("first", "last"), "ramp(0,100)", Ramp),
    "sine": _Maker(("amplitude", "period"), "sine(3,24h)", Sine),
    "poisson": _Maker(("mean",), "poisson(5)", Poisson, _wrong_mean),
    "burst": _Maker(("height", "every", "length"), "burst(100,6h,10m)", Burst, _wrong_burst),
    "dropout": _Maker(("share",), "dropout(0.1)", Dropout, _wrong_share),
}
_KNOWN = ", ".join(maker.example for maker in _MAKERS.values())


def _count(digits: str | None, otherwise: int) -> int:
    # Python refuses to read integers of thousands of digits; any number this long is too many anyway.
    return int(digits[:18]) if digits else otherwise


def _shown(item: str) -> str:
    return item if len(item) <= 40 else item[:37] + "..."
