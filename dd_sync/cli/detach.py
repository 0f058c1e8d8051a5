"""`dd-sync detach`"""

from __future__ import annotations

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import Exit

EXAMPLES = """\b
Examples:
  dd-sync detach 1043           shows what it would take off, and asks
  dd-sync detach 1043 --yes
"""


@click.command(epilog=EXAMPLES)
@click.argument("monitor_id", metavar="ID", type=click.IntRange(min=1))
@click.option("--yes", is_flag=True, help="Do not ask.")
@common("text", "json")
def detach(app: App, monitor_id: int, yes: bool) -> int:
    """Let a monitor go: take this tool's tags off it, and nothing else.

    For a clone made in Datadog, which carries the tags of the monitor it was cloned from. A monitor that the
    catalog still declares is created anew by the next apply.
    """
    from dd_sync.plan.detach import detach as carry_out
    from dd_sync.plan.detach import detachment
    from dd_sync.text import within_line

    if not (yes or app.interactive):
        raise click.UsageError("nobody can be asked here: give --yes")
    monitors = app.datadog().monitors
    planned = detachment(monitor_id, monitors)
    what = f"monitor {monitor_id} ({within_line(planned.name)})"
    tags = " ".join(within_line(tag, 60) for tag in planned.taken)
    if planned.taken:
        if not yes:
            app.say(f"{what}: -{tags}")
            click.confirm("Take these tags off?", abort=True, err=True)
        carry_out(planned, monitors)
    if app.format == "json":
        answer = {"id": monitor_id, "name": planned.name, "taken": planned.taken, "kept": planned.kept}
        app.show_json(answer)
    elif planned.taken:
        app.show(f"detached {what}: took off {tags}")
    else:
        app.show(f"nothing to do: {what} carries none of this tool's tags")
    return Exit.DONE
