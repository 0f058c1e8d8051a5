"""Requests beside one another that keep nobody: an interrupt ends the program, not the requests first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """What a call gives, made in a thread of its own once it is begun. Only for calls that change nothing."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        # The program does not wait for a daemon to end.
        self._thread = Thread(target=self._run, daemon=True)
        self._given: list[T] = []
        self._error: BaseException | None = None

    def begun(self) -> Later[T]:
        """Itself, under way; a second time it does nothing."""
        if self._thread.ident is None:
            self._thread.start()
        return self

    def result(self) -> T:
        """What the call gave, or raised, as soon as it has."""
        self.begun()._thread.join()
        if self._error is not None:
            raise self._error
        return self._given[0]

    def _run(self) -> None:
        with ExitStack() as whatever_it_raises:
            whatever_it_raises.push(self._keep)
            self._given.append(self._call())

    def _keep(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self._error = error
        return True
