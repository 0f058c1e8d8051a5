"""Import, adopt and drift, typed as a user types them, against the local Datadog over a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import LocalDatadog, Run, rate, write_catalog

LIMITS = "limits: {updates_percent: 100}\n"
LOGS = 'logs("status:error").rollup("count").by("service").last("5m") > 40'


def post(datadog: LocalDatadog, **fields: Any) -> int:
    body = {
        "type": "query alert",
        "message": "m @slack-x",
        "options": {"thresholds": {"critical": 4}},
        **fields,
    }
    body.setdefault("query", f"avg(last_5m):avg:story.{len(fields['name'])}{{*}} > 4")
    return int(datadog.call("POST", "/api/v1/monitor", body)["id"])


def get(datadog: LocalDatadog, number: int) -> dict[str, Any]:
    found: dict[str, Any] = datadog.call("GET", f"/api/v1/monitor/{number}")
    return found


def test_import_check_plan_apply_plan(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "imports", "")
    tags = ["team:imports", "env:prod"]
    first = post(datadog, name="Queue is long", tags=tags)
    second = post(
        datadog,
        name="Errors",
        type="log alert",
        query=LOGS,
        tags=tags,
        options={"thresholds": {"critical": 40}},
    )
    both = post(
        datadog, name="Both", type="composite", query=f"{first} && {second}", tags=tags[:1], options={}
    )
    theirs = post(datadog, name="Theirs", tags=[*tags, "managed_by:terraform"])
    before = {number: get(datadog, number) for number in (first, second, both, theirs)}

    answer = live("import", "--tag", "team:imports", "--out", "monitors/team.yaml")
    assert (answer.code, answer.out) == (0, "")
    assert f"skipped monitor {theirs} (Theirs): it belongs to Terraform" in answer.err
    assert "--take-over imports those of other tools all the same" in answer.err
    assert "imported 3 monitors into monitors/team.yaml" in answer.err
    assert live("check").code == 0

    plan = live("plan", "--out", "p.json", "--format", "json").json
    assert plan["counts"] == {"create": 0, "update": 0, "adopt": 3, "replace": 0, "delete": 0, "unchanged": 0}
    assert [[field["path"] for field in change["fields"]] for change in plan["changes"]] == [["tags"]] * 3
    assert live("apply", "--plan", "p.json").code == 0
    assert live("plan", "--detailed-exitcode").code == 0
    for number, old in before.items():
        now = get(datadog, number)
        untouched = {"tags": None, "modified": None}
        assert {**now, **untouched} == {**old, **untouched}
        assert set(old["tags"]) <= set(now["tags"])
    assert get(datadog, theirs) == before[theirs]

    assert live("import", "--id", str(first)).code == 1
    refused = live("import", "--tag", "managed_by:terraform")
    assert refused.code == 3
    taken = live("import", "--id", str(theirs), "--take-over")
    assert taken.code == 0
    assert "take_over: true" in taken.out
    assert "terraform" not in taken.out


def test_import_never_overwrites_and_says_where_files_belong(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "places", "")
    number = str(post(datadog, name="A place"))
    (tmp_path / "monitors/scenarios").mkdir()
    for out, problem in [
        ("monitors/all.yaml", "is there already"),
        ("monitors/catalog.yaml", "is there already"),
        ("monitors/x.json", "not a name for a YAML file"),
        ("nowhere/x.yaml", "there is no folder nowhere"),
        ("monitors/scenarios/x.yaml", "is no place for monitors"),
        ("monitors/.x.yaml", "is hidden"),
    ]:
        answer = live("import", "--id", number, "--out", out)
        assert answer.code == 1
        assert problem in answer.err
    answer = live("import", "--id", number, "--out", "outside.yaml")
    assert answer.code == 0
    assert "plan will not see it there" in answer.err
    assert (tmp_path / "outside.yaml").exists()


def test_import_chooses_by_name_in_any_case_and_prints_json(live: Run, datadog: LocalDatadog) -> None:
    number = post(datadog, name="Chosen by its name", tags=["team:x"])
    answer = live("import", "--name", "chosen BY*", "--format", "json")
    assert "there is no catalog in monitors yet" in answer.err
    (entry,) = answer.json["monitors"]
    assert (entry["key"], entry["adopt"], entry["tags"]) == ("chosen-by-its-name", number, ["team:x"])
    assert answer.json["skipped"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        ([], 64, "say which monitors"),
        (["--all", "--id", "1"], 64, "--all is all there are"),
        (["--id", "1", "--format", "json", "--out", "x.yaml"], 64, "--out writes YAML"),
        (["--id", "99999999"], 1, "there is no monitor 99999999 in Datadog"),
        (["--tag", "no:such"], 1, "no monitor in Datadog is like that"),
        (["--id", "99999999", "--env", "none"], 1, "there is no folder 'monitors'"),
    ],
)
def test_a_wrong_request_is_told(live: Run, arguments: list[str], code: int, problem: str) -> None:
    answer = live("import", *arguments)
    assert answer.code == code
    assert problem in answer.err


def test_all_imports_whatever_can_be(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "all", "")
    number = post(datadog, name="One of all of them")
    answer = live("import", "--all", "--take-over")
    assert answer.code == 0
    assert f"adopt: {number}\n" in answer.out


def test_many_that_are_skipped_are_counted(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "many", "".join(rate(f"m{number}") for number in range(23)))
    assert live("apply", "--yes").code == 0
    answer = live("import", "--tag", "dd_sync_catalog:many")
    assert answer.code == 1
    assert answer.err.count("skipped monitor") == 20
    assert "and 3 more are skipped" in answer.err
    assert "none of these monitors can be imported" in answer.err
    assert live("import", "--tag", "dd_sync_catalog:many", "-v").err.count("skipped monitor") == 23


def test_a_file_that_cannot_be_written_is_told(
    live: Run, datadog: LocalDatadog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_catalog(tmp_path, "full", "")
    number = str(post(datadog, name="Nowhere to go"))
    opened = Path.open

    def fails(path: Path, mode: str = "r", **more: Any) -> Any:
        if mode == "x":
            raise error
        return opened(path, mode, **more)

    monkeypatch.setattr(Path, "open", fails)
    error: OSError = OSError(28, "No space left on device")
    answer = live("import", "--id", number, "--out", "monitors/new.yaml")
    assert (answer.code, "cannot be written: No space left" in answer.err) == (1, True)
    error = FileExistsError(17, "File exists")
    answer = live("import", "--id", number, "--out", "monitors/new.yaml")
    assert (answer.code, "is there already" in answer.err) == (1, True)


def test_what_cannot_be_adopted_is_told_at_its_line(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "refused", rate("a", adopt=99999999) + rate("b"))
    answer = live("plan")
    assert (answer.code, answer.out) == (3, "")
    assert (
        "monitors/all.yaml:5:12: error[unsafe]: a is to adopt monitor 99999999, which is not in" in answer.err
    )
    assert live("plan", "--only", "b").code == 0
    write_catalog(tmp_path, "refused", rate("a", adopt="x"))
    assert "expected a whole number" in live("check").out


def test_an_adopted_monitor_changes_in_what_is_declared_and_nothing_else(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    number = post(datadog, name="x", query="sum(last_1h):sum:a{*} by {tenant}.as_count() > 4", priority=2)
    write_catalog(tmp_path, "declared", rate("a", adopt=number, priority=2))
    plan = live("plan").out
    assert f"= a (monitor {number})" in plan
    assert "name: x -> a is high" in plan
    assert live("apply", "--yes").code == 0
    assert get(datadog, number)["name"] == "a is high"
    assert live("plan", "--detailed-exitcode").code == 0


def test_drift_tells_sides_and_writes_edits_back(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    raw = (
        "  - key: raw    # our first\n"
        "    name: Raw\n"
        "    type: query alert\n"
        "    query: avg(last_5m):avg:drift.raw{*} > 4\n"
        "    options: {thresholds: {critical: 4}}\n"
        "    message: old\n"
    )
    write_catalog(tmp_path, "drifts", raw + rate("guarded"), LIMITS)
    assert live("apply", "--yes").code == 0
    assert live("drift", "--detailed-exitcode").code == 0
    ids = {monitor["name"]: monitor["id"] for monitor in datadog.monitors("drifts")}
    path = f"/api/v1/monitor/{ids['Raw']}"
    edit = {"query": "avg(last_5m):avg:drift.raw{*} > 5", "options": {"thresholds": {"critical": 5}}}
    datadog.call("PUT", path, {**edit, "message": "new\nlines"})
    guarded = get(datadog, ids["guarded is high"])
    edit = {"query": guarded["query"].replace("500", "800")}
    options = {**guarded["options"], "thresholds": {"critical": 800}}
    datadog.call("PUT", f"/api/v1/monitor/{guarded['id']}", {**edit, "options": options})

    answer = live("drift", "--detailed-exitcode")
    assert answer.code == 2
    assert "2 edited in Datadog, 0 changed in git, 0 on both sides" in answer.out
    assert "options.thresholds.critical: 4 -> 5" in answer.out
    assert "edited in Datadog" in live("drift", "--format", "markdown").out
    written = live("drift", "--write-back", "--format", "json").json
    assert [one["path"] for one in written["written"]] == ["query", "message", "options.thresholds.critical"]
    assert {one["why"] for one in written["left"]} == {
        "it comes from the guard rate: there, write above: 800"
    }
    text = (tmp_path / "monitors/all.yaml").read_text()
    assert "- key: raw    # our first\n" in text
    assert "    options: {thresholds: {critical: 5}}\n    message: |\n      new\n      lines\n" in text
    assert [change["key"] for change in live("plan", "--format", "json").json["changes"]] == ["guarded"]
    assert live("apply", "--yes").code == 0
    assert live("drift", "--detailed-exitcode").code == 0


def test_drift_tells_what_is_on_one_side_only(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "sides", rate("a") + rate("b"))
    assert live("apply", "--yes").code == 0
    write_catalog(tmp_path, "sides", rate("a", 600) + rate("c"))
    out = live("drift").out
    assert "changed in git, not applied yet" in out
    assert "+ c: declared, and not in Datadog" in out
    assert "- b (monitor " in out
    assert live("drift", "--write-back").out.endswith("Nothing to write back.\n")
