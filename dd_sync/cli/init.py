"""`dd-sync init`"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from dd_sync import __version__
from dd_sync.cli.app import App, common
from dd_sync.errors import RequestError

# where it goes in the repository -> which packaged file it is
FILES = {
    "monitors/catalog.yaml": "monitors/catalog.yaml",
    "monitors/streams.yaml": "monitors/streams.yaml",
    "monitors/scenarios/streams.yaml": "monitors/scenarios/streams.yaml",
    ".github/workflows/monitors-ci.yml": "workflows/monitors-ci.yml",
    ".github/workflows/monitors-sync.yml": "workflows/monitors-sync.yml",
    ".github/workflows/monitors-drift.yml": "workflows/monitors-drift.yml",
    ".github/workflows/monitors-snoozes.yml": "workflows/monitors-snoozes.yml",
}

EXAMPLES = """\b
Examples:
  dd-sync init                 in the repository's top folder
  dd-sync init ../payments
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@common()
def init(app: App, folder: Path) -> None:
    """Start a catalog: one guard, its scenarios and the workflows.

    Nothing that exists is overwritten.
    """
    write_catalog(folder)
    for name in FILES:
        app.show(f"created {folder / name}")
    app.say("next: dd-sync check, dd-sync test, then set DD_API_KEY and DD_APP_KEY and run dd-sync plan")


def write_catalog(folder: Path) -> None:
    """Write the template into a repository's top folder, all of it or, if a file is in the way, nothing."""
    in_the_way = [name for name in FILES if (folder / name).exists()]
    if in_the_way:
        raise RequestError(
            f"{folder / in_the_way[0]} exists already",
            hint="choose another folder, or move the file away; init never overwrites",
        )
    templates = files("dd_sync.cli") / "templates"
    try:
        for name, template in FILES.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            text = (templates / template).read_text("utf-8")
            # The workflows install the very version that wrote them.
            target.write_text(text.replace("==VERSION", f"=={__version__}"), "utf-8")
    except OSError as error:
        raise RequestError(
            f"cannot write {error.filename or folder}: {error.strerror}",
            hint="choose a folder you may write to",
        ) from error
