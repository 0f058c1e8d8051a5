"""The composite action, run as a job would, around a stand-in for the command."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

SECRETS = {"API_KEY": "api-key-value", "APP_KEY": "app-key-value", "TOKEN": "token-value"}


class Action:
    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
        self.log = folder / "log"
        self.summary = folder / "summary.md"

    def __call__(self, body: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """body: shell that the stand-in runs after it has noted its arguments and its keys."""
        program = self.folder / "dd-sync"
        program.write_text(
            "#!/bin/sh\n"
            f'echo "$*|$DD_API_KEY|$GITHUB_TOKEN|$API_KEY$APP_KEY$TOKEN" >> {self.log}\n'
            f'[ "$1 $2" = "pull-request report" ] && echo "the report" > "$4"\n{body}\nexit 0\n'
        )
        program.chmod(0o755)
        return subprocess.run(
            [self.root / ".ci" / "action"],
            env={
                "PATH": os.environ["PATH"],
                "DD_SYNC": str(program),
                "RUNNER_TEMP": str(self.folder),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_OUTPUT": str(self.folder / "output"),
                "GITHUB_EVENT_NAME": "pull_request",
                "MODE": "",
                "CATALOG": "monitors",
                "ENVIRONMENT": "",
                "SITE": "datadoghq.eu",
                "COMMENT": "true",
                "FORK": "false",
                **SECRETS,
                **environ,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[list[str]]:
        """Per call: the arguments, DD_API_KEY, GITHUB_TOKEN, and what leaked besides."""
        return [line.split("|") for line in self.log.read_text().splitlines()]


@pytest.fixture
def action(root: Path, tmp_path: Path) -> Action:
    return Action(root, tmp_path)


def test_a_pull_request_is_checked_reported_and_commented_on(action: Action) -> None:
    assert action().returncode == 0
    assert [call[0].split(" --")[0] for call in action.calls()] == [
        "check",
        "check",
        "pull-request report",
        f"pull-request comment {action.folder / 'report.md'}",
    ]
    assert action.summary.read_text() == "the report\n"


def test_each_command_sees_its_own_keys_only(action: Action) -> None:
    action()
    assert [call[1:] for call in action.calls()] == [
        ["", "", ""],
        ["", "", ""],
        ["api-key-value", "", ""],
        ["", "token-value", ""],
    ]


def test_a_pull_request_from_a_fork_gets_no_comment(action: Action) -> None:
    assert action(FORK="true", API_KEY="", APP_KEY="").returncode == 0
    assert not any("comment" in call[0] for call in action.calls())


def test_a_report_that_failed_is_still_shown_and_fails_the_job(action: Action) -> None:
    assert action('[ "$2" = report ] && exit 1').returncode == 1
    assert action.summary.read_text() == "the report\n"
    assert any("comment" in call[0] for call in action.calls())


def test_a_push_is_checked_tested_and_carried_out_as_planned(action: Action) -> None:
    assert action(GITHUB_EVENT_NAME="push", ENVIRONMENT="staging").returncode == 0
    plan = str(action.folder / "plan.json")
    assert [call[0] for call in action.calls()] == [
        "check --catalog monitors --env staging",
        "test --catalog monitors --env staging",
        f"plan --out {plan} --format markdown --catalog monitors --env staging",
        f"apply --plan {plan} --catalog monitors --env staging",
    ]


def test_a_plan_that_failed_is_not_applied(action: Action) -> None:
    assert action('[ "$1" = plan ] && exit 4', MODE="sync").returncode == 4
    assert not any(call[0].startswith("apply") for call in action.calls())


def test_drift_is_reported_in_the_summary(action: Action) -> None:
    assert action("echo drifted", MODE="drift").returncode == 0
    assert action.summary.read_text() == "drifted\n"


def test_another_mode_is_refused_before_anything_runs(action: Action) -> None:
    done = action(MODE="destroy")
    assert done.returncode == 64
    assert "::error::mode is 'destroy'" in done.stdout
    assert not action.log.exists()


def test_the_action_passes_inputs_as_variables_and_pins_what_it_uses(root: Path) -> None:
    loaded: dict[str, Any] = yaml.safe_load((root / "action.yml").read_text())
    assert all("${{" not in step.get("run", "") for step in loaded["runs"]["steps"])
    uses = [step["uses"] for step in loaded["runs"]["steps"] if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in uses)
