"""`dd-sync export`: monitors for other systems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.render import unknown_key
from dd_sync.text import within_line

if TYPE_CHECKING:
    from dd_sync.catalog.catalog import Catalog
    from dd_sync.model.monitor import Declared

EXAMPLES = """\b
Examples:
  dd-sync export prometheus --out rules.yaml --tests rules_test.yaml
  promtool check rules rules.yaml && promtool test rules rules_test.yaml
  dd-sync export prometheus stream-rate
"""
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(epilog=EXAMPLES)
def export() -> None:
    """Write the monitors for other systems."""


@export.command(epilog=EXAMPLES, short_help="Write alert rules of Prometheus, and tests of them.")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--out", metavar="FILE", type=_FILE, help="Write the rules to FILE.")
@click.option("--tests", metavar="FILE", type=_FILE, help="Write the scenarios as tests of promtool too.")
@common(monitors=True)
def prometheus(app: App, keys: tuple[str, ...], out: Path | None, tests: Path | None) -> None:
    """Write alert rules of Prometheus, for every monitor that means the same there.

    What is left out is said with its reason, here and at the end of the file.
    """
    from dd_sync.export.rules import export as exported_of
    from dd_sync.export.text import rules_text

    if tests is not None and out is None:
        raise click.UsageError("--tests needs --out: the tests name the file of the rules")
    catalog = app.catalog()
    exported = exported_of(_chosen(catalog, keys), catalog.queries)
    text = rules_text(exported, catalog.name)
    for key, reason in exported.left_out.items():
        app.say(f"left out: {within_line(key)}: {within_line(reason)}")
    if out is None:
        app.show(text.rstrip("\n"))
        return
    app.write(out, text)
    app.show(f"{len(exported.rules)} rules of {len({rule.key for rule in exported.rules})} monitors in {out}")
    if tests is not None:
        from dd_sync.cli.test import suite_of_app
        from dd_sync.export.tests import tests_files, tests_of

        made = tests_of(suite_of_app(app), exported)
        for name, reason in made.left_out.items():
            app.say(f"not tested: {within_line(name)}: {within_line(reason)}")
        files = tests_files(made, out, tests)
        for path, content in files.items():
            app.write(path, content)
        number = sum(map(len, made.tests.values()))
        app.show(f"{number} tests in {' and '.join(map(str, files))}")


def _chosen(catalog: Catalog, keys: tuple[str, ...]) -> list[Declared]:
    found = {declared.key: declared for declared in catalog.monitors}
    for key in keys:
        if key not in found:
            raise unknown_key(key, list(found))
    return [declared for declared in catalog.monitors if not keys or declared.key in keys]
