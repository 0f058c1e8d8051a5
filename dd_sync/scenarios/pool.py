"""Scenarios and other work done at once, in processes of their own where that is faster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar

from dd_sync.errors import DdSyncError
from dd_sync.scenarios.run import Outcome
from dd_sync.scenarios.suite import Suite

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
# What is made of an outcome and the seconds it took; it has to be small, since it goes between processes.
Summarise = Callable[[Outcome, float], T]

# Processes pay where more than this many seconds of work seem to be left.
_WORTH = 0.5
_AT_LEAST_LEFT = 4
# Enough parts that no process waits long for another.
_PARTS_EACH = 4
# And few enough in one that results are soon seen, and an interrupt is soon obeyed.
_LARGEST_PART = 8


class Work(Protocol[T_co]):
    """What processes can share: so many parts, each of which gives one result."""

    def __len__(self) -> int: ...

    def each(self, start: int, stop: int) -> Iterator[T_co]:
        """The results of the parts start <= part < stop, in order."""
        ...


@dataclass(frozen=True, slots=True)
class _Scenarios(Generic[T]):
    suite: Suite
    summarise: Summarise[T]

    def __len__(self) -> int:
        return len(self.suite.scenarios)

    def each(self, start: int, stop: int) -> Iterator[T]:
        outcomes = self.suite.only(self.suite.scenarios[start:stop]).outcomes()
        started = perf_counter()
        for outcome in outcomes:
            yield self.summarise(outcome, perf_counter() - started)
            started = perf_counter()


def run_many(suite: Suite, summarise: Summarise[T], jobs: int | None = None) -> Iterator[T]:
    """What `summarise` makes of each outcome, in the order of the scenarios; else as `in_parallel`."""
    return in_parallel(_Scenarios(suite, summarise), jobs)


def in_parallel(work: Work[T], jobs: int | None = None) -> Iterator[T]:
    """Every result of the work, in order.

    jobs: processes; None for one for each processor, and only once it is plain that they are worth their
    start. Raises DdSyncError if a process ends before its work.
    """
    count = len(work)
    processes = jobs or _processors()
    if processes > 1 and jobs is not None and count > 1:
        yield from _in_processes(work, 0, processes)
        return
    started = perf_counter()
    for done, one in enumerate(work.each(0, count), 1):
        yield one
        left = count - done
        if processes > 1 and left >= _AT_LEAST_LEFT and (perf_counter() - started) / done * left > _WORTH:
            yield from _in_processes(work, done, processes)
            return


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _in_processes(work: Work[T], start: int, processes: int) -> Iterator[T]:
    stop = len(work)
    size = min(_LARGEST_PART, max(1, -(-(stop - start) // (processes * _PARTS_EACH))))
    parts = range(start, stop, size)
    executor = ProcessPoolExecutor(
        min(processes, len(parts)), _context(), initializer=_begin, initargs=(work,)
    )
    try:
        with warnings.catch_warnings():
            # Python warns of forking with threads; those there are belong to numpy's linear algebra,
            # which nothing here uses.
            warnings.simplefilter("ignore", DeprecationWarning)
            futures = [executor.submit(_part, part, part + size) for part in parts]
        for future in futures:
            yield from future.result()
    except BrokenProcessPool:
        raise DdSyncError(
            "a process that ran scenarios ended before its work",
            hint="there may be too little memory; try `--jobs 1`",
        ) from None
    finally:
        executor.shutdown(cancel_futures=True)


def _context() -> Any:
    """Forking takes what was read already along; it is not safe with polars, nor elsewhere than on Linux."""
    forks = sys.platform == "linux" and "polars" not in sys.modules
    return multiprocessing.get_context("fork" if forks else "spawn")


_begun: list[Work[Any]] = []


def _begin(work: Work[Any]) -> None:
    """In each process, once. An interrupt is the first process's to handle."""
    _begun.append(work)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _part(start: int, stop: int) -> list[Any]:
    return list(_begun[-1].each(start, stop))
