"""The speed this project promises, each promise one line: add a bar here and `make bench` prints it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.measure import Command
from tests.bench.stage import DD_SYNC, PROJECT, Stage

Staged = Callable[[Stage], Command]


@dataclass(frozen=True, slots=True)
class Bar:
    """`command` may cost at most `at_most` times the CPU of `against`, as medians of `rounds`."""

    name: str
    command: Staged
    against: Staged
    at_most: float
    against_name: str = "the imports"
    rounds: int = 9


def always(*command: str) -> Staged:
    return lambda _: lambda _round: command


def check(guards: int) -> Staged:
    def staged(stage: Stage) -> Command:
        command = (DD_SYNC, "check", "--catalog", str(stage.catalog(guards)))
        return lambda _round: command

    return staged


def snooze(stage: Stage) -> Command:
    """Another tenant each round: who is snoozed already takes a shorter way."""
    own = ("--host", stage.datadog, "--catalog", str(PROJECT / "monitors"))

    def command(turn: int) -> Sequence[str]:
        return (DD_SYNC, "snooze", "tenant", f"bench-{turn}", "--for", "2h", "--reason", "bench", *own)

    return command


IMPORTS = always(sys.executable, "-c", "import click, yaml, pydantic")

BARS = (
    Bar("dd-sync --help", always(DD_SYNC, "--help"), IMPORTS, at_most=1.0),
    Bar("a snooze against the local Datadog", snooze, IMPORTS, at_most=3.0),
    Bar("check of 1,000 guards", check(1_000), IMPORTS, at_most=10.0, rounds=5),
    Bar("check of 10,000 guards", check(10_000), check(1_000), 11.0, "check of 1,000 guards", rounds=3),
)
