"""`dd-sync plan`"""

from __future__ import annotations

from pathlib import Path

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import Exit

EXAMPLES = """\b
Examples:
  dd-sync plan
  dd-sync plan --out plan.json                 then: dd-sync apply --plan plan.json
  dd-sync plan --format markdown               for a pull request
  dd-sync plan --only 'stream-*' --detailed-exitcode
"""


@click.command(epilog=EXAMPLES)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Save the plan for apply.")
@click.option("--only", metavar="GLOB", help="Plan the monitors whose key matches, and no other.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
@common("text", "markdown", "json", monitors=True)
def plan(app: App, out: Path | None, only: str | None, detailed_exitcode: bool) -> int:
    """Show what apply would change in Datadog.

    Reads Datadog, changes nothing.
    """
    from dd_sync.catalog.collector import collector_paused
    from dd_sync.cli.planning import make_plan, show_plan, tell_tunables, with_refusal
    from dd_sync.plan.saved import save

    # One pause for all of it: each end of a pause looks through everything that was read so far.
    with collector_paused():
        catalog = app.catalog()
        tell_tunables(app, catalog)
        made = with_refusal(make_plan(app, catalog, app.datadog(), only), catalog)
    if out is not None:
        save(made, out)
    show_plan(app, made, saved_as=out)
    return Exit.CHANGES if detailed_exitcode and made.size else Exit.DONE
