"""Characters that nobody sees are told, and those that make up what is seen are not."""

from __future__ import annotations

import pytest

from dd_sync.catalog.source import parse


@pytest.mark.parametrize("code", ["200B", "00AD", "2060", "200F", "202E", "2028", "FEFF", "0007", "200D"])
def test_an_invisible_character_is_told_at_its_place(code: str) -> None:
    text = f"a: 1\nb: [x{chr(int(code, 16))}y]\n"
    (problem,) = parse("f.yaml", text).problems
    assert problem.problem == f"an invisible character, U+{code}"
    assert problem.where is not None
    assert (problem.where.line, problem.where.column) == (2, 6)


@pytest.mark.parametrize("seen", ["👩\u200d🚒 on call", "می\u200cخواهم", "é ü 監視 \u00a0", "tab\tand £"])
def test_emoji_and_scripts_that_need_joiners_are_text_like_any_other(seen: str) -> None:
    source = parse("f.yaml", f"a: '{seen}'\n")
    assert source.problems == ()
    assert source.value == {"a": seen}
