"""Made-up samples: level, ramp, wave, counts, bursts and gaps, the same numbers on every machine.

Only additions, multiplications, divisions and comparisons of floats and integers make them: what a
library's `sin`, `exp` or random numbers give may differ in the last digit between machines and versions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from dd_sync.evaluate.series import Floats

# Beyond it, the likeliest counts alone would be a long table.
LARGEST_MEAN = 1_000_000.0


class Term(Protocol):
    """One part of a sum. random: whether it needs a seed."""

    random: ClassVar[bool]

    def make(self, count: int, interval: int, key: int) -> Floats:
        """float64 [count], `interval` seconds from one to the next; key: of its own random numbers."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    value: float
    random: ClassVar[bool] = False

    def make(self, count: int, interval: int, key: int) -> Floats:
        return np.full(count, self.value)


@dataclass(frozen=True, slots=True)
class Ramp:
    """In a straight line from the first sample to the last."""

    first: float
    last: float
    random: ClassVar[bool] = False

    def make(self, count: int, interval: int, key: int) -> Floats:
        share = np.arange(count) / max(1, count - 1)
        return self.first * (1 - share) + self.last * share


@dataclass(frozen=True, slots=True)
class Sine:
    """A wave around 0 that begins rising; period: seconds."""

    amplitude: float
    period: int
    random: ClassVar[bool] = False

    def make(self, count: int, interval: int, key: int) -> Floats:
        return self.amplitude * _sine(np.arange(count) * interval % self.period, self.period)


@dataclass(frozen=True, slots=True)
class Poisson:
    """Counts of what happens `mean` times a sample, each time by itself."""

    mean: float
    random: ClassVar[bool] = True

    def make(self, count: int, interval: int, key: int) -> Floats:
        if self.mean == 0:
            return np.zeros(count)
        first, chances = _poisson(self.mean)
        return first + np.searchsorted(chances, uniform(key, count), side="right").astype(np.float64)


@dataclass(frozen=True, slots=True)
class Burst:
    """`height` for `length` seconds, once in each stretch of `every` seconds and anywhere in it, else 0."""

    height: float
    every: int
    length: int
    random: ClassVar[bool] = True

    def make(self, count: int, interval: int, key: int) -> Floats:
        turn, within = np.divmod(np.arange(count) * interval, self.every)
        places = (self.every - self.length) // interval + 1
        start = (uniform(key, int(turn[-1]) + 1) * places).astype(np.int64) * interval
        since = within - start[turn]
        return np.where((since >= 0) & (since < self.length), self.height, 0.0)


@dataclass(frozen=True, slots=True)
class Dropout:
    """Adds nothing, but leaves out this share of the samples, each by chance."""

    share: float
    random: ClassVar[bool] = True

    def make(self, count: int, interval: int, key: int) -> Floats:
        return np.where(uniform(key, count) < self.share, np.nan, 0.0)


@dataclass(frozen=True, slots=True)
class Sum:
    """`count` samples, each the sum of its terms; a gap in one of them is a gap."""

    terms: tuple[Term, ...]
    count: int

    @property
    def random(self) -> bool:
        return any(term.random for term in self.terms)

    def make(self, interval: int, stream: str) -> Floats:
        """float64 [count]. stream: names the random numbers: the same name, the same numbers."""
        return added(
            [
                term.make(self.count, interval, key_of(f"{stream}.{index}"))
                for index, term in enumerate(self.terms)
            ]
        )


def added(parts: Sequence[Floats]) -> Floats:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def key_of(stream: str) -> int:
    return int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8], "big")


def uniform(key: int, count: int) -> Floats:
    """float64 [count], evenly spread over 0 <= x < 1: SplitMix64, counted up from `key`."""
    z = np.uint64(key) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _poisson(mean: float) -> tuple[int, Floats]:
    """The least count with a chance worth naming, and the chance of each count from there on, or fewer."""
    likeliest = math.floor(mean)
    reach = 12 * math.isqrt(likeliest + 1) + 40
    first = max(0, likeliest - reach)
    up = np.cumprod(mean / np.arange(likeliest + 1, likeliest + reach + 1))
    down = np.cumprod(np.arange(likeliest, first, -1) / mean)
    cumulative = np.cumsum(np.concatenate([down[::-1], [1.0], up]))
    return first, cumulative / cumulative[-1]


# The Taylor series of sine and cosine, enough of them for an eighth of a turn.
_SINE = tuple((-1) ** n / math.factorial(2 * n + 1) for n in range(9))
_COSINE = tuple((-1) ** n / math.factorial(2 * n) for n in range(9))


def _sine(step: np.ndarray[tuple[int], np.dtype[np.int64]], period: int) -> Floats:
    """The sine of step / period turns, for whole 0 <= step < period."""
    eighth, rest = np.divmod(step * 8, period)
    # Odd eighths run backwards, so that every angle is at most an eighth of a turn.
    share = np.where(eighth % 2 == 0, rest, period - rest) / period
    angle = share * (math.pi / 4)
    square = angle * angle
    by_sine = angle * _horner(_SINE, square)
    by_cosine = _horner(_COSINE, square)
    return np.where(eighth < 4, 1.0, -1.0) * np.where(np.isin(eighth % 4, (0, 3)), by_sine, by_cosine)


def _horner(factors: Sequence[float], square: Floats) -> Floats:
    total = np.full(square.shape, factors[-1])
    for factor in reversed(factors[:-1]):
        total = total * square + factor
    return total
