"""The engine over HTTP: series in, notifications out; and its memory of where it left off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dd_sync.evaluate.replay import replay
from dd_sync.local.clock import SimulatedClock
from dd_sync.local.engine import Engine
from dd_sync.local.normal import definition_of
from dd_sync.local.points_table import Intake
from dd_sync.local.store import Store
from tests.local.client import RATE, START, Client, Start, downtime, later, monitor

FLOOD = [20.0] * 30
MINUTE = timedelta(minutes=1)


def flood(datadog: Client, tenant: str, minutes: int = 30) -> None:
    datadog.points(tenant, [20] * minutes)


def test_a_flood_alerts_its_tenant_and_nobody_else(datadog: Client) -> None:
    number = datadog.create()["id"]
    flood(datadog, "acme")
    datadog.points("birch", [1] * 30)
    datadog.advance("30m")
    assert datadog.states(number) == {"tenant:acme": "Alert", "tenant:birch": "OK"}
    assert datadog.done("GET", f"/api/v1/monitor/{number}")["overall_state"] == "Alert"
    found = datadog.done("GET", "/local/notifications")
    assert found["notifications"] == [
        {
            "id": 1,
            "at": later(minutes=26),
            "monitor_id": number,
            "group": "tenant:acme",
            "kind": "alert",
            "title": "[Triggered on {tenant:acme}] Stream creation rate is high",
            "body": "acme created 520 streams @slack-risk",
            "handles": ["@slack-risk"],
        }
    ]
    assert found["last"] == 1
    assert datadog.done("GET", "/local/notifications?after=1") == {
        "notifications": [],
        "suppressed": [],
        "last": 1,
    }


def test_points_sent_ahead_count_when_their_time_comes(datadog: Client) -> None:
    datadog.create()
    flood(datadog, "acme", 10)
    for _ in range(6):
        datadog.advance("5m")
        flood(datadog, "acme", 10)
    assert datadog.told() == [("00:26", "tenant:acme", "alert")]


def test_a_snooze_holds_back_and_says_why(datadog: Client) -> None:
    datadog.create(tags=["team:risk"])
    datadog.silence("tenant:acme", ["team:risk"], schedule={"start": None, "end": later(hours=1)})
    datadog.silence("tenant:birch", ["team:other"])
    for tenant in ("acme", "birch"):
        datadog.points(tenant, [20] * 90)
    datadog.advance("30m")
    assert datadog.told() == [("00:26", "tenant:birch", "alert")]
    (held,) = datadog.done("GET", "/local/notifications")["suppressed"]
    assert (held["group"], held["kind"]) == ("tenant:acme", "alert")
    assert "tenant:acme" in held["reason"]
    datadog.advance("40m")
    assert datadog.told()[1:] == [("01:00", "tenant:acme", "downtime ended")]


@pytest.mark.parametrize(("types", "told"), [(["canceled"], 1), (["expired"], 0)])
def test_the_end_of_a_canceled_snooze_is_told_if_it_asked_for_it(
    datadog: Client, types: list[str], told: int
) -> None:
    datadog.create()
    number = datadog.silence("tenant:acme", notify_end_types=types)["id"]
    datadog.points("acme", [20] * 60)
    datadog.advance("40m")
    # The very minute that was evaluated last, as happens with a clock that stands still.
    datadog.send("DELETE", f"/api/v2/downtime/{number}")
    datadog.advance("5m")
    datadog.advance("5m")
    assert len(datadog.told()) == told


def test_a_recurring_snooze_silences_its_hours_only(datadog: Client) -> None:
    datadog.create(query="sum(last_5m):sum:streams.created{env:prod} by {tenant}.as_count() > 50", options={})
    recurrence = {"rrule": "FREQ=DAILY", "duration": "1h", "start": later(hours=1)[:19]}
    datadog.silence("tenant:acme", schedule={"recurrences": [recurrence]})
    day = [1.0] * 1440
    for hour in (1, 2):
        day[60 * hour + 30 : 60 * hour + 35] = [20.0] * 5
    datadog.points("acme", day)
    datadog.points("acme", day, ago=-1440)
    datadog.advance("2d")
    assert [(at, kind) for at, _, kind in datadog.told()] == [("02:33", "alert"), ("02:38", "recovery")] * 2


def test_it_makes_no_difference_in_how_many_steps_time_passes(start: Start) -> None:
    seen = []
    for spans in (["90m"], ["1m"] * 30 + ["60m"], ["7m"] * 10 + ["20m"]):
        datadog = start()
        number = datadog.create(options={"thresholds": {"critical": 500, "warning": 300}})["id"]
        datadog.points("acme", FLOOD + [0] * 40)
        datadog.points("birch", [1, 30] * 35)
        for span in spans:
            datadog.advance(span)
        found = datadog.done("GET", "/local/notifications")
        seen.append((found, datadog.states(number)))
    assert len(seen[0][0]["notifications"]) > 4
    assert seen[0] == seen[1] == seen[2]


def test_a_monitor_that_cannot_be_evaluated_stops_no_other(datadog: Client) -> None:
    query = 'processes("nginx").over("*").rollup("count").last("10m") < 1'
    odd = datadog.create(type="process alert", query=query, options={})["id"]
    first = datadog.create(name="a")["id"]
    both = datadog.create(name="both", type="composite", query=f"{first} && {odd}", options={})["id"]
    flood(datadog, "acme")
    datadog.advance("30m")
    done = datadog.done("POST", "/local/evaluate", {})
    assert [one["monitor_id"] for one in done["unsupported"]] == [odd, both]
    reasons = [one["reason"] for one in done["unsupported"]]
    said = "monitors of type 'process alert' are not evaluated here, at column 1 of the query"
    assert reasons == [
        said,
        f"nothing is known of monitor {odd}, at column {len(f'{first} && ') + 1} of the query",
    ]
    assert (done["monitors"], done["until"]) == (3, later(minutes=30))
    assert datadog.done("GET", "/local/status")["unsupported"] == done["unsupported"]
    assert datadog.states(first) == {"tenant:acme": "Alert"}
    assert datadog.done("GET", f"/api/v1/monitor/{odd}")["overall_state"] == "No Data"


def test_a_defect_in_one_evaluation_stops_no_other(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    datadog = start()
    bad, good = datadog.create(name="bad")["id"], datadog.create(name="good")["id"]

    def patched(rule: Any, *rest: Any, **named: Any) -> Any:
        if rule.monitor_id == bad:
            raise ZeroDivisionError
        return replay(rule, *rest, **named)

    monkeypatch.setattr("dd_sync.local.engine.replay", patched)
    flood(datadog, "acme")
    datadog.advance("30m")
    assert datadog.states(good) == {"tenant:acme": "Alert"}
    (one,) = datadog.done("GET", "/local/status")["unsupported"]
    assert one["monitor_id"] == bad
    assert caplog.messages == [f"monitor {bad} cannot be evaluated"]


def test_groups_outlive_a_new_threshold_but_not_a_new_scope(datadog: Client) -> None:
    number = datadog.create()["id"]
    flood(datadog, "acme")
    datadog.advance("30m")
    path = f"/api/v1/monitor/{number}"
    datadog.done("PUT", path, {"query": RATE.replace("500", "550"), "options": {}})
    assert datadog.states(number) == {"tenant:acme": "Alert"}
    datadog.done("PUT", path, {"query": RATE.replace("prod", "dev")})
    assert datadog.states(number) == {}
    datadog.advance("1m")
    assert datadog.states(number) == {}
    datadog.done("PUT", path, {"query": RATE})
    datadog.advance("2m")
    assert datadog.states(number) == {"tenant:acme": "Alert"}


def test_queries_of_other_products_reset_their_groups_by_their_text(datadog: Client) -> None:
    text = 'logs("x").index("*").rollup("count").last("5m") > 1'
    number = datadog.create(type="log alert", query=text, options={})["id"]
    datadog.done("PUT", f"/api/v1/monitor/{number}", {"query": text.replace("5m", "10m")})
    assert datadog.states(number) == {}


def test_a_deleted_monitor_tells_nothing_more_and_leaves_what_it_told(datadog: Client) -> None:
    number = datadog.create(options={"renotify_interval": 10})["id"]
    datadog.points("acme", [20] * 120)
    datadog.advance("30m")
    datadog.done("DELETE", f"/api/v1/monitor/{number}")
    datadog.advance("30m")
    assert datadog.told() == [("00:26", "tenant:acme", "alert")]


def test_day_windows_are_evaluated_every_ten_minutes(datadog: Client) -> None:
    query = RATE.replace("1h", "24h")
    number = datadog.create(query=query)["id"]
    flood(datadog, "acme")
    datadog.advance("29m")
    assert datadog.states(number) == {"tenant:acme": "OK"}
    datadog.advance("1m")
    assert datadog.told() == [("00:30", "tenant:acme", "alert")]


def test_a_new_day_monitor_waits_for_its_minute(start: Start) -> None:
    datadog = start(clock=SimulatedClock(START + MINUTE))
    number = datadog.create(query=RATE.replace("1h", "24h"))["id"]
    datadog.points("acme", [1], ago=60)
    datadog.advance("1m")
    read = datadog.done("GET", f"/api/v1/monitor/{number}?group_states=all")
    assert (read["overall_state"], read["state"]["groups"]) == ("OK", {})


def test_after_a_restart_the_missed_minutes_follow(start: Start, tmp_path: Path) -> None:
    before = start(data=None)
    assert before.done("GET", "/api/v1/monitor") == []
    store = Store(tmp_path)
    store.monitors.insert(definition_of(monitor()), START)
    points = tuple((int(START.timestamp()) + 60 * i, 20.0) for i in range(30))
    store.points.add([Intake("streams.created", "count", 60, ("env:prod", "tenant:acme"), points)])
    Engine(store).evaluate(START + 10 * MINUTE)
    store.close()
    after = start(data=tmp_path, clock=SimulatedClock(START + 2 * timedelta(hours=1)))
    after.done("POST", "/local/evaluate")
    assert [(at, kind) for at, _, kind in after.told()] == [("00:26", "alert"), ("01:05", "recovery")]


def test_no_more_than_a_day_is_caught_up_with() -> None:
    store = Store()
    store.monitors.insert(definition_of(monitor()), START)
    points = tuple((int(START.timestamp()) + 60 * i, 20.0) for i in range(30))
    store.points.add([Intake("streams.created", "count", 60, ("env:prod", "tenant:acme"), points)])
    assert Engine(store).evaluate(START + timedelta(hours=26)).notifications == 0
    assert Engine(store).evaluate(START + timedelta(hours=26)).monitors == 1
    store.close()


def evaluate_while(store: Store, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """One evaluation during which, after it has read the monitors, something else happens."""

    def patched(*given: Any, **named: Any) -> Any:
        act()
        return replay(*given, **named)

    monkeypatch.setattr("dd_sync.local.engine.replay", patched)
    Engine(store).evaluate(START + 30 * MINUTE)


@pytest.mark.parametrize("what", ["update", "delete"])
def test_what_changed_meanwhile_is_not_judged_by_its_old_form(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    store = Store()
    made = store.monitors.insert(definition_of(monitor()), START)
    points = tuple((int(START.timestamp()) + 60 * i, 20.0) for i in range(30))
    store.points.add([Intake("streams.created", "count", 60, ("env:prod", "tenant:acme"), points)])
    changes: dict[str, Callable[[], Any]] = {
        "update": lambda: store.monitors.update(made, {**made.definition, "name": "new"}, START),
        "delete": lambda: store.monitors.delete(made.id),
    }
    evaluate_while(store, monkeypatch, changes[what])
    assert store.told.after(0, 10) == []
    assert store.verdicts.all() == {}
    monkeypatch.undo()
    if what == "update":
        assert Engine(store).evaluate(START + 30 * MINUTE).notifications == 1
    store.close()


def test_evaluations_at_once_tell_everything_once(datadog: Client) -> None:
    datadog.create()
    flood(datadog, "acme")
    assert datadog.clock is not None
    datadog.clock.move(START + 30 * MINUTE)
    threads = [threading.Thread(target=datadog.post, args=("/local/evaluate", {})) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert datadog.told() == [("00:26", "tenant:acme", "alert")]


def test_what_is_older_than_it_is_kept_goes_once_an_hour() -> None:
    store = Store()
    engine = Engine(store)
    at = int(START.timestamp())
    store.points.add([Intake("a", "count", 60, (), ((at - 9 * 86400 - 60, 1.0), (at, 1.0)))])
    engine.evaluate(START)
    assert store.points.count() == (1, 1)
    store.points.add([Intake("a", "count", 60, (), ((at - 10 * 86400, 1.0),))])
    engine.evaluate(START + MINUTE)
    assert store.points.count() == (1, 2)
    engine.evaluate(START + 60 * MINUTE)
    assert store.points.count() == (1, 1)
    store.close()


class TestClock:
    def test_it_stands_still_until_it_is_moved(self, datadog: Client) -> None:
        read = datadog.done("GET", "/local/clock")
        assert read == {"now": later(), "epoch": int(START.timestamp()), "simulated": True}
        moved = datadog.done("POST", "/local/clock", {"to": later(minutes=3)})
        assert (moved["now"], moved["advanced"]) == (later(minutes=3), 180.0)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"advance": "soon"},
            {"advance": "32d"},
            {"advance": "1m", "to": later()},
            {"to": later(days=-1)},
        ],
    )
    def test_it_goes_forward_in_bounds(self, shared: Client, body: dict[str, Any]) -> None:
        reply = shared.post("/local/clock", body)
        assert reply.status == 400
        assert shared.done("GET", "/local/clock")["now"] == later()

    def test_the_machines_clock_is_not_moved(self, start: Start) -> None:
        from dd_sync.local.clock import machine_clock

        datadog = start(clock=machine_clock)
        assert datadog.post("/local/clock", {"advance": "1m"}).status == 409
        assert datadog.done("GET", "/local/clock")["simulated"] is False

    def test_nothing_is_evaluated_in_the_future(self, shared: Client) -> None:
        reply = shared.post("/local/evaluate", {"until": later(minutes=1)})
        assert (reply.status, reply.errors) == (400, ["'until' is in the future"])


def test_a_downtime_that_ended_while_nothing_ran_is_still_told(start: Start, tmp_path: Path) -> None:
    clock = SimulatedClock(START)
    datadog = start(data=tmp_path, clock=clock)
    datadog.create()
    body = downtime(
        scope="tenant:acme",
        monitor_identifier={"monitor_tags": ["*"]},
        schedule={"start": None, "end": later(hours=1)},
    )
    datadog.done("POST", "/api/v2/downtime", body)
    datadog.points("acme", [20] * 28 * 60)
    datadog.advance("30m")
    clock.move(START + timedelta(hours=27))
    datadog.done("POST", "/local/evaluate")
    assert [kind for _, _, kind in datadog.told()] == ["downtime ended"]
