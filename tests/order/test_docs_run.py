"""The console blocks of the documentation are run, in order, and print what stands below them.

`…` in a line is any text, alone it is any lines; `[exit N]` ends a command whose code is not 0.
Each page is a story in an empty folder, with a Datadog on this machine that nobody else uses.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dd_sync.cli import run
from dd_sync.local.clock import SimulatedClock
from dd_sync.local.serve import serving

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {
    path.relative_to(ROOT / "docs").as_posix(): BLOCK.findall(path.read_text("utf-8"))
    for path in sorted((ROOT / "docs").rglob("*.md"))
}
ADDRESS = "127.0.0.1:8126"  # as the pages have it; the test's own takes a free port
QUIET, FLOOD = 5, 40  # streams a minute
SHELL = (
    "DD_API_KEY",
    "DD_APP_KEY",
    "DD_SITE",
    "DD_HOST",
    "NO_COLOR",
    "GITLAB_USER_LOGIN",
    "STREAMS_PER_HOUR",
)


class Datadog:
    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "DD-API-KEY": "k", "DD-APPLICATION-KEY": "k"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def flood(self) -> None:
        """An hour of birch as usual, and of acme flooding in its second half."""
        start = int(self.call("GET", "/local/clock")["epoch"]) // 60 * 60
        for tenant, later in (("acme", FLOOD), ("birch", QUIET)):
            points = [
                {"timestamp": start + 60 * minute, "value": QUIET if minute < 30 else later}
                for minute in range(60)
            ]
            series = {"metric": "streams.created", "type": 1, "interval": 60, "points": points}
            self.call(
                "POST", "/local/series", {"series": [{**series, "tags": ["env:prod", f"tenant:{tenant}"]}]}
            )
        self.call("POST", "/local/clock", {"advance": "60m"})

    def create(self, name: str, query: str, **more: object) -> None:
        body = {"name": name, "type": "query alert", "query": query, "message": "Look at it. @slack-payments"}
        self.call("POST", "/api/v1/monitor", {**body, "options": {"thresholds": {}}, **more})


@pytest.fixture
def datadog(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Datadog]:
    monkeypatch.chdir(tmp_path)
    for variable in SHELL:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GITHUB_ACTOR", "ann")
    with serving(clock=SimulatedClock(datetime.now(UTC) - timedelta(hours=1))) as url:
        for name, value in {"DD_HOST": url, "DD_API_KEY": "any", "DD_APP_KEY": "any"}.items():
            monkeypatch.setenv(name, value)
        yield Datadog(url)


def nothing(_: Datadog) -> None:
    """The page begins with an empty folder."""


def catalog(_: Datadog) -> None:
    """`dd-sync init` was run, and the monitor asks for reviews."""
    assert run(["init"]) == 0
    path = Path("monitors/streams.yaml")
    path.write_text(path.read_text().replace("    renotify: 30m\n", "    renotify: 30m\n    hold: review\n"))


def flooded(datadog: Datadog) -> None:
    """… it was applied, and acme floods."""
    catalog(datadog)
    assert run(["apply", "--yes"]) == 0
    datadog.flood()


def others(datadog: Datadog) -> None:
    """… and Datadog has monitors that somebody made by hand."""
    catalog(datadog)
    datadog.create(
        "Checkout is slow",
        "avg(last_5m):avg:checkout.seconds{env:prod} by {region} > 2",
        tags=["team:payments", "service:checkout"],
        options={"thresholds": {"critical": 2, "warning": 1.5}, "renotify_interval": 60},
    )
    datadog.create(
        "Too many refunds",
        "sum(last_1h):sum:refunds{env:prod} by {tenant}.as_count() > 50",
        tags=["team:payments", "service:refunds"],
        options={"thresholds": {"critical": 50}},
    )


BEGINNINGS: dict[str, Callable[[Datadog], None]] = {
    "quickstart.md": nothing,
    "howto/edit-a-monitor.md": catalog,
    "howto/pull-requests.md": catalog,
    "howto/silence-a-tenant.md": flooded,
    "howto/review-holds.md": flooded,
    "howto/bring-monitors.md": others,
}


def test_every_page_with_commands_that_can_be_run_is_run() -> None:
    assert {page for page, blocks in PAGES.items() if blocks} == set(BEGINNINGS)


@pytest.mark.parametrize("page", BEGINNINGS)
def test_the_commands_of_a_page_print_what_it_shows(
    page: str, datadog: Datadog, capsys: pytest.CaptureFixture[str]
) -> None:
    BEGINNINGS[page](datadog)
    capsys.readouterr()
    for command, shown in commands("".join(PAGES[page])):
        printed = transcript(command, capsys).replace(datadog.url.removeprefix("http://"), ADDRESS)
        assert matches(shown, printed), f"$ {command}\nprinted:\n{printed}\nthe page shows:\n{shown}"


@pytest.mark.prove
def test_the_demo_tells_what_the_readme_shows_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    for variable in SHELL:
        monkeypatch.delenv(variable, raising=False)
    _, shown, *_ = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
    assert run(["demo", "--catalog", "monitors"]) == 0
    printed = iter(capsys.readouterr().out.splitlines())
    missing = [
        line for line in shown.splitlines() if not any(re.fullmatch(_line(line), one) for one in printed)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\n…\nb", "a\nb", True),
        ("a\n…\nb", "a\nx\ny\nb", True),
        ("a … c", "a b c", True),
        ("a  b", "a       b", True),
        ("", "", True),
        ("a", "a\nb", False),
        ("…\na", "x\nb", False),
        ("", "x", False),
        ("a b", "a  b", False),
    ],
)
def test_a_page_shows_what_is_printed_but_for_what_it_leaves_out(
    shown: str, printed: str, same: bool
) -> None:
    assert matches(shown, printed) is same


def commands(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown.rstrip()


def transcript(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    program, *arguments = shlex.split(command, comments=True)
    if program != "dd-sync":
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr
    with redirect_stderr(sys.stdout):  # in the order in which a terminal shows them
        code = run(arguments)
    return capsys.readouterr().out.rstrip() + (f"\n[exit {code}]" if code else "")


def matches(shown: str, printed: str) -> bool:
    lines = shown.splitlines()
    pattern = "".join(r"(?:.*\n)*" if line.strip() == "…" else _line(line) + r"\n" for line in lines)
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n" if printed else "") is not None


def _line(line: str) -> str:
    """A column is as wide as what stands in it."""
    parts = (re.sub(r"(?:\\ ){2,}", " +", re.escape(part)) for part in line.rstrip().split("…"))
    return ".*".join(parts) + " *"
