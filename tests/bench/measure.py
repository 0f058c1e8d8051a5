"""CPU of whole processes, and its ratio to a baseline that ran in turns with it."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Command = Callable[[int], Sequence[str]]
"""A command line for one round, counted from 0, for commands that must not repeat themselves."""


class Failed(Exception):
    """A measured command did not do its work, so its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """seconds and baseline_seconds: median CPU of one process, user and system."""

    seconds: float
    baseline_seconds: float

    @property
    def value(self) -> float:
        return self.seconds / self.baseline_seconds


def ratio(command: Command, baseline: Command, *, rounds: int, environ: Mapping[str, str]) -> Ratio:
    """Both by turns, `rounds` times after one round that only warms the caches.

    By turns, because a shared machine gets slower and faster for minutes at a time.
    """
    spent: list[tuple[float, float]] = []
    for turn in range(rounds + 1):
        spent.append((cpu_seconds(command(turn), environ), cpu_seconds(baseline(turn), environ)))
    measured = spent[1:]
    return Ratio(median(own for own, _ in measured), median(base for _, base in measured))


def cpu_seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """User and system CPU of one finished process and of the children it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            command, env={**os.environ, **environ}, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error.strerror}") from error
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(f"exit {done.returncode}: {words[-1] if words else 'no output'}")
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
