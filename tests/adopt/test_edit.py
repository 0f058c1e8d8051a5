"""Edits of a YAML file change the lines they have to, and no other."""

from __future__ import annotations

from difflib import ndiff
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.adopt.edit import Change, NotEditable, edited
from dd_sync.adopt.merge import TooClose, merged
from dd_sync.catalog.source import parse
from tests.adopt.test_yaml_text import texts

FILE = """\
# Every comment stays.
defaults: {tags: [team:risk]}   # shared

monitors:
  # the first
  - key:   one        # its key
    name:  "One"
    type:  query alert
    query: 'avg(last_5m):avg:x{*} > 4'
    options:
        thresholds:   {critical: 4,   warning: 2}   # oddly indented
        timeout_h: 2

    # before the message
    message: |
      # Heading
      text

  - {key: two, name: Two, tags: [a:1, b:2]}   # in one line


  - key: three
    tags:
      - a:1     # why a
      - b:2     # why b
    message: m
# The end.
"""


def changed(*changes: Change, text: str = FILE) -> list[str]:
    """The lines that are another now."""
    return [line for line in ndiff(text.splitlines(), edited(text, changes).splitlines()) if line[0] in "+-"]


def at(*steps: str | int, value: Any) -> Change:
    return Change(("monitors", *steps), value)


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (at(0, "name", value="Uno"), ['-     name:  "One"', '+     name: "Uno"']),
        (
            at(0, "query", value="avg(last_5m):avg:x{*} > 5"),
            ["-     query: 'avg(last_5m):avg:x{*} > 4'", "+     query: 'avg(last_5m):avg:x{*} > 5'"],
        ),
        (at(0, "options", "timeout_h", value=None), ["-         timeout_h: 2"]),
        (at(0, "options", "timeout_h", value=3.0), ["-         timeout_h: 2", "+         timeout_h: 3"]),
        (at(0, "priority", value=2), ["+     priority: 2"]),
        (at(0, "tags", value=["a:1", "@b"]), ['+     tags: [a:1, "@b"]']),
        (
            at(0, "message", value="# Other\n\nlines"),
            ["-       # Heading", "-       text", "+       # Other", "+ ", "+       lines"],
        ),
        (
            at(1, "tags", value=["a:1", "c:3"]),
            [
                "-   - {key: two, name: Two, tags: [a:1, b:2]}   # in one line",
                "+   - {key: two, name: Two, tags: [a:1, 'c:3']}   # in one line",
            ],
        ),
        (at(2, "tags", value=["a:1", "b:2", "c"]), ["+       - c"]),
        (at(2, "message", value="yes"), ["-     message: m", '+     message: "yes"']),
        (at(2, "options", "thresholds", "critical", value=5), None),
    ],
)
def test_only_what_is_edited_changes(change: Change, lines: list[str] | None) -> None:
    found = changed(change)
    if lines is None:
        assert [line for line in found if line.startswith("-")] == []
        assert parse("a.yaml", edited(FILE, [change])).value["monitors"][2]["options"] == {
            "thresholds": {"critical": 5}
        }
    else:
        assert [line.replace("'c:3'", "c:3").rstrip() for line in found] == [
            line.replace("'c:3'", "c:3").rstrip() for line in lines
        ]


def test_a_deep_value_is_written_whole() -> None:
    variables = [{"name": "q", "search": {"query": "a: b"}, "indexes": ["*"], "group_by": []}]
    text = edited(FILE, [at(0, "options", "variables", value=variables)])
    assert parse("a.yaml", text).value["monitors"][0]["options"]["variables"] == variables


def test_a_text_keeps_the_style_it_can_be_written_in() -> None:
    text = "a: >-\n  one\n  two\nb: 'x'\nc: |-\n  x\nd: {e: x}\n"
    changes = [Change(("a",), "three four"), Change(("b",), 'say "x"'), Change(("c",), "y")]
    made = edited(text, [*changes, Change(("d", "e"), "a, b\nc")])
    assert "b: 'say \"x\"'\n" in made
    assert "c: |-\n  y\n" in made
    assert parse("a.yaml", made).value == {"a": "three four", "b": 'say "x"', "c": "y", "d": {"e": "a, b\nc"}}


