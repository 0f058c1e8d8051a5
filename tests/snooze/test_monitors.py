from __future__ import annotations

from typing import Any

import pytest

from dd_sync.errors import Exit, RequestError, UnsafePlan
from dd_sync.model.ownership import SNOOZABLE, ownership_tags
from dd_sync.snooze.monitors import choose_monitors


def live(number: int, key: str, *more: str, catalog: str = "guardrails") -> dict[str, Any]:
    return {"id": number, "tags": [*ownership_tags(catalog, key), *more]}


LIVE = [
    live(3, "stream-rate", SNOOZABLE),
    live(1, "settle-spike", SNOOZABLE),
    live(2, "stream-double-sign"),
    live(4, "stream-other", SNOOZABLE, catalog="another"),
    {"id": 5, "tags": None},
]


def test_monitors_are_chosen_by_key() -> None:
    assert choose_monitors(LIVE, "guardrails", glob="s*e") == (("settle-spike", 1), ("stream-rate", 3))


def test_two_that_carry_one_key_are_both_meant() -> None:
    twice = [live(7, "a", SNOOZABLE), live(6, "a", SNOOZABLE)]
    assert choose_monitors(twice, "guardrails", keys=["a"]) == (("a", 6), ("a", 7))


def test_one_that_may_not_be_snoozed_stops_the_whole() -> None:
    with pytest.raises(UnsafePlan, match="never snoozed: stream-double-sign") as caught:
        choose_monitors(LIVE, "guardrails", glob="stream-*")
    assert caught.value.exit is Exit.UNSAFE


def test_a_glob_that_matches_nothing_lists_the_keys() -> None:
    with pytest.raises(RequestError, match=r"has a key like 'x\*'") as caught:
        choose_monitors(LIVE, "guardrails", glob="x*")
    assert caught.value.hint == "keys: settle-spike, stream-double-sign, stream-rate"
    with pytest.raises(RequestError) as caught:
        choose_monitors([], "guardrails", glob="*")
    assert caught.value.hint == "apply the catalog first"


def test_keys_are_exact_and_a_near_one_is_named() -> None:
    assert choose_monitors(LIVE, "guardrails", keys=["stream-rate", "settle-spike"]) == (
        ("settle-spike", 1),
        ("stream-rate", 3),
    )
    with pytest.raises(RequestError, match="has a key 'stream-rates'") as caught:
        choose_monitors(LIVE, "guardrails", keys=["stream-rate", "stream-rates"])
    assert caught.value.hint == "keys: stream-rate"
    with pytest.raises(RequestError, match=r"has a key 's\*'"):
        choose_monitors(LIVE, "guardrails", keys=["s*"])
