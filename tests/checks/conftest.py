from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from dd_sync.catalog.load import load
from dd_sync.checks import run
from dd_sync.errors import Problem

Lint = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def lint(tmp_path: Path) -> Lint:
    """What the rules find in one file of monitors, under a policy; the files themselves have to be right."""

    def lint(monitors: str, *, policy: str = "", tested: set[str] | None = None) -> tuple[Problem, ...]:
        (tmp_path / "catalog.yaml").write_text("catalog: risk\n" + dedent(policy))
        (tmp_path / "m.yaml").write_text(dedent(monitors))
        loading = load(tmp_path, environ={}, env=None, today=date(2026, 11, 21))
        assert not [problem for problem in loading.problems if problem.is_error]
        assert loading.catalog is not None
        return run(loading.catalog, tested=tested)

    return lint


def under(problem: Problem) -> str:
    """What the carets stand under."""
    assert problem.where is not None
    assert problem.source is not None
    start = problem.where.column - 1
    return problem.source[start : start + problem.where.length]


def said(problems: tuple[Problem, ...]) -> list[str]:
    """`rule: problem @ what the carets stand under`, each with a hint."""
    assert all(problem.hint for problem in problems)
    return [f"{problem.rule}: {problem.problem} @ {under(problem)}" for problem in problems]


RATE = """\
monitors:
  - key: stream-rate
    name: Streams
    guard:
      rate: {metric: streams.created, scope: "env:prod", by: [tenant], window: 1h, above: 500}
"""
RAW = """\
monitors:
  - key: raw
    name: Raw
    type: query alert
    query: sum(last_1h):sum:a.b{env:prod} by {tenant}.as_count() > 20
"""
LOG = """\
monitors:
  - key: log
    name: Log
    type: log alert
    query: logs("status:error @usr.email:x").index("*").rollup("count").by("service").last("5m") > 20
"""


def raw(comparator: str, thresholds: str, number: str = "20") -> str:
    """A raw monitor that compares with `number`, under these thresholds."""
    return RAW.replace("> 20", f"{comparator} {number}") + f"    options: {{thresholds: {thresholds}}}\n"


def metric(query: str, options: str = "{}") -> str:
    """One metric monitor of the raw form."""
    return other("query alert", query, options)


def other(kind: str, query: str, options: str = "{}", more: str = "") -> str:
    """One monitor of the raw form; more: further lines of it."""
    written = query.replace("'", "''")
    return (
        f"monitors:\n  - key: raw\n    name: Raw\n    type: {kind}\n"
        f"    query: '{written}'\n    options: {options}\n{more}"
    )


def of(rule: str, problems: tuple[Problem, ...]) -> list[str]:
    """What one rule says, as `problem @ what the carets stand under`."""
    return [line.removeprefix(f"{rule}: ") for line in said(problems) if line.startswith(f"{rule}: ")]
