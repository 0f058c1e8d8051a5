"""What becomes a site: every page is listed once, leads on, and shows commands that exist."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml

from dd_sync.cli import root as command_tree

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
ANCHOR = re.compile(r"\]\(((?!https?:)[^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`(dd-sync [^`\n]*)`")
TYPED = re.compile(r"(?:^|[|;&] )(?:\$ )?(?:[A-Z_]+=\S+ )*(dd-sync (?!: ).*)$")


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / ".ci" / "docs_hooks.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entries(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        if isinstance(entry, dict):
            for below in entry.values():
                yield from entries([below] if isinstance(below, str) else below)
        else:
            yield entry


def test_the_site_lists_every_page_once_and_none_that_is_missing(hooks: ModuleType) -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    listed = list(entries(hooks.expanded(nav, DOCS)))
    pages = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    assert sorted(listed) == sorted([*pages, *(f"project/{name}" for name in hooks.ROOT_PAGES)])


def test_a_star_stands_for_the_pages_it_matches_and_an_empty_section_goes(
    hooks: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "rules").mkdir()
    for name in ("b.md", "README.md", "a.md", "picture.svg"):
        (tmp_path / "rules" / name).touch()
    nav = [{"Home": "cli.md"}, {"Rules": ["rules/*.md"]}, {"All": [{"Areas": ["areas/*.md"]}]}]
    assert hooks.expanded(nav, tmp_path) == [
        {"Home": "cli.md"},
        {"Rules": ["rules/README.md", "rules/a.md", "rules/b.md"]},
    ]


@pytest.mark.parametrize(
    ("page", "link", "on_the_site"),
    [
        ("security.md", "[x](../SECURITY.md)", "[x](project/SECURITY.md)"),
        ("adr/1.md", "[x](../../CONTRIBUTING.md#house)", "[x](../project/CONTRIBUTING.md#house)"),
        ("adr/1.md", "[x](../plan.md)", "[x](../plan.md)"),
        ("project/SECURITY.md", "[x](docs/security.md)", "[x](../security.md)"),
        ("project/CONTRIBUTING.md", "[x](CHANGELOG.md)", "[x](CHANGELOG.md)"),
    ],
)
def test_links_between_the_docs_and_the_root_lead_on(
    hooks: ModuleType, page: str, link: str, on_the_site: str
) -> None:
    assert hooks.relinked(link, page) == on_the_site


def test_bars_in_code_in_tables_lose_the_backslash_that_github_wants(hooks: ModuleType) -> None:
    assert hooks.barred(r"| `a \|\| b` | c \| d |") == r"| `a || b` | c \| d |"
    assert hooks.barred(r"outside: `a \| b`") == r"outside: `a \| b`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_into_a_page_lead_to_a_heading(page: Path) -> None:
    dead = [
        f"{target}#{anchor}"
        for target, anchor in ANCHOR.findall(page.read_text("utf-8"))
        if anchor not in anchors(page.parent / target if target else page)
    ]
    assert dead == []


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text("utf-8"))
    return {
        re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in HEADING.findall(text)
    }


def shown() -> Iterator[tuple[str, str]]:
    """Every `dd-sync …` that a page shows: page and command."""
    for page in PAGES:
        text = page.read_text("utf-8")
        found = CODE.findall(FENCE.sub("", text))
        for block in FENCE.finditer(text):
            found += [hit[1] for line in block[0].splitlines() if (hit := TYPED.search(line.strip()))]
        yield from ((page.relative_to(ROOT).as_posix(), one) for one in found)


def test_every_command_that_a_page_shows_exists_and_takes_the_options_it_is_shown_with() -> None:
    commands = list(shown())
    assert len(commands) > 150
    assert [f"{page}: {one}: {why}" for page, one in commands if (why := mistake(one))] == []


def mistake(line: str) -> str | None:
    """What is wrong with a command as a page shows it; None if it could be typed."""
    line = re.split(r"  +| [|#&>]", line)[0]
    try:
        words = shlex.split(line.replace("…", ""))[1:]
    except ValueError:
        words = line.split()[1:]
    command: click.Command = command_tree.dd_sync
    context = click.Context(command)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        below = command.get_command(context, words[0])
        if words[0] == "COMMAND":
            return None
        if below is None:
            return f"no command '{words[0]}'"
        command, words = below, words[1:]
        context = click.Context(command, parent=context)
    known = {
        name for option in command.get_params(context) for name in (*option.opts, *option.secondary_opts)
    }
    unknown = [name for word in words if (name := word.split("=")[0]).startswith("-") and name != "-"]
    return next((f"no option '{name}'" for name in unknown if name not in known), None)
