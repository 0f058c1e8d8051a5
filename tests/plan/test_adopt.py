"""Adopting: an existing monitor becomes the catalog's, keeps its id, and nothing else about it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dd_sync.errors import DatadogError, Place, UnsafePlan
from dd_sync.kinds.applied import applied
from dd_sync.kinds.monitor import identity
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import APPLIED, ownership_tags
from dd_sync.plan.adopt import CannotAdopt, adoptions, fetch, pending, unfit
from dd_sync.plan.apply import apply
from dd_sync.plan.build import NOTHING_LIVE, build_plan
from dd_sync.plan.changes import Adopt, Plan
from dd_sync.plan.markdown import as_markdown
from dd_sync.plan.saved import load, refuse_if_moved, save
from dd_sync.plan.show import as_json, as_text
from tests.plan.memory import CATALOG, MemoryMonitors, Naps, declare


def adopting(key: str, number: int, **more: Any) -> Declared:
    return replace(declare(key, **more), adopt=number)


def there(datadog: MemoryMonitors, one: Declared, **more: Any) -> dict[str, Any]:
    """The monitor as it is in Datadog before it is adopted: without this catalog's tags."""
    return datadog.put({**one.monitor.body(), "tags": ["team:risk"], **more}, one.adopt)


def planned(*declared: Declared, datadog: MemoryMonitors) -> Plan:
    live = datadog.list(("managed_by:dd-sync",))
    wanting = pending(declared, {key for body in live if (key := identity(body, CATALOG)) is not None})
    ids = {one.adopt for one in wanting if one.adopt is not None}
    found = adoptions(wanting, fetch(ids, datadog), CATALOG)
    return build_plan(declared, live, CATALOG, target="x", adopting=found)


def test_adopting_adds_tags_keeps_the_id_and_ends(datadog: MemoryMonitors, naps: Naps) -> None:
    one = adopting("a", 77)
    before = there(datadog, one)
    plan = planned(one, datadog=datadog)
    (change,) = plan.changes
    assert isinstance(change, Adopt)
    assert ([field.path for field in change.fields], change.labels) == (["tags"], ())
    assert plan.notes == ()
    report = apply(plan, datadog, sleep=naps)
    assert [(outcome.did, outcome.monitor_id) for outcome in report.outcomes] == [("adopted", 77)]
    assert report.is_complete
    ((what, (number, sent)),) = datadog.writes
    assert (what, number, list(sent)) == ("update", 77, ["tags"])
    after = datadog.live[77]
    assert {**after, "tags": None} == {**before, "tags": None}
    assert applied(after["tags"]) is not None
    assert planned(one, datadog=datadog).changes == ()


def test_what_differs_besides_is_shown_labelled_and_sent(datadog: MemoryMonitors, naps: Naps) -> None:
    one = adopting("a", 77, message="new @pagerduty-x", priority=2)
    there(datadog, one, message="old", priority=None)
    datadog.live[77]["options"]["an_option_of_tomorrow"] = 1
    plan = planned(one, datadog=datadog)
    (change,) = plan.changes
    assert isinstance(change, Adopt)
    assert [field.path for field in change.fields] == ["message", "tags", "priority"]
    assert change.labels == ("also pages @pagerduty-x",)
    assert apply(plan, datadog, sleep=naps).is_complete
    assert sorted(datadog.writes[0][1][1]) == ["message", "priority", "tags"]
    assert datadog.live[77]["options"]["an_option_of_tomorrow"] == 1


def test_a_plan_that_adopts_reads_so(datadog: MemoryMonitors) -> None:
    one = adopting("a", 77)
    there(datadog, one)
    plan = planned(one, declare("b"), datadog=datadog)
    text = as_text(plan)
    assert text.splitlines()[0] == (
        f"Plan for {CATALOG} on x: 1 create, 0 update, 1 adopt, 0 delete, 0 unchanged"
    )
    assert (
        "= a (monitor 77)\n    tags: +dd_sync_catalog:guardrails +dd_sync_key:a +managed_by:dd-sync\n" in text
    )
    assert "note: nothing in Datadog carries this catalog's tags: every monitor that is not adopted" in text
    assert as_json(plan)["counts"]["adopt"] == 1
    assert as_json(plan)["changes"][0]["fields"][0]["path"] == "tags"
    assert "adopt <code>a</code> (monitor 77)" in as_markdown(plan)
    assert NOTHING_LIVE not in planned(one, datadog=datadog).notes


