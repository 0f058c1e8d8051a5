"""Declared, pinned and lowest versions agree, and what is shipped names what exists."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from dd_sync import __version__
from dd_sync.cli.root import COMMANDS


def pins(path: Path) -> dict[str, Version]:
    found: dict[str, Version] = {}
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            name, version = line.split("==")
            found[canonicalize_name(name)] = Version(version)
    return found


def direct(pyproject: Mapping[str, Any]) -> list[Requirement]:
    project = pyproject["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    return [Requirement(line) for line in (*project["dependencies"], *extras)]


def developing(pyproject: Mapping[str, Any]) -> list[Requirement]:
    groups = chain.from_iterable(pyproject["dependency-groups"].values())
    return [Requirement(line) for line in (*groups, *pyproject["build-system"]["requires"])]


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-lowest.txt"])
def test_every_declared_package_is_pinned_within_its_declared_range(
    root: Path, pyproject: Mapping[str, Any], file: str
) -> None:
    pinned = pins(root / file)
    for requirement in direct(pyproject) + developing(pyproject):
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is pinned to {version}"


def test_the_lowest_versions_tested_are_the_lowest_declared(root: Path, pyproject: Mapping[str, Any]) -> None:
    lowest = pins(root / "constraints-lowest.txt")
    for requirement in direct(pyproject):
        (bound,) = requirement.specifier
        assert bound.operator == ">="
        assert lowest[canonicalize_name(requirement.name)] == Version(bound.version), requirement.name


def test_the_changelog_tells_of_this_version(root: Path) -> None:
    assert f"\n## {__version__} " in (root / "CHANGELOG.md").read_text()


def test_ci_runs_the_same_command_as_a_person(root: Path) -> None:
    assert (root / ".ci" / "run").read_text().splitlines()[-2:] == ["make test", "make promtool"]


def test_every_script_can_be_run_and_parses(root: Path) -> None:
    for script in ("run", "action", "setup", "wheel", "lock"):
        path = root / ".ci" / script
        assert path.stat().st_mode & 0o100, script
        shell = path.read_text().splitlines()[0].removeprefix("#!").split()
        subprocess.run([*shell, "-n", str(path)], check=True)


def test_the_hooks_for_other_repositories_call_commands_that_exist(root: Path) -> None:
    hooks = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in hooks} == {"dd-sync-check", "dd-sync-test"}
    for hook in hooks:
        program, command = hook["entry"].split()
        assert (program, hook["language"], hook["pass_filenames"]) == ("dd-sync", "python", False)
        assert command in COMMANDS


def test_make_help_names_every_target(root: Path) -> None:
    targets = next(
        line for line in (root / "Makefile").read_text().splitlines() if line.startswith(".PHONY")
    ).split()[1:]
    told = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    assert [line.split()[0] for line in told.splitlines()] == targets


def test_an_unknown_group_of_requirements_is_named_with_those_there_are(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, ".ci/requirements.py", "core", "locale"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no group 'locale'; there are bench, build, core, dev, docs, history, local" in done.stderr
