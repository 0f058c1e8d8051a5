"""A local Datadog over a real socket, and the commands run against it as a user would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dd_sync.cli import run
from tests.cli.support import KEYS, VARIABLES, Answer, LocalDatadog, Run


@pytest.fixture(scope="session")
def datadog() -> Iterator[LocalDatadog]:
    with subprocess.Popen(
        [sys.executable, "-m", "dd_sync", "local", "serve", "--port", "0", "--clock", "simulated"],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout
        yield LocalDatadog(server.stdout.readline().strip())
        server.terminate()


@pytest.fixture
def dd_sync(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs one command in an empty folder: `dd_sync("plan", "--only", "a")`."""
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)

    def command(*arguments: str, env: Mapping[str, str] | None = None) -> Answer:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            code = run(arguments)
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return command


@pytest.fixture
def live(dd_sync: Run, datadog: LocalDatadog, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same with keys, against the local Datadog."""
    for name, value in {**KEYS, "DD_HOST": datadog.url}.items():
        monkeypatch.setenv(name, value)
    return dd_sync
