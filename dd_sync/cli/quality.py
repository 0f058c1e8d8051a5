"""`dd-sync test --coverage` and `--mutate`: how good the scenarios themselves are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dd_sync.catalog.catalog import Catalog
    from dd_sync.scenarios.suite import Suite

_PERCENT = click.FloatRange(0, 100)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted beyond running the scenarios. The least percentages are None where there are none."""

    coverage: bool = False
    mutate: bool = False
    min_coverage: float | None = None
    min_killed: float | None = None

    def __bool__(self) -> bool:
        return self.coverage or self.mutate


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. data: for `--format json`; short: what is less than was asked for, each in words."""

    texts: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    short: list[str] = field(default_factory=list)

    def add(self, name: str, text: str, data: dict[str, Any], least: float | None) -> None:
        self.texts.append(text)
        self.data[name] = data
        if least is not None and data["percent"] < least:
            self.short.append(f"{name} is {data['percent']:g} %, at least {least:g} % is asked for")


def quality_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them as one argument, `asked`."""

    @functools.wraps(command)
    def call(*arguments: Any, **given: Any) -> Any:
        least, killed = given.pop("min_coverage"), given.pop("min_killed")
        coverage, mutate = given.pop("coverage"), given.pop("mutate")
        asked = Asked(coverage or least is not None, mutate or killed is not None, least, killed)
        return command(*arguments, asked=asked, **given)

    for option in (
        click.option("--min-killed", metavar="PERCENT", type=_PERCENT, help="--mutate; exit 1 below this."),
        click.option("--mutate", is_flag=True, help="Say which small mistakes no scenario would notice."),
        click.option(
            "--min-coverage", metavar="PERCENT", type=_PERCENT, help="--coverage; exit 1 below this."
        ),
        click.option("--coverage", is_flag=True, help="Say what of the monitors no scenario exercises."),
    ):
        call = option(call)
    return call


def concerned(whole: Suite, chosen: Suite, catalog: Catalog) -> tuple[Suite, list[str]]:
    """The keys of the monitors that the chosen scenarios are about, and every scenario that tests those."""
    from dd_sync.scenarios.mutate import users_of

    about = {scenario.monitor for scenario in chosen.scenarios}
    monitors = {declared.key: declared for declared in catalog.monitors}
    testing = about.union(*(users_of(key, monitors) for key in about))
    scenarios = tuple(one for one in whole.scenarios if one.monitor in testing)
    return whole.only(scenarios), sorted(about)


def measure(asked: Asked, suite: Suite, catalog: Catalog, keys: list[str], jobs: int | None) -> Answer:
    """Coverage and mutation of the monitors of these keys, by a suite whose scenarios all pass."""
    answer = Answer()
    if asked.coverage:
        from dd_sync.report import coverage as report
        from dd_sync.scenarios.coverage import cover

        coverage = cover(suite, catalog, keys, jobs)
        answer.add("coverage", report.as_text(coverage), report.as_data(coverage), asked.min_coverage)
    if asked.mutate:
        from dd_sync.report import mutation as told
        from dd_sync.scenarios.mutate import mutate

        mutation = mutate(suite, catalog, keys, jobs)
        answer.add("mutation", told.as_text(mutation), told.as_data(mutation), asked.min_killed)
    return answer
