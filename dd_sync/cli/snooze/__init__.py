"""`dd-sync snooze`: what on-call types at three in the morning. Nothing slow is imported here."""

from __future__ import annotations

import click

from dd_sync.cli.snooze.current import end, extend, list_
from dd_sync.cli.snooze.report import report
from dd_sync.cli.snooze.tenant import tenant

EXAMPLES = """\b
Examples:
  dd-sync snooze tenant acme --for 2h --reason "INC-123 load test"
  dd-sync snooze tenant acme --until "monday 9:00 Europe/Berlin" --reason "migration"
  dd-sync snooze list
  dd-sync snooze extend acme --for 1h
  dd-sync snooze end acme
"""


@click.group(epilog=EXAMPLES)
def snooze() -> None:
    """Silence one tenant for a while; list, extend and end snoozes."""


for command in (tenant, list_, extend, end, report):
    snooze.add_command(command)
