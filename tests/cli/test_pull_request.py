"""`dd-sync pull-request` as CI runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
import responses

from tests.cli.support import KEYS, LocalDatadog, Run, write_catalog

MONITOR = """\
  - key: latency
    name: Latency is high
    type: query alert
    query: avg(last_5m):avg:web.latency{env:prod} by {service} > 2
    options: {thresholds: {critical: 2}}
    message: Slow.
"""


def test_without_keys_it_checks_and_tests_and_says_why_there_is_no_plan(dd_sync: Run, tmp_path: Path) -> None:
    dd_sync("init", ".")
    answer = dd_sync("pull-request", "report")
    assert answer.code == 0
    assert answer.out.splitlines()[0].startswith("<!-- dd-sync report ")
    assert "passed, 0 failed" in answer.out
    assert "**plan**: not made. This run has no Datadog keys" in answer.out


def test_with_keys_the_plan_stands_in_it(dd_sync: Run, tmp_path: Path, datadog: LocalDatadog) -> None:
    write_catalog(tmp_path, "pr-plan", MONITOR)
    answer = dd_sync("pull-request", "report", "--host", datadog.url, env=KEYS)
    assert answer.code == 0, answer.err
    assert "1 create" in answer.out
    assert "an-api-key" not in answer.out + answer.err


def test_a_broken_catalog_fails_and_is_shown(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "pr-broken", MONITOR.replace("avg(last_5m)", "mean(last_5m)"))
    answer = dd_sync("pull-request", "report", "--out", "report.md", env=KEYS)
    assert answer.code == 1
    text = (tmp_path / "report.md").read_text()
    assert "unknown time aggregation 'mean'" in text
    assert "**test**" not in text
    assert "Once the check passes" in text


def test_a_failing_scenario_fails_and_is_shown_whole(dd_sync: Run, tmp_path: Path) -> None:
    dd_sync("init", ".")
    scenarios = tmp_path / "monitors/scenarios/streams.yaml"
    scenarios.write_text(scenarios.read_text().replace("state: Alert", "state: OK"))
    answer = dd_sync("pull-request", "report")
    assert answer.code == 1
    assert "FAILED stream-rate" in answer.out


def test_a_plan_that_cannot_be_made_gives_its_own_exit_code(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "pr-unreachable", MONITOR)
    answer = dd_sync("pull-request", "report", "--host", "http://127.0.0.1:9", env=KEYS)
    assert answer.code == 4
    assert "**plan**: failed" in answer.out


def test_a_report_that_cannot_be_written_or_read_is_said(dd_sync: Run, tmp_path: Path) -> None:
    dd_sync("init", ".")
    answer = dd_sync("pull-request", "report", "--out", "no/such/folder.md")
    assert (answer.code, "cannot be written" in answer.err) == (1, True)
    answer = dd_sync("pull-request", "comment", "none.md", "--number", "7", env=GITHUB)
    assert (answer.code, "none.md cannot be read" in answer.err) == (1, True)
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe")
    answer = dd_sync("pull-request", "comment", "bytes.md", "--number", "7", env=GITHUB)
    assert (answer.code, "it is not text" in answer.err) == (1, True)


GITHUB = {
    "GITHUB_REPOSITORY": "acme/monitors",
    "GITHUB_TOKEN": "token-value",
    "GITHUB_API_URL": "https://api.example.com",
}
COMMENTS = "https://api.example.com/repos/acme/monitors/issues/7/comments"


@responses.activate
def test_the_report_is_posted_and_its_address_told(dd_sync: Run, tmp_path: Path) -> None:
    responses.get(COMMENTS, json=[])
    responses.post(COMMENTS, json={"html_url": "https://example.com/c/1"}, status=201)
    (tmp_path / "report.md").write_text("<!-- dd-sync report risk -->\nfine")
    answer = dd_sync("pull-request", "comment", "report.md", "--number", "7", env=GITHUB)
    assert (answer.code, answer.out) == (0, "https://example.com/c/1\n")


@responses.activate
def test_a_refusal_exits_with_4_and_shows_no_token(dd_sync: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    responses.get(COMMENTS, status=403, json={"message": "no"})
    Path("report.md").write_text("<!-- dd-sync report risk -->\nfine")
    answer = dd_sync("pull-request", "comment", "report.md", "--number", "7", env=GITHUB)
    assert answer.code == 4
    assert "pull-requests: write" in answer.err
    assert "token-value" not in answer.err


def test_outside_of_a_job_it_says_what_is_missing(dd_sync: Run) -> None:
    answer = dd_sync("pull-request", "comment", "report.md", env={"GITHUB_REPOSITORY": ""})
    assert answer.code == 1
    assert "GITHUB_REPOSITORY" in answer.err
