"""`dd-sync explain`"""

from __future__ import annotations

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.render import unknown_key

EXAMPLES = """\b
Examples:
  dd-sync explain stream-rate
  dd-sync explain settle-spike --format json
"""


@click.command(epilog=EXAMPLES)
@click.argument("key", metavar="KEY")
@common("text", "json", monitors=True)
def explain(app: App, key: str) -> None:
    """Say in words what a monitor does, and whom it tells.

    When it alerts and recovers, who is told of what, which scenarios cover it, and how Datadog and
    Prometheus express it.
    """
    from dd_sync.report.explain import explain as explained
    from dd_sync.scenarios.load import load_scenarios

    catalog, loading = app.catalog_and_files()
    found = {declared.key: declared for declared in catalog.monitors}
    if key not in found:
        raise unknown_key(key, list(found))
    scenarios = load_scenarios(loading.scenarios, loading.keys).scenarios
    tests = [one.name for one in scenarios if one.monitor == key]
    explanation = explained(found[key], catalog.queries[key], tests)
    if app.format == "json":
        app.show_json(explanation.as_data())
    else:
        app.show(explanation.as_text())
