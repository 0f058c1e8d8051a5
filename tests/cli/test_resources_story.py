"""Downtimes, dashboards and webhooks from YAML to the local Datadog and back, as a user does it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.cli.support import LocalDatadog, Run, rate

WEBHOOK = "/api/v1/integration/webhooks/configuration/webhooks"


def write(name: str, more: str, monitors: str = "") -> None:
    folder = Path("monitors")
    folder.mkdir(exist_ok=True)
    (folder / "catalog.yaml").write_text(
        f"catalog: {name}\nlimits: {{deletes_percent: 100, updates_percent: 100}}\n"
    )
    (folder / "all.yaml").write_text(f"monitors:\n{monitors or rate('streams')}{more}")


def sections(name: str, *, title: str = "Streams", hours: int = 2) -> str:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    until = (tomorrow + timedelta(hours=hours)).isoformat()
    return f"""\
downtimes:
  - key: move
    monitors: [streams]
    message: database move
    schedule: {{start: "{tomorrow.isoformat()}", end: "{until}"}}
  - key: peak
    monitor_tags: ["dd_sync_snooze:allowed"]
    schedule:
      timezone: Europe/Berlin
      recurrences: [{{rrule: "FREQ=DAILY", start: 2026-01-05T08:00:00, duration: 9h}}]
dashboards:
  - key: board
    title: {title}
    widgets:
      - alert_graph: streams
      - {{group: Notes, widgets: [{{note: "monitor ${{monitor:streams}}"}}]}}
webhooks:
  - {{key: hold, url: "https://hold.example.com/{name}", custom_headers: {{X-Auth: "Bearer $TOKEN"}}}}
"""


def board(datadog: LocalDatadog, name: str) -> Any:
    listed = datadog.call("GET", "/api/v1/dashboard?count=1000")["dashboards"]
    (one,) = [each for each in listed if f"catalog {name} ·" in (each["description"] or "")]
    return datadog.call("GET", f"/api/v1/dashboard/{one['id']}")


def downtimes(datadog: LocalDatadog, name: str) -> list[Any]:
    answer = datadog.call("GET", "/api/v2/downtime?current_only=true&page[limit]=1000")
    return [
        one["attributes"] for one in answer["data"] if f"catalog {name} ·" in one["attributes"]["message"]
    ]


def test_all_kinds_are_made_kept_changed_and_taken_away(live: Run, datadog: LocalDatadog) -> None:
    write("kinds", sections("kinds"))
    assert live("check").code == 0
    made = live("apply", "--yes")
    assert made.code == 0, made.out + made.err
    assert "5 done; read again, Datadog is as planned" in made.out
    assert live("plan", "--detailed-exitcode").code == 0

    (monitor,) = datadog.monitors("kinds")
    widgets = board(datadog, "kinds")["widgets"]
    assert widgets[0]["definition"]["alert_id"] == str(monitor["id"])
    assert widgets[1]["definition"]["widgets"][0]["definition"]["content"] == f"monitor {monitor['id']}"
    assert datadog.call("GET", f"{WEBHOOK}/kinds-hold")["url"] == "https://hold.example.com/kinds"
    assert len(downtimes(datadog, "kinds")) == 2

    write("kinds", sections("kinds", title="Streams of all", hours=3))
    changed = live("plan", "--out", "plan.json", "--detailed-exitcode")
    assert changed.code == 2
    assert "0 create, 2 update, 0 delete" in changed.out
    assert "title: Streams -> Streams of all" in changed.out
    assert live("apply", "--plan", "plan.json").code == 0
    assert board(datadog, "kinds")["title"] == "Streams of all"

    write("kinds", "downtimes:\ndashboards: []\nwebhooks: []\n")
    gone = live("apply", "--yes")
    assert gone.code == 0, gone.out + gone.err
    assert "deleted   dashboard board" in gone.out
    assert downtimes(datadog, "kinds") == []
    # A webhook may be named by monitors that this catalog knows nothing of.
    assert datadog.call("GET", f"{WEBHOOK}/kinds-hold")["name"] == "kinds-hold"


def test_apply_never_touches_a_snooze(live: Run, datadog: LocalDatadog) -> None:
    write("kinds-snoozed", sections("kinds-snoozed"))
    assert live("apply", "--yes").code == 0
    snoozed = live(
        "snooze",
        "tenant",
        "acme",
        "--for",
        "2h",
        "--reason",
        "load test",
        "--by",
        "ops",
        "--unknown-tenant",
        "--yes",
    )
    assert snoozed.code == 0, snoozed.out + snoozed.err
    write("kinds-snoozed", "downtimes: []\n")
    assert live("apply", "--yes").code == 0
    assert downtimes(datadog, "kinds-snoozed") == []
    assert "acme" in live("snooze", "list").out


def test_without_a_section_nothing_beside_monitors_is_looked_at(live: Run, datadog: LocalDatadog) -> None:
    write("kinds-left", sections("kinds-left"))
    assert live("apply", "--yes").code == 0
    write("kinds-left", "")
    assert live("plan", "--detailed-exitcode").code == 0
    assert len(downtimes(datadog, "kinds-left")) == 2


def test_only_and_json_know_the_other_kinds(live: Run) -> None:
    write("kinds-only", sections("kinds-only"))
    plan = live("plan", "--only", "hold", "--format", "json").json
    assert [(one["kind"], one["key"], one["id"]) for one in plan["changes"]] == [("webhook", "hold", None)]
    assert plan["counts"]["create"] == 1
    assert live("plan", "--only", "nope").code == 1


def test_render_prints_each_kind(dd_sync: Run) -> None:
    write("kinds-render", sections("kinds-render"))
    assert [one["name"] for one in dd_sync("render").json] == ["streams is high"]
    assert [one["title"] for one in dd_sync("render", "--kind", "dashboard").json] == ["Streams"]
    assert len(dd_sync("render", "--kind", "downtime", "peak").json) == 1
    wrong = dd_sync("render", "--kind", "webhook", "holt")
    assert wrong.code == 1
    assert "no webhook has the key 'holt'" in wrong.err
    assert "did you mean 'hold'?" in wrong.err


def test_the_schema_describes_the_sections(dd_sync: Run) -> None:
    (monitors, *_) = dd_sync("schema").json["else"]["anyOf"]
    assert {"downtimes", "dashboards", "webhooks"} <= set(monitors["properties"])
