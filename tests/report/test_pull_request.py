"""The comment of a pull request: whole findings, never cut, never too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dd_sync.report.pull_request import COMMENT_LIMIT, Planned, Section, as_comment

NO_PLAN = Planned(None, "No keys.")


def section(*details: str, passed: bool = False) -> Section:
    return Section("check", f"{len(details)} errors", passed, details, more="run dd-sync check")


def test_it_begins_with_the_mark_of_its_catalog() -> None:
    assert as_comment("risk.staging", [], NO_PLAN).startswith("<!-- dd-sync report risk.staging -->\n")
    assert as_comment("a --> b", [], NO_PLAN).startswith("<!-- dd-sync report a-b -->\n")


def test_what_failed_is_open_and_what_passed_is_folded() -> None:
    assert "<details>" not in as_comment("risk", [section("a.yaml:1:1: error")], NO_PLAN)
    assert "<details>" in as_comment("risk", [section("a.yaml:1:1: warning", passed=True)], NO_PLAN)
    assert "```" not in as_comment("risk", [section()], NO_PLAN)


def test_findings_stand_whole_or_are_counted() -> None:
    details = [f"finding {number}\n" + "x" * 200 for number in range(200)]
    text = as_comment("risk", [section(*details)], NO_PLAN)
    shown = sum(detail in text for detail in details)
    assert 10 < shown < 200
    assert text.count("finding ") == shown
    assert f"… and {200 - shown} more: run dd-sync check" in text


def test_a_finding_that_alone_is_too_long_keeps_its_first_line() -> None:
    text = as_comment("risk", [section("a.yaml:1:1: error\n" + "x" * 100_000)], NO_PLAN)
    assert "a.yaml:1:1: error" in text
    assert "xxx" not in text


def test_findings_cannot_end_their_fence() -> None:
    text = as_comment("risk", [section("```\n@everyone")], NO_PLAN)
    assert "````text\n```\n@everyone\n````" in text


def test_the_plan_is_asked_for_what_room_is_left() -> None:
    asked: list[int] = []

    def markdown(limit: int) -> str:
        asked.append(limit)
        return "é" * limit

    text = as_comment("risk", [section("x" * 5_000)], Planned(markdown))
    assert len(text.encode()) <= COMMENT_LIMIT
    assert 50_000 < asked[0] < COMMENT_LIMIT - 5_000
    assert len(asked) == 2


def test_a_plan_that_failed_says_why_and_one_that_was_not_made_too() -> None:
    assert "**plan**: failed\n\n```text\nno answer\n```" in as_comment(
        "risk", [], Planned(None, "no answer", True)
    )
    assert "**plan**: not made. No keys." in as_comment("risk", [], NO_PLAN)


@given(st.lists(st.text(max_size=3_000), max_size=30), st.booleans())
def test_it_always_fits(details: list[str], passed: bool) -> None:
    sections = [section(*details, passed=passed), section(*details, passed=not passed)]
    text = as_comment("risk", sections, Planned(lambda limit: "\U0001f600" * limit))
    assert len(text.encode("utf-8", "surrogatepass")) <= COMMENT_LIMIT
