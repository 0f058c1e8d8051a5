"""What goes to the terminal: results to stdout, everything else to stderr, colour only where it helps."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

import click

from dd_sync.errors import Problem


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

    def colours(self, stream: TextIO) -> bool:
        if self.color != "auto":
            return self.color == "always"
        return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        """A result."""
        click.echo(text, color=self.colours(sys.stdout))

    def say(self, text: str) -> None:
        """Anything that is not the result."""
        click.echo(f"dd-sync: {text}", err=True, color=self.colours(sys.stderr))

    def detail(self, text: str) -> None:
        if self.verbose:
            self.say(text)

    def problems(self, problems: Iterable[Problem]) -> None:
        from dd_sync.report.problems import as_text

        click.echo(as_text(problems), err=True, color=self.colours(sys.stderr))
