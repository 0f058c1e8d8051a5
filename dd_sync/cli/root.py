"""The command tree. A command's module is imported only when that command runs: on-call waits for it."""

from __future__ import annotations

import click

from dd_sync import __version__
from dd_sync.cli.lazy import LazyGroup

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


class Commands(LazyGroup):
    """All there are."""

    commands_by_name = COMMANDS


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Keys come from DD_API_KEY and DD_APP_KEY, the site from DD_SITE, another API base from DD_HOST.",
)
@click.version_option(__version__, prog_name="dd-sync", message="%(prog)s %(version)s")
def dd_sync() -> None:
    """Datadog monitors as code: checked, planned, tested on synthetic series, and synced."""
