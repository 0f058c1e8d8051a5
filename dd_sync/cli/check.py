"""`dd-sync check`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import DatadogError, Exit, Problem, in_order

if TYPE_CHECKING:
    from dd_sync.catalog.load import Catalog

EXAMPLES = """\b
Examples:
  dd-sync check
  dd-sync check --strict --format github     in a pull request
  dd-sync check --remote                     ask Datadog's own validation too
"""


@click.command(epilog=EXAMPLES)
@click.option("--remote", is_flag=True, help="Ask Datadog to validate each monitor too (reads only).")
@click.option("--strict", is_flag=True, help="Warnings fail the check as well.")
@common("text", "json", "github", "sarif")
def check(app: App, remote: bool, strict: bool) -> int:
    """Load, validate and lint the catalog.

    Reads every file, reports every problem with its place, and exits with 1 if there is an error.
    """
    from dd_sync.report import problems as report

    loading = app.read()
    found = list(loading.problems)
    if loading.catalog is not None:
        found += _lint(loading.catalog)
        if remote:
            found += _ask_datadog(app, loading.catalog)
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


def _lint(catalog: Catalog) -> list[Problem]:
    from dd_sync.checks import run

    return list(run(catalog))


def _ask_datadog(app: App, catalog: Catalog) -> list[Problem]:
    """Datadog's verdict on each monitor, at the line of the monitor it is about."""
    monitors = app.datadog().monitors
    found = []
    for declared in catalog.monitors:
        if declared.references:
            continue
        try:
            monitors.validate(declared.monitor.body())
        except DatadogError as error:
            if error.status != 400:
                raise
            where, source = catalog.locate(declared)
            text = "; ".join(error.details) or error.problem
            found.append(
                Problem("datadog", f"Datadog refuses this monitor: {text}", "", where, source=source)
            )
    return found
