"""Scenario files as tests of pytest: an item for each scenario, with the failure text of `dd-sync test`.

A file is one of scenarios when it lies in a folder named scenarios/ of a catalog; any other is left alone,
and nothing but pytest itself is imported before such a file is met.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dd_sync.errors import Problem
    from dd_sync.scenarios.load import Scenario
    from dd_sync.scenarios.run import Outcome
    from dd_sync.scenarios.suite import Suite

_CATALOGS = pytest.StashKey[dict[Path, "_Catalog"]]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    if file_path.suffix not in (".yaml", ".yml") or "scenarios" not in file_path.parts:
        return None
    folder = _catalog_of(file_path)
    if folder is None:
        return None
    found: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path, folder=folder)
    return found


def _catalog_of(file: Path) -> Path | None:
    """The folder above a scenarios/ that a catalog is in."""
    for above in file.parents:
        if above.name == "scenarios":
            for folder in above.parents:
                if (folder / "catalog.yaml").is_file():
                    return folder
    return None


class ScenarioFile(pytest.File):
    """One file; its catalog is read once for all of them."""

    def __init__(self, *, folder: Path, **given: Any) -> None:
        super().__init__(**given)
        self._folder = folder

    def collect(self) -> Iterator[ScenarioItem]:
        catalogs = self.config.stash.setdefault(_CATALOGS, {})
        if self._folder not in catalogs:
            catalogs[self._folder] = _read(self._folder)
        catalog = catalogs[self._folder]
        if wrong := catalog.wrong(self.path):
            raise self.CollectError(wrong)
        for scenario in catalog.suite.scenarios if catalog.suite else ():
            if _is_same(scenario.source.file, self.path):
                name = f"{scenario.monitor}: {scenario.name}"
                yield ScenarioItem.from_parent(self, name=name, suite=catalog.suite, scenario=scenario)


@dataclass(frozen=True)
class _Catalog:
    """What could be read of a catalog. tests: the names of its scenario files."""

    suite: Suite | None
    problems: Sequence[Problem]
    tests: Collection[str]

    def wrong(self, path: Path) -> str:
        """What keeps a file's scenarios from running: its own mistakes, and those of the catalog."""
        told = [
            f"{problem.where}: {problem.problem}\n  = {problem.hint}" if problem.where else problem.problem
            for problem in self.problems
            if problem.where is None
            or problem.where.file not in self.tests
            or _is_same(problem.where.file, path)
        ]
        return "\n".join(told)


def _is_same(file: str, path: Path) -> bool:
    return Path(file).resolve() == path.resolve()


def _read(folder: Path) -> _Catalog:
    from datetime import UTC, datetime

    from dd_sync.catalog.load import load
    from dd_sync.scenarios.suite import read_suite

    here = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    loading = load(here, environ={}, env=None, today=datetime.now(UTC).date())
    suite, problems = read_suite(loading)
    return _Catalog(suite, problems, {source.file for source in loading.scenarios})


class ScenarioFailed(Exception):
    """A scenario whose expectations were not met."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, suite: Suite, scenario: Scenario, **given: Any) -> None:
        super().__init__(**given)
        self._suite, self._scenario = suite, scenario

    def runtest(self) -> None:
        (outcome,) = self._suite.only((self._scenario,)).outcomes()
        if not outcome.passed:
            raise ScenarioFailed(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, ScenarioFailed):
            from dd_sync.scenarios.show import show
            from dd_sync.text import printable

            return printable(show(excinfo.value.outcome))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._scenario.place().line - 1, self.name
