"""Shapes of query that organisations really have, in names of our own: each is read and keeps its meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from dd_sync.query.canonical import render
from dd_sync.query.parser import parse

CORPUS = (Path(__file__).parent / "corpus.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", CORPUS)
def test_a_query_of_this_shape_is_read_and_has_one_text(text: str) -> None:
    canonical = render(parse(text))
    assert parse(canonical) == parse(text)
    assert render(parse(canonical)) == canonical


def test_lines_and_indentation_of_a_block_scalar_are_white_space() -> None:
    folded = """
    avg(last_4h):anomalies(
      avg:cpu.user{env:production} by {service},
      'agile', 2,
      direction='both'
    ) >= 1
    """
    assert render(parse(folded)) == (
        "avg(last_4h):anomalies(avg:cpu.user{env:production} by {service}, 'agile', 2, direction='both') >= 1"
    )
