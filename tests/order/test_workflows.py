"""What the workflows may do: as little as they can, with nothing that a pull request could bend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# What `dd-sync init` writes is held to the same.
WORKFLOWS = [*OURS, *sorted((ROOT / "dd_sync/cli/templates/workflows").glob("*.yml"))]
PINNED = re.compile(r"uses: [\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def read(path: Path) -> dict[Any, Any]:
    loaded = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def jobs(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from read(path)["jobs"].items()


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for _, job in jobs(path):
        yield from job["steps"]


def ci() -> Path:
    return next(path for path in WORKFLOWS if path.name == "ci.yml")


SYNCS = [path for path in WORKFLOWS if path.name.endswith("sync.yml")]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
class TestEveryWorkflow:
    def test_may_read_the_repository_and_nothing_else(self, path: Path) -> None:
        assert read(path)["permissions"] == {"contents": "read"}

    def test_writes_only_comments_issues_and_code_scanning_each_in_a_job_of_its_own(self, path: Path) -> None:
        granted = {name: job["permissions"] for name, job in jobs(path) if "permissions" in job}
        writes = {
            name: [what for what, how in may.items() if how == "write"] for name, may in granted.items()
        }
        known = {"comment": ["pull-requests"], "scanning": ["security-events"], "issue": ["issues"]}
        assert writes == {name: known[name] for name in writes}

    def test_pins_every_action_to_a_commit_and_names_its_version(self, path: Path) -> None:
        uses = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]
        assert uses
        assert [line for line in uses if not PINNED.match(line)] == []

    def test_never_runs_foreign_code_with_its_own_secrets(self, path: Path) -> None:
        assert "pull_request_target" not in path.read_text()
        assert "workflow_run" not in path.read_text()

    def test_puts_no_expression_into_a_script(self, path: Path) -> None:
        """An expression in a script is text that an attacker may choose; a variable is only a value."""
        assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []

    def test_gives_secrets_to_single_steps_only(self, path: Path) -> None:
        inside = sum(str(step.get("env", {})).count("secrets.") for step in steps(path))
        assert path.read_text().count("secrets.") == inside

    def test_leaves_no_token_in_the_checkout(self, path: Path) -> None:
        checkouts = [step for step in steps(path) if "actions/checkout" in step.get("uses", "")]
        assert checkouts
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)

    def test_ends_by_itself(self, path: Path) -> None:
        assert all(job["timeout-minutes"] <= 30 for _, job in jobs(path))


@pytest.mark.parametrize("name", ["comment", "scanning"])
def test_a_job_that_writes_runs_no_code_of_the_pull_request(name: str) -> None:
    job = dict(jobs(ci()))[name]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
    checkouts = [
        step["with"].get("ref") for step in job["steps"] if "actions/checkout" in step.get("uses", "")
    ]
    assert set(checkouts) <= {"${{ github.event.pull_request.base.sha }}"}


def test_the_tests_run_on_the_oldest_and_newest_python_and_on_the_lowest_versions() -> None:
    matrix = dict(jobs(ci()))["test"]["strategy"]["matrix"]["include"]
    assert {(row["python"], row["constraints"]) for row in matrix} == {
        ("3.11", "constraints.txt"),
        ("3.14", "constraints.txt"),
        ("3.11", "constraints-lowest.txt"),
    }


def test_speed_informs_and_never_blocks() -> None:
    assert dict(jobs(ci()))["bench"]["continue-on-error"] is True


@pytest.mark.parametrize("path", SYNCS, ids=lambda path: path.name)
def test_applies_run_one_at_a_time_and_are_never_cut_off(path: Path) -> None:
    concurrency = read(path)["concurrency"]
    assert concurrency["cancel-in-progress"] is False
    assert "${{" not in concurrency["group"]


@pytest.mark.parametrize("path", SYNCS, ids=lambda path: path.name)
def test_apply_waits_for_approval_and_carries_out_the_plan_that_was_shown(path: Path) -> None:
    found = dict(jobs(path))
    plan, apply = found["plan"], found["apply"]
    assert (plan["environment"], apply["environment"]) == ("datadog-plan", "datadog-apply")
    assert apply["needs"] == "plan"
    (made,) = [step for step in plan["steps"] if "dd-sync plan" in step.get("run", "")]
    assert all(part in made["run"] for part in ("--out plan.json", "$GITHUB_STEP_SUMMARY"))
    runs = [step["run"].removeprefix(".venv/bin/") for step in apply["steps"] if "run" in step]
    assert [run for run in runs if run.startswith("dd-sync")] == ["dd-sync apply --plan plan.json"]


def test_the_pull_request_never_meets_the_keys_that_may_write() -> None:
    environments = {job.get("environment") for _, job in jobs(ci())}
    assert environments == {None, "datadog-plan"}


def test_what_init_writes_installs_the_version_that_wrote_it() -> None:
    """`init` puts its own version for VERSION; one written out would stay behind at the next release."""
    asked = [
        found
        for path in WORKFLOWS
        if "templates" in path.parts
        for found in re.findall(r"dd-sync==([^' ]+)", path.read_text("utf-8"))
    ]
    assert asked
    assert set(asked) == {"VERSION"}
