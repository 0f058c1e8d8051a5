from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dd_sync.catalog.load import Loading, load
from dd_sync.errors import Problem

TODAY = date(2026, 11, 21)
SETTINGS = """\
catalog: risk
tenant_tag: tenant
levels:
  1: {handles: []}
  2: {handles: ["@slack-risk"]}
  3: {handles: ["@pagerduty-risk", "@slack-incidents"], may_request_pause: true}
"""
RATE = """\
monitors:
  - key: stream-rate
    name: Streams
    guard:
      rate: {metric: streams.created, scope: "env:prod", by: [tenant], window: 1h, above: 500}
"""

Write = Callable[..., Path]
Read = Callable[..., Loading]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files below a catalog folder; a catalog.yaml is there unless another is given."""

    def write(files: Mapping[str, str | bytes] | None = None, *, settings: str | None = SETTINGS) -> Path:
        folder = tmp_path / "monitors"
        everything: dict[str, str | bytes] = dict(files or {})
        if settings is not None:
            everything.setdefault("catalog.yaml", settings)
        for name, content in everything.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
        return folder

    return write


@pytest.fixture
def read(write: Write) -> Read:
    """Loads a catalog of one file with monitors (or of several, by name) as on a fixed day."""

    def read(files: str | Mapping[str, str | bytes], **given: Any) -> Loading:
        named = {"m.yaml": files} if isinstance(files, str) else files
        folder = write(named, settings=given.pop("settings", SETTINGS))
        return load(folder, **{"environ": {}, "env": None, "today": TODAY, **given})

    return read


def told(problems: Loading | tuple[Problem, ...]) -> list[str]:
    """Problems as `file:line:column problem`, without the folder."""
    found = problems.problems if isinstance(problems, Loading) else problems
    return [f"{_place(p)} {p.problem}" for p in found]


def _place(problem: Problem) -> str:
    where = problem.where
    return f"{Path(where.file).name}:{where.line}:{where.column}" if where else "-"
