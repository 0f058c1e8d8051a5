"""`dd-sync demo`: the whole story, told by running the real commands against a Datadog on this machine."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from dd_sync.cli.app import NO_FOLDER, App, common
from dd_sync.cli.screen import Screen
from dd_sync.errors import RequestError

TENANTS = ("acme", "birch", "cedar", "delta", "ember")
FLOODING, SECOND = TENANTS[0], TENANTS[1]
USUAL, FLOOD = 5, 40  # streams a minute
MONITOR, METRIC = "stream-rate", "streams.created"
KEYS = {"DD_API_KEY": "local-demo", "DD_APP_KEY": "local-demo"}
# A proxy of the environment has no way back to this machine.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# What a command needs of the environment; a tunable's variable or a proxy would tell another story.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "SYSTEMROOT", "USER", "LOGNAME")


EXAMPLES = """\b
Examples:
  dd-sync demo
  dd-sync demo --catalog monitors
"""


@click.command(epilog=EXAMPLES)
@common(catalog=None)
def demo(app: App) -> None:
    """Tell the whole story against a Datadog on this machine.

    From a YAML file to a live monitor, an alert and a snooze. Needs no account, no keys and no
    network, and leaves nothing behind. Without --catalog it is told with the catalog of `dd-sync init`;
    with one, that one needs a monitor 'stream-rate'.
    """
    with tempfile.TemporaryDirectory(prefix="dd-sync-demo-") as scratch:
        catalog = app.folder
        if catalog == NO_FOLDER:
            from dd_sync.cli.init import write_catalog

            write_catalog(Path(scratch))
            catalog = Path(scratch) / "monitors"
        elif all(declared.key != MONITOR for declared in app.catalog().monitors):
            raise RequestError(
                f"the catalog has no monitor '{MONITOR}', which the demo is about",
                hint="run `dd-sync demo` without --catalog, or with the catalog of `dd-sync init`",
            )
        with local_datadog() as host:
            tell(Story(app.screen, host, catalog))


@dataclass(slots=True)
class Story:
    """Runs commands as a user would and shows what they print."""

    screen: Screen
    host: str
    catalog: Path
    step: int = 0
    told: int = 0

    def title(self, text: str) -> None:
        self.step += 1
        self.screen.show("\n" + click.style(f"{self.step}. {text}", bold=True))

    def note(self, text: str) -> None:
        self.screen.show(click.style(f"   {text}", dim=True))

    def run(self, command: str) -> str:
        """One `dd-sync` command as typed, with its real output; anything but exit 0 ends the demo."""
        self.screen.show(click.style(f"   $ {command}", fg="cyan"))
        arguments = shlex.split(command)[1:]
        if arguments[0] in ("check", "test", "plan", "apply", "snooze"):
            arguments += ["--catalog", str(self.catalog)]
        if self.screen.colours(sys.stdout):
            arguments += ["--color", "always"]
        done = subprocess.run(
            [sys.executable, "-m", "dd_sync", *arguments],
            env={**_environment(), **KEYS, "DD_HOST": self.host},
            capture_output=True,
            text=True,
            check=False,
        )
        self.show(done.stdout + done.stderr)
        if done.returncode:
            raise RequestError(
                f"`{command}` ended with exit code {done.returncode}", hint="see its output above"
            )
        return done.stdout

    def show(self, text: str) -> None:
        for line in text.rstrip("\n").splitlines():
            self.screen.show(f"   {line}".rstrip())

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A request that somebody other than dd-sync makes: an application, or the Datadog page."""
        request = urllib.request.Request(
            self.host + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "DD-API-KEY": KEYS["DD_API_KEY"],
                "DD-APPLICATION-KEY": KEYS["DD_APP_KEY"],
            },
        )
        with DIRECT.open(request, timeout=30) as answer:
            return json.load(answer)

    def minutes(self, number: int, rates: Mapping[str, int]) -> None:
        """Let `number` minutes pass, a multiple of 5, in which each tenant opens so many streams a minute."""
        for _ in range(0, number, 5):
            now = int(self.call("GET", "/local/clock")["epoch"]) // 60 * 60
            # Intake takes points up to ten minutes ahead: sent first, they are there when time reaches them.
            self.send(range(now, now + 300, 60), rates)
            self.call("POST", "/local/clock", {"advance": "5m"})

    def send(self, moments: range, rates: Mapping[str, int]) -> None:
        series = [
            {
                "metric": METRIC,
                "type": 1,
                "interval": 60,
                "points": [{"timestamp": moment, "value": rate} for moment in moments],
                "tags": ["env:prod", f"tenant:{tenant}"],
            }
            for tenant, rate in rates.items()
        ]
        self.call("POST", "/api/v2/series", {"series": series})

    def notifications(self) -> list[dict[str, Any]]:
        """What somebody was told since the last look, oldest first; a warning of level 2 tells nobody."""
        found = self.call("GET", f"/local/notifications?after={self.told}")
        self.told = found["last"]
        return [one for one in found["notifications"] if one["handles"]]

    def page(self) -> None:
        """What on-call was told since the last look, as they would read it."""
        for notification in self.notifications():
            self.screen.show(click.style(f"   │ {notification['title']}", fg="yellow", bold=True))
            told = " ".join(notification["handles"])
            lines = [line.strip() for line in str(notification["body"]).splitlines()]
            for line in [*(one for one in lines if one and one != told), click.style(f"to {told}", dim=True)]:
                self.screen.show(click.style("   │ ", fg="yellow") + line)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith(("PYTHON", "COVERAGE", "VIRTUAL_ENV"))
    }


