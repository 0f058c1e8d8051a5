from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.errors import DatadogError, UnsafePlan
from dd_sync.model.monitor import Declared
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Plan
from dd_sync.plan.report import Outcome, Report
from tests.plan.memory import CATALOG, MemoryMonitors, Naps, declare


def plan(declared: Sequence[Declared], datadog: MemoryMonitors) -> Plan:
    return build_plan(declared, datadog.list(), CATALOG)


def run(declared: Sequence[Declared], datadog: MemoryMonitors, naps: Naps) -> Report:
    return apply(plan(declared, datadog), datadog, sleep=naps)


def did(report: Report) -> dict[str, str]:
    return {outcome.key: outcome.did for outcome in report.outcomes}


def test_apply_then_plan_is_empty_and_a_second_apply_sends_no_write(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    declared = [declare("a"), declare("b"), declare("both", references=("a", "b"))]
    made = plan(declared, datadog)
    assert apply(made, datadog, sleep=naps).is_complete
    assert plan(declared, datadog).changes == ()
    written = len(datadog.writes)
    again = apply(made, datadog, sleep=naps)
    assert set(did(again).values()) == {"unchanged"}
    assert again.is_complete
    assert len(datadog.writes) == written == 3


def test_parts_are_created_before_the_composites_that_name_them(datadog: MemoryMonitors, naps: Naps) -> None:
    declared = [declare("a-both", references=("x", "y")), declare("x"), declare("y")]
    assert run(declared, datadog, naps).is_complete
    ids = {key: monitor["id"] for key, monitor in datadog.by_key.items()}
    assert datadog.by_key["a-both"]["query"] == f"{ids['x']} && {ids['y']}"
    assert ids["a-both"] > max(ids["x"], ids["y"])


def test_composites_are_deleted_before_their_parts(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("a"), declare("z-both", references=("a",))], datadog, naps)
    composite, part = datadog.by_key["z-both"]["id"], datadog.by_key["a"]["id"]
    datadog.writes.clear()
    report = run([], datadog, naps)
    assert did(report) == {"a": "deleted", "z-both": "deleted"}
    assert datadog.writes == [("delete", composite), ("delete", part)]


def test_an_edit_in_datadog_is_mended_in_place(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("a")], datadog, naps)
    number = datadog.by_key["a"]["id"]
    datadog.live[number]["options"]["thresholds"]["critical"] = 9.0
    datadog.live[number]["priority"] = 2
    report = run([declare("a")], datadog, naps)
    assert did(report) == {"a": "updated"}
    assert datadog.live[number]["options"]["thresholds"] == {"critical": 500.0}
    assert datadog.live[number]["priority"] is None


def test_a_monitor_edited_since_the_plan_stops_everything_before_any_write(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    run([declare("a"), declare("b")], datadog, naps)
    made = plan([declare("a", limit=800), declare("b", limit=800)], datadog)
    number = datadog.by_key["b"]["id"]
    datadog.live[number] |= {"name": "edited", "modified": "2026-03-01T12:00:00+00:00"}
    datadog.writes.clear()
    with pytest.raises(UnsafePlan, match=rf"b \(monitor {number}\) was edited at 2026-03-01T12:00"):
        apply(made, datadog, sleep=naps)
    assert datadog.writes == []
    del datadog.live[number]["modified"]
    with pytest.raises(UnsafePlan, match=rf"b \(monitor {number}\) was edited$"):
        apply(made, datadog, sleep=naps)


def test_what_moved_is_told_in_one_line_whatever_datadog_says(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("a")], datadog, naps)
    made = plan([declare("a", limit=800)], datadog)
    datadog.live[datadog.by_key["a"]["id"]] |= {"name": "edited", "modified": "now\n::error::\x1b[31m"}
    with pytest.raises(UnsafePlan) as caught:
        apply(made, datadog, sleep=naps)
    assert caught.value.problem.isprintable()


