"""A key that was renamed: `was:` keeps the monitor, or says why it cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dd_sync.errors import RequestError, UnsafePlan
from dd_sync.model.monitor import Declared
from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Replace, Update
from tests.plan.memory import CATALOG, declare, live_of


def renamed(key: str, was: str, **fields: Any) -> Declared:
    return replace(declare(key, **fields), was=was)


def test_a_rename_is_an_update_of_the_same_monitor_that_says_so() -> None:
    [change] = build_plan([renamed("new", "old")], live_of(declare("old")), CATALOG).changes
    assert isinstance(change, Update)
    assert (change.monitor_id, change.was, change.labels[0]) == (1, "old", "renamed from old")
    assert "tags" in [field.path for field in change.fields]


def test_once_renamed_or_never_live_under_the_old_key_it_is_an_ordinary_monitor() -> None:
    done = build_plan([renamed("new", "old")], live_of(declare("new")), CATALOG)
    assert (done.changes, done.unchanged) == ((), 1)
    [change] = build_plan([renamed("new", "old")], [], CATALOG).changes
    assert change.action == "create"


def test_both_keys_live_is_refused_with_the_id_to_let_go() -> None:
    with pytest.raises(UnsafePlan, match=r"new is live \(monitor 2\), and so is its old key old") as caught:
        build_plan([renamed("new", "old")], live_of(declare("old"), declare("new")), CATALOG)
    assert "dd-sync detach 1" in caught.value.hint


@pytest.mark.parametrize(
    "declared",
    [
        [renamed("new", "old"), declare("old")],
        [renamed("new", "old"), renamed("other", "old")],
        [renamed("new", "new")],
    ],
)
def test_an_old_key_that_is_in_use_is_no_old_key(declared: list[Declared]) -> None:
    with pytest.raises(RequestError, match="and so is another monitor"):
        build_plan(declared, [], CATALOG)


def test_a_rename_outside_only_is_neither_made_nor_taken_for_a_delete() -> None:
    live = live_of(declare("old"), declare("x"))
    plan = build_plan([renamed("new", "old"), declare("x", limit=1)], live, CATALOG, only="[xo]*")
    assert [(change.action, change.key) for change in plan.changes] == [("update", "x")]


def test_another_key_and_another_type_at_once_is_a_replacement_of_the_old_one() -> None:
    log = renamed("new", "old", type="log alert")
    [change] = build_plan([log], live_of(declare("old")), CATALOG).changes
    assert isinstance(change, Replace)
    assert (change.monitor_id, change.was) == (1, "old")


def test_two_live_for_one_key_are_refused_with_the_way_out() -> None:
    with pytest.raises(UnsafePlan, match="2 live monitors carry the key 'a': 1, 2") as caught:
        build_plan([declare("a")], live_of(declare("a"), declare("a")), CATALOG)
    assert "dd-sync detach ID" in caught.value.hint
