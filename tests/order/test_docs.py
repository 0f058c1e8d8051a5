"""The documents name what exists, and nothing in the tree names this machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dd_sync.cli import DEFECT
from dd_sync.cli.root import COMMANDS
from dd_sync.errors import Exit

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", ".hypothesis", "__pycache__", "dist", ".mypy_cache", ".ruff_cache"}
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
# Home folders, and the package indexes that a lock file or a log likes to carry along.
MACHINE = re.compile(
    r"(?<![\w.}])/(?:home|root|Users|work)/\w|(?:pypi|npmjs|pythonhosted|artifactory|devpi)\.(?:org|com|io)|:\d{4}/simple",
)


def files() -> list[Path]:
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not NOT_OURS.intersection(path.relative_to(ROOT).parts)
    ]


def test_every_exit_code_is_documented_and_no_other(root: Path) -> None:
    section = (root / "docs/cli.md").read_text().split("## Exit codes")[1].split("\n## ")[0]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}
    assert documented == {*map(int, Exit), DEFECT}


def test_every_command_is_documented_and_no_other(root: Path) -> None:
    section = (root / "docs/cli.md").read_text().split("\n## ")[0]
    documented = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    assert sorted(documented) == sorted(COMMANDS)


def test_every_environment_variable_is_documented(root: Path) -> None:
    section = (root / "docs/cli.md").read_text().split("## Environment")[1]
    read = re.compile(r'"((?:DD|GH|GIT[A-Z]*|XDG|PROMETHEUS)_[A-Z_]+|NO_COLOR)"')
    code = "".join(path.read_text("utf-8") for path in (root / "dd_sync").rglob("*.py"))
    assert {name for name in read.findall(code) if f"`{name}`" not in section} == set()


def test_every_room_is_told_to_contributors(root: Path) -> None:
    page = (root / "CONTRIBUTING.md").read_text()
    rooms = {path.stem for path in (root / "dd_sync").iterdir() if not path.name.startswith(("_", "py."))}
    assert [room for room in sorted(rooms) if f"`{room}`" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_nothing_in_the_tree_names_a_machine_or_a_package_index() -> None:
    found = []
    for path in files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in MACHINE.finditer(text)]
    assert found == []