def test_every_way_of_moving_is_named(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare(key) for key in ("gone", "moved", "kept")], datadog, naps)
    declared = [declare("gone", limit=9), declare("moved", limit=9), declare("kept"), declare("new")]
    made = plan(declared, datadog)
    gone, moved = (datadog.live.pop(datadog.by_key[key]["id"]) for key in ("gone", "moved"))
    datadog.put(moved)
    datadog.put(declare("new", limit=1).monitor.body())
    with pytest.raises(UnsafePlan) as caught:
        apply(made, datadog, sleep=naps)
    assert f"gone (monitor {gone['id']}) is gone" in caught.value.problem
    assert f"moved is monitor 1004 now, not {moved['id']}" in caught.value.problem
    assert "new is there now (monitor 1005)" in caught.value.problem


def test_many_that_moved_are_counted(datadog: MemoryMonitors, naps: Naps) -> None:
    made = plan([declare(f"k{n}") for n in range(8)], datadog)
    for n in range(8):
        datadog.put(declare(f"k{n}", limit=1).monitor.body())
    with pytest.raises(UnsafePlan, match="and 3 more"):
        apply(made, datadog, sleep=naps)


def test_a_list_that_shrank_sharply_is_not_believed(datadog: MemoryMonitors, naps: Naps) -> None:
    keys = [f"k{n}" for n in range(10)]
    run([declare(key) for key in keys], datadog, naps)
    made = plan([*(declare(key) for key in keys), declare("new")], datadog)
    for key in keys[:6]:
        del datadog.live[datadog.by_key[key]["id"]]
    with pytest.raises(UnsafePlan, match="lists 4 monitors of this catalog, the plan knew 10"):
        apply(made, datadog, sleep=naps)


def test_a_failure_is_told_and_what_does_not_depend_on_it_goes_on(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    def refuse(what: str, detail: Any) -> None:
        if what == "create" and detail["name"] == "a is high":
            raise DatadogError("answered 400: bad query", hint="mend it", status=400, details=("bad query",))

    datadog.before = refuse
    declared = [declare("a"), declare("b"), declare("both", references=("a", "b")), declare("c")]
    report = run(declared, datadog, naps)
    assert did(report) == {"a": "failed", "b": "created", "both": "skipped", "c": "created"}
    assert (report.failed[0].why, report.failed[0].hint) == ("answered 400: bad query", "mend it")
    assert "refers to a, which is not in Datadog" in report.skipped[0].why
    assert not report.is_complete
    datadog.before = lambda what, detail: None
    assert did(run(declared, datadog, naps)) == {"a": "created", "both": "created"}


@pytest.mark.parametrize(
    "error", [DatadogError("unreachable", sent=False), DatadogError("answered 401", status=401)]
)
def test_without_network_or_keys_the_rest_is_not_even_tried(
    datadog: MemoryMonitors, naps: Naps, error: DatadogError
) -> None:
    tried = []

    def refuse(what: str, detail: Any) -> None:
        tried.append(detail["name"])
        raise error

    datadog.before = refuse
    report = apply(plan([declare(f"k{n}") for n in range(3)], datadog), datadog, sleep=naps, workers=1)
    assert did(report) == {"k0": "failed", "k1": "skipped", "k2": "skipped"}
    assert len(tried) == 1
    assert report.skipped[0].why == f"not tried: {error.problem}"


def test_a_monitor_that_is_still_used_is_not_deleted_and_its_user_is_named(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    run([declare("a"), declare("b"), declare("c")], datadog, naps)
    ids = {key: monitor["id"] for key, monitor in datadog.by_key.items()}
    datadog.blocked = {ids["a"]: ("used by the SLO payments",), ids["b"]: ()}
    report = run([], datadog, naps)
    assert did(report) == {"a": "failed", "b": "failed", "c": "deleted"}
    assert report.failed[0].why == f"monitor {ids['a']} is still used: used by the SLO payments"
    assert "does not say where" in report.failed[1].why
    assert set(datadog.by_key) == {"a", "b"}


def test_a_delete_whose_answer_was_lost_is_done(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("a")], datadog, naps)

    def vanish(what: str, detail: Any) -> None:
        datadog.live.pop(detail)
        raise DatadogError("Monitor not found", status=404)

    datadog.before = vanish
    report = run([], datadog, naps)
    assert did(report) == {"a": "deleted"}
    assert report.outcomes[0].why == "it was gone already"


def test_a_delete_that_is_refused_is_a_failure(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("a")], datadog, naps)

    def refuse(what: str, detail: Any) -> None:
        raise DatadogError("answered 403", status=403)

    datadog.before = refuse
    assert did(run([], datadog, naps)) == {"a": "failed"}


