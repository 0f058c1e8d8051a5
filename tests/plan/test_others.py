"""Downtimes, dashboards and webhooks in a plan: what differs, what does not, what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dd_sync.errors import RequestError, UnsafePlan
from dd_sync.model.resource import Resource
from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Plan
from dd_sync.plan.markdown import as_markdown
from dd_sync.plan.resources import with_resources
from dd_sync.plan.safety import Limits, check_limits
from dd_sync.plan.saved import load, refuse_if_moved, save
from dd_sync.plan.show import as_json, as_text
from tests.plan.memory import CATALOG, MemoryMonitors, declare
from tests.plan.memory_resources import World, alert_graph, dashboard, downtime, webhook


@pytest.fixture
def world() -> World:
    return World()


def plan(
    declared: Sequence[Resource],
    world: World,
    monitors: MemoryMonitors | None = None,
    *,
    only: str | None = None,
    keys: Sequence[str] = (),
) -> Plan:
    live = (monitors or MemoryMonitors()).list()
    made = build_plan([declare(key) for key in keys], live, CATALOG, only=only, elsewhere=True)
    return with_resources(made, declared, world.calls, live, only=only)


def actions(made: Plan) -> list[tuple[str, str, str]]:
    return [(one.action, one.kind, one.key) for one in made.resources]


def put(world: World, *declared: Resource) -> None:
    for one in declared:
        if one.kind == "downtime":
            world.downtimes.create_body(one.body)
        elif one.kind == "dashboard":
            world.dashboards.create(one.body)
        else:
            world.webhooks.create(one.body)


def test_what_is_not_there_is_created_in_the_order_it_is_written(world: World) -> None:
    made = plan([dashboard(), downtime(), webhook()], world)
    assert actions(made) == [
        ("create", "webhook", "hold"),
        ("create", "downtime", "window/a"),
        ("create", "dashboard", "streams"),
    ]
    assert made.count_all("create") == made.size == 3


def test_what_datadog_makes_of_a_write_is_no_change(world: World) -> None:
    nested = {"definition": {"type": "group", "widgets": [{"definition": {"type": "note", "content": "x"}}]}}
    declared = [downtime(), dashboard("streams", nested, tags=["team:b", "team:a"]), webhook()]
    put(world, *declared)
    made = plan(declared, world)
    assert made.resources == ()
    assert (made.resources_unchanged, made.resources_owned) == (3, 3)
    assert "3 unchanged" in as_text(made)


@pytest.mark.parametrize(
    ("changed", "paths"),
    [
        (downtime(scope="tenant:acme"), ["scope"]),
        (downtime(notify_end_types=["canceled", "expired"]), ["notify_end_types"]),
        (downtime(mute_first_recovery_notification=True), ["mute_first_recovery_notification"]),
        (
            downtime(schedule={"start": None, "end": "2026-11-22T05:00:00+00:00"}),
            ["schedule.end", "schedule.start"],
        ),
        (dashboard(title="Other"), ["title"]),
        (dashboard(tags=["team:risk"]), ["tags"]),
        (
            dashboard("streams", {"definition": {"type": "note", "content": "ho"}}),
            ["widgets[0].definition.content"],
        ),
        (webhook(url="https://other.example.com/"), ["url"]),
        (webhook(payload='{"a": 1}'), None),
        (webhook(custom_headers='{"X-Team": "risk"}'), ["custom_headers.X-Team"]),
        (webhook(encode_as="form"), ["encode_as"]),
    ],
)
def test_what_differs_is_named(world: World, changed: Resource, paths: list[str] | None) -> None:
    put(world, downtime(), dashboard(), webhook())
    others = [one for one in (downtime(), dashboard(), webhook()) if one.kind != changed.kind]
    (change,) = plan([changed, *others], world).resources
    assert change.action == "update"
    assert paths is None or [field.path for field in change.fields] == paths


def test_what_is_no_longer_declared_is_deleted_but_never_a_webhook(world: World) -> None:
    put(world, downtime(), dashboard(), webhook())
    made = plan([], world)
    assert actions(made) == [("delete", "dashboard", "streams"), ("delete", "downtime", "window/a")]
    assert "silence ends" in as_text(made)


def test_what_others_made_is_not_seen(world: World) -> None:
    theirs = [
        downtime(message="dd-sync snooze · catalog guardrails\nowner: a"),
        downtime(message="managed by dd-sync · catalog other · downtime window/a"),
        downtime(message=f"{downtime('a').body['message']}\n{downtime('b').body['message']}"),
        dashboard(description="managed by dd-sync · catalog guardrails.staging · dashboard streams"),
        dashboard(description=""),
    ]
    put(world, *theirs)
    assert plan([], world).resources == ()


def test_a_downtime_that_was_canceled_is_gone(world: World) -> None:
    put(world, downtime())
    world.downtimes.cancel("id-001")
    assert actions(plan([downtime()], world)) == [("create", "downtime", "window/a")]


@pytest.mark.parametrize("one", [downtime(), dashboard()])
def test_a_copy_with_our_mark_stops_the_plan(world: World, one: Resource) -> None:
    put(world, one, replace(one, body={**one.body, "scope": "tenant:x", "title": "copy"}))
    with pytest.raises(
        UnsafePlan, match=f"two live {one.kind}s carry the key '{one.key}': id-001, id-002"
    ) as told:
        plan([one], world)
    assert "managed by dd-sync" in told.value.hint


def test_only_chooses_by_the_key_of_the_declaration(world: World) -> None:
    put(world, downtime("old/a"))
    declared = [downtime("window/a"), downtime("window/b"), dashboard("board")]
    assert actions(plan(declared, world, only="window")) == [
        ("create", "downtime", "window/a"),
        ("create", "downtime", "window/b"),
    ]
    assert actions(plan(declared, world, only="window/b")) == [("create", "downtime", "window/b")]
    assert actions(plan(declared, world, only="o*")) == [("delete", "downtime", "old/a")]


def test_references_are_compared_by_their_ids(world: World) -> None:
    monitors = MemoryMonitors()
    live = monitors.put(declare("a").monitor.body())
    shown = dashboard("streams", alert_graph("a"))
    put(world, dashboard("streams", {"definition": {"type": "alert_graph", "alert_id": str(live["id"])}}))
    assert plan([shown], world, monitors, keys=["a"]).resources == ()
    (change,) = plan([dashboard("streams", alert_graph("b"))], world, monitors, keys=["a", "b"]).resources
    assert change.action == "update"
    assert change.references == ("b",)


def test_a_dashboard_follows_a_monitor_that_is_replaced(world: World) -> None:
    monitors = MemoryMonitors()
    live = monitors.put(declare("a", type="log alert").monitor.body())
    put(world, dashboard("streams", {"definition": {"type": "alert_graph", "alert_id": str(live["id"])}}))
    made = plan([dashboard("streams", alert_graph("a"))], world, monitors, keys=["a"])
    assert [change.action for change in made.changes] == ["replace"]
    assert actions(made) == [("update", "dashboard", "streams")]


def test_a_reference_that_only_leaves_out_is_refused(world: World) -> None:
    with pytest.raises(RequestError, match="shows a, which is not in Datadog"):
        plan([dashboard("streams", alert_graph("a"))], world, only="streams", keys=["a"])


def test_secrets_that_somebody_wrote_into_datadog_are_not_shown(world: World, tmp_path: Path) -> None:
    live = webhook(
        url="https://u:hunter2@x.example.com/aB3dE5gH7jK9mN1pQ3?token=s3cret&a=b",
        custom_headers='{"Authorization": "Bearer s3cretvalue", "X-Team": "risk"}',
        payload='{"password": "s3cret", "list": [{"token": "s3cret"}], "plain": "ok"}',
    )
    put(world, live)
    made = plan([webhook()], world)
    save(made, tmp_path / "plan.json")
    shown = (
        as_text(made) + as_markdown(made) + json.dumps(as_json(made)) + (tmp_path / "plan.json").read_text()
    )
    assert "s3cret" not in shown
    assert "hunter2" not in shown
    assert "aB3dE5gH7jK9mN1pQ3" not in shown
    assert "x.example.com" in shown
    assert "custom_headers.X-Team: risk -> not set" in as_text(made)


def test_deletes_count_into_the_limits(world: World) -> None:
    put(world, *(downtime(f"w/{number}") for number in range(4)))
    made = plan([downtime("w/0")], world)
    with pytest.raises(UnsafePlan, match="3 of 4 monitors, downtimes and dashboards deleted, limit 5 "):
        check_limits(made, Limits())
    check_limits(made, Limits(), allow_deletes=3)


def test_updates_count_into_the_limits(world: World) -> None:
    put(world, dashboard())
    made = plan([dashboard(title="x")], world)
    with pytest.raises(UnsafePlan, match="1 of 1 monitors, downtimes and dashboards updated"):
        check_limits(made, Limits())
    check_limits(made, Limits(), allow_updates=1)


def test_a_saved_plan_holds_all_and_is_bound_to_the_catalog(world: World, tmp_path: Path) -> None:
    put(world, dashboard(title="x"), downtime("old"))
    declared = [dashboard(), webhook()]
    made = plan(declared, world)
    save(made, tmp_path / "plan.json")
    again = load(tmp_path / "plan.json")
    assert again == made
    where: dict[str, Any] = {"declared": [], "catalog": CATALOG, "target": ""}
    refuse_if_moved(again, **where, resources=declared)
    with pytest.raises(UnsafePlan, match="the catalog has changed"):
        refuse_if_moved(again, **where, resources=[dashboard(), webhook(encode_as="form")])
    with pytest.raises(UnsafePlan, match="the catalog has changed"):
        refuse_if_moved(again, **where)


def test_a_plan_file_says_what_to_do_and_never_with_what(world: World) -> None:
    declared = [dashboard(), webhook()]
    made = plan(declared, world)
    board, hook = (
        next(one for one in made.resources if one.kind == kind) for kind in ("dashboard", "webhook")
    )
    for forged in (
        [replace(board, body={**dashboard().body, "title": "evil"}), hook],
        [replace(board, action="delete", body=None, id="x", live="y"), hook],
        [board, board, hook],
        [replace(hook, key="other", action="delete", body=None, id="x")],
    ):
        with pytest.raises(UnsafePlan, match="this plan holds another"):
            refuse_if_moved(
                replace(made, resources=tuple(forged)),
                declared=[],
                catalog=CATALOG,
                target="",
                resources=declared,
            )


def test_the_fingerprint_tells_what_would_be_written(world: World) -> None:
    one, other = plan([dashboard()], world), plan([dashboard(title="x")], world)
    assert one.fingerprint != other.fingerprint
    assert plan([], world).fingerprint == build_plan([], [], CATALOG).fingerprint


def test_the_live_fingerprint_does_not_move_by_itself(world: World) -> None:
    put(world, downtime())
    before = plan([], world).resources[0].live
    kept = world.downtimes.kept["id-001"]
    kept.update(status="active", notify_end_states=["warn", "alert", "no data"])
    assert plan([], world).resources[0].live == before
    kept["scope"] = "tenant:x"
    assert plan([], world).resources[0].live != before


def test_widgets_that_come_and_go_read_as_an_outline(world: World) -> None:
    group = {
        "definition": {
            "type": "group",
            "title": "G",
            "widgets": [{"definition": {"type": "note", "content": "in"}}],
        }
    }
    series = {"definition": {"type": "timeseries", "requests": [{"q": "avg:a{*}"}]}}
    formula = {"definition": {"type": "query_value", "requests": [{"queries": [{"query": "avg:b{*}"}]}]}}
    bare = {"definition": {"type": "hostmap"}}
    put(world, dashboard("streams", group))
    text = as_text(plan([dashboard("streams", group, series, formula, bare)], world))
    assert "\n         note: in\n      +timeseries: avg:a{*}\n      +query_value: avg:b{*}\n" in text
    assert '      +hostmap: {"type": "hostmap"}' in text


def test_what_is_not_a_widget_is_shown_as_it_is(world: World) -> None:
    put(world, dashboard())
    world.dashboards.kept["id-001"]["widgets"] = ["odd", 3]
    made = plan([dashboard()], world)
    assert "-odd" in as_text(made)