def tell(story: Story) -> None:
    usual = dict.fromkeys(TENANTS, USUAL)
    flood = {**usual, FLOODING: FLOOD}
    story.title("Check the catalog, and test its monitors on synthetic series")
    story.run("dd-sync check")
    story.run("dd-sync test -k stream-rate:")

    story.title("Plan and apply: Datadog has none of these monitors yet")
    story.run("dd-sync plan")
    story.run("dd-sync apply --yes")
    story.note("Applied. A second plan finds nothing to do:")
    story.run("dd-sync plan")

    story.title(f"Five tenants send metrics for an hour; {FLOODING} floods")
    story.note(f"POST /api/v2/series   {METRIC}: {USUAL} a minute each, then {FLOOD} for {FLOODING}")
    story.minutes(30, usual)
    story.minutes(30, flood)
    story.note("On-call reads:")
    story.page()

    story.title(f"On-call silences {FLOODING}, and nobody else")
    story.run(f'dd-sync snooze tenant {FLOODING} --for 2h --reason "INC-123 load test"')
    story.run("dd-sync snooze list")
    story.note(f"{FLOODING} floods on for an hour, and {SECOND} joins in:")
    story.minutes(60, {**flood, SECOND: FLOOD})
    story.page()
    story.note(f"Nothing more about {FLOODING}: it is still in alert, silently.")

    story.title("Somebody raises the threshold in the Datadog page")
    edit_threshold(story, 500, 800)
    story.run("dd-sync plan")
    story.note("The catalog says otherwise. Apply mends it:")
    story.run("dd-sync apply --yes")
    story.run("dd-sync plan")

    story.title("The incident is over: the snooze ends, and what still burns is told again")
    story.minutes(5, {**usual, FLOODING: FLOOD})
    story.notifications()
    story.run(f"dd-sync snooze end {FLOODING}")
    story.minutes(5, {**usual, FLOODING: FLOOD})
    story.page()
    story.run("dd-sync snooze list")
    story.screen.show(
        "\n" + click.style("That was the whole way.", bold=True) + " Next: README.md, or dd-sync init"
    )


def edit_threshold(story: Story, before: int, after: int) -> None:
    """What somebody does in the Datadog page, who knows nothing of the catalog."""
    live = story.call("GET", f"/api/v1/monitor?monitor_tags=managed_by:dd-sync,dd_sync_key:{MONITOR}")
    for monitor in live:
        query = monitor["query"].replace(f"> {before}", f"> {after}")
        options = {**monitor["options"], "thresholds": {"critical": after, "warning": after * 0.8}}
        story.call("PUT", f"/api/v1/monitor/{monitor['id']}", {"query": query, "options": options})
        story.note(f"PUT /api/v1/monitor/{monitor['id']}   {before} -> {after}")


@contextmanager
def local_datadog() -> Iterator[str]:
    """A local Datadog on a free port.

    Its clock starts two hours ago and is moved by the demo, so that hours pass in seconds and a snooze
    made now still has time to run.
    """
    from dd_sync.cli.local import local_room

    clock, serve = local_room("clock"), local_room("serve")
    with serve.serving(clock=clock.SimulatedClock(datetime.now(UTC) - timedelta(hours=2))) as address:
        yield address
