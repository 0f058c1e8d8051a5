from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.errors import Exit, RequestError, UnsafePlan
from dd_sync.model.digest import digest
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Delete, Plan, Update
from dd_sync.plan.saved import as_data, load, refuse_if_moved, save
from tests.plan.memory import CATALOG, MemoryMonitors, Naps, declare, live_of

DECLARED = [
    declare("a", limit=800, message="x\ny ☃"),
    declare("both", references=("a",)),
    declare("log", type="log alert"),
]


def made() -> Plan:
    live = live_of(declare("a"), declare("log"), declare("old"))
    return build_plan(DECLARED, live, CATALOG, target="datadoghq.eu")


def test_a_saved_plan_is_the_same_plan(tmp_path: Path) -> None:
    plan = made()
    save(plan, tmp_path / "plan.json")
    assert load(tmp_path / "plan.json") == plan
    assert {change.action for change in plan.changes} == {"create", "update", "replace", "delete"}


def test_only_its_owner_can_read_it_even_where_another_file_was(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("{}")
    path.chmod(0o666)
    save(made(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


def test_a_file_that_cannot_be_written_is_a_request_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be written"):
        save(made(), tmp_path / "missing" / "plan.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RequestError, match="cannot be written"):
        save(made(), tmp_path / "folder")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_what_a_saved_plan_says_can_be_carried_out(
    tmp_path: Path, datadog: MemoryMonitors, naps: Naps
) -> None:
    for one in (declare("a"), declare("log"), declare("old")):
        datadog.put(one.monitor.body())
    save(build_plan(DECLARED, datadog.list(), CATALOG), tmp_path / "plan.json")
    assert apply(load(tmp_path / "plan.json"), datadog, sleep=naps).is_complete
    assert build_plan(DECLARED, datadog.list(), CATALOG).changes == ()


def test_a_plan_that_was_edited_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    save(made(), path)
    path.write_text(path.read_text().replace("800", "80000"))
    with pytest.raises(RequestError, match="was edited since it was written"):
        load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a plan: Expecting value"),
        ("{", "is not a plan: Expecting property name"),
        ("[]", "is not a plan"),
        ("null", "is not a plan"),
        ('{"a": 1}', "is not a plan"),
        ('{"dd_sync_plan": 99, "plan": {}}', "another version"),
        ('{"dd_sync_plan": 1, "plan": {}}', "was edited"),
        ("[" * 200_000, "is not a plan"),
        ("9" * 5000, "is not a plan"),
    ],
)
def test_a_file_that_is_no_plan_is_a_request_error(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(RequestError, match=said) as caught:
        load(path)
    assert "dd-sync plan --out" in caught.value.hint


def test_a_file_that_cannot_be_read_is_a_request_error(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be read"):
        load(tmp_path / "missing.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(RequestError, match="it is not text"):
        load(tmp_path / "binary")


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        (("unchanged",), "3", "unchanged"),
        (("surplus",), 1, "surplus"),
        (("changes", 0, "action"), "destroy", "changes.0"),
        (("changes", 0, "monitor_id"), "1", "changes.0"),
        (("changes", 0, "fields", 0, "path"), None, "changes.0"),
        (("changes",), None, "changes"),
        ((), [], "its top"),
    ],
)
def test_a_sealed_file_of_the_wrong_shape_says_where(
    tmp_path: Path, path: tuple[Any, ...], value: Any, at: str
) -> None:
    plan = as_data(made())
    if path:
        inner = plan
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
    else:
        plan = value
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"dd_sync_plan": 1, "seal": digest(plan), "plan": plan}))
    with pytest.raises(RequestError, match=f"look at {at}"):
        load(file)


def test_a_plan_for_another_datadog_catalog_or_declaration_is_unsafe() -> None:
    plan = made()
    refuse_if_moved(plan, declared=DECLARED, catalog=CATALOG, target="datadoghq.eu")
    with pytest.raises(UnsafePlan, match=r"for datadoghq\.eu, not for datadoghq\.com") as caught:
        refuse_if_moved(plan, declared=DECLARED, catalog=CATALOG, target="datadoghq.com")
    assert caught.value.exit is Exit.UNSAFE
    with pytest.raises(UnsafePlan, match="for the catalog guardrails, not for other"):
        refuse_if_moved(plan, declared=DECLARED, catalog="other", target="datadoghq.eu")
    with pytest.raises(UnsafePlan, match="the catalog has changed"):
        refuse_if_moved(plan, declared=DECLARED[:1], catalog=CATALOG, target="datadoghq.eu")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@settings(max_examples=50)
@given(JSON)
def test_no_sealed_garbage_loads_or_crashes(tmp_path_factory: pytest.TempPathFactory, garbage: Any) -> None:
    file = tmp_path_factory.getbasetemp() / "garbage.json"
    document = {"dd_sync_plan": 1, "seal": digest(garbage), "plan": garbage}
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RequestError):
        load(file)


def test_a_device_or_what_else_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(RequestError, match="it is not a file"):
        save(made(), pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "plan.json")
    save(made(), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "plan.json") == made()


@pytest.mark.parametrize(
    "forge",
    [
        lambda change: change | {"body": change["body"] | {"tags": []}},
        lambda change: change | {"body": change["body"] | {"message": "@everyone"}},
        lambda change: change | {"body": {}},
        lambda change: change | {"key": "another"},
    ],
    ids=["nobody's monitor", "another message", "nothing at all", "an undeclared key"],
)
@pytest.mark.parametrize("number", range(3))
def test_a_plan_with_other_words_than_the_catalog_is_refused_however_well_sealed(
    forge: Any, number: int, tmp_path: Path
) -> None:
    save(made(), tmp_path / "plan.json")
    document = json.loads((tmp_path / "plan.json").read_text())
    writes = [at for at, change in enumerate(document["plan"]["changes"]) if change["action"] != "delete"]
    changes = document["plan"]["changes"]
    changes[writes[number]] = forge(changes[writes[number]])
    document["seal"] = digest(document["plan"])
    (tmp_path / "plan.json").write_text(json.dumps(document))
    forged = load(tmp_path / "plan.json")
    with pytest.raises(UnsafePlan, match="than the catalog declares"):
        refuse_if_moved(forged, declared=DECLARED, catalog=CATALOG, target="datadoghq.eu")


def test_a_plan_that_takes_another_keys_monitor_by_a_rename_is_refused() -> None:
    plan = made()
    changes = [replace(one, was="log") if isinstance(one, Update) else one for one in plan.changes]
    forged = replace(plan, changes=tuple(changes))
    assert forged != plan
    with pytest.raises(UnsafePlan, match="than the catalog declares"):
        refuse_if_moved(forged, declared=DECLARED, catalog=CATALOG, target="datadoghq.eu")


def test_a_plan_that_names_a_monitor_twice_or_deletes_a_declared_one_is_refused() -> None:
    plan = made()
    twice = replace(plan, changes=(*plan.changes, plan.changes[0]))
    gone = replace(plan, changes=(Delete(key="a", name="a", monitor_id=1, live="x"),))
    for forged in (twice, gone):
        with pytest.raises(UnsafePlan, match="than the catalog declares"):
            refuse_if_moved(forged, declared=DECLARED, catalog=CATALOG, target="datadoghq.eu")
