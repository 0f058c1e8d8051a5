"""`dd-sync apply`"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import Exit, RequestError

if TYPE_CHECKING:
    from dd_sync.catalog.load import Catalog
    from dd_sync.datadog.client import Datadog
    from dd_sync.plan.changes import Plan
    from dd_sync.plan.report import Outcome, Report
    from dd_sync.plan.survey import Survey

EXAMPLES = """\b
Examples:
  dd-sync apply --plan plan.json      what was reviewed, or nothing
  dd-sync apply --yes                 plan and carry out in one go
  dd-sync apply                       shows the plan and asks, on a terminal
"""
_NUMBER = click.IntRange(min=0)


@click.command(epilog=EXAMPLES)
@click.option(
    "--plan", "saved", metavar="FILE", type=click.Path(path_type=Path), help="A plan of plan --out."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--allow-deletes", metavar="N", type=_NUMBER, help="Delete up to N, whatever the limits say.")
@click.option("--allow-updates", metavar="N", type=_NUMBER, help="Update up to N, whatever the limits say.")
@click.option(
    "--force-delete",
    "force",
    metavar="KEY",
    multiple=True,
    help="Delete KEY although it is still used; repeatable.",
)
@common("text", "json", monitors=True)
def apply(
    app: App,
    saved: Path | None,
    yes: bool,
    allow_deletes: int | None,
    allow_updates: int | None,
    force: tuple[str, ...],
) -> int:
    """Make Datadog's monitors what the catalog declares.

    Refuses with 3, before any write, what is past the limits or has moved since it was planned.
    """
    from dd_sync.catalog.collector import collector_paused
    from dd_sync.cli.planning import limits_of
    from dd_sync.plan.safety import check_limits

    if not (saved or yes or app.interactive):
        raise click.UsageError("nobody can be asked here: give --plan FILE or --yes")
    with collector_paused():
        catalog, datadog = app.catalog(), app.datadog()
        plan, seen = (_saved(catalog, datadog, saved), None) if saved else _planned(app, catalog, datadog)
    check_limits(plan, limits_of(catalog), allow_deletes=allow_deletes, allow_updates=allow_updates)
    if plan.size and not (saved or yes):
        click.confirm("Carry this out?", abort=True, err=True)
        seen = None  # It may have taken somebody an hour to answer.
    _refuse_idle_force(plan, force)
    report = _carry_out(app, catalog, plan, datadog, force, seen)
    _show(app, report)
    return Exit.DONE if report.is_complete else Exit.UNREACHABLE


def _refuse_idle_force(plan: Plan, force: tuple[str, ...]) -> None:
    """A key that names nothing to delete is a typo, and would be noticed only when it is too late."""
    deleted = {change.key for change in plan.changes if change.action in ("delete", "replace")}
    for key in force:
        if plan.size and key not in deleted:
            raise RequestError(
                f"--force-delete {key}: the plan deletes no monitor of that key",
                hint=f"it deletes {', '.join(sorted(deleted))}" if deleted else "it deletes none at all",
            )


def _carry_out(
    app: App, catalog: Catalog, plan: Plan, datadog: Datadog, force: tuple[str, ...], seen: Survey | None
) -> Report:
    from dd_sync.cli.planning import resource_calls
    from dd_sync.plan.apply import apply as carry_out

    done: list[Outcome] = []
    shown = app.format == "text" and sys.stderr.isatty() and plan.size > 1
    with click.progressbar(length=plan.size, label="applying", file=sys.stderr, hidden=not shown) as bar:

        def progress(outcome: Outcome) -> None:
            if outcome.is_done:
                done.append(outcome)
            bar.update(1)

        try:
            calls = resource_calls(app, catalog, datadog)
            return carry_out(
                plan,
                datadog.monitors,
                progress=progress,
                force=force,
                calls=calls,
                seen=seen,
                waiting=lambda: app.say("waiting for the requests under way; interrupt again to leave them"),
            )
        except KeyboardInterrupt:
            app.say(f"{len(done)} of {plan.size} changes were made; the next apply goes on from there")
            raise


def _saved(catalog: Catalog, datadog: Datadog, file: Path) -> Plan:
    """The plan in the file. Raises UnsafePlan if it does not hold any more."""
    from dd_sync.plan.saved import load, refuse_if_moved

    plan = load(file)
    refuse_if_moved(
        plan,
        declared=catalog.monitors,
        catalog=catalog.name,
        target=datadog.target,
        resources=catalog.resources,
    )
    return plan


def _planned(app: App, catalog: Catalog, datadog: Datadog) -> tuple[Plan, Survey]:
    """A new plan, shown so that the log says what was done, and what it was made of."""
    from dd_sync.datadog.later import Later
    from dd_sync.plan.survey import survey

    monitors, expected = datadog.monitors, len(catalog.monitors)
    asked = Later(lambda: survey(monitors, catalog.name, expected)).begun()
    # What is needed next is imported while Datadog answers.
    import_module("dd_sync.plan.apply")
    from dd_sync.cli.planning import make_plan, style, tell_tunables
    from dd_sync.plan.show import as_text

    tell_tunables(app, catalog)
    seen = asked.result()
    plan = make_plan(app, catalog, datadog, live=seen.monitors)
    if app.format == "text" and plan.size:
        app.show(as_text(plan, style=style(app), being_applied=True))
    return plan, seen


def _show(app: App, report: Report) -> None:
    from dd_sync.cli.planning import style
    from dd_sync.plan.show import report_json, report_text

    if app.format == "json":
        app.show_json(report_json(report))
    else:
        app.show(report_text(report, style=style(app)))
