"""Ignores: where a comment is one, which lines it is about, and what is wrong with it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from dd_sync.catalog.ignores import Ignores, may_ignore, read_ignores
from dd_sync.catalog.source import parse
from dd_sync.errors import Place, Problem

RULES = frozenset(("untested", "handles", "personal-data"))


def ignores(text: str) -> Ignores:
    source = parse("m.yaml", dedent(text))
    assert source.problems == ()
    return read_ignores([source], RULES)


def lines(text: str) -> list[tuple[str, int, int]]:
    """The rule, the first and the last line of each ignore; nothing may be wrong with any."""
    found = ignores(text)
    assert found.problems == []
    return [(ignore.rule, ignore.first, ignore.last) for ignore in found.ignores]


MONITORS = """\
    monitors:
      - key: a                     # dd-sync: ignore[untested] no data to replay
        name: A
        guard:
          rate: {metric: x, window: 1h, above: 5}

      # dd-sync: ignore[untested] the same

      # and why
      - key: b
        tags: [c, d]               # dd-sync: ignore[handles,personal-data] an opaque id
        # dd-sync: ignore[handles] a test channel
        message: |
          # dd-sync: ignore[handles] not a comment but text
          hello @all

        name: "B # dd-sync: ignore[untested] text"
        query: >-   # dd-sync: ignore[personal-data] an opaque id
          x
            y
"""


def test_an_ignore_covers_what_begins_on_its_line_or_the_next() -> None:
    assert lines(MONITORS) == [
        ("untested", 2, 5),
        ("untested", 10, 20),
        ("handles", 11, 11),
        ("personal-data", 11, 11),
        ("handles", 13, 15),
        ("personal-data", 18, 20),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1 # dd-sync: ignore[handles] x", ("handles", 1, 1)),
        ("a: 1\t#dd-sync:ignore [handles]: x", ("handles", 1, 1)),
        ("a: 1 # why # dd-sync: ignore[handles] x", ("handles", 1, 1)),
        ("# dd-sync: ignore[handles] x\na: {b: 1,\n  c: 2}\n", ("handles", 2, 3)),
        ("a: [\n  {b: 1}, # dd-sync: ignore[handles] x\n  {c: 1}]\n", ("handles", 2, 2)),
        ("a: &a # dd-sync: ignore[handles] x\n  b: 1\nc: *a\n", ("handles", 1, 2)),
        ("a: one\n  two # dd-sync: ignore[handles] x\n", ("handles", 2, 2)),
        ("a: 1\n# dd-sync: ignore[handles] nothing follows\n", ("handles", 2, 2)),
        ("a:\n- 1 # dd-sync: ignore[handles] x\n- 2\n", ("handles", 2, 2)),
        ("a: # dd-sync: ignore[handles] x\n- 1\n- 2\nb: 1\n", ("handles", 1, 3)),
        ("a: 1\r\nb: 2 # dd-sync: ignore[handles] x\r\n", ("handles", 2, 2)),
    ],
)
def test_comments_in_every_style_of_yaml(text: str, expected: tuple[str, int, int]) -> None:
    assert lines(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "a: 'x # dd-sync: ignore[nope]'",
        "a: x#dd-sync:ignore[nope]",
        "a: |\n  # dd-sync: ignore[nope]\n",
        'a: "x\n  # dd-sync: ignore[nope]"\n',
        "a: 1 # dd-sync: ignored since May",
        "a: 1 # dd-sync: ignore-me",
        "a: managed_by:dd-sync",
        "",
    ],
)
def test_what_is_no_ignore_is_left_alone(text: str) -> None:
    found = ignores(text)
    assert (found.ignores, found.problems) == ([], [])


@pytest.mark.parametrize(
    ("comment", "problem", "hint", "shown"),
    [
        ("# dd-sync: ignore", "an ignore that names no rule", "write it as", "# dd-sync: ignore"),
        ("# dd-sync: ignore all", "an ignore that names no rule", "write it as", "# dd-sync: ignore all"),
        ("# dd-sync: ignore[ , ]", "an ignore that names no rule", "write it as", "# dd-sync: ignore[ , ]"),
        ("# dd-sync: ignore[handles]", "an ignore without a reason", "", "# dd-sync: ignore[handles]"),
        ("# dd-sync: ignore[handles] -", "an ignore without a reason", "", "# dd-sync: ignore[handles] -"),
        ("# dd-sync: ignore[handels] x", "there is no rule 'handels'", "did you mean 'handles'?", "handels"),
        ("# dd-sync: ignore[zzz] x", "there is no rule 'zzz'", "docs/rules/", "zzz"),
        ("# dd-sync: ignore[schema] x", "'schema' cannot be ignored", "mend what it finds", "schema"),
        ("# dd-sync: ignore[unused-ignore] x", "'unused-ignore' cannot be ignored", "mend", "unused-ignore"),
    ],
)  # fmt: skip
def test_an_ignore_that_would_do_nothing_is_an_error(
    comment: str, problem: str, hint: str, shown: str
) -> None:
    found = ignores(f"a: 1 {comment}\n")
    assert found.ignores == []
    (said,) = found.problems
    assert (said.rule, said.problem, said.is_error) == ("ignore", problem, True)
    assert said.hint.startswith(hint)
    assert said.where is not None
    assert said.source is not None
    assert said.source[said.where.column - 1 :][: said.where.length] == shown


def problem(rule: str, line: int, file: str = "m.yaml") -> Problem:
    return Problem(rule, "wrong", "mend it", Place(file, line, 1))


def test_only_the_rule_on_its_lines_in_its_file_is_let_pass() -> None:
    found = ignores("a: 1 # dd-sync: ignore[handles] x\nb: 2\n")
    others = [problem("untested", 1), problem("handles", 2), problem("handles", 1, "n.yaml")]
    nowhere = Problem("handles", "wrong", "mend it")
    judged = [problem("handles", 1), *others, nowhere]
    assert list(found.apply(judged, judged=RULES)) == [*others, nowhere]


def test_an_ignore_that_finds_nothing_is_an_error_unless_nobody_looked() -> None:
    found = ignores("a: 1 # dd-sync: ignore[handles, untested] x\n")
    unused = list(found.apply([problem("untested", 1)], judged=RULES))
    assert [(p.rule, p.problem, p.where) for p in unused] == [
        ("unused-ignore", "'handles' finds nothing here", Place("m.yaml", 1, 24, 7))
    ]
    assert unused[0].is_error
    assert list(found.apply([problem("untested", 1)], judged=RULES - {"handles"})) == []
    assert list(found.apply([], judged=RULES, unread=["m.yaml"])) == []


def test_what_is_wrong_with_an_ignore_is_told_with_the_rest() -> None:
    found = ignores("a: 1 # dd-sync: ignore[nope] x\n")
    assert [p.rule for p in found.apply([problem("handles", 1)], judged=RULES)] == ["handles", "ignore"]


def test_most_files_are_not_looked_at() -> None:
    assert not may_ignore(parse("m.yaml", "a: 1 # ignore[handles]"))
    assert not may_ignore(parse("m.yaml", "a: [ # dd-sync: ignore[handles] x"))
    assert may_ignore(parse("m.yaml", "a: 1 # dd-sync: ignore[handles] x"))


def test_many_ignores_take_little_time() -> None:
    text = "".join(f"k{index}: {{a: [1, 2]}} # dd-sync: ignore[handles] x\n" for index in range(3000))
    found = ignores(text)
    assert list(found.apply([problem("handles", line) for line in range(1, 3001)], judged=RULES)) == []
