"""The speed this project promises, each promise one line: add a bar here and `make bench` prints it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.measure import Command, Measure
from tests.bench.stage import DD_SYNC, PROJECT, Stage

Staged = Callable[[Stage], Command]


@dataclass(frozen=True, slots=True)
class Bar:
    """`command` may cost at most `at_most` times what `against` costs, as medians of `rounds`.

    of: what is measured, CPU unless said otherwise; against: a command, or a number of seconds or MB.
    """

    name: str
    command: Staged
    against: Staged | float
    at_most: float
    against_name: str = "the imports"
    rounds: int = 9
    of: Measure = "cpu"

    def baseline(self, stage: Stage) -> Command | float:
        return self.against if isinstance(self.against, float) else self.against(stage)


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


def plan(monitors: int) -> Staged:
    """A plan of raw monitors that are all in sync."""

    def staged(stage: Stage) -> Command:
        folder = stage.raw_catalog(monitors)
        command = (DD_SYNC, "plan", "--catalog", str(folder), "--host", stage.canned(monitors))
        return lambda _round: command

    return staged


def floor(monitors: int) -> Staged:
    def staged(stage: Stage) -> Command:
        folder, url = stage.raw_catalog(monitors), stage.canned(monitors)
        return lambda _round: (sys.executable, str(PROJECT / "tests/bench/floor.py"), url, str(folder))

    return staged


def creates(stage: Stage) -> Command:
    """1,000 creates, each answered after 50 ms; each round into a Datadog that has none of them."""
    folder = stage.raw_catalog(1_000)
    return lambda _round: (
        *(DD_SYNC, "apply", "--yes", "--format", "json"),
        *("--catalog", str(folder), "--host", stage.slow(latency=0.05)),
    )


def test(scenarios: int, tenants: int) -> Staged:
    """Scenarios of one day of minutes, as a whole process."""

    def staged(stage: Stage) -> Command:
        command = (DD_SYNC, "test", "--catalog", str(stage.scenarios(scenarios, tenants)))
        return lambda _round: command

    return staged


def promtool(tenants: int) -> Staged:
    return lambda stage: lambda _round: ("promtool", "test", "rules", str(stage.promtool(tenants)))


def from_queries(*command: str) -> Staged:
    """The command with 20,000 queries at its standard input."""
    return lambda stage: lambda _: ("sh", "-c", '"$@" <"$0"', str(stage.queries(20_000)), *command)


PARSE = from_queries(DD_SYNC, "query", "parse", "--jsonl")
TOKENS = from_queries(sys.executable, str(PROJECT / "tests/bench/tokens.py"))
IMPORTS = always(sys.executable, "-c", "import click, yaml, pydantic")

BARS = (
    Bar("dd-sync --help", always(DD_SYNC, "--help"), IMPORTS, at_most=1.0),
    Bar("a snooze against the local Datadog", snooze, IMPORTS, at_most=3.0),
    Bar("check of 1,000 guards", check(1_000), IMPORTS, at_most=10.0, rounds=5),
    Bar("check of 10,000 guards", check(10_000), check(1_000), 11.0, "check of 1,000 guards", rounds=3),
    Bar("plan of 10,000 monitors", plan(10_000), floor(10_000), 1.0, "the floor", rounds=5),
    Bar("plan of 10,000 monitors, time", plan(10_000), floor(10_000), 1.0, "the floor", 5, "wall"),
    Bar("plan of 10,000 monitors, memory", plan(10_000), 160.0, 1.0, "160 MB", 1, "peak"),
    Bar("plan of 10,000 against 1,000", plan(10_000), plan(1_000), 11.0, "plan of 1,000 monitors", 3),
    Bar("apply of 1,000 creates, time", creates, 6.25, 1.25, "8 x 50 ms", 3, "wall"),
    Bar("unit test of 1,000 series, time", test(1, 1_000), promtool(1_000), 1 / 12, "promtool", 3, "wall"),
    Bar("100 scenarios of a day, time", test(100, 1), 3.0, 1.0, "3 s", 3, "wall"),
    Bar("query parse of 20,000 queries", PARSE, TOKENS, 12.0, "json and a tokeniser", rounds=5),
)
