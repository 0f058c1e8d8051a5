from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.errors import Exit, RequestError, UnsafePlan
from dd_sync.model.digest import digest
from dd_sync.model.ownership import ownership_tags
from dd_sync.plan.build import NOTHING_LIVE, build_plan, catalog_hash
from dd_sync.plan.changes import Create, Delete, Plan, Replace, Update
from tests.plan.memory import CATALOG, declare, live_of


def plan(declared: list[Any], live: list[Any], only: str | None = None) -> Plan:
    return build_plan(declared, live, CATALOG, target="datadoghq.eu", only=only)


def test_what_is_declared_and_live_alike_is_unchanged() -> None:
    declared = [declare("a"), declare("b"), declare("both", references=("a", "b"))]
    live = live_of(declare("a"), declare("b"), declare("both", references=("a", "b"), query="1 && 2"))
    made = plan(declared, live)
    assert (made.changes, made.unchanged, made.owned, made.notes) == ((), 3, 3, ())


def test_a_key_that_is_not_live_is_created_and_one_no_longer_declared_deleted() -> None:
    made = plan([declare("new")], live_of(declare("old")))
    created, deleted = made.changes
    assert isinstance(created, Create)
    assert created.key == "new"
    assert created.body["name"] == "new is high"
    assert isinstance(deleted, Delete)
    assert (deleted.key, deleted.monitor_id) == ("old", 1)


def test_an_edit_in_datadog_is_an_update_with_its_fields() -> None:
    [live] = live_of(declare("a", limit=300))
    live["name"] = "edited"
    live["options"]["notify_no_data"] = True
    [change] = plan([declare("a")], [live]).changes
    assert isinstance(change, Update)
    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("name", "edited", "a is high"),
        ("query", live["query"], declare("a").monitor.query),
        ("options.notify_no_data", True, None),
        ("options.thresholds.critical", 300.0, 500),
    ]
    assert change.body["priority"] is None


def test_other_peoples_monitors_are_never_in_a_plan() -> None:
    foreign = live_of(declare("a"), declare("a"))
    foreign[0]["tags"] = ["managed_by:dd-sync", "dd_sync_catalog:another", "dd_sync_key:a"]
    foreign[1]["tags"] = ["team:risk"]
    made = plan([], foreign)
    assert (made.changes, made.owned) == ((), 0)


def test_an_empty_live_list_plans_creates_only_and_says_so() -> None:
    made = plan([declare("a")], [])
    assert made.notes == (NOTHING_LIVE,)
    assert [change.action for change in made.changes] == ["create"]
    assert plan([], []).notes == ()


def test_two_live_monitors_with_one_key_are_refused_with_their_ids() -> None:
    live = live_of(declare("a"), declare("a"), first=41)
    with pytest.raises(UnsafePlan, match="2 live monitors carry the key 'a': 41, 42") as caught:
        plan([declare("a")], live)
    assert caught.value.exit is Exit.UNSAFE


def test_a_monitor_with_our_marks_but_two_keys_is_left_alone_and_told() -> None:
    [live] = live_of(declare("a"), first=7)
    live["tags"].append("dd_sync_key:b")
    made = plan([], [live])
    assert made.changes == ()
    assert made.notes == ("monitor 7 carries this catalog's tags but not exactly one key: left alone",)


def test_only_plans_a_part_and_deletes_nothing_outside_it() -> None:
    live = live_of(declare("stream-old"), declare("settle-old"))
    made = plan([declare("stream-rate"), declare("settle-spike")], live, only="stream-*")
    assert [(change.action, change.key) for change in made.changes] == [
        ("create", "stream-rate"),
        ("delete", "stream-old"),
    ]


def test_only_that_matches_nothing_is_a_request_error() -> None:
    with pytest.raises(RequestError, match=r"no monitor has a key like 'x\*'"):
        plan([declare("a")], live_of(declare("b")), only="x*")
    assert plan([declare("a")], live_of(declare("b")), only="b").count("delete") == 1


def test_only_that_leaves_out_a_part_which_is_not_live_is_a_request_error() -> None:
    declared = [declare("a"), declare("both", references=("a",))]
    with pytest.raises(RequestError, match="both refers to a, which is not in Datadog"):
        plan(declared, [], only="both")
    assert plan(declared, live_of(declare("a")), only="both").count("create") == 1


def test_a_type_that_datadog_cannot_change_is_a_replacement_that_says_what_is_lost() -> None:
    log = declare("a", type="log alert", query='logs("x").index("*").rollup("count").last("5m") > 1')
    [change] = plan([log], live_of(declare("a"))).changes
    assert isinstance(change, Replace)
    assert change.labels == ("loses its history: Datadog cannot change a monitor's type",)
    assert "draft_status" not in change.body