def test_when_nobody_can_say_whether_deleting_is_safe_nothing_is_deleted(
    datadog: MemoryMonitors, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    run([declare("a"), declare("b")], datadog, naps)

    def broken(ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        raise DatadogError("answered 500", status=500)

    monkeypatch.setattr(datadog, "can_delete", broken)
    assert did(run([], datadog, naps)) == {"a": "failed", "b": "failed"}
    assert len(datadog.live) == 2


@pytest.mark.parametrize(
    "error", [DatadogError("unreachable", sent=False), DatadogError("answered 401", status=401)]
)
def test_what_cannot_be_written_is_not_asked_about_for_deletion_either(
    datadog: MemoryMonitors, naps: Naps, monkeypatch: pytest.MonkeyPatch, error: DatadogError
) -> None:
    run([declare("a"), declare("b"), declare("both", references=("b",))], datadog, naps)
    asked: list[Sequence[int]] = []

    def broken(ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        asked.append(ids)
        raise error

    monkeypatch.setattr(datadog, "can_delete", broken)
    report = apply(plan([declare("a")], datadog), datadog, sleep=naps, workers=1)
    assert did(report) == {"b": "skipped", "both": "failed"}
    assert len(asked) == 1

    def refuse(what: str, detail: Any) -> None:
        raise error

    datadog.before = refuse
    report = apply(plan([declare("a", limit=7)], datadog), datadog, sleep=naps, workers=1)
    assert did(report) == {"a": "failed", "b": "skipped", "both": "skipped"}
    assert len(asked) == 1


def test_an_update_of_a_monitor_deleted_meanwhile_says_so(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("a"), declare("b")], datadog, naps)

    def vanish(what: str, detail: Any) -> None:
        if detail[0] == datadog.by_key["a"]["id"]:
            raise DatadogError("Monitor not found", status=404)
        raise DatadogError("answered 403", status=403)

    datadog.before = vanish
    report = run([declare("a", limit=9), declare("b", limit=9)], datadog, naps)
    assert did(report) == {"a": "failed", "b": "failed"}
    assert "was deleted in Datadog meanwhile" in report.failed[0].why
    assert report.failed[1].why == "answered 403"


def test_another_type_is_replaced_by_delete_and_create(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("a")], datadog, naps)
    log = declare("a", type="log alert", query='logs("x").index("*").rollup("count").last("5m") > 1')
    made = plan([log], datadog)
    old = datadog.by_key["a"]["id"]
    datadog.blocked = {old: ("used by an SLO",)}
    assert did(apply(made, datadog, sleep=naps)) == {"a": "failed"}
    datadog.blocked = {}
    assert did(apply(made, datadog, sleep=naps)) == {"a": "replaced"}
    assert datadog.by_key["a"]["type"] == "log alert"
    assert old not in datadog.live


def test_a_replacement_killed_between_its_halves_goes_on_with_the_second(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    run([declare("a")], datadog, naps)
    made = plan([declare("a", type="log alert")], datadog)
    datadog.live.clear()
    assert did(apply(made, datadog, sleep=naps)) == {"a": "replaced"}
    assert len(datadog.live) == 1


def test_a_part_whose_replacement_failed_halfway_is_not_referred_to_by_its_old_id(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    run([declare("a")], datadog, naps)

    def refuse(what: str, detail: Any) -> None:
        if what == "create":
            raise DatadogError("answered 400", status=400)

    datadog.before = refuse
    report = run([declare("a", type="log alert"), declare("both", references=("a",))], datadog, naps)
    assert did(report) == {"a": "failed", "both": "skipped"}


def test_a_composite_names_the_new_id_of_a_part_that_was_replaced(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    run([declare("a"), declare("both", references=("a",))], datadog, naps)
    declared = [declare("a", type="log alert"), declare("both", references=("a",))]
    made = plan(declared, datadog)
    assert did(apply(made, datadog, sleep=naps)) == {"a": "failed", "both": "unchanged"}
    report = apply(made, datadog, sleep=naps, force=["a"])
    assert (did(report), report.is_complete) == ({"a": "replaced", "both": "updated"}, True)
    assert datadog.by_key["both"]["query"] == str(datadog.by_key["a"]["id"])
    assert plan(declared, datadog).changes == ()


def test_progress_hears_of_every_change_in_order(datadog: MemoryMonitors, naps: Naps) -> None:
    heard: list[Outcome] = []
    made = plan([declare(f"k{n}") for n in range(20)], datadog)
    report = apply(made, datadog, sleep=naps, progress=heard.append, workers=4)
    assert tuple(heard) == report.outcomes
    assert [outcome.key for outcome in heard] == [change.key for change in made.changes]


def test_a_monitor_with_our_marks_but_two_keys_is_in_nobodys_way(datadog: MemoryMonitors, naps: Naps) -> None:
    clone = declare("a").monitor.body()
    kept = datadog.put({**clone, "tags": [*clone["tags"], "dd_sync_key:b"]})
    assert run([declare("a")], datadog, naps).is_complete
    assert datadog.live[kept["id"]] == kept


def test_a_plan_without_changes_asks_nothing(datadog: MemoryMonitors, naps: Naps) -> None:
    made = plan([], datadog)
    before = datadog.lists
    assert apply(made, datadog, sleep=naps) == Report(outcomes=())
    assert datadog.lists == before


def test_an_interrupt_ends_the_run_and_the_next_one_goes_on(datadog: MemoryMonitors, naps: Naps) -> None:
    declared = [declare(f"k{n}") for n in range(6)]

    def interrupt(what: str, detail: Any) -> None:
        if detail["name"] == "k3 is high":
            raise KeyboardInterrupt

    datadog.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        apply(plan(declared, datadog), datadog, sleep=naps, workers=2)
    datadog.before = lambda what, detail: None
    assert run(declared, datadog, naps).is_complete
    assert sorted(datadog.by_key) == [f"k{n}" for n in range(6)]
    assert len(datadog.live) == 6


def test_references_in_a_circle_in_a_plan_file_end_in_skips_rather_than_a_hang(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    circle = [declare("a", references=("b",)), declare("b", references=("a",))]
    assert did(run(circle, datadog, naps)) == {"a": "skipped", "b": "skipped"}


def test_a_renamed_monitor_keeps_its_id_and_another_run_changes_nothing(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    run([declare("old"), declare("both", references=("old",))], datadog, naps)
    number = datadog.by_key["old"]["id"]
    new = [replace(declare("new"), was="old"), declare("both", references=("new",))]
    made = plan(new, datadog)
    assert [(change.action, change.key) for change in made.changes] == [("update", "new")]
    report = apply(made, datadog, sleep=naps)
    assert (did(report), report.is_complete) == ({"new": "updated"}, True)
    assert datadog.by_key["new"]["id"] == number
    assert plan(new, datadog).changes == ()
    assert did(apply(made, datadog, sleep=naps)) == {"new": "unchanged"}


def test_a_rename_is_refused_once_somebody_made_the_new_key_too(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("old")], datadog, naps)
    made = plan([replace(declare("new"), was="old")], datadog)
    datadog.put(declare("new").monitor.body())
    with pytest.raises(UnsafePlan, match=r"new is live \(monitor 1002\), and so is its old key old"):
        apply(made, datadog, sleep=naps)


def test_only_a_key_that_is_forced_is_deleted_while_it_is_used(datadog: MemoryMonitors, naps: Naps) -> None:
    run([declare("a"), declare("b")], datadog, naps)
    ids = {key: monitor["id"] for key, monitor in datadog.by_key.items()}
    datadog.blocked = dict.fromkeys(ids.values(), ("used by an SLO",))
    report = apply(plan([], datadog), datadog, sleep=naps, force=["a"])
    assert did(report) == {"a": "deleted", "b": "failed"}
    assert "--force-delete b" in report.failed[0].hint
    assert datadog.forced == [ids["a"]]


@pytest.mark.parametrize(
    ("creator", "shown"),
    [
        ({"handle": "terraform-ci"}, ", created by terraform-ci"),
        ({"handle": "a@example.com"}, ""),
        (None, ""),
    ],
)
def test_who_made_what_is_in_the_way_is_named_but_by_no_address(
    datadog: MemoryMonitors, naps: Naps, creator: Any, shown: str
) -> None:
    made = plan([declare("a")], datadog)
    datadog.put({**declare("a", limit=1).monitor.body(), "creator": creator})
    with pytest.raises(UnsafePlan) as caught:
        apply(made, datadog, sleep=naps)
    assert f"a is there now (monitor 1001{shown})" in caught.value.problem


CATALOGS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([300, 500, 800]), max_size=6)


@settings(max_examples=50)
@given(st.lists(CATALOGS, min_size=1, max_size=4), CATALOGS)
def test_whatever_was_there_after_an_apply_live_is_as_declared(
    history: list[dict[str, int]], edits: dict[str, int]
) -> None:
    datadog, naps = MemoryMonitors(), Naps()
    foreign = datadog.put({"type": "query alert", "query": "avg(last_5m):avg:x{*} > 1", "tags": ["team:x"]})
    for catalog in history:
        declared = [declare(key, limit=limit) for key, limit in catalog.items()]
        for key, limit in edits.items():
            if key in datadog.by_key:
                datadog.by_key[key]["options"]["thresholds"]["critical"] = float(limit)
        assert apply(plan(declared, datadog), datadog, sleep=naps, workers=1).is_complete
        assert plan(declared, datadog).changes == ()
        assert {key: m["options"]["thresholds"]["critical"] for key, m in datadog.by_key.items()} == catalog
    assert datadog.live[foreign["id"]] == foreign


def test_an_interrupt_counts_what_was_made_and_begins_nothing_more(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    declared = [declare(f"m{number:02}") for number in range(24)]
    plan = build_plan(declared, [], CATALOG)
    told: list[Outcome] = []
    first = threading.Event()

    def slow(what: str, detail: object) -> None:
        # The first is quick and interrupts; the others are under way then, and their answers get lost.
        if first.is_set():
            time.sleep(0.2)
            raise DatadogError("POST: no answer", status=None, sent=True)
        first.set()

    def interrupted(outcome: Outcome) -> None:
        told.append(outcome)
        if len(told) == 1:
            raise KeyboardInterrupt

    datadog.after = slow
    with pytest.raises(KeyboardInterrupt):
        apply(plan, datadog, sleep=naps, progress=interrupted, workers=4)
    written = [what for what, _ in datadog.writes]
    assert len(written) <= 8
    assert len(told) >= 1
    datadog.after = lambda what, detail: None
    report = apply(build_plan(declared, list(datadog.live.values()), CATALOG), datadog, sleep=naps)
    assert report.is_complete
    assert len(datadog.live) == 24
