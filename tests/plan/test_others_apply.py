"""Carrying out what concerns downtimes, dashboards and webhooks: once, in order, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dd_sync.errors import DatadogError, UnsafePlan
from dd_sync.model.resource import Resource
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Plan
from dd_sync.plan.report import Report
from dd_sync.plan.resources import with_resources
from dd_sync.plan.show import report_json, report_text
from tests.plan.memory import CATALOG, MemoryMonitors, Naps, declare
from tests.plan.memory_resources import LOST, UNSENT, Memory, World, alert_graph, dashboard, downtime, webhook

UNCLEAR = (LOST, DatadogError("bad gateway", status=502))
REFUSED = DatadogError("no", status=400, details=("no",))


@pytest.fixture
def world() -> World:
    return World()


def plan(
    declared: Sequence[Resource], world: World, monitors: MemoryMonitors, keys: Sequence[str] = ()
) -> Plan:
    live = monitors.list()
    made = build_plan([declare(key) for key in keys], live, CATALOG)
    return with_resources(made, declared, world.calls, live)


def run(
    declared: Sequence[Resource],
    world: World,
    monitors: MemoryMonitors | None = None,
    *,
    keys: Sequence[str] = (),
) -> Report:
    monitors = monitors or MemoryMonitors()
    made = plan(declared, world, monitors, keys)
    return apply(made, monitors, sleep=Naps(), calls=world.calls)


def did(report: Report) -> dict[str, str]:
    return {one.key if one.kind == "monitor" else f"{one.kind} {one.key}": one.did for one in report.outcomes}


def once(what: str, error: DatadogError) -> Callable[[str], None]:
    """Raises at the first write of this kind only."""
    left = [what]

    def fault(seen: str) -> None:
        if left == [seen]:
            left.clear()
            raise error

    return fault


EACH = (downtime(), dashboard(), webhook())


def memory(world: World, one: Resource) -> Memory:
    return {"downtime": world.downtimes, "dashboard": world.dashboards, "webhook": world.webhooks}[one.kind]


def test_apply_then_plan_is_empty_and_a_second_apply_sends_no_write(world: World) -> None:
    monitors = MemoryMonitors()
    declared = [downtime(), dashboard("streams", alert_graph("a")), webhook()]
    made = plan(declared, world, monitors, ["a"])
    assert apply(made, monitors, sleep=Naps(), calls=world.calls).is_complete
    assert plan(declared, world, monitors, ["a"]).size == 0
    again = apply(made, monitors, sleep=Naps(), calls=world.calls)
    assert set(did(again).values()) == {"unchanged"}
    assert world.writes == 3


def test_references_are_resolved_to_text(world: World) -> None:
    monitors = MemoryMonitors()
    assert run([dashboard("streams", alert_graph("a"))], world, monitors, keys=["a"]).is_complete
    (live,) = world.dashboards.kept.values()
    assert live["widgets"][0]["definition"]["alert_id"] == str(monitors.by_key["a"]["id"])


def test_webhooks_come_before_monitors_and_dashboards_after_them(world: World) -> None:
    order: list[str] = []
    monitors = MemoryMonitors()
    monitors.after = lambda what, _: order.append(f"monitor {what}")
    world.webhooks.after = lambda what: order.append(f"webhook {what}")
    world.downtimes.after = lambda what: order.append(f"downtime {what}")
    world.dashboards.after = lambda what: order.append(f"dashboard {what}")
    run([dashboard(), downtime(), webhook()], world, monitors, keys=["a"])
    assert order == ["webhook create", "monitor create", "downtime create", "dashboard create"]
    order.clear()
    run([], world, monitors)
    assert order == ["dashboard delete", "downtime cancel", "monitor delete"]


@pytest.mark.parametrize("error", UNCLEAR)
@pytest.mark.parametrize("one", EACH)
def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(
    world: World, one: Resource, error: DatadogError
) -> None:
    memory(world, one).after = once("create", error)
    memory(world, one).lag = 0
    report = run([one], world)
    assert did(report) == {f"{one.kind} {one.key}": "adopted"}
    assert report.is_complete
    assert memory(world, one).writes == ["create"]


@pytest.mark.parametrize("one", EACH)
def test_a_create_that_never_arrived_is_sent_again_once(world: World, one: Resource) -> None:
    memory(world, one).before = once("create", LOST)
    report = run([one], world)
    assert did(report) == {f"{one.kind} {one.key}": "created"}
    assert memory(world, one).writes == ["create"]


@pytest.mark.parametrize("one", [downtime(), dashboard()])
def test_a_list_that_lags_behind_is_waited_for(world: World, one: Resource) -> None:
    def fault(what: str) -> None:
        if len(memory(world, one).writes) == 1:
            memory(world, one).lag = 2
            raise LOST

    memory(world, one).after = fault
    report = run([one], world)
    assert did(report) == {f"{one.kind} {one.key}": "adopted"}
    assert len(memory(world, one).kept) == 1


@pytest.mark.parametrize("one", [downtime(), webhook()])
def test_what_datadog_calls_a_duplicate_is_looked_for(world: World, one: Resource) -> None:
    """Made by another apply between the plan and the request."""
    monitors = MemoryMonitors()
    made = plan([one], world, monitors)

    def meanwhile(what: str) -> None:
        memory(world, one).before = lambda what: None
        if one.kind == "downtime":
            world.downtimes.create_body(one.body)
        else:
            world.webhooks.create(one.body)

    memory(world, one).before = meanwhile
    report = apply(made, monitors, sleep=Naps(), calls=world.calls)
    assert did(report) == {f"{one.kind} {one.key}": "adopted"}
    assert report.is_complete
    assert len(memory(world, one).kept) == 1


def test_a_duplicate_that_is_not_ours_fails(world: World) -> None:
    world.downtimes.before = once(
        "create", DatadogError("d", status=400, details=("a duplicate of one or more existing downtimes",))
    )
    report = run([downtime()], world)
    assert did(report) == {"downtime window/a": "failed"}
    assert world.downtimes.kept == {}


def test_an_unclear_second_attempt_is_looked_for_too(world: World) -> None:
    count = []

    def before(what: str) -> None:
        count.append(what)
        if len(count) == 1:
            raise LOST

    world.dashboards.before = before
    world.dashboards.after = once("create", LOST)
    report = run([dashboard()], world)
    assert did(report) == {"dashboard streams": "adopted"}
    assert len(world.dashboards.kept) == 1


def test_a_second_refusal_is_the_outcome(world: World) -> None:
    errors = [LOST, REFUSED]

    def before(what: str) -> None:
        raise errors.pop(0)

    world.dashboards.before = before
    report = run([dashboard()], world)
    assert did(report) == {"dashboard streams": "failed"}
    assert not report.is_complete


def test_of_two_applies_at_once_one_dashboard_is_left(world: World) -> None:
    monitors = MemoryMonitors()
    made = plan([dashboard()], world, monitors)

    def meanwhile(what: str) -> None:
        world.dashboards.before = lambda what: None
        world.dashboards.create(dashboard().body)

    world.dashboards.before = meanwhile
    report = apply(made, monitors, sleep=Naps(), calls=world.calls)
    assert did(report) == {"dashboard streams": "adopted"}
    assert "deleted again" in report.outcomes[0].why
    assert list(world.dashboards.kept) == ["id-001"]
    assert report.is_complete


def test_what_moved_since_the_plan_stops_everything_before_any_write(world: World) -> None:
    monitors = MemoryMonitors()
    run([downtime(), dashboard()], world)
    made = plan([downtime(scope="tenant:x"), dashboard(title="x")], world, monitors)
    world.dashboards.kept["id-001"]["title"] = "edited"
    writes = world.writes
    with pytest.raises(UnsafePlan, match="the dashboard streams was edited"):
        apply(made, monitors, sleep=Naps(), calls=world.calls)
    world.dashboards.kept.clear()
    with pytest.raises(UnsafePlan, match="the dashboard streams is gone"):
        apply(made, monitors, sleep=Naps(), calls=world.calls)
    world.dashboards.create(dashboard(title="other").body)
    with pytest.raises(UnsafePlan, match="the dashboard streams is id-002 now, not id-001"):
        apply(made, monitors, sleep=Naps(), calls=world.calls)
    assert world.writes == writes + 1


def test_what_is_there_now_but_was_not_stops_everything(world: World) -> None:
    monitors = MemoryMonitors()
    made = plan([dashboard()], world, monitors)
    world.dashboards.create(dashboard(title="other").body)
    with pytest.raises(UnsafePlan, match=r"the dashboard streams is there now \(id-001\)"):
        apply(made, monitors, sleep=Naps(), calls=world.calls)


def test_a_saved_delete_is_refused_once_the_section_is_gone(world: World) -> None:
    run([downtime()], world)
    monitors = MemoryMonitors()
    made = plan([], world, monitors)
    with pytest.raises(UnsafePlan, match="no section for them any more"):
        apply(made, monitors, sleep=Naps())
    assert len(world.downtimes.bodies()) == 1


def test_a_failure_leaves_the_rest_to_go_on(world: World) -> None:
    world.downtimes.before = once("create", REFUSED)
    report = run([downtime("w/a"), downtime("w/b"), dashboard()], world)
    assert did(report) == {
        "downtime w/a": "failed",
        "downtime w/b": "created",
        "dashboard streams": "created",
    }
    text = report_text(report)
    assert "failed    downtime w/a: no" in text
    assert "created   dashboard streams (id-001)" in text
    assert report_json(report)["outcomes"][0]["kind"] == "downtime"


@pytest.mark.parametrize("error", [DatadogError("bad keys", status=401), UNSENT])
def test_bad_keys_or_no_network_end_all_attempts(world: World, error: DatadogError) -> None:
    world.webhooks.before = once("create", error)
    monitors = MemoryMonitors()
    report = run([webhook(), downtime(), dashboard()], world, monitors, keys=["a"])
    assert did(report) == {
        "a": "skipped",
        "webhook hold": "failed",
        "downtime window/a": "skipped",
        "dashboard streams": "skipped",
    }
    assert monitors.writes == []


def test_a_dashboard_waits_for_a_monitor_that_failed(world: World) -> None:
    monitors = MemoryMonitors()

    def refuse(what: str, detail: object) -> None:
        raise REFUSED

    monitors.before = refuse
    report = run([dashboard("streams", alert_graph("a"))], world, monitors, keys=["a"])
    assert did(report) == {"a": "failed", "dashboard streams": "skipped"}
    assert "it shows a, which is not in Datadog" in report.outcomes[1].why


def test_what_is_gone_already_counts_as_deleted(world: World) -> None:
    run([dashboard()], world)

    def meanwhile(what: str) -> None:
        world.dashboards.kept.clear()

    world.dashboards.before = meanwhile
    report = run([], world)
    assert did(report) == {"dashboard streams": "deleted"}
    assert report.outcomes[0].why == "it was gone already"


def test_a_delete_that_fails_is_told(world: World) -> None:
    run([dashboard()], world)
    world.dashboards.before = once("delete", REFUSED)
    assert did(run([], world)) == {"dashboard streams": "failed"}


def test_what_differs_in_the_end_is_told(world: World) -> None:
    def meddle(what: str) -> None:
        world.dashboards.kept["id-001"]["title"] = "meddled"

    world.dashboards.after = meddle
    report = run([dashboard()], world)
    assert report.differing == ("dashboard streams",)
    assert not report.is_complete


def test_what_cannot_be_read_in_the_end_is_told(world: World) -> None:
    def cut(what: str) -> None:
        world.dashboards.cut = True

    world.dashboards.after = cut
    report = run([dashboard()], world)
    assert report.unread == LOST.problem


# --- starts that pass --------------------------------------------------------------------------------


def test_a_start_that_passes_between_plan_and_apply_begins_at_once(world: World) -> None:
    monitors = MemoryMonitors()
    made = plan([downtime()], world, monitors)
    world.downtimes.now += timedelta(hours=15)
    report = apply(made, monitors, sleep=Naps(), calls=world.calls)
    assert did(report) == {"downtime window/a": "created"}
    assert report.is_complete
    assert world.downtimes.kept["id-001"]["status"] == "active"


def test_a_running_downtime_is_prolonged_without_its_start(world: World) -> None:
    run([downtime()], world)
    world.downtimes.now += timedelta(hours=15)
    world.downtimes.kept["id-001"]["status"] = "active"
    longer = downtime(schedule={"start": None, "end": "2026-11-22T09:00:00+00:00"})
    report = run([longer], world)
    assert did(report) == {"downtime window/a": "updated"}
    assert report.is_complete
    assert world.downtimes.kept["id-001"]["schedule"] == {
        "start": "2026-11-22T02:00:00+00:00",
        "end": "2026-11-22T09:00:00+00:00",
    }


def test_a_scheduled_downtime_that_is_to_begin_now_begins_now(world: World) -> None:
    run([downtime()], world)
    now = downtime(schedule={"start": None, "end": "2026-11-22T04:00:00+00:00"})
    report = run([now], world)
    assert report.is_complete
    assert world.downtimes.kept["id-001"]["schedule"]["start"] == "2026-11-21T12:00:00+00:00"


# --- any history -------------------------------------------------------------------------------------

CHOICES = [
    downtime("w/a"),
    downtime("w/a", scope="tenant:x"),
    downtime("w/b", notify_end_types=[]),
    dashboard("one"),
    dashboard("one", title="other"),
    dashboard("two", alert_graph("a")),
    webhook("hold"),
    webhook("hold", encode_as="form"),
]
FAULTS = [
    None,
    ("before", LOST),
    ("after", LOST),
    ("before", REFUSED),
    ("after", DatadogError("x", status=504)),
]
STEPS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CHOICES), max_size=5, unique_by=lambda one: (one.kind, one.key)),
        st.sampled_from(FAULTS),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_after_any_history_one_clean_apply_leaves_what_is_declared(
    steps: list[tuple[list[Resource], tuple[str, DatadogError] | None, int, int]],
) -> None:
    world, monitors = World(), MemoryMonitors()
    theirs = dashboard("one", description="somebody's")
    world.dashboards.create(theirs.body)
    foreign = world.dashboards.get("id-001")
    declared: list[Resource] = []
    for declared, fault, number, lag in steps:
        made = plan(declared, world, monitors, ["a"])
        if fault is not None:
            _break(world.memories[number], fault, lag)
        apply(made, monitors, sleep=Naps(), calls=world.calls)
        for each in world.memories:
            each.before = each.after = lambda what: None
            each.lag = 0
    assert run(declared, world, monitors, keys=["a"]).is_complete
    assert plan(declared, world, monitors, ["a"]).size == 0
    assert world.dashboards.get("id-001") == foreign
    for kind, found in (("downtime", world.downtimes.bodies()), ("dashboard", world.dashboards.list()[1:])):
        assert len(found) == sum(one.kind == kind for one in declared)


def _break(memory: Memory, fault: tuple[str, DatadogError], lag: int) -> None:
    where, error = fault

    def broken(what: str) -> None:
        memory.before = memory.after = lambda what: None
        memory.lag = lag
        raise error

    setattr(memory, where, broken)
