"""How problems read: for people, for GitHub, for scanners."""

from __future__ import annotations

import json

import click

from dd_sync.errors import Place, Problem, Severity
from dd_sync.report import problems as report

QUERY = "  query: mean(last_5m):sum:settle.attempts{env:prod} by {tenant} > 2"
PROBLEM = Problem(
    "query-syntax",
    "unknown time aggregation 'mean'",
    "use avg, sum, min, max, last, change or pct_change",
    Place("monitors/settle.yaml", 4, 10, 4),
    source=QUERY,
)


def plain(problem: Problem) -> list[str]:
    return click.unstyle(report.as_text([problem])).splitlines()


def test_a_problem_reads_as_place_rule_line_caret_and_hint() -> None:
    assert plain(PROBLEM) == [
        "monitors/settle.yaml:4:10: error[query-syntax]: unknown time aggregation 'mean'",
        f"4 | {QUERY}",
        "  |          ^^^^",
        "  = use avg, sum, min, max, last, change or pct_change",
    ]


def test_a_problem_without_a_place_still_says_what_and_what_to_do() -> None:
    assert plain(Problem("unsafe", "12 of 12 monitors deleted", "ask for it by number")) == [
        "error[unsafe]: 12 of 12 monitors deleted",
        "  = ask for it by number",
    ]


def test_a_very_long_line_is_cut_around_its_caret() -> None:
    source = "x" * 50_000 + "HERE" + "y" * 50_000
    shown = plain(Problem("r", "p", "h", Place("f.yaml", 7, 50_001, 4), source=source))
    assert len(shown[1]) < 130
    assert shown[1][shown[2].index("^") :].startswith("HERE")
    assert shown[2].count("^") == 4


def test_the_caret_of_a_span_that_leaves_the_line_stays_within_it() -> None:
    shown = plain(Problem("r", "p", "h", Place("f.yaml", 1, 3, 500), source="abcdef"))
    assert shown[2] == "  |   ^^^^"


def test_control_and_direction_characters_never_reach_the_terminal() -> None:
    hostile = "name: \x1b[2Jgone \u202etxt.exe\x07"
    text = click.unstyle(report.as_text([Problem("r", hostile, hostile, Place("f", 1, 1), source=hostile)]))
    assert not {"\x1b", "\u202e", "\x07"} & set(text)


def test_wide_characters_before_the_caret_are_counted_as_two_columns() -> None:
    shown = plain(Problem("r", "p", "h", Place("f", 1, 3, 1), source="監視x"))
    assert shown[2] == "  |     ^"


def test_github_annotations_escape_what_would_end_them_early() -> None:
    problem = Problem("r", "50% of\nall", "", Place("a,b:c.yaml", 1, 2, 3), Severity.WARNING)
    assert report.as_github([problem]) == (
        "::warning file=a%2Cb%3Ac.yaml,line=1,col=2,endColumn=5,title=r::50%25 of%0Aall"
    )


def test_a_github_annotation_without_a_place_has_only_a_title() -> None:
    assert report.as_github([Problem("r", "p", "h")]) == "::error title=r::p%0Ah"


def test_json_counts_errors_and_warnings_and_keeps_places() -> None:
    warning = Problem("w", "p", "h", severity=Severity.WARNING)
    answer = json.loads(report.as_json([PROBLEM, warning], 3))
    assert (answer["monitors"], answer["errors"], answer["warnings"]) == (3, 1, 1)
    assert answer["problems"][0]["line"] == 4
    assert answer["problems"][1]["file"] is None


def test_sarif_names_each_rule_once_and_places_each_result() -> None:
    run = json.loads(report.as_sarif([PROBLEM, PROBLEM, Problem("w", "p", "", severity=Severity.WARNING)]))[
        "runs"
    ][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["query-syntax", "w"]
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 4, "startColumn": 10, "endColumn": 14}
    assert "locations" not in run["results"][2]
    assert run["results"][2]["level"] == "warning"


def test_the_summary_counts_in_words() -> None:
    assert report.summary([PROBLEM], 1) == "1 monitor checked: 1 error, 0 warnings"
