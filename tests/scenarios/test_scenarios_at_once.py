"""Scenarios run in several processes: the same outcomes in the same order, and an end when one is lost."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from dd_sync.catalog.load import load
from dd_sync.errors import CatalogError, DdSyncError
from dd_sync.scenarios import pool
from dd_sync.scenarios.pool import in_parallel, run_many
from dd_sync.scenarios.run import Outcome
from dd_sync.scenarios.suite import Suite, suite_of

DAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Numbers:
    """Work whose results say which process did them."""

    count: int
    lost_at: int | None = None

    def __len__(self) -> int:
        return self.count

    def each(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        for number in range(start, min(stop, self.count)):
            if number == self.lost_at:
                os._exit(1)
            yield number, os.getpid()


@pytest.fixture(autouse=True)
def without_polars(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have loaded it, and then nothing forks."""
    monkeypatch.delitem(sys.modules, "polars", raising=False)


def summary(outcome: Outcome, seconds: float) -> tuple[str, bool]:
    assert seconds >= 0
    return outcome.scenario.name, outcome.passed


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "catalog.yaml").write_text("catalog: shop\n")
    (tmp_path / "a.yaml").write_text(
        "tunables: {limit: {env: LIMIT, default: 50, min: 1, max: 900, unit: orders}}\n"
        "monitors:\n  - key: orders\n    name: Orders\n    message: m\n"
        '    guard: {rate: {metric: orders, by: [tenant], window: 5m, above: "${limit}"}}\n'
    )
    rows = "".join(f"      - {{rate: {rate}}}\n" for rate in range(1, 13))
    (tmp_path / "scenarios/a.yaml").write_text(
        "scenarios:\n  - name: ${rate}\n    monitor: orders\n    for: 10m\n    series:\n"
        '      - {metric: orders, type: count, tags: [tenant:a], values: "${rate}x10"}\n'
        "    expect: [{at: 8m, group: tenant:a, state: OK}]\n    cases:\n" + rows
    )
    return suite_of(load(tmp_path, environ={}, env=None, today=DAY))


def test_every_number_of_processes_gives_the_same_in_the_same_order(suite: Suite) -> None:
    expected = [(str(rate), rate <= 10) for rate in range(1, 13)]
    assert [*run_many(suite, summary, 1)] == expected
    assert [*run_many(suite, summary, 3)] == expected
    assert [*run_many(suite, summary)] == expected


def test_processes_are_used_when_they_are_asked_for_or_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def where(jobs: int | None) -> set[bool]:
        found = [*in_parallel(Numbers(40), jobs)]
        assert [number for number, _ in found] == [*range(40)]
        return {process == os.getpid() for _, process in found}

    assert where(1) == {True}
    assert where(2) == {False}
    assert where(None) == {True}
    monkeypatch.setattr(pool, "_WORTH", -1.0)
    monkeypatch.setattr(pool, "_processors", lambda: 2)
    assert where(None) == {True, False}


def test_work_that_is_nothing_or_one_needs_no_process() -> None:
    assert [*in_parallel(Numbers(0), 4)] == []
    assert [process for _, process in in_parallel(Numbers(1), 4)] == [os.getpid()]


def test_a_process_that_is_lost_is_told() -> None:
    with pytest.raises(DdSyncError, match="ended before its work") as caught:
        list(in_parallel(Numbers(20, lost_at=7), 2))
    assert "--jobs 1" in caught.value.hint


def test_a_process_runs_the_part_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(pool, "_begun", [])
    pool._begin(Numbers(9))
    assert [number for number, _ in pool._part(3, 6)] == [3, 4, 5]


def test_polars_and_other_systems_do_not_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", pytest)
    assert pool._context().get_start_method() == "spawn"
    monkeypatch.delitem(sys.modules, "polars")
    assert pool._context().get_start_method() == "fork"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert pool._context().get_start_method() == "spawn"


def test_what_was_declared_lately_is_remembered_but_not_for_ever(suite: Suite) -> None:
    day = DAY
    assert suite.declare({"limit": 7}, day) is suite.declare({"limit": 7}, day)
    first = suite.declare({"limit": 7}, day)
    for limit in range(10, 40):
        suite.declare({"limit": limit}, day)
    assert suite.declare({"limit": 7}, day) is not first
    with pytest.raises(CatalogError):
        suite.declare({"limit": 0}, day)


def test_a_file_that_cannot_be_read_is_told_once(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "scenarios" / "b.yaml").write_text("scenarios: [1\n")
    with pytest.raises(CatalogError) as caught:
        suite_of(load(tmp_path, environ={}, env=None, today=DAY))
    assert [problem.problem for problem in caught.value.problems()] == ["a list that is not closed"]
