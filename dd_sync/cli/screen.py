"""What goes to the terminal: results to stdout, everything else to stderr, colour only where it helps."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TextIO

import click

from dd_sync.errors import Problem


class Unwritable(Exception):
    """Nothing can be written to stdout: it is closed, or its disk is full."""


@contextmanager
def results() -> Iterator[TextIO]:
    """stdout. Raises Unwritable; a reader that has gone away (`| head`) ends the output quietly."""
    if sys.stdout is None or sys.stdout.closed:
        raise Unwritable("stdout is closed")
    try:
        yield sys.stdout
    except BrokenPipeError:
        # No more is wanted, not even what Python would flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Unwritable(error.strerror or str(error)) from None


@dataclass(frozen=True, slots=True)
class Screen:
    """color: `auto`, `always` or `never`; auto means a terminal that NO_COLOR does not forbid."""

    color: str = "auto"
    verbose: int = 0

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Screen:
        """Before the arguments are parsed: only what an error message needs to know of them."""
        for index, argument in enumerate(arguments):
            if argument.startswith("--color="):
                return cls(argument.removeprefix("--color="))
            if argument == "--color" and index + 1 < len(arguments):
                return cls(arguments[index + 1])
        return cls()

    def colours(self, stream: TextIO | None) -> bool:
        """stream: None where it was closed before we began."""
        if self.color != "auto":
            return self.color == "always"
        if stream is None:
            return False
        return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        """A result. Raises Unwritable."""
        with results() as stdout:
            click.echo(text, color=self.colours(stdout))
            stdout.flush()

    def say(self, text: str) -> None:
        """Anything that is not the result."""
        self._err(f"dd-sync: {text}")

    def detail(self, text: str) -> None:
        if self.verbose:
            self.say(text)

    def problems(self, problems: Iterable[Problem]) -> None:
        from dd_sync.report.problems import as_text

        self._err(as_text(problems))

    def _err(self, text: str) -> None:
        # Nobody reads it where stderr is closed or full, and the exit code says enough.
        if not sys.stderr.closed:
            with suppress(OSError):
                click.echo(text, err=True, color=self.colours(sys.stderr))
