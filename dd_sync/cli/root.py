"""The command tree. A command's module is imported only when that command runs: on-call waits for it."""

from __future__ import annotations

from importlib import import_module

import click

from dd_sync import __version__

# name -> (module and object, one line of help); the line is the first of the command's own docstring.
COMMANDS = {
    "init": ("dd_sync.cli.init:init", "Start a catalog: one guard, its scenarios and the workflows."),
    "check": ("dd_sync.cli.check:check", "Load, validate and lint the catalog."),
    "test": ("dd_sync.cli.test:test", "Run the catalog's scenarios on synthetic series."),
    "why": ("dd_sync.cli.why:why", "Say why a monitor did or did not alert then."),
    "render": ("dd_sync.cli.render:render", "Print the monitors as they would be sent."),
    "report": ("dd_sync.cli.report:report", "Draw the dashboards from the catalog's own scenarios."),
    "explain": ("dd_sync.cli.explain:explain", "Say in words what a monitor does, and whom it tells."),
    "plan": ("dd_sync.cli.plan:plan", "Show what apply would change in Datadog."),
    "apply": ("dd_sync.cli.apply:apply", "Make Datadog's monitors what the catalog declares."),
    "drift": ("dd_sync.cli.drift:drift", "Tell what was edited in Datadog, and what changed in git."),
    "import": (
        "dd_sync.cli.import_:import_",
        "Write monitors that are in Datadog already as a file of the catalog.",
    ),
    "detach": (
        "dd_sync.cli.detach:detach",
        "Let a monitor go: take this tool's tags off it, and nothing else.",
    ),
    "pull-request": (
        "dd_sync.cli.pull_request:pull_request",
        "Write what CI says about a pull request, and post it there.",
    ),
    "snooze": ("dd_sync.cli.snooze:snooze", "Silence one tenant for a while; list, extend and end snoozes."),
    "holds": ("dd_sync.cli.holds:holds", "List, release and confirm holds for manual review."),
    "worker": (
        "dd_sync.cli.worker:worker",
        "Compute the gauges of zscore and ewma guards, and send them.",
    ),
    "export": ("dd_sync.cli.export:export", "Write the monitors for other systems."),
    "normalise": ("dd_sync.cli.normalise:normalise", "Tell real changes from what Datadog rewrites."),
    "local": ("dd_sync.cli.local:local", "Run a Datadog on this machine, without an account."),
    "query": ("dd_sync.cli.query:query", "Read monitor queries as Datadog would."),
    "schema": ("dd_sync.cli.schema:schema", "Print the JSON Schema of catalog files, for editors."),
    "completion": ("dd_sync.cli.completion:completion", "Print the completion script of a shell."),
    "demo": ("dd_sync.cli.demo:demo", "Tell the whole story against a Datadog on this machine."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are looked up by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from dd_sync.text import nearest

            near = nearest(name, COMMANDS)
            ctx.fail(f"no such command '{name}'" + (f"; did you mean '{near}'?" if near else "."))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Keys come from DD_API_KEY and DD_APP_KEY, the site from DD_SITE, another API base from DD_HOST.",
)
@click.version_option(__version__, prog_name="dd-sync", message="%(prog)s %(version)s")
def dd_sync() -> None:
    """Datadog monitors as code: checked, planned, tested on synthetic series, and synced."""
