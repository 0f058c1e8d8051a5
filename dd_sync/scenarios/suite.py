"""A catalog's scenarios together with what they run against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from dd_sync.catalog.catalog import Loading
from dd_sync.catalog.load import compile_files
from dd_sync.catalog.source import Files
from dd_sync.errors import CatalogError, Problem
from dd_sync.scenarios.declarations import Declarations
from dd_sync.scenarios.load import Scenario, load_scenarios
from dd_sync.scenarios.run import Declare, Outcome, run_all

# Sets of values; a catalog of thousands of monitors takes megabytes for each.
_REMEMBERED = 16


@dataclass(frozen=True, slots=True)
class Declaring:
    """The catalog's monitors as they are on a day and with some tunables set, from files read already.

    A scenario is judged by its own date, so that it does not begin to fail when an exemption ends, and by
    the catalog's own values: what a shell happens to export must not turn a test red or green.
    """

    files: Files
    env: str | None = None
    allow_unknown_options: bool = False
    _known: dict[str, Declarations] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, tunables: Mapping[str, object], day: date) -> Declarations:
        """By key; what was asked lately is remembered. Raises CatalogError."""
        name = repr((day, sorted(tunables.items())))
        if name not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name] = self._declared(tunables, day)
        return self._known[name]

    def _declared(self, tunables: Mapping[str, object], day: date) -> Declarations:
        again = compile_files(
            self.files,
            environ={},
            env=self.env,
            today=day,
            overrides=tunables,
            allow_unknown_options=self.allow_unknown_options,
            at_any_time=True,
        )
        errors = [problem for problem in again.problems if problem.is_error]
        if errors or again.catalog is None:
            raise CatalogError(errors)
        return Declarations({one.key: one for one in again.catalog.monitors}, again.catalog)


@dataclass(frozen=True, slots=True)
class Suite:
    """The scenarios to run, in the order of their files."""

    scenarios: tuple[Scenario, ...]
    declare: Declare
    tenant_tag: str

    def outcomes(self) -> Iterator[Outcome]:
        """One after another, each as soon as it is there."""
        return run_all(self.scenarios, self.declare, self.tenant_tag)

    def only(self, scenarios: tuple[Scenario, ...]) -> Suite:
        return replace(self, scenarios=scenarios)


def suite_of(loading: Loading, env: str | None = None, *, allow_unknown_options: bool = False) -> Suite:
    """The scenarios of a catalog. Raises CatalogError with all that is wrong with it or with them."""
    suite, errors = read_suite(loading, env, allow_unknown_options=allow_unknown_options)
    if errors or suite is None:
        raise CatalogError(errors)
    return suite


def read_suite(
    loading: Loading, env: str | None = None, *, allow_unknown_options: bool = False
) -> tuple[Suite | None, list[Problem]]:
    """The scenarios that are in order, None where there is no catalog; and every error, in order."""
    catalog = loading.catalog
    folder = None if catalog is None else catalog.folder
    loaded = load_scenarios(loading.scenarios, loading.all_keys, folder, loading.all_downtimes)
    found = dict.fromkeys((*loading.problems, *loaded.problems))
    errors = [problem for problem in found if problem.is_error]
    if catalog is None:
        return None, errors
    declare = Declaring(catalog.files, env, allow_unknown_options)
    return Suite(loaded.scenarios, declare, catalog.tenant_tag), errors
