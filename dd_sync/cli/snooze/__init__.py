"""`dd-sync snooze`: what on-call types at three in the morning. Nothing slow is imported here."""

from __future__ import annotations

from importlib import import_module

import click

from dd_sync.catalog.collector import collector_paused

# name -> (module and object, one line of help)
COMMANDS = {
    "tenant": ("tenant:tenant", "Silence TENANT's monitors until the duration ends."),
    "list": ("current:list_", "List the catalog's snoozes: who silenced whom, why, and how long still."),
    "extend": ("current:extend", "Give a snooze a later end: so much more than it has, or till when."),
    "end": ("current:end", "End the snoozes of a tenant, the one with this id, or all of yours."),
    "report": ("report:report", "Report what ends soon, lasts long, is snoozed most, or hides an alert."),
}
EXAMPLES = """\b
Examples:
  dd-sync snooze tenant acme --for 2h --reason "INC-123 load test"
  dd-sync snooze tenant acme --until "monday 9:00 Europe/Berlin" --reason "migration"
  dd-sync snooze list
  dd-sync snooze extend acme --for 1h
  dd-sync snooze end acme
"""


class Parts(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name][0].split(":")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"no such command '{name}'" + (f"; did you mean '{near[0]}'?" if near else "."))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        # What a snooze imports stays; looking through it for garbage is work that on-call waits for.
        with collector_paused():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Parts, epilog=EXAMPLES)
def snooze() -> None:
    """Silence one tenant for a while; list, extend and end snoozes."""
