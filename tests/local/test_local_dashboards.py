"""Dashboards of the local Datadog, over HTTP."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from dd_sync.local.store import Store
from tests.local.client import Client, Start

NOTE = {"definition": {"type": "note", "content": "hi"}}
PATH = "/api/v1/dashboard"


def board(**fields: Any) -> dict[str, Any]:
    return {"title": "Streams & more", "layout_type": "ordered", "widgets": [NOTE], **fields}


def test_a_dashboard_lives_from_create_to_delete(datadog: Client) -> None:
    made = datadog.done("POST", PATH, board())
    assert made["url"] == f"/dashboard/{made['id']}/streams---more"
    assert (made["description"], made["template_variables"], made["notify_list"]) == (None, None, None)
    assert isinstance(made["widgets"][0]["id"], int)
    assert datadog.done("GET", f"{PATH}/{made['id']}") == made
    after = datadog.done("PUT", f"{PATH}/{made['id']}", board(title="Other", description="d"))
    assert (after["title"], after["description"], after["created_at"]) == ("Other", "d", made["created_at"])
    again = datadog.done("PUT", f"{PATH}/{made['id']}", board(widgets=made["widgets"]))
    assert again["description"] is None
    assert again["widgets"] == made["widgets"]
    (summary,) = datadog.done("GET", PATH)["dashboards"]
    assert summary["title"] == "Streams & more"
    assert "widgets" not in summary
    assert datadog.done("DELETE", f"{PATH}/{made['id']}") == {"deleted_dashboard_id": made["id"]}
    for method in ("GET", "PUT", "DELETE"):
        reply = datadog.send(method, f"{PATH}/{made['id']}", board() if method == "PUT" else None)
        assert (reply.status, reply.errors) == (404, [f"Dashboard with ID {made['id']} not found"])
    assert datadog.done("GET", PATH) == {"dashboards": []}


def test_the_list_is_paged_and_knows_the_deleted(datadog: Client) -> None:
    ids = [datadog.done("POST", PATH, board(title=f"b{number}"))["id"] for number in range(3)]
    assert [one["id"] for one in datadog.done("GET", f"{PATH}?count=2&start=1")["dashboards"]] == ids[1:]
    both = {"data": [{"type": "dashboard", "id": one} for one in ids[:2]]}
    assert datadog.send("DELETE", PATH, both).status == 204
    assert [one["id"] for one in datadog.done("GET", f"{PATH}?filter[deleted]=true")["dashboards"]] == ids[:2]
    assert [one["id"] for one in datadog.done("GET", PATH)["dashboards"]] == ids[2:]
    assert datadog.done("GET", f"{PATH}?filter[shared]=true") == {"dashboards": []}
    assert datadog.send("PATCH", PATH, both).status == 204
    assert len(datadog.done("GET", PATH)["dashboards"]) == 3
    assert datadog.send("DELETE", PATH, {"data": [{"type": "dashboard", "id": "nope"}]}).status == 404
    assert datadog.send("DELETE", PATH, {"data": []}).status == 400


def test_widgets_in_groups_have_ids_too(datadog: Client) -> None:
    group = {"definition": {"type": "group", "layout_type": "ordered", "widgets": [NOTE]}}
    made = datadog.done("POST", PATH, board(widgets=[group]))
    assert isinstance(made["widgets"][0]["definition"]["widgets"][0]["id"], int)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"title": None}, "'title' is a required property"),
        ({"layout_type": None}, "'layout_type' is a required property"),
        ({"widgets": None}, "'widgets' is a required property"),
        ({"title": 3}, "'title' is invalid"),
        ({"layout_type": "grid"}, "'layout_type' is invalid"),
        ({"tags": ["env:prod"]}, "Invalid tag format. Valid tag keys are: team."),
        ({"tags": ["team:"]}, "Invalid tag format. Valid tag keys are: team."),
        ({"tags": [f"team:{n}" for n in range(6)]}, "A dashboard has at most 5 tags"),
        ({"tags": "team:a"}, "'tags' is invalid"),
        ({"template_variables": [{}]}, "'template_variables' is invalid"),
        ({"template_variables": 3}, "'template_variables' is invalid"),
        ({"description": 3}, "'description' is invalid"),
        ({"widgets": 3}, "'widgets' is invalid"),
        ({"widgets": [3]}, "'widgets' is invalid: each has a definition with a type"),
        (
            {"layout_type": "free"},
            "'widgets' is invalid: 'layout' is a required property of a free layout",
        ),
        (
            {"widgets": [{"definition": {"type": "alert_graph", "alert_id": 3}}]},
            "'alert_id' is not of type 'string'",
        ),
    ],
)
def test_what_datadog_refuses_is_refused(shared: Client, fields: dict[str, Any], error: str) -> None:
    reply = shared.post(PATH, board(**fields))
    assert (reply.status, reply.errors) == (400, [error])


def test_dashboards_outlive_the_process_and_an_older_file_gains_them(start: Start, tmp_path: Path) -> None:
    first = start(data=tmp_path / "a")
    first.done("POST", PATH, board())
    folder = tmp_path / "b"
    Store(folder).close()
    with sqlite3.connect(folder / "local.sqlite3") as older:
        older.execute("DROP TABLE documents")
    older.close()
    store = Store(folder)
    assert store.dashboards.all() == []
    store.close()
