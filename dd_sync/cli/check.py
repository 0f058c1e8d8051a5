"""`dd-sync check`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import CatalogError, DatadogError, Exit, Problem, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dd_sync.catalog.load import Loading
    from dd_sync.datadog.client import Datadog

EXAMPLES = """\b
Examples:
  dd-sync check
  dd-sync check --strict --format github     in a pull request
  dd-sync check --remote                     ask Datadog's own validation too
"""


@click.command(epilog=EXAMPLES)
@click.option("--remote", is_flag=True, help="Ask Datadog to validate each monitor too (reads only).")
@click.option("--strict", is_flag=True, help="Warnings fail the check as well.")
@common("text", "json", "github", "sarif", monitors=True)
def check(app: App, remote: bool, strict: bool) -> int:
    """Load, validate and lint the catalog.

    Reads every file, reports every problem with its place, and exits with 1 if there is an error.
    """
    from dd_sync.report import problems as report

    loading = read_all(app)
    datadog = app.datadog() if remote else None
    found = [*loading.problems, *lint(loading, datadog), *(_ask(datadog, loading) if datadog else ())]
    problems = in_order(found)
    monitors = len(loading.catalog.monitors) if loading.catalog else 0
    if app.format == "text":
        if problems:
            app.show(report.as_text(problems) + "\n")
        app.show(report.summary(problems, monitors))
    elif app.format == "json":
        app.show(report.as_json(problems, monitors))
    elif app.format == "sarif":
        app.show(report.as_sarif(problems))
    else:
        if problems:
            app.show(report.as_github(problems))
        app.say(report.summary(problems, monitors))
    failed = any(p.is_error for p in problems) or (strict and problems)
    return Exit.WRONG if failed else Exit.DONE


def read_all(app: App) -> Loading:
    """The catalog; that there is none is a problem like others, so that every format can tell it."""
    from dd_sync.catalog.load import Loading

    try:
        return app.read()
    except CatalogError as error:
        return Loading(None, error.problems())


def lint(loading: Loading, datadog: Datadog | None = None) -> Iterator[Problem]:
    """What the rules find in the catalog and its scenarios; `datadog` is asked about webhooks."""
    from dd_sync.checks import run

    tested: set[str] = set()
    if loading.scenarios:
        # Only with scenarios to read is there a need for the evaluator's notation, and with it numpy.
        from dd_sync.scenarios.load import covered_keys, load_scenarios

        folder = loading.catalog.folder if loading.catalog else None
        loaded = load_scenarios(loading.scenarios, loading.all_keys, folder, loading.all_downtimes)
        yield from loaded.problems
        tested = covered_keys(loaded.scenarios)
    if loading.catalog is not None:
        exists = datadog.webhook_exists if datadog else None
        yield from run(loading.catalog, tested=tested, webhook_exists=exists)


def _ask(datadog: Datadog, loading: Loading) -> Iterator[Problem]:
    """Datadog's verdict on each monitor, at the line of the monitor it is about."""
    monitors = datadog.monitors
    catalog = loading.catalog
    for declared in catalog.monitors if catalog else ():
        # A query with references is whole only once Datadog has given their ids.
        if catalog is None or declared.references:
            continue
        try:
            monitors.validate(declared.monitor.body())
        except DatadogError as error:
            if error.status != 400:
                raise
            where, source = catalog.locate(
                declared, ("query",) if declared.guard is None else ("guard",), key=True
            )
            said = "; ".join(error.details) or error.problem
            hint = "Datadog's validation refuses this monitor; change what it names"
            yield Problem("datadog-validate", said, hint, where, source=source)
