"""Scenario files collected by pytest, in a repository that has nothing but a catalog."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIOS = """\
scenarios:
  - name: few orders
    monitor: orders
    for: 10m
    series: [{metric: orders, type: count, tags: [tenant:a], values: "5x10"}]
    expect: [{at: 8m, group: tenant:a, state: OK}]
  - name: many orders
    monitor: orders
    for: 10m
    series: [{metric: orders, type: count, tags: [tenant:a], values: "20x10"}]
    expect: [{at: 8m, group: tenant:a, state: OK}]
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "monitors"
    (folder / "scenarios/deep").mkdir(parents=True)
    (folder / "catalog.yaml").write_text("catalog: shop\n")
    (folder / "a.yaml").write_text(
        "monitors:\n  - key: orders\n    name: Orders\n    message: m\n"
        "    guard: {rate: {metric: orders, by: [tenant], window: 5m, above: 50}}\n"
    )
    (folder / "scenarios/deep/a.yaml").write_text(SCENARIOS)
    return tmp_path


def pytest_in(folder: Path, *arguments: str) -> str:
    """What pytest prints there, with the plug-in as an installed package has it."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "dd_sync.scenarios.pytest_plugin",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, "--color=no", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return done.stdout + done.stderr


def test_each_scenario_is_a_test_with_the_same_failure_text(repository: Path) -> None:
    (repository / "scenarios").mkdir()
    (repository / "scenarios/other.yaml").write_text("not: ours\n")
    (repository / "monitors/scenarios/broken.yaml").write_text("scenarios: [{name: a, monitor: oders}]\n")
    said = pytest_in(repository, "-v", "--continue-on-collection-errors")
    assert "monitors/scenarios/deep/a.yaml::orders: few orders PASSED" in said
    assert "monitors/scenarios/deep/a.yaml::orders: many orders FAILED" in said
    assert (
        "monitors/scenarios/deep/a.yaml:11:47: tenant:a at 8m (2026-03-02 00:08): expected OK, got Alert"
        in said
    )
    assert "8m    2026-03-02 00:08    100  Alert  <- expected OK" in said
    assert "monitors/scenarios/broken.yaml:1:13: 'for' is missing" in said
    assert "1 failed, 1 passed, 1 error" in said
    assert "Traceback" not in said


def test_a_broken_catalog_is_told_for_what_it_is(repository: Path) -> None:
    (repository / "monitors/a.yaml").write_text("monitors: [{key: orders}]\n")
    said = pytest_in(repository)
    assert "monitors/a.yaml:1:12: " in said
    assert "1 error" in said
    assert "Traceback" not in said


def test_without_a_catalog_nothing_is_collected_and_nothing_imported(repository: Path) -> None:
    (repository / "monitors/catalog.yaml").unlink()
    (repository / "test_a.py").write_text(
        "import sys\ndef test_a():\n    assert not {'numpy', 'dd_sync.catalog'} & {*sys.modules}\n"
    )
    assert "1 passed" in pytest_in(repository)