def test_edits_that_cannot_be_told_apart_are_refused() -> None:
    odd = "a:   {b: 1,\n  c: 2}\nm: 1\nd:   {b: 1,\n  c: 2}\n"
    assert parse("a.yaml", edited(odd, [Change(("a", "b"), 3)])).value["a"] == {"b": 3, "c": 2}
    assert parse("a.yaml", edited(odd, [Change(("m",), 3)])).value["m"] == 3


def test_a_comment_after_a_block_stays() -> None:
    text = "a: |\n  one\n# about b\nb: 1\n"
    assert edited(text, [Change(("a",), "two\n")]) == "a: |\n  two\n# about b\nb: 1\n"


def test_two_edits_of_parts_written_oddly_both_come_out() -> None:
    odd = "- {a: 1,\n   b: 2}\n- {a: 1,\n   b: 2}\n"
    made = edited(odd, [Change((0, "a"), 3), Change((1, "b"), 3)])
    assert parse("a.yaml", "x:\n" + made).value["x"] == [{"a": 3, "b": 2}, {"a": 1, "b": 3}]


def test_several_edits_at_once() -> None:
    text = edited(FILE, [at(0, "name", value="Uno"), at(2, "message", value="n"), at(1, "name", value="Dos")])
    source = parse("a.yaml", text)
    assert [one.get("name", one.get("message")) for one in source.value["monitors"]] == ["Uno", "Dos", "n"]


def test_windows_line_ends_stay() -> None:
    text = edited(FILE.replace("\n", "\r\n"), [at(0, "message", value="a\nb")])
    assert text.count("\r\n") == text.count("\n")
    assert parse("a.yaml", text).value["monitors"][0]["message"] == "a\nb\n"


def test_a_comment_is_never_lost() -> None:
    with pytest.raises(NotEditable, match="a comment would be lost"):
        edited(FILE, [at(2, "tags", value=["a:1"])])


@pytest.mark.parametrize(
    ("text", "change"),
    [
        (FILE, at(9, "name", value="x")),
        (FILE, at(0, "nothing", "deeper", value=None)),
        ("a: &x 1\nb: *y\n", Change(("a",), 2)),
        ("a: [\n", Change(("a",), 2)),
        ("", Change(("a",), 2)),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, change: Change) -> None:
    with pytest.raises(NotEditable):
        edited(text, [change])


@settings(max_examples=60)
@given(texts, st.sampled_from(["name", "message", "query"]), st.integers(0, 2))
def test_whatever_is_written_is_read_back_and_every_comment_stays(text: str, name: str, index: int) -> None:
    try:
        made = edited(FILE, [at(index, name, value=text)])
    except NotEditable:
        return
    source = parse("a.yaml", made)
    if source.problems:
        assert any("invisible character" in problem.problem for problem in source.problems)
        return
    assert source.value["monitors"][index][name].rstrip("\n") == text.rstrip("\n")
    assert [one["key"] for one in source.value["monitors"]] == ["one", "two", "three"]
    for comment in ("# its key", "# oddly indented", "# before the message", "# in one line", "# why b"):
        assert comment in made


def test_changes_are_made_where_the_original_differs_in_form() -> None:
    assert merged("a:  1\nb: 2\n", "a: 1\nb: 2\n", "a: 1\nb: 3\n") == "a:  1\nb: 3\n"
    assert merged("a:  1\nb: 2\n", "a: 1\nb: 2\n", "a: 5\nb: 2\n") == "a: 5\nb: 2\n"
    assert merged("a: 1\n", "a: 1\n", "a: 1\n") == "a: 1\n"
    assert merged("a: 1\n\n# next\nb: 2\n", "a: 1\n\n# next\nb: 2\n", "a: 1\n\n# next\n  c: 1\nb: 2\n") == (
        "a: 1\n  c: 1\n\n# next\nb: 2\n"
    )
    with pytest.raises(TooClose):
        merged("x\n", "a\nm\nb\n", "c\nm\nd\n")
