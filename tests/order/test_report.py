"""The pull-request report, written around a stand-in for the command."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

FENCE = "`" * 10


@pytest.fixture
def report(root: Path, tmp_path: Path) -> Report:
    return Report(root, tmp_path / "dd-sync")


class Report:
    def __init__(self, root: Path, program: Path) -> None:
        self.root = root
        self.program = program

    def __call__(self, body: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """body: what the stand-in does, as shell; its first argument is the command."""
        self.program.write_text(f"#!/bin/sh\n{body}\n")
        self.program.chmod(0o755)
        return subprocess.run(
            [self.root / ".ci" / "report"],
            env={"PATH": os.environ["PATH"], "DD_SYNC": str(self.program), **environ},
            capture_output=True,
            text=True,
            check=False,
        )


def test_without_keys_nothing_is_planned_and_the_report_says_so(report: Report) -> None:
    done = report('[ "$1" = plan ] && exit 9; echo "$1 is fine"')
    assert done.returncode == 0
    assert done.stdout.startswith("<!-- dd-sync report -->\n### check: passed\n")
    assert "test is fine" in done.stdout
    assert "### plan: not made" in done.stdout


def test_with_keys_the_plan_stands_as_markdown_outside_any_fence(report: Report) -> None:
    done = report('echo "**1 create**"', DD_API_KEY="k", DD_APP_KEY="k")
    assert done.returncode == 0
    assert done.stdout.endswith("### plan\n\n**1 create**\n")


def test_a_failing_check_fails_the_report_and_is_shown_unfolded(report: Report) -> None:
    done = report('[ "$1" = check ] && { echo "a.yaml:4:10: error"; exit 1; }; echo fine')
    assert done.returncode == 1
    assert f"### check: failed\n\n{FENCE}text\na.yaml:4:10: error\n{FENCE}" in done.stdout


def test_a_plan_that_could_not_be_made_fails_the_report_and_says_why(report: Report) -> None:
    done = report('[ "$1" = plan ] && { echo "no answer" >&2; exit 4; }; echo fine', DD_API_KEY="k")
    assert done.returncode == 1
    assert "### plan: failed\n" in done.stdout
    assert "no answer" in done.stdout


def test_output_cannot_end_the_fence_it_stands_in(report: Report) -> None:
    done = report("printf '```\\n@everyone\\n'")
    assert f"{FENCE}text\n```\n@everyone\n{FENCE}" in done.stdout


def test_keys_are_in_no_line_of_the_report(report: Report) -> None:
    done = report("echo fine", DD_API_KEY="api-key-value", DD_APP_KEY="app-key-value")
    assert "key-value" not in done.stdout + done.stderr


def test_a_report_that_a_comment_cannot_hold_is_cut_and_says_so(report: Report) -> None:
    done = report("head -c 90000 /dev/zero | tr '\\0' 'é'")
    assert len(done.stdout.encode()) < 65_536
    assert "Cut here" in done.stdout
