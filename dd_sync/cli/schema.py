"""`dd-sync schema`"""

from __future__ import annotations

import click

from dd_sync.cli.app import App, common

EXAMPLES = """\b
Examples:
  dd-sync schema > .vscode/dd-sync.schema.json
  then, at the top of a catalog file:
  # yaml-language-server: $schema=../.vscode/dd-sync.schema.json
"""


@click.command(epilog=EXAMPLES)
@common()
def schema(app: App) -> None:
    """Print the JSON Schema of catalog files, for editors."""
    from dd_sync.catalog.json_schema import json_schema
    from dd_sync.scenarios.schema import ScenarioForm

    app.show_json(json_schema(ScenarioForm))