def test_what_names_a_replaced_monitor_changes_with_it() -> None:
    declared = [declare("a"), declare("b"), declare("both", references=("a", "b"))]
    live = live_of(*declared[:2], declare("both", type="composite", query="1 && 2", options={}))
    assert plan(declared, live).changes == ()
    log = [declare("a", type="log alert", query='logs("x").index("*").rollup("count").last("5m") > 1')]
    replaced, composite = plan([*log, *declared[1:]], live).changes
    assert isinstance(replaced, Replace)
    assert isinstance(composite, Update)
    assert [(one.path, one.before, one.after) for one in composite.fields] == [
        ("query", "1 && 2", "${monitor:a} && 2")
    ]
    assert plan([*log, *declared[1:]], live, only="both").changes == ()


def test_fields_of_every_shape_are_named_by_their_path() -> None:
    variables = [{"name": "q", "search": {"query": "a"}}, {"name": "r", "search": {"query": "b"}}]
    before = declare("a", options={"variables": variables, "notify_by": ["tenant"], "evaluation_delay": 60})
    edited = [{"name": "q", "search": {"query": "z"}}, {"name": "r", "search": {"query": "b"}}]
    after = declare(
        "a",
        options={"variables": edited, "notify_by": ["tenant", "region"]},
        tags=("team:x", *ownership_tags(CATALOG, "a")),
    )
    [change] = plan([after], live_of(before)).changes
    assert isinstance(change, Update)
    assert [field.path for field in change.fields] == [
        "tags",
        "options.evaluation_delay",
        "options.notify_by",
        "options.variables[0].search.query",
    ]
    assert change.fields[2].after == ["region", "tenant"]


def test_a_list_of_objects_that_grew_is_one_field() -> None:
    before = declare("a", options={"variables": [{"name": "q"}]})
    after = declare("a", options={"variables": [{"name": "q"}, {"name": "r"}]})
    [change] = plan([after], live_of(before)).changes
    assert isinstance(change, Update)
    assert [field.path for field in change.fields] == ["options.variables"]


def test_planning_changes_none_of_its_inputs() -> None:
    declared, live = [declare("a", limit=800)], live_of(declare("a"))
    before = digest([live, [one.monitor.body() for one in declared]])
    plan(declared, live)
    assert digest([live, [one.monitor.body() for one in declared]]) == before


def test_the_fingerprint_moves_with_what_would_be_written_and_with_nothing_else() -> None:
    live = live_of(declare("a"))
    one = plan([declare("a", limit=800)], live)
    assert one.fingerprint == plan([declare("a", limit=800.0)], live).fingerprint
    assert one.fingerprint != plan([declare("a", limit=801)], live).fingerprint
    assert len(one.fingerprint) == 6


def test_the_catalog_hash_moves_with_any_declared_monitor() -> None:
    one, two = [declare("a"), declare("b")], [declare("b"), declare("a")]
    assert catalog_hash(one) == catalog_hash(two)
    assert catalog_hash(one) != catalog_hash([declare("a", message="x"), declare("b")])


KEYS = st.lists(st.sampled_from([f"k{n}" for n in range(8)]), unique=True)


@settings(max_examples=50)
@given(KEYS, KEYS, st.sampled_from([300, 500]))
def test_every_key_is_counted_once_and_deletes_are_never_declared(
    declared: list[str], live: list[str], limit: int
) -> None:
    made = plan([declare(key) for key in declared], live_of(*(declare(key, limit=limit) for key in live)))
    assert made.count("create") == len(set(declared) - set(live))
    assert made.count("delete") == len(set(live) - set(declared))
    assert made.count("update") == (0 if limit == 500 else len(set(live) & set(declared)))
    assert made.unchanged + len(made.changes) == len(set(declared) | set(live))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(alphabet="ab ", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
OPTIONS = st.dictionaries(
    st.sampled_from(["variables", "notify_by", "timeout_h", "other"]), VALUES, max_size=4
)


@settings(max_examples=50)
@given(OPTIONS, OPTIONS)
def test_an_update_always_names_a_field_and_each_field_differs(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    for change in plan([declare("a", options=one)], live_of(declare("a", options=two))).changes:
        assert isinstance(change, Update)
        assert change.fields
        assert len({field.path for field in change.fields}) == len(change.fields)
        assert all(field.before != field.after for field in change.fields)
