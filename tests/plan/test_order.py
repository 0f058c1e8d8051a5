"""Parts before what names them."""

from __future__ import annotations

from dd_sync.plan.changes import Create
from dd_sync.plan.order import write_rounds


def create(key: str, *references: str) -> Create:
    return Create(key=key, name=key, body={"query": "q"}, references=references)


def rounds(*changes: Create) -> list[list[str]]:
    return [[change.key for change in group] for group in write_rounds(changes)]


def test_each_round_waits_for_what_it_names_and_for_nothing_else() -> None:
    found = rounds(create("c", "b", "elsewhere"), create("b", "a"), create("a"), create("d", "d"))
    assert found == [["a", "d"], ["b"], ["c"]]


def test_a_circle_is_tried_rather_than_waited_for() -> None:
    assert rounds(create("a"), create("b", "c"), create("c", "b")) == [["a"], ["b", "c"]]
