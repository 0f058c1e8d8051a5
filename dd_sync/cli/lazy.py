"""Groups of commands that are imported only when one of them runs: on-call waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import click


class LazyGroup(click.Group):
    """commands_by_name: to the module and object of each, `package.module:object`, and its line of help."""

    commands_by_name: ClassVar[Mapping[str, tuple[str, str]]] = {}
    # What to type where a name is near no command; `{}` stands for the name.
    instead: ClassVar[str] = ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_by_name)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.commands_by_name:
            return None
        module, attribute = self.commands_by_name[name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.commands_by_name and not name.startswith("-"):
            from dd_sync.text import nearest, within_line

            shown = within_line(name, 60)
            near = nearest(name, self.commands_by_name)
            meant = f"; did you mean '{near}'?" if near else self.instead.format(shown) or "."
            ctx.fail(f"no such command '{shown}'{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.commands_by_name.items()])
