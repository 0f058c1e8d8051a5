"""`dd-sync test`"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.quality import Answer, Asked, concerned, measure, quality_options
from dd_sync.errors import Exit, RequestError

if TYPE_CHECKING:
    from dd_sync.catalog.catalog import Catalog
    from dd_sync.report.result import Result
    from dd_sync.scenarios.load import Scenario
    from dd_sync.scenarios.run import Outcome
    from dd_sync.scenarios.suite import Suite

EXAMPLES = """\b
Examples:
  dd-sync test
  dd-sync test monitors/scenarios/streams.yaml -k flood
  dd-sync test --junit tests.xml --html tests.html      in CI
  dd-sync test --coverage --mutate                      are the scenarios good enough?
"""
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=EXAMPLES)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("-k", "name", metavar="NAME", help="Those whose monitor or name has this in it; * is any text.")
@click.option("--jobs", metavar="N", type=click.IntRange(1, 256), help="Processes; by default as they pay.")
@click.option("--junit", metavar="FILE", type=_FILE, help="Write JUnit XML too, for CI.")
@click.option("--html", metavar="FILE", type=_FILE, help="Write one page with a picture of every group.")
@quality_options
@common("text", "json", monitors=True)
def test(
    app: App,
    paths: tuple[Path, ...],
    name: str | None,
    jobs: int | None,
    junit: Path | None,
    html: Path | None,
    asked: Asked,
) -> int:
    """Run the catalog's scenarios on synthetic series.

    All of them, or those of the named files and folders. Tunables have their defaults, the values of
    --env, or those the scenario sets; the environment's variables are left out. Exits with 1 if one fails.
    """
    from dd_sync.report.outcomes import Summarise, as_objects
    from dd_sync.scenarios.pool import run_many

    whole, catalog = suite_and_catalog(app)
    suite = _only(app, whole, paths, name)
    keys = [declared.key for declared in catalog.monitors]
    if asked and (paths or name):
        suite, keys = concerned(whole, suite, catalog)
    results = []
    summarise = Summarise(pictures=html is not None, lines=bool(html or junit or app.format == "json"))
    for result in run_many(suite, summarise, jobs):
        results.append(result)
        if app.format == "text":
            app.show(_text(app, result))
    failed = sum(not result.passed for result in results)
    answer = Answer() if failed else measure(asked, suite, catalog, keys, jobs)
    if app.format == "json":
        objects = as_objects(results)
        shown = {"scenarios": objects, **answer.data} if asked else objects
        app.show_json(shown)
    else:
        app.show("\n\n".join([f"{len(results) - failed} passed, {failed} failed", *answer.texts]))
    if asked and failed:
        app.say("what the scenarios cover and notice is asked once they all pass")
    for less in answer.short:
        app.say(less)
    if junit is not None:
        from dd_sync.report.junit import as_junit

        app.write(junit, as_junit(results))
    if html is not None:
        from dd_sync.report.scenario_page import page

        app.write(html, page(results))
    return Exit.WRONG if failed or answer.short else Exit.DONE


def run_scenarios(app: App, paths: Sequence[Path] = ()) -> Iterator[Outcome]:
    """The outcomes of the catalog's scenarios, as they come. Raises CatalogError with all that is wrong."""
    return _only(app, suite_and_catalog(app)[0], paths, None).outcomes()


def suite_of_app(app: App) -> Suite:
    """Every scenario of the catalog. Raises CatalogError with all that is wrong."""
    return suite_and_catalog(app)[0]


def suite_and_catalog(app: App) -> tuple[Suite, Catalog]:
    """Every scenario, and the catalog. Raises CatalogError with all that is wrong with either."""
    from dd_sync.scenarios.suite import suite_of

    loading = replace(app, environ={}).read()
    suite = suite_of(loading, app.env, allow_unknown_options=app.allow_unknown_options)
    return suite, cast("Catalog", loading.catalog)


def _only(app: App, suite: Suite, paths: Sequence[Path], name: str | None) -> Suite:
    """The scenarios that are asked for."""
    chosen = _named(_chosen(suite.scenarios, paths), name)
    if not chosen:
        app.say(f"no scenario in {app.folder}; write one in {app.folder / 'scenarios'}")
    return suite.only(tuple(chosen))


def _chosen(scenarios: Sequence[Scenario], paths: Sequence[Path]) -> Sequence[Scenario]:
    """Those in the named files and folders; a name that leads to none is an error, not an empty success."""
    if not paths:
        return scenarios
    files = {scenario.source.file: Path(scenario.source.file).resolve() for scenario in scenarios}
    for path in paths:
        if not any(file.is_relative_to(path.resolve()) for file in files.values()):
            raise RequestError(f"no scenario in {path}", hint="name a file or folder under scenarios/")
    wanted = [path.resolve() for path in paths]
    return [one for one in scenarios if any(files[one.source.file].is_relative_to(path) for path in wanted)]


def _named(scenarios: Sequence[Scenario], name: str | None) -> Sequence[Scenario]:
    """Those that a part of `monitor: name` is asked for by."""
    if name is None or not scenarios:
        return scenarios
    pattern = f"*{name.lower().replace('[', '[[]')}*"
    found = [one for one in scenarios if fnmatch(f"{one.monitor}: {one.name}".lower(), pattern)]
    if not found:
        raise RequestError(
            f"no scenario has '{name}' in its name", hint="`dd-sync test` without -k lists them all"
        )
    return found


def _text(app: App, result: Result) -> str:
    mark, _, rest = result.text.partition(" ")
    if not app.screen.colours(sys.stdout):
        return f"{mark} {rest}"
    return f"{click.style(mark, fg='green' if result.passed else 'red', bold=True)} {rest}"
