"""Every rule has its file, its page and its tests, and findings come in order."""

from __future__ import annotations

from pathlib import Path

import dd_sync.checks
from dd_sync.checks.run import all_ids
from tests.checks.conftest import RATE, Lint


def test_every_rule_is_a_file_with_a_page_of_its_own() -> None:
    package = Path(dd_sync.checks.__file__).parent
    modules = {path.stem for path in package.glob("*.py")} - {
        "__init__",
        "run",
        "of_queries",
        "finding",
        "ranges",
        "walk",
        "variables",
        "variables_of_queries",
    }
    ids = all_ids()
    assert ids == {stem.replace("_", "-") for stem in modules}
    pages = {path.stem for path in (package.parents[1] / "docs" / "rules").glob("*.md")}
    assert {*ids, "ignore", "unused-ignore"} <= pages
    tests = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert {f"test_{stem}" for stem in modules} <= tests


def test_every_page_is_in_the_list_with_its_severity() -> None:
    folder = Path(dd_sync.checks.__file__).parents[2] / "docs" / "rules"
    listed = (folder / "README.md").read_text()
    for page in folder.glob("[a-z]*.md"):
        severity = page.read_text().split("\n\n")[1].removeprefix("Severity: ").removesuffix(".")
        assert f"| [{page.stem}]({page.name}) | {severity} |" in listed


def test_findings_come_in_the_order_of_the_file(lint: Lint) -> None:
    text = RATE + "    tags: ['ip:1']\n    message: '{{nope}} @all'\n"
    problems = lint(
        text, policy="policy: {handles: [], personal_tags: [ip], required_tags: [team]}\n", tested=set()
    )
    assert [problem.rule for problem in problems] == [
        "untested", "required-tags", "personal-data", "message-variables", "handles",
    ]  # fmt: skip
