"""`dd-sync test`"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import CatalogError, Exit, RequestError

if TYPE_CHECKING:
    from datetime import date

    from dd_sync.catalog.catalog import Catalog
    from dd_sync.model.monitor import Declared
    from dd_sync.scenarios.load import Scenario
    from dd_sync.scenarios.run import Declare, Outcome

EXAMPLES = """\b
Examples:
  dd-sync test
  dd-sync test monitors/scenarios/streams.yaml
"""


@click.command(epilog=EXAMPLES)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@common("text", "json", monitors=True)
def test(app: App, paths: tuple[Path, ...]) -> int:
    """Run the catalog's scenarios on synthetic series.

    All of them, or those of the named files and folders. Tunables have their defaults, the values of
    --env, or those the scenario sets; the environment's variables are left out. Exits with 1 if one fails.
    """
    outcomes = []
    for outcome in run_scenarios(app, paths):
        outcomes.append(outcome)
        if app.format == "text":
            app.show(_text(app, outcome))
    failed = sum(not outcome.passed for outcome in outcomes)
    if app.format == "json":
        app.show(json.dumps([_object(outcome) for outcome in outcomes], indent=2, ensure_ascii=False))
    else:
        app.show(f"{len(outcomes) - failed} passed, {failed} failed")
    return Exit.WRONG if failed else Exit.DONE


def run_scenarios(app: App, paths: Sequence[Path] = ()) -> Iterator[Outcome]:
    """The outcomes of the catalog's scenarios, as they come. Raises CatalogError with all that is wrong."""
    from dd_sync.scenarios.load import load_scenarios
    from dd_sync.scenarios.run import run_all

    loading = replace(app, environ={}).read()
    loaded = load_scenarios(loading.scenarios, loading.keys)
    errors = [p for p in (*loading.problems, *loaded.problems) if p.is_error]
    if errors or loading.catalog is None:
        raise CatalogError(errors)
    chosen = _chosen(loaded.scenarios, paths)
    if not chosen:
        app.say(f"no scenario in {app.folder}; write one in {app.folder / 'scenarios'}")
    yield from run_all(chosen, _declare(app, loading.catalog), loading.catalog.tenant_tag)


def _chosen(scenarios: Sequence[Scenario], paths: Sequence[Path]) -> list[Scenario]:
    """Those in the named files and folders; a name that leads to none is an error, not an empty success."""
    if not paths:
        return list(scenarios)
    files = {scenario.source.file: Path(scenario.source.file).resolve() for scenario in scenarios}
    for path in paths:
        if not any(file.is_relative_to(path.resolve()) for file in files.values()):
            raise RequestError(f"no scenario in {path}", hint="name a file or folder under scenarios/")
    wanted = [path.resolve() for path in paths]
    return [one for one in scenarios if any(files[one.source.file].is_relative_to(path) for path in wanted)]


def _declare(app: App, catalog: Catalog) -> Declare:
    """The monitors as they are on a day and with some tunables set, from the files that were read already.

    A scenario is judged by its own date, so that it does not begin to fail when an exemption ends, and by
    the catalog's own values: what a shell happens to export must not turn a test red or green.
    """
    from dd_sync.catalog.load import compile_files

    def declare(tunables: Mapping[str, object], day: date) -> Mapping[str, Declared]:
        again = compile_files(
            catalog.files,
            environ={},
            env=app.env,
            today=day,
            overrides=tunables,
            allow_unknown_options=app.allow_unknown_options,
        )
        errors = [problem for problem in again.problems if problem.is_error]
        if errors or again.catalog is None:
            raise CatalogError(errors)
        return {declared.key: declared for declared in again.catalog.monitors}

    return declare


def _text(app: App, outcome: Outcome) -> str:
    from dd_sync.scenarios.show import show
    from dd_sync.text import printable

    mark, _, rest = printable(show(outcome)).partition(" ")
    if not app.screen.colours(sys.stdout):
        return f"{mark} {rest}"
    return f"{click.style(mark, fg='green' if outcome.passed else 'red', bold=True)} {rest}"


def _object(outcome: Outcome) -> dict[str, Any]:
    """A scenario's outcome as `--format json` shows it."""
    return {
        "name": outcome.scenario.name,
        "monitor": outcome.scenario.monitor,
        "file": outcome.scenario.source.file,
        "line": outcome.scenario.place().line,
        "passed": outcome.passed,
        "failures": [
            {"problem": one.problem, "line": one.where.line, "group": one.group, "at": one.at}
            for one in outcome.failures
        ],
    }