def test_composites_refer_to_what_is_adopted_with_them(datadog: MemoryMonitors, naps: Naps) -> None:
    part, both = adopting("part", 5), adopting("both", 6, references=("part",))
    there(datadog, part)
    there(datadog, both, query="5")
    plan = planned(part, both, datadog=datadog)
    assert [
        [field.path for field in change.fields] for change in plan.changes if isinstance(change, Adopt)
    ] == [
        ["tags"],
        ["tags"],
    ]
    assert apply(plan, datadog, sleep=naps).is_complete
    assert datadog.live[6]["query"] == "5"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            {"tags": ["managed_by:terraform"]},
            "monitor 77 belongs to Terraform, as the tag managed_by:terraform",
        ),
        ({"message": "m\n-- Managed by kennel a:b in c.rb"}, "monitor 77 belongs to kennel"),
        ({"tags": [*ownership_tags("other", "k")]}, "monitor 77 belongs to the catalog other"),
    ],
)
def test_what_is_somebody_elses_is_adopted_only_on_request(
    datadog: MemoryMonitors, naps: Naps, more: dict[str, Any], problem: str
) -> None:
    one = adopting("a", 77)
    there(datadog, one, **more)
    with pytest.raises(CannotAdopt, match=problem):
        planned(one, datadog=datadog)
    taken = replace(one, take_over=True)
    assert apply(planned(taken, datadog=datadog), datadog, sleep=naps).is_complete
    assert set(one.monitor.tags) < set(datadog.live[77]["tags"])
    assert "managed_by:terraform" not in datadog.live[77]["tags"]


def test_every_reason_not_to_adopt_is_told_at_its_line(datadog: MemoryMonitors) -> None:
    datadog.put(declare("ours").monitor.body(), 1)
    there(datadog, adopting("b", 2), type="log alert")
    there(datadog, adopting("c", 3))
    there(datadog, adopting("k", 4), tags=["dd_sync_key:a", "dd_sync_key:b"])
    wanting = [adopting(key, number) for key, number in zip("abcdek", (1, 2, 3, 3, 9, 4), strict=True)]
    with pytest.raises(CannotAdopt) as caught:
        planned(*wanting, datadog=datadog)
    problems = caught.value.placed(
        {one.key: (Place("m.yaml", 3, 5), "adopt: 1") for one in wanting}
    ).problems()
    assert [problem.problem for problem in problems] == [
        "monitor 1 is this catalog's ours already",
        "monitor 2 is a log alert, and b a query alert",
        "c is not the only one to adopt monitor 3",
        "d is not the only one to adopt monitor 3",
        "e is to adopt monitor 9, which is not in Datadog",
        "monitor 4 carries several keys",
    ]
    assert {str(problem.where) for problem in problems} == {"m.yaml:3:5"}
    assert {problem.source for problem in problems} == {"adopt: 1"}
    assert caught.value.exit == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"tags": ["dd_sync_catalog:x\n\x1b[31m"]},
        {"tags": [*ownership_tags(CATALOG, "y\n\x1b[31m")]},
        {"type": "log alert\n\x1b[31m"},
    ],
)
def test_a_reason_not_to_adopt_stays_within_its_line(datadog: MemoryMonitors, fields: Any) -> None:
    live = datadog.put({**declare("a").monitor.body(), **fields})
    found = unfit("a", live, CATALOG, type="query alert", take_over=False)
    assert found is not None
    assert found.problem.isprintable()
    assert found.hint.isprintable()


def test_the_reasons_come_in_the_order_of_their_lines(datadog: MemoryMonitors) -> None:
    lines = {"a": 20, "b": 3, "c": 100}
    with pytest.raises(CannotAdopt) as caught:
        planned(*(adopting(key, line) for key, line in lines.items()), datadog=datadog)
    placed = caught.value.placed({key: (Place("m.yaml", line, 5), "x") for key, line in lines.items()})
    assert [str(problem.where) for problem in placed.problems()] == [
        "m.yaml:3:5",
        "m.yaml:20:5",
        "m.yaml:100:5",
    ]


def test_a_line_that_has_done_its_work_is_harmless_and_one_that_cannot_is_told(
    datadog: MemoryMonitors,
) -> None:
    datadog.put(declare("a").monitor.body(), 77)
    assert planned(adopting("a", 77), datadog=datadog).notes == ()
    plan = planned(adopting("a", 78), datadog=datadog)
    assert plan.changes == ()
    assert plan.notes == ("a is monitor 77 already: `adopt: 78` does nothing",)


def test_a_renamed_monitor_is_not_adopted_as_well(datadog: MemoryMonitors) -> None:
    datadog.put(declare("old").monitor.body(), 77)
    (change,) = planned(replace(adopting("new", 99), was="old"), datadog=datadog).changes
    assert change.action == "update"


