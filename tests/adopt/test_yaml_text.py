"""What is written as YAML is read back as what it was, by the catalog's reader and by others."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dd_sync.adopt.yaml_text import document, one_line
from dd_sync.catalog.source import parse

HOSTILE = [
    *("yes", "No", "on", "y", "~", "null", "1e3", "0x1F", "0o17", "012", "1_000", ".5", "+1", "12:30:45"),
    *("2026-01-01", "2026-01-01T10:00:00Z", "=", "<<", "-", "- a", "? a", "a: b", "a:", "a #b", "#a", "@x"),
    *("%y", "`x`", "!tag", "&a", "*a", "{a}", "[a]", "'q'", '"q"', 'a"b\\c', "|", ">", "---", "...", ""),
    *(" lead", "trail ", "\ttab", "a\tb", "\n", "\n\n", "a\n", "a\n\n", "\na", " a\nb", "a\n b", "a \nb  "),
    *(
        "a\r\nb",
        "\u2028",
        "a\u2028b",
        "\u0085",
        "\ufeff",
        "\x00",
        "\x7f",
        "\u200b",
        "日本語",
        "🧑‍🚀",
        "é\n🙂",
    ),
    *("a\n\tb", "\ta\nb", "# a\n# b", "a\n# b", "--- a\nb", "a\n---\nb", "a\n   \nb", "   \na", "a\n   "),
]
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text("ab :#-\n\t'\"{}[],&*!|>%@`", max_size=20),
    st.text("ab .", min_size=80, max_size=400),
)
scalars = st.one_of(texts, st.integers(-(10**20), 10**20), st.booleans(), st.none(), st.floats(-1e14, 1e14))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def same(read: Any, meant: Any, name: str = "") -> bool:
    """Equal, but for white space at the end of what Datadog cuts there."""
    if isinstance(meant, dict):
        return read.keys() == meant.keys() and all(same(read[key], meant[key], key) for key in meant)
    if isinstance(meant, list):
        return len(read) == len(meant) and all(map(same, read, meant))
    if isinstance(meant, str) and name in ("message", "query", "escalation_message"):
        return bool(read.rstrip() == meant.rstrip())
    return bool(read == meant and isinstance(read, bool) == isinstance(meant, bool))


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(["name", "message", "query", "tags", "x"]) | texts, values, max_size=4)
)
def test_whatever_is_written_is_read_back(value: dict[str, Any]) -> None:
    value = {key or "k": item for key, item in value.items()}
    text = document(value)
    source = parse("a.yaml", text)
    assert source.problems == (), text
    assert same(source.value, value), text


@given(st.dictionaries(st.sampled_from(["name", "message", "query"]), texts, max_size=3))
def test_texts_mean_the_same_to_every_reader_of_yaml(value: dict[str, str]) -> None:
    text = document({"monitors": [value]}) if value else "monitors: [{}]"
    assert same(yaml.safe_load(text)["monitors"][0], value), text
    assert same(YAML(typ="safe", pure=True).load(text)["monitors"][0], value), text


@pytest.mark.parametrize("text", ["Stream rate is high", "avg(last_5m):avg:x{*} by {host} > 4", "team:risk"])
def test_ordinary_texts_need_no_quotes(text: str) -> None:
    assert one_line(text) == text


def test_a_text_of_several_lines_is_a_block() -> None:
    assert document({"message": "one\n\n  two  \nend\n\n"}) == "message: |\n  one\n\n    two  \n  end\n"
    assert document({"x": "one\ntwo"}) == "x: |-\n  one\n  two\n"


def test_a_long_query_is_folded_at_its_spaces_and_a_long_name_is_not() -> None:
    long = "avg(last_5m):( " + " + ".join(f"avg:some.metric{n}{{env:prod}}" for n in range(9)) + " ) > 4"
    lines = document({"query": long}).splitlines()
    assert lines[0] == "query: >-"
    assert max(map(len, lines)) <= 102
    assert document({"name": long}) == f"name: {long}\n"


def test_what_is_short_stands_on_one_line() -> None:
    shown = document({"options": {"thresholds": {"critical": 20.0, "warning": 1e-7}}, "tags": ["a:b", "@x"]})
    assert shown == 'options:\n  thresholds: {critical: 20, warning: 1.0e-07}\n\ntags: [a:b, "@x"]\n'


def test_items_of_a_list_are_parted() -> None:
    assert document({"monitors": [{"key": "a"}, {"key": "b", "by": []}]}) == (
        "monitors:\n  - key: a\n\n  - key: b\n    by: []\n"
    )


def test_a_text_that_no_block_can_hold_is_quoted_with_escapes() -> None:
    assert document({"message": "a\u2028\nb"}) == 'message: "a\\u2028\\nb"\n'
    assert document({"message": "a\u200b\nb"}) == 'message: "a\\u200B\\nb"\n'
    assert document({"x": "\n"}) == 'x: "\\n"\n'
    assert one_line("9" * 400) == '"' + "9" * 400 + '"'
