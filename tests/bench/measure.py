"""CPU, time and memory of whole processes, and their ratio to a baseline that ran in turns with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from tempfile import TemporaryFile
from typing import IO, Literal

Command = Callable[[int], Sequence[str]]
"""A command line for one round, counted from 0, for commands that must not repeat themselves."""

Measure = Literal["cpu", "wall", "peak"]
# Linux counts in kB, macOS in bytes.
_TO_MB = 1024 * 1024 if sys.platform == "darwin" else 1024


class Failed(Exception):
    """A measured command did not do its work, so its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """seconds and baseline_seconds: medians of one process; MB where memory is measured."""

    seconds: float
    baseline_seconds: float

    @property
    def value(self) -> float:
        return self.seconds / self.baseline_seconds


@dataclass(frozen=True, slots=True)
class Spent:
    """What one finished process cost, with the children it waited for. cpu, wall: seconds; peak: MB."""

    cpu: float
    wall: float
    peak: float


def ratio(
    command: Command,
    baseline: Command | float,
    *,
    rounds: int,
    environ: Mapping[str, str],
    of: Measure = "cpu",
) -> Ratio:
    """Both by turns, `rounds` times after one round that only warms the caches.

    By turns, because a shared machine gets slower and faster for minutes at a time. A baseline that is a
    number is what the command is allowed, in seconds or MB.
    """
    spent: list[tuple[float, float]] = []
    for turn in range(rounds + 1):
        own = getattr(spend(command(turn), environ), of)
        other = baseline if isinstance(baseline, float) else getattr(spend(baseline(turn), environ), of)
        spent.append((own, other))
    measured = spent[1:]
    return Ratio(median(own for own, _ in measured), median(base for _, base in measured))


def cpu_seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """User and system CPU of one finished process and of the children it waited for."""
    return spend(command, environ).cpu


def spend(command: Sequence[str], environ: Mapping[str, str]) -> Spent:
    """Runs a command to its end. Raises Failed if it could not do its work."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(
                command, env={**os.environ, **environ}, stdout=out, stderr=err, stdin=subprocess.DEVNULL
            )
        except OSError as error:
            raise Failed(f"{command[0]} cannot be started: {error.strerror}") from error
        # Its own figures: those of getrusage are of all children there ever were.
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise Failed(f"exit {process.returncode}: {_last_words(err) or _last_words(out) or 'no output'}")
    return Spent(cpu=used.ru_utime + used.ru_stime, wall=wall, peak=used.ru_maxrss / _TO_MB)


def _last_words(file: IO[str]) -> str:
    file.seek(0)
    words = file.read().strip().splitlines()
    return words[-1] if words else ""
