"""`dd-sync snooze report`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.snooze import show

if TYPE_CHECKING:
    from dd_sync.datadog.client import Datadog

EXAMPLES = """\b
Examples:
  dd-sync snooze report
  dd-sync snooze report --days 30 --format markdown > issue.md
"""
_EXEMPTIONS = ("exemption-ended", "exemption-ends-soon")


@click.command(epilog=EXAMPLES)
@click.option(
    "--days",
    type=click.IntRange(1, 92),
    default=7,
    show_default=True,
    help="How far back the most snoozed are counted.",
)
@common("text", "json", "markdown")
def report(app: App, days: int) -> None:
    """Report what ends soon, lasts long, is snoozed most, or hides an alert.

    Also snoozes whose groups no longer exist, and exemptions that end within a week.
    """
    from dd_sync.snooze.report import build_report
    from dd_sync.snooze.report_show import as_json, as_markdown, as_text

    catalog = show.brief_of(app).name
    exemptions = _exemptions(app)
    datadog = app.datadog()
    now = app.now()
    found = build_report(
        datadog.downtimes,
        datadog.search,
        catalog,
        now,
        days=days,
        keys=_keys(datadog, catalog),
        exemptions=exemptions,
    )
    if app.format == "json":
        app.show(show.as_json(as_json(found, lambda one: show.as_object(one, now))))
    else:
        app.show(as_markdown(found) if app.format == "markdown" else as_text(found))


def _exemptions(app: App) -> list[str]:
    """What the catalog warns of; its other problems are for `dd-sync check` to tell."""
    return [
        f"{problem.where or ''}: {problem.problem}"
        for problem in app.read().problems
        if problem.rule in _EXEMPTIONS
    ]


def _keys(datadog: Datadog, catalog: str) -> dict[int, str]:
    from dd_sync.model.ownership import CATALOG, MANAGED, key_of

    live = datadog.monitors.list((MANAGED, CATALOG + catalog))
    return {int(one["id"]): key for one in live if (key := key_of(one.get("tags") or (), catalog))}
