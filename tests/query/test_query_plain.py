"""The shortcut for plain queries against the parser, which it must never contradict."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.errors import QueryError
from dd_sync.query import plain
from dd_sync.query.parser import parse
from dd_sync.query.plain import plain_group_keys
from dd_sync.query.tools import group_keys, is_metric_query

CORPUS = [
    line
    for name in ("corpus.txt", "corpus_alerts.txt")
    for line in (Path(__file__).parent / name).read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
PLAIN = "sum(last_1h):sum:escrow.unlock_errors{env:prod,!tenant:a} by {tenant,host}.as_count() > 20"


def parsed_keys(text: str) -> tuple[str, ...] | None:
    try:
        return group_keys(parse(text))
    except QueryError:
        return None


def test_the_plain_form_is_read_without_parsing() -> None:
    assert plain_group_keys(PLAIN) == ("tenant", "host")
    assert plain_group_keys("avg(last_5m):avg:cpu{*} > 90.5") == ()


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("last_1h", "last_0h"),
        PLAIN.replace("sum:", "som:"),
        PLAIN.replace("env:prod", "env:prod OR env:stage"),
        PLAIN.replace("env:prod", "not:prod"),
        PLAIN.replace("as_count()", "rollup(sum, 60)"),
        PLAIN.replace("> 20", "> 20 and more"),
        PLAIN.replace("tenant,host", "tenant,"),
        PLAIN.replace("tenant,host", ",".join(f"key{number}" for number in range(1000))),
        PLAIN + "\n",
    ],
)
def test_anything_else_is_left_to_the_parser(text: str) -> None:
    assert plain_group_keys(text) is None


@given(st.from_regex(plain._PLAIN, fullmatch=True))
def test_every_text_of_the_plain_form_is_a_sound_query_with_these_groups(text: str) -> None:
    assert is_metric_query("query alert", text)
    assert plain_group_keys(text) in (None, parsed_keys(text))
    assert parsed_keys(text) is not None


@given(
    st.sampled_from([*CORPUS, PLAIN]),
    st.integers(0, 200),
    st.integers(0, 3),
    st.text(alphabet=" \n,:!{}()*.<>=\"'_aby0-and", max_size=3),
)
def test_no_change_of_a_real_query_makes_the_shortcut_contradict_the_parser(
    query: str, at: int, cut: int, put: str
) -> None:
    text = query[:at] + put + query[at + cut :]
    assert plain_group_keys(text) in (None, parsed_keys(text))
