"""`dd-sync report`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.render import unknown_key
from dd_sync.cli.test import suite_and_catalog

if TYPE_CHECKING:
    from dd_sync.report.dashboards.shown import Watched
    from dd_sync.report.explain import Explanation

EXAMPLES = """\b
Examples:
  dd-sync report
  dd-sync report --html dashboards.html
  dd-sync report streams escrow --html dashboards.html
"""


@click.command(epilog=EXAMPLES)
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write one page with a picture of every widget.",
)
@common(monitors=True)
def report(app: App, keys: tuple[str, ...], html: Path | None) -> None:
    """Draw the dashboards from the catalog's own scenarios.

    All of them, or the named ones: what each widget would show, with the series of the scenario that shows
    most of it, and every monitor in its worst state. Nothing is asked of Datadog.
    """
    from dd_sync.report.dashboards.draw import Gallery
    from dd_sync.report.dashboards.scenes import Stage
    from dd_sync.report.dashboards.summary import as_text
    from dd_sync.report.explain import explain

    suite, catalog = suite_and_catalog(app)
    gallery = Gallery(catalog, Stage(suite, catalog.monitors))
    for key in keys:
        if key not in gallery.dashboards:
            otherwise = "`dd-sync report` without a key shows all of them"
            raise unknown_key(key, list(gallery.dashboards), "dashboard", otherwise)
    boards = [gallery.board(key) for key in dict.fromkeys(keys or gallery.dashboards)]
    others = [] if keys else gallery.others(boards)
    if not gallery.dashboards:
        app.say(f"no dashboard in {app.folder}; declare one under `dashboards:`")
    if html is None:
        if boards or others:
            app.show(as_text(boards, others))
        return
    from dd_sync.report.dashboards.page import page

    def explained(watched: Watched) -> Explanation:
        return explain(watched.declared, catalog.queries[watched.declared.key], ())

    app.write(html, page(boards, others, explained))
    app.show(f"{len(boards)} dashboard{'' if len(boards) == 1 else 's'} drawn in {html}")