def test_few_are_asked_for_one_by_one_and_many_are_listed(datadog: MemoryMonitors) -> None:
    for number in range(1, 31):
        there(datadog, adopting(f"k{number}", number))
    assert sorted(fetch({1, 2, 99}, datadog)) == [1, 2]
    assert datadog.lists == 0
    assert sorted(fetch(set(range(5, 40)), datadog)) == list(range(5, 31))
    assert datadog.lists == 1


def test_a_failure_to_read_one_is_no_missing_monitor(
    datadog: MemoryMonitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(number: int) -> None:
        raise DatadogError("away", status=503)

    monkeypatch.setattr(datadog, "get", fails)
    with pytest.raises(DatadogError, match="away"):
        fetch({1}, datadog)


def test_a_saved_plan_adopts_what_it_says(datadog: MemoryMonitors, naps: Naps, tmp_path: Any) -> None:
    one = adopting("a", 77)
    there(datadog, one)
    save(planned(one, datadog=datadog), tmp_path / "p.json")
    plan = load(tmp_path / "p.json")
    refuse_if_moved(plan, declared=[one], catalog=CATALOG, target="x")
    assert apply(plan, datadog, sleep=naps).is_complete


def test_a_saved_plan_cannot_adopt_what_the_catalog_does_not_name(datadog: MemoryMonitors) -> None:
    one = adopting("a", 77)
    there(datadog, one)
    plan = planned(one, datadog=datadog)
    (change,) = plan.changes
    assert isinstance(change, Adopt)
    for forged in (replace(change, monitor_id=78), replace(change, take_over=True)):
        with pytest.raises(UnsafePlan, match="another a than the catalog declares"):
            refuse_if_moved(replace(plan, changes=(forged,)), declared=[one], catalog=CATALOG, target="x")


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({"message": "edited since"}, "a (monitor 77) was edited"),
        ({"tags": ["managed_by:terraform"]}, "a (monitor 77) was edited"),
        (None, "a (monitor 77) is gone"),
    ],
)
def test_what_moved_since_the_plan_is_not_adopted(
    datadog: MemoryMonitors, naps: Naps, edit: dict[str, Any] | None, why: str
) -> None:
    one = adopting("a", 77)
    there(datadog, one)
    plan = planned(one, datadog=datadog)
    if edit is None:
        del datadog.live[77]
    else:
        datadog.live[77] |= edit
    with pytest.raises(UnsafePlan) as caught:
        apply(plan, datadog, sleep=naps)
    assert why in caught.value.problem
    assert datadog.writes == []


def test_a_plan_forged_to_take_over_is_judged_by_what_is_live(datadog: MemoryMonitors, naps: Naps) -> None:
    one = replace(adopting("a", 77), take_over=True)
    there(datadog, one, tags=["terraform:true"])
    plan = planned(one, datadog=datadog)
    (change,) = plan.changes
    assert isinstance(change, Adopt)
    with pytest.raises(UnsafePlan, match="belongs to Terraform"):
        apply(replace(plan, changes=(replace(change, take_over=False),)), datadog, sleep=naps)


def test_a_killed_apply_goes_on_from_there(datadog: MemoryMonitors, naps: Naps) -> None:
    one, two = adopting("a", 77), adopting("b", 78)
    there(datadog, one)
    there(datadog, two)
    plan = planned(one, two, datadog=datadog)
    apply(replace(plan, changes=plan.changes[:1]), datadog, sleep=naps)
    report = apply(plan, datadog, sleep=naps)
    assert [outcome.did for outcome in report.outcomes] == ["unchanged", "adopted"]


def test_writes_remember_what_was_applied_and_plans_do_not_count_it(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    one = declare("a")
    apply(build_plan([one], [], CATALOG), datadog, sleep=naps)
    (live,) = datadog.list()
    first = applied(live["tags"])
    assert first is not None
    changed = declare("a", limit=600)
    apply(build_plan([changed], datadog.list(), CATALOG), datadog, sleep=naps)
    second = applied(datadog.list()[0]["tags"])
    assert second is not None
    assert {name for name in first if first[name] != second[name]} == {"query", "options.thresholds"}
    without = [tag for tag in datadog.live[live["id"]]["tags"] if not tag.startswith(APPLIED)]
    for tags in (without, [*without, f"{APPLIED}9-00"], [f"{APPLIED}1-xx", *without]):
        datadog.live[live["id"]]["tags"] = tags
        assert build_plan([changed], datadog.list(), CATALOG).changes == ()
