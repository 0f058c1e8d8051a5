"""`dd-sync snooze`: what on-call types at three in the morning. Nothing slow is imported here."""

from __future__ import annotations

import click

from dd_sync.catalog.collector import collector_paused
from dd_sync.cli.lazy import LazyGroup

# name -> (module and object, one line of help)
COMMANDS = {
    "tenant": (f"{__name__}.tenant:tenant", "Silence TENANT's monitors until the duration ends."),
    "list": (
        f"{__name__}.current:list_",
        "List the catalog's snoozes: who silenced whom, why, and how long still.",
    ),
    "extend": (
        f"{__name__}.current:extend",
        "Give a snooze a later end: so much more than it has, or till when.",
    ),
    "end": (
        f"{__name__}.current:end",
        "End the snoozes of a tenant, the one with this id, or all of yours.",
    ),
    "report": (
        f"{__name__}.report:report",
        "Report what ends soon, lasts long, is snoozed most, or hides an alert.",
    ),
}
EXAMPLES = """\b
Examples:
  dd-sync snooze tenant acme --for 2h --reason "INC-123 load test"
  dd-sync snooze tenant acme --until "monday 9:00 Europe/Berlin" --reason "migration"
  dd-sync snooze list
  dd-sync snooze extend acme --for 1h
  dd-sync snooze end acme
"""


class Parts(LazyGroup):
    """What a snooze imports stays; looking through it for garbage is work that on-call waits for."""

    commands_by_name = COMMANDS
    instead = "; to silence a tenant: dd-sync snooze tenant {} --for 2h --reason …"

    def invoke(self, ctx: click.Context) -> object:
        with collector_paused():
            return super().invoke(ctx)


@click.group(cls=Parts, epilog=EXAMPLES)
def snooze() -> None:
    """Silence one tenant for a while; list, extend and end snoozes."""
