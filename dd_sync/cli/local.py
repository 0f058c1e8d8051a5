"""`dd-sync local`: a Datadog on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import RequestError

if TYPE_CHECKING:
    from dd_sync.ports import Clock

EXAMPLES = """\b
Examples:
  dd-sync local serve --port 8126 --data ./datadog
  then, in another terminal:
  export DD_HOST=http://127.0.0.1:8126 DD_API_KEY=any DD_APP_KEY=any
  dd-sync plan
"""


@click.group(epilog=EXAMPLES)
def local() -> None:
    """Run a Datadog on this machine, without an account."""


def clock_name(text: str) -> str | datetime:
    """`machine`, `simulated`, or the ISO time at which a simulated clock starts."""
    if text in ("machine", "simulated"):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"'{text}' is neither machine nor simulated nor a time such as 2026-03-02T09:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@local.command(epilog=EXAMPLES, short_help="Serve Datadog's API, and evaluate the monitors each minute.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8126, show_default=True, help="0 takes a free one."
)
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="Keep the state here.")
@click.option(
    "--bind",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Another address than loopback lets others in: any key is good.",
)
@click.option(
    "--clock",
    metavar="machine|simulated|TIME",
    type=clock_name,
    default="machine",
    show_default=True,
    help="simulated, or a time: stands still until POST /local/clock moves it.",
)
@common()
def serve(app: App, port: int, data: Path | None, bind: str, clock: str | datetime) -> None:
    """Serve Datadog's API and evaluate the monitors each minute, until interrupted.

    Prints its address once it answers. Without --data everything is gone at the end.
    """
    if app.host is not None:
        app.say("--host has no effect here; --bind ADDRESS says where to listen")
    serving = local_room("serve")
    serving.run(port, data, bind, _clock(clock), on_ready=app.show)


def local_room(module: str) -> ModuleType:
    """A module of dd_sync.local, which stands on packages that the core does without."""
    try:
        return import_module(f"dd_sync.local.{module}")
    except ModuleNotFoundError as error:
        raise RequestError(
            f"the local Datadog needs {error.name}, which is not installed",
            hint="pip install 'dd-sync[local]'",
        ) from None


def _clock(wanted: str | datetime) -> Clock:
    from dd_sync.local.clock import SimulatedClock, machine_clock

    if wanted == "machine":
        return machine_clock
    return SimulatedClock(wanted if isinstance(wanted, datetime) else datetime.now(UTC))
