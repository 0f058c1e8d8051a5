from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dd_sync.kinds.monitor import can_become, create_body, identity, resolve, unresolved, update_body
from dd_sync.model.monitor import Monitor
from dd_sync.model.ownership import ownership_tags

MONITOR = Monitor(type="query alert", query="q > 1", name="n", tags=("a:1",), options={"timeout_h": None})


def test_a_create_sends_what_is_declared_and_no_empty_top_level_field() -> None:
    assert create_body(MONITOR) == {
        "type": "query alert",
        "name": "n",
        "query": "q > 1",
        "message": "",
        "tags": ["a:1"],
        "options": {"timeout_h": None},
    }


def test_an_update_clears_what_is_no_longer_declared() -> None:
    body = update_body(MONITOR)
    assert (body["priority"], body["message"], body["draft_status"]) == (None, "", "published")
    assert body["options"] == {"timeout_h": None}
    assert "restricted_roles" not in body


def test_a_declared_draft_stays_one() -> None:
    draft = Monitor(type="query alert", query="q > 1", draft_status="draft", restricted_roles=())
    assert update_body(draft)["draft_status"] == "draft"
    assert update_body(draft)["restricted_roles"] == []


def test_only_the_metric_types_can_become_one_another() -> None:
    assert can_become("metric alert", "query alert")
    assert can_become("log alert", "log alert")
    assert not can_become("query alert", "log alert")


def test_a_monitor_is_ours_by_both_marks_and_exactly_one_key() -> None:
    ours = ownership_tags("c", "k")
    assert identity({"tags": [*ours]}, "c") == "k"
    assert identity({"tags": [*ours]}, "another") is None
    assert identity({"tags": [*ours, "dd_sync_key:k2"]}, "c") is None
    assert identity({"tags": ours[1:]}, "c") is None
    assert identity({"tags": None}, "c") is None


def test_references_become_ids_and_unknown_ones_stay() -> None:
    query = "${monitor:a} && !${monitor:b} || ${monitor:a}"
    assert resolve(query, {"a": 11}) == "11 && !${monitor:b} || 11"
    assert unresolved(query) == ("a", "b")
    assert unresolved(resolve(query, {"a": 11, "b": 12})) == ()


@given(st.text(alphabet="${}monitr:ab &", max_size=40))
def test_text_without_references_is_never_touched(text: str) -> None:
    assert resolve(text, {}) == text
