"""`dd-sync drift`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import Exit

if TYPE_CHECKING:
    from dd_sync.adopt.drift import Drift
    from dd_sync.adopt.write_back import Written
    from dd_sync.catalog.catalog import Catalog

EXAMPLES = """\b
Examples:
  dd-sync drift
  dd-sync drift --write-back                 then look at git diff
  dd-sync drift --format markdown --detailed-exitcode
"""


@click.command(epilog=EXAMPLES)
@click.option("--write-back", is_flag=True, help="Put what was edited in Datadog into the YAML.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there is any drift.")
@common("text", "markdown", "json", monitors=True)
def drift(app: App, write_back: bool, detailed_exitcode: bool) -> int:
    """Tell what was edited in Datadog, and what changed in git.

    Compares each field with what was applied last, which the monitor itself remembers. Changes nothing in
    Datadog; --write-back changes the catalog's files, and never a field that was changed on both sides.
    """
    from dd_sync.adopt.drift import find_drift
    from dd_sync.catalog.collector import collector_paused
    from dd_sync.cli.planning import tell_tunables
    from dd_sync.model.ownership import CATALOG, MANAGED

    with collector_paused():
        catalog = app.catalog()
        tell_tunables(app, catalog)
        datadog = app.datadog()
        live = datadog.monitors.list((MANAGED, CATALOG + catalog.name), expected=len(catalog.monitors))
        found = find_drift(catalog.monitors, live, catalog.name, target=datadog.target)
    written = _write_back(app, catalog, found) if write_back else None
    _show(app, found, written)
    return Exit.CHANGES if detailed_exitcode and not found.is_none else Exit.DONE


def _write_back(app: App, catalog: Catalog, found: Drift) -> Written:
    from dd_sync.adopt.files import replace_text
    from dd_sync.adopt.write_back import write_back
    from dd_sync.catalog.catalog import Loading
    from dd_sync.catalog.load import compile_files
    from dd_sync.catalog.source import Files

    def anew(files: Files) -> Loading:
        return compile_files(
            files,
            environ=app.environ,
            env=app.env,
            today=app.now().date(),
            allow_unknown_options=app.allow_unknown_options,
        )

    written = write_back(found, catalog, anew)
    for file, text in written.texts.items():
        replace_text(Path(file), catalog.files.source(file).text, text)
    return written


def _show(app: App, found: Drift, written: Written | None) -> None:
    from dd_sync.adopt import show
    from dd_sync.cli.planning import style

    if app.format == "json":
        app.show_json(show.as_json(found, written))
    elif app.format == "markdown":
        app.show(show.as_markdown(found, written))
    else:
        app.show(show.as_text(found, written, style=style(app)))
