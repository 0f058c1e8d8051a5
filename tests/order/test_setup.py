"""What a person reads when the machine lacks something that the set-up needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path, root: Path) -> Path:
    shutil.copytree(root / ".ci", tmp_path / ".ci")
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def fake_python(folder: Path, body: str) -> str:
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return str(program)


def setup(tree: Path, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [".ci/setup", python, "constraints.txt", "core"],
        cwd=tree, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


def test_a_missing_python_is_named(tree: Path) -> None:
    done = setup(tree, "python-of-nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("dd-sync: there is no 'python-of-nowhere' here.")
    assert not (tree / ".venv").exists()


def test_a_python_that_is_too_old_is_named_with_its_version(tree: Path) -> None:
    old = fake_python(tree, '[ "$1" = -V ] && echo Python 3.10.4; exit 1')
    done = setup(tree, old)
    assert done.returncode == 1
    assert "is Python 3.10.4, too old. Name one of 3.11 or newer" in done.stderr
    assert not (tree / ".venv").exists()


def test_a_python_without_venv_says_which_package_brings_it(tree: Path) -> None:
    bare = fake_python(tree, 'case "$2" in *ensurepip*) exit 1;; esac; exit 0')
    done = setup(tree, bare)
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_packages_that_cannot_be_installed_leave_a_mark_to_start_over(tree: Path) -> None:
    """The fake stands in for a Python whose pip finds no index."""
    broken = fake_python(
        tree,
        'case "$*" in "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python;;'
        ' *"pip install"*) echo no index >&2; exit 1;; *pip*) exit 0;; esac',
    )
    done = setup(tree, broken)
    assert done.returncode == 1
    assert "no index\ndd-sync: the packages could not be installed" in done.stderr
    assert (tree / ".venv" / "unfinished").exists()


def test_a_half_made_environment_is_made_again(tree: Path) -> None:
    half = tree / ".venv" / "lib" / "half-a-package"
    half.mkdir(parents=True)
    (tree / ".venv" / "unfinished").touch()
    works = fake_python(
        tree, 'case "$*" in "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python;; esac'
    )
    done = setup(tree, works)
    assert done.returncode == 0, done.stderr
    assert not half.exists()
    assert not (tree / ".venv" / "unfinished").exists()
