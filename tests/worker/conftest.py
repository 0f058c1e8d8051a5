"""A local Datadog on a simulated clock, and the commands run on that clock against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dd_sync.cli import run
from dd_sync.cli.app import App
from dd_sync.local.clock import SimulatedClock
from dd_sync.local.serve import serving
from tests.cli.support import KEYS, VARIABLES, Answer, Run
from tests.local.client import START, Client

GUARDS = """
  - key: tx-z
    name: Transactions are far from usual
    message: "{{tenant.name}}: {{value}} deviations"
    guard: {zscore: {metric: tx.count, scope: "env:prod", by: [tenant], window: 30m, above: 4}}
  - key: tx-ewma
    name: Transactions are above their level
    message: "{{tenant.name}}: {{value}} %"
    guard:
      ewma: {metric: tx.count, scope: "env:prod", by: [tenant], window: 30m, above: 50, measure: percent}
"""


@pytest.fixture
def datadog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    clock = SimulatedClock(START)
    with serving(clock=clock) as url:
        for variable in VARIABLES:
            monkeypatch.delenv(variable, raising=False)
        for name, value in {**KEYS, "DD_HOST": url}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(App, "now", lambda _: clock())
        yield Client(url, clock)


@pytest.fixture
def dd_sync(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Answer:
        capsys.readouterr()
        code = run(arguments)
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return command
