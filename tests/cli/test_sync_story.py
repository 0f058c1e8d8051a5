"""Plan and apply, typed as a user types them, against the local Datadog over a real socket."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.support import LocalDatadog, Run, rate, write_catalog


def test_apply_then_plan_is_empty_and_a_second_apply_writes_nothing(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "twice", rate("a") + rate("b", 20))
    assert live("plan", "--detailed-exitcode").code == 2
    assert live("apply", "--yes").code == 0
    before = datadog.monitors("twice")
    assert sorted(monitor["name"] for monitor in before) == ["a is high", "b is high"]
    assert live("plan", "--detailed-exitcode").code == 0
    assert live("apply", "--yes").code == 0
    assert datadog.monitors("twice") == before


def test_an_edit_in_datadog_is_planned_and_mended(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "edited", rate("a"), "limits: {updates_percent: 100}\n")
    live("apply", "--yes")
    (monitor,) = datadog.monitors("edited")
    edited = {"query": monitor["query"].replace("500", "800"), "options": {"thresholds": {"critical": 800}}}
    datadog.call("PUT", f"/api/v1/monitor/{monitor['id']}", edited)
    plan = live("plan")
    assert "options.thresholds.critical: 800 -> 500" in plan.out
    assert "more sensitive" in plan.out
    assert live("apply", "--yes").code == 0
    assert live("plan", "--detailed-exitcode").code == 0


def test_a_saved_plan_is_private_and_does_what_it_says(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "saved", rate("a"))
    assert "dd-sync apply --plan p.json" in live("plan", "--out", "p.json").out
    assert stat.S_IMODE((tmp_path / "p.json").stat().st_mode) == 0o600
    assert live("apply", "--plan", "p.json").code == 0
    assert len(datadog.monitors("saved")) == 1


def test_a_saved_plan_is_refused_when_the_catalog_moved(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "moved", rate("a"))
    live("plan", "--out", "p.json")
    write_catalog(tmp_path, "moved", rate("a", 501))
    refused = live("apply", "--plan", "p.json")
    assert (refused.code, datadog.monitors("moved")) == (3, [])
    assert "the catalog has changed since this plan was made" in refused.err


def test_a_saved_plan_is_refused_when_somebody_edited_what_it_touches(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    more = "limits: {updates_percent: 100}\n"
    write_catalog(tmp_path, "raced", rate("a"), more)
    live("apply", "--yes")
    write_catalog(tmp_path, "raced", rate("a", 600), more)
    live("plan", "--out", "p.json")
    (monitor,) = datadog.monitors("raced")
    datadog.call("PUT", f"/api/v1/monitor/{monitor['id']}", {"message": "somebody else was here"})
    refused = live("apply", "--plan", "p.json")
    assert refused.code == 3
    assert f"a (monitor {monitor['id']}) was edited" in refused.err
    assert datadog.monitors("raced")[0]["query"].endswith("> 500")


def test_deletes_past_the_limit_are_refused_until_asked_for_by_number(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "shrunk", rate("a") + rate("b"))
    live("apply", "--yes")
    write_catalog(tmp_path, "shrunk", rate("a"))
    told = "apply will refuse this: 1 of 2 monitors deleted, limit 5 (50 %, limit 30 %); if that is meant"
    assert f"note: {told}" in live("plan").out
    assert live("plan", "--format", "json").json["notes"][0].startswith(told)
    assert told.partition(",")[0] in live("pull-request", "report").out
    refused = live("apply", "--yes")
    assert refused.code == 3
    assert "1 of 2 monitors deleted, limit 5 (50 %, limit 30 %)" in refused.err
    assert len(datadog.monitors("shrunk")) == 2
    assert live("apply", "--yes", "--allow-deletes", "1").code == 0
    assert [monitor["name"] for monitor in datadog.monitors("shrunk")] == ["a is high"]


def test_only_plans_a_part_and_deletes_nothing_outside_it(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "part", rate("a") + rate("b"))
    live("apply", "--yes")
    write_catalog(tmp_path, "part", rate("c"))
    plan = live("plan", "--only", "c*", "--format", "json").json
    assert [(change["action"], change["key"]) for change in plan["changes"]] == [("create", "c")]
    assert live("plan", "--only", "nothing*").code == 1


def test_nothing_of_another_catalog_is_ever_touched(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "theirs", rate("a"))
    live("apply", "--yes")
    theirs = datadog.monitors("theirs")
    write_catalog(tmp_path, "ours", rate("a", 900))
    live("apply", "--yes")
    write_catalog(tmp_path, "ours", rate("z"))
    live("apply", "--yes", "--allow-deletes", "1")
    assert datadog.monitors("theirs") == theirs


def test_a_value_that_is_not_the_default_is_told_with_its_source(live: Run, tmp_path: Path) -> None:
    tunable = "tunables:\n  limit: {env: MY_LIMIT, default: 500, min: 1, max: 1000, unit: things/hour}\n"
    write_catalog(tmp_path, "tuned", "")
    text = rate("a").replace("above: 500", 'above: "${limit}"')
    (tmp_path / "monitors/all.yaml").write_text(f"{tunable}monitors:\n{text}", "utf-8")
    plan = live("plan", env={"MY_LIMIT": "700"})
    assert "limit = 700 from environment variable MY_LIMIT" in plan.err
    assert live("plan").err == ""


def test_an_environment_has_monitors_of_its_own(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "enved", rate("a"))
    (tmp_path / "monitors/environments").mkdir()
    (tmp_path / "monitors/environments/staging.yaml").write_text("", "utf-8")
    live("apply", "--yes")
    assert live("apply", "--yes", "--env", "staging").code == 0
    assert len(datadog.monitors("enved")) == 1
    assert len(datadog.monitors("enved.staging")) == 1


def test_a_composite_is_created_after_its_parts_and_names_their_ids(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    both = '  - {key: both, name: both, type: composite, query: "${monitor:a} && ${monitor:z}", message: m}\n'
    write_catalog(tmp_path, "composed", rate("a") + both + rate("z"))
    assert live("apply", "--yes").code == 0
    ids = {monitor["name"]: monitor["id"] for monitor in datadog.monitors("composed")}
    (composite,) = [m for m in datadog.monitors("composed") if m["type"] == "composite"]
    assert composite["query"] == f"{ids['a is high']} && {ids['z is high']}"
    assert live("plan", "--detailed-exitcode").code == 0


def test_remote_check_places_datadogs_own_verdict_at_the_yaml_line(live: Run, tmp_path: Path) -> None:
    raw = (
        "  - key: bad\n    name: bad\n    type: query alert\n    message: m\n"
        "    query: sum(last_5m):sum:a{*}.as_count() > 5\n"
        "    options: {thresholds: {critical: 5}, renotify_occurrences: 3}\n"
    )
    write_catalog(tmp_path, "remote", raw)
    checked = live("check", "--remote")
    assert checked.code == 1
    assert "monitors/all.yaml:6:5: error[datadog-validate]" in checked.out
    assert "renotify_occurrences option can only be used if renotify_interval is set" in checked.out


def test_wrong_keys_and_no_keys_are_told_apart(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "keys", rate("a"))
    nothing = live("plan", env={"DD_APP_KEY": ""})
    assert nothing.code == 1
    assert "DD_APP_KEY is not set" in nothing.err


def test_an_unreachable_datadog_is_exit_4_and_plans_nothing(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "away", rate("a"))
    plan = live("plan", "--host", "http://127.0.0.1:1")
    assert (plan.code, plan.out) == (4, "")
    assert "127.0.0.1:1 cannot be reached" in plan.err


def test_apply_asks_nobody_where_nobody_can_be_asked(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "silent", rate("a"))
    answer = live("apply")
    assert (answer.code, datadog.monitors("silent")) == (64, [])


def test_an_interrupt_ends_with_130_and_says_how_far_it_came(
    live: Run, datadog: LocalDatadog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_catalog(tmp_path, "stopped", rate("a"))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dd_sync.plan.apply.apply", interrupted)
    answer = live("apply", "--yes")
    assert answer.code == 130
    assert "0 of 1 changes were made" in answer.err
    assert "Traceback" not in answer.err


def test_apply_as_json_lists_every_outcome(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "listed", rate("a"))
    report = live("apply", "--yes", "--format", "json").json
    assert [(one["key"], one["did"]) for one in report["outcomes"]] == [("a", "created")]
    assert json.dumps(report)


def test_render_is_what_is_sent(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "rendered", rate("a"))
    (body,) = live("render", "a").json
    live("apply", "--yes")
    (monitor,) = datadog.monitors("rendered")
    assert monitor["tags"].pop().startswith("dd_sync_applied:")
    assert {name: monitor[name] for name in ("type", "name", "query", "message", "tags")} == {
        name: body[name] for name in ("type", "name", "query", "message", "tags")
    }


def test_a_clone_made_in_datadog_stops_the_plan_until_it_is_detached(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "cloned", rate("a"))
    live("apply", "--yes")
    (original,) = datadog.monitors("cloned")
    body = {name: original[name] for name in ("type", "query", "message", "tags", "options")}
    clone = datadog.call("POST", "/api/v1/monitor", {**body, "name": "mine now"})
    refused = live("plan")
    assert (refused.code, refused.out) == (3, "")
    assert f"2 live monitors carry the key 'a': {original['id']}, {clone['id']}" in refused.err
    assert "dd-sync detach ID" in refused.err
    assert live("detach", str(clone["id"])).code == 64
    assert "detached monitor" in live("detach", str(clone["id"]), "--yes").out
    assert live("detach", str(clone["id"]), "--yes", "--format", "json").json["taken"] == []
    assert "nothing to do" in live("detach", str(clone["id"]), "--yes").out
    assert live("plan", "--detailed-exitcode").code == 0
    left = datadog.call("GET", f"/api/v1/monitor/{clone['id']}")
    assert (left["name"], left["query"], left["tags"]) == ("mine now", original["query"], [])
    missing = live("detach", "999999", "--yes")
    assert missing.code == 4
    assert "Monitor not found" in missing.err


def test_a_renamed_key_keeps_its_monitor(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    more = "limits: {updates_percent: 100}\n"
    write_catalog(tmp_path, "renamed", rate("old"), more)
    live("apply", "--yes")
    (before,) = datadog.monitors("renamed")
    write_catalog(tmp_path, "renamed", rate("new", was="old"), more)
    assert "renamed from old" in live("plan", "--out", "p.json").out
    assert live("apply", "--plan", "p.json").code == 0
    (after,) = datadog.monitors("renamed")
    assert (after["id"], after["name"]) == (before["id"], "new is high")
    assert live("plan", "--detailed-exitcode").code == 0


def test_a_monitor_that_a_composite_uses_goes_only_by_force(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "used", rate("a") + rate("b"))
    live("apply", "--yes")
    ids = {monitor["name"]: monitor["id"] for monitor in datadog.monitors("used")}
    query = f"{ids['a is high']} && {ids['b is high']}"
    body = {"type": "composite", "name": "somebody's", "query": query, "message": "m"}
    datadog.call("POST", "/api/v1/monitor", body)
    write_catalog(tmp_path, "used", rate("b"))
    refused = live("apply", "--yes", "--allow-deletes", "1")
    assert refused.code == 4
    assert "somebody's" in refused.out
    assert "--force-delete a" in refused.out
    typo = live("apply", "--yes", "--allow-deletes", "1", "--force-delete", "z")
    assert typo.code == 1
    assert "it deletes a" in typo.err
    assert live("apply", "--yes", "--allow-deletes", "1", "--force-delete", "a").code == 0
    assert [monitor["name"] for monitor in datadog.monitors("used")] == ["b is high"]
