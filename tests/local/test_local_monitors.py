from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.local.client import RATE, Client, monitor

CREATED = [
    *("id", "org_id", "type", "name", "message", "tags", "query", "options", "multi", "created_at"),
    *("created", "modified", "deleted", "priority", "restricted_roles", "restriction_policy", "draft_status"),
    *("assets", "overall_state_modified", "overall_state", "creator"),
]


def test_a_create_answers_with_every_field_in_the_recorded_order(datadog: Client) -> None:
    answer = datadog.create(query="avg(last_5m):avg:x{*} > 2", options={"thresholds": {"critical": 2}})
    assert list(answer) == CREATED
    assert list(answer["options"].items()) == [
        ("thresholds", {"critical": 2.0}),
        ("notify_audit", False),
        ("silenced", {}),
        ("include_tags", True),
        ("new_host_delay", 300),
        ("notify_no_data", False),
    ]
    assert answer["created"] == answer["modified"] == "2026-03-02T00:00:00.000000+00:00"
    assert answer["created_at"] == 1772409600000
    assert (answer["multi"], answer["overall_state"], answer["tags"]) == (False, "No Data", [])
    assert list(answer["creator"]) == ["name", "handle", "email", "id"]


def test_thresholds_come_back_as_floats_without_nulls_and_vanish_when_empty(datadog: Client) -> None:
    reply = datadog.post(
        "/api/v1/monitor", monitor(options={"thresholds": {"critical": 500, "warning": None}})
    )
    assert '"critical":500.0' in reply.text
    assert reply.json["options"]["thresholds"] == {"critical": 500.0}
    assert "thresholds" not in datadog.create(name="b", options={"thresholds": {}})["options"]
    assert "thresholds" not in datadog.create(name="c", options={"notify_audit": True})["options"]


def test_a_monitor_without_options_gets_the_defaults(datadog: Client) -> None:
    body = {"type": "log alert", "query": 'logs("x").index("*").rollup("count").last("5m") > 1'}
    assert datadog.done("POST", "/api/v1/monitor", body)["options"] == {
        "notify_audit": False,
        "silenced": {},
        "include_tags": True,
        "new_host_delay": 300,
        "notify_no_data": False,
        "groupby_simple_monitor": False,
    }


def test_notify_no_data_is_not_filled_in_beside_another_policy_for_missing_data(datadog: Client) -> None:
    missing = datadog.create(options={"on_missing_data": "show_no_data"})
    schedule = {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "timezone": "UTC"}]}}
    scheduled = datadog.create(options={"scheduling_options": schedule})
    assert "notify_no_data" not in missing["options"]
    assert "notify_no_data" not in scheduled["options"]


def test_nulls_zeros_and_order_of_options_and_tags_are_kept(datadog: Client) -> None:
    options = {"timeout_h": None, "new_host_delay": 0, "evaluation_delay": None, "require_full_window": False}
    answer = datadog.create(options=options, tags=["z:Upper", "a:1"], priority=0)
    assert list(answer["options"])[:4] == list(options)
    assert {key: answer["options"][key] for key in options} == options
    assert answer["tags"] == ["z:Upper", "a:1"]
    assert answer["priority"] is None


def test_trailing_space_is_trimmed_and_inner_space_kept(datadog: Client) -> None:
    answer = datadog.create(
        query="avg(last_5m):avg:x{*}   > 2\n",
        message="a  b \n",
        options={"escalation_message": "c \n", "renotify_interval": 10},
    )
    assert answer["query"] == "avg(last_5m):avg:x{*}   > 2"
    assert answer["message"] == "a  b"
    assert answer["options"]["escalation_message"] == "c"


@pytest.mark.parametrize(
    ("sent", "query", "kept"),
    [
        ("metric alert", "avg(last_1h):avg:x{*} by {host} > 2", "metric alert"),
        ("query alert", "avg(last_1h):avg:x{*} by {host} > 2", "query alert"),
        ("metric alert", "avg(current_1mo):avg:x{*} > 2", "query alert"),
        ("query alert", 'formula("query1").rollup("sum").last("5m") > 124', "metric alert"),
    ],
)
def test_the_type_flips_only_where_it_was_recorded_to(
    datadog: Client, sent: str, query: str, kept: str
) -> None:
    assert datadog.create(type=sent, query=query, options={})["type"] == kept


@pytest.mark.parametrize(
    ("query", "multi"),
    [
        ("avg(last_1h):avg:x{*} by {host} > 2", True),
        ("avg(last_1h):avg:x{*}by {host} > 2", True),
        ("avg(last_1h):avg:x{*} > 2", False),
    ],
)
def test_multi_says_whether_the_query_is_grouped_whatever_was_sent(
    datadog: Client, query: str, multi: bool
) -> None:
    assert datadog.create(query=query, options={}, multi=not multi)["multi"] is multi


def test_unknown_fields_are_dropped_without_a_word(datadog: Client) -> None:
    assert "classification" not in datadog.create(classification="metric")


def test_a_read_has_no_restriction_policy_and_an_update_no_creator(datadog: Client) -> None:
    number = datadog.create()["id"]
    read = datadog.done("GET", f"/api/v1/monitor/{number}")
    updated = datadog.done("PUT", f"/api/v1/monitor/{number}", {"name": "new"})
    assert list(read) == [key for key in CREATED if key != "restriction_policy"]
    assert list(read["creator"]) == ["name", "email", "handle", "id"]
    assert list(updated) == [key for key in CREATED if key != "creator"]


def test_an_update_merges_fields_and_replaces_options(datadog: Client) -> None:
    before = datadog.create(
        tags=["team:risk"],
        priority=2,
        options={"thresholds": {"critical": 500, "warning": 400}, "renotify_interval": 60, "timeout_h": 2},
    )
    datadog.advance("1m")
    after = datadog.done("PUT", f"/api/v1/monitor/{before['id']}", {"options": {"timeout_h": None}})
    assert after["options"] == {
        "timeout_h": None,
        "notify_audit": False,
        "silenced": {},
        "include_tags": True,
        "new_host_delay": 300,
        "notify_no_data": False,
    }
    for field in ("query", "type", "name", "message", "tags", "priority", "created"):
        assert after[field] == before[field]
    assert after["modified"] == "2026-03-02T00:01:00.000000+00:00"
    cleared = datadog.done("PUT", f"/api/v1/monitor/{before['id']}", {"priority": None})
    assert cleared["priority"] is None


def test_sending_back_what_was_read_changes_nothing(datadog: Client) -> None:
    number = datadog.create(tags=["a:b"], options={"thresholds": {"critical": 500}, "timeout_h": None})["id"]
    read = datadog.done("GET", f"/api/v1/monitor/{number}")
    datadog.done("PUT", f"/api/v1/monitor/{number}", read)
    again = datadog.done("GET", f"/api/v1/monitor/{number}")
    assert {**again, "modified": None} == {**read, "modified": None}


def test_a_monitor_keeps_its_type_but_for_metric_and_query(datadog: Client) -> None:
    number = datadog.create()["id"]
    assert (
        datadog.done("PUT", f"/api/v1/monitor/{number}", {"type": "metric alert"})["type"] == "metric alert"
    )
    body = {"type": "log alert", "query": 'logs("x").index("*").rollup("count").last("5m") > 500'}
    for method, path in (
        ("PUT", f"/api/v1/monitor/{number}"),
        ("POST", f"/api/v1/monitor/{number}/validate"),
    ):
        reply = datadog.send(method, path, body)
        assert reply.status == 400
        assert reply.errors[0].startswith("The value provided for parameter 'type' is invalid")


def test_assets_show_only_when_asked_for(datadog: Client) -> None:
    asset = {"name": "Runbook", "url": "https://example.com", "category": "runbook"}
    created = datadog.create(assets=[asset])
    assert created["assets"][0]["monitor_id"] == created["id"]
    path = f"/api/v1/monitor/{created['id']}"
    assert datadog.done("GET", path)["assets"] == []
    assert datadog.done("GET", f"{path}?with_assets=true")["assets"] == [asset]


@pytest.mark.parametrize("number", ["999", "0", "abc", "99999999999999999999"])
def test_an_unknown_monitor_is_not_found(datadog: Client, number: str) -> None:
    for method, path in (
        ("GET", f"/api/v1/monitor/{number}"),
        ("PUT", f"/api/v1/monitor/{number}"),
        ("DELETE", f"/api/v1/monitor/{number}"),
        ("POST", f"/api/v1/monitor/{number}/validate"),
    ):
        reply = datadog.send(method, path, None if method in ("GET", "DELETE") else {})
        assert (reply.status, reply.errors) == (404, ["Monitor not found"])


def test_a_deleted_monitor_is_gone_and_its_id_never_comes_back(datadog: Client) -> None:
    first = datadog.create()["id"]
    assert datadog.done("DELETE", f"/api/v1/monitor/{first}") == {"deleted_monitor_id": first}
    assert datadog.get(f"/api/v1/monitor/{first}").status == 404
    assert datadog.create()["id"] > first


def test_an_equal_monitor_is_a_duplicate_and_asking_on_runs_into_a_limit(datadog: Client) -> None:
    number = datadog.create()["id"]
    assert datadog.create(name="another")["id"] != number
    for _ in range(5):
        reply = datadog.post("/api/v1/monitor", monitor())
        assert reply.status == 400
        assert reply.errors == [f"Duplicate of an existing monitor_id:{number} org_id:1"]
    reply = datadog.post("/api/v1/monitor", monitor())
    assert reply.status == 429
    assert reply.errors == [
        "Can not create duplicate monitors: Rate limit of 5 requests in 600 seconds reached."
        " Please try again later."
    ]
    assert 1 <= int(reply.headers["x-ratelimit-reset"]) <= 600


def test_an_update_into_a_duplicate_is_refused_but_into_itself_is_not(datadog: Client) -> None:
    first, second = datadog.create()["id"], datadog.create(name="b")["id"]
    reply = datadog.send("PUT", f"/api/v1/monitor/{second}", {"name": monitor()["name"]})
    assert reply.errors == [f"Duplicate of an existing monitor_id:{first} org_id:1"]
    assert datadog.send("PUT", f"/api/v1/monitor/{first}", monitor()).status == 200


class TestList:
    @pytest.fixture
    def three(self, datadog: Client) -> list[int]:
        return [
            datadog.create(name="Alpha", tags=["managed_by:dd-sync", "team:a"])["id"],
            datadog.create(name="Beta", tags=["managed_by:dd-sync"], query=RATE.replace("prod", "dev"))["id"],
            datadog.create(name="Alphabet", tags=["team:a"])["id"],
        ]

    @pytest.mark.parametrize(
        ("parameters", "found"),
        [
            ("", [0, 1, 2]),
            ("?monitor_tags=managed_by:dd-sync", [0, 1]),
            ("?monitor_tags=managed_by:dd-sync,team:a", [0]),
            ("?monitor_tags=managed_by", []),
            ("?name=alpha", [0, 2]),
            ("?tags=env:prod", [0, 2]),
            ("?tags=env:pro", []),
            ("?page=0&page_size=2", [0, 1]),
            ("?page=1&page_size=2", [2]),
            ("?page=2&page_size=2", []),
            ("?page_size=1", [0, 1, 2]),
            ("?id_offset=0&page_size=2", [0, 1]),
            ("?id_offset=2&page_size=2", [2]),
        ],
    )
    def test_filters_and_pages(
        self, datadog: Client, three: list[int], parameters: str, found: list[int]
    ) -> None:
        listed = datadog.done("GET", f"/api/v1/monitor{parameters}")
        assert [one["id"] for one in listed] == [three[i] for i in found]

    @pytest.mark.parametrize(
        "parameters", ["?page=-1", "?page=0&page_size=1001", "?page=x", "?id_offset=1.5"]
    )
    def test_pages_that_make_no_sense_are_refused(self, datadog: Client, parameters: str) -> None:
        reply = datadog.get(f"/api/v1/monitor{parameters}")
        assert reply.status == 400
        assert "is invalid" in reply.errors[0]

    def test_matching_downtimes_show_as_recorded(self, datadog: Client, three: list[int]) -> None:
        assert "matching_downtimes" not in datadog.done("GET", "/api/v1/monitor")[0]
        for parameters in ("name=a", "with_downtimes=true", "page=0"):
            assert datadog.done("GET", f"/api/v1/monitor?{parameters}")[0]["matching_downtimes"] == []
        read = datadog.done("GET", f"/api/v1/monitor/{three[0]}?with_downtimes=true")
        assert read["matching_downtimes"] == []

    def test_an_unknown_group_state_is_refused(self, datadog: Client) -> None:
        reply = datadog.get("/api/v1/monitor?group_states=sleepy")
        assert (reply.status, reply.errors) == (400, ["Invalid group_state filters."])


class TestComposite:
    @pytest.fixture
    def parts(self, datadog: Client) -> tuple[int, int, int]:
        first, second = datadog.create(name="a")["id"], datadog.create(name="b")["id"]
        whole = datadog.create(name="c", type="composite", query=f"{first} && !{second}", options={})
        return first, second, whole["id"]

    def test_a_part_is_not_deleted_without_force(self, datadog: Client, parts: tuple[int, int, int]) -> None:
        first, _, whole = parts
        reply = datadog.send("DELETE", f"/api/v1/monitor/{first}")
        assert reply.status == 400
        assert reply.errors == [f"monitor [{first},a] is referenced in composite monitors: [{whole},c]"]
        assert datadog.send("DELETE", f"/api/v1/monitor/{first}?force=true").status == 200

    def test_can_delete_says_which_and_why_not(self, datadog: Client, parts: tuple[int, int, int]) -> None:
        first, second, whole = parts
        reply = datadog.get(f"/api/v1/monitor/can_delete?monitor_ids={first},{whole}")
        assert reply.status == 409
        assert reply.json["data"] == {"ok": [whole]}
        assert list(reply.json["errors"]) == [str(first)]
        assert "referenced in composite" in reply.json["errors"][str(first)][0]
        reply = datadog.get(f"/api/v1/monitor/can_delete?monitor_ids={whole}")
        assert (reply.status, reply.json) == (200, {"data": {"ok": [whole]}, "errors": None})
        assert datadog.get("/api/v1/monitor/can_delete").status == 400
        assert datadog.get("/api/v1/monitor/can_delete?monitor_ids=x").status == 400
        assert datadog.get("/api/v1/monitor/can_delete?monitor_ids=999").status == 404
        assert second not in reply.json["data"]["ok"]

    @pytest.mark.parametrize(
        "query", ["", "1 &&", "1 2", "(1", "1)", "1 && && 2", "1 & 2", "a && 1", "!", "1 ()", "1" * 30]
    )
    def test_a_formula_that_is_none_is_refused(self, datadog: Client, query: str) -> None:
        reply = datadog.post("/api/v1/monitor/validate", monitor(type="composite", query=query, options={}))
        assert reply.status == 400
        assert "'query' is invalid" in reply.errors[0]

    def test_parts_must_be_known_single_monitors(self, datadog: Client, parts: tuple[int, int, int]) -> None:
        for query in ("999 && 1", f"{parts[2]} || {parts[0]}"):
            reply = datadog.post("/api/v1/monitor", monitor(type="composite", query=query, options={}))
            assert (reply.status, reply.errors) == (400, ["Some monitor IDs are invalid"])

    def test_ten_parts_are_the_most(self, datadog: Client, parts: tuple[int, int, int]) -> None:
        numbers = [datadog.create(name=f"part {i}")["id"] for i in range(11)]
        for count, status in ((10, 200), (11, 400)):
            query = " && ".join(f"({number})" for number in numbers[:count])
            body = monitor(type="composite", query=query, options={})
            assert datadog.post("/api/v1/monitor/validate", body).status == status


def test_validate_checks_and_writes_nothing(datadog: Client) -> None:
    assert datadog.done("POST", "/api/v1/monitor/validate", monitor()) == {}
    assert datadog.done("GET", "/api/v1/monitor") == []
    number = datadog.create()["id"]
    assert datadog.done("POST", f"/api/v1/monitor/{number}/validate", {"name": "x"}) == {}
    assert datadog.done("GET", f"/api/v1/monitor/{number}")["name"] == monitor()["name"]


def test_writers_at_once_lose_no_update_and_share_no_id(datadog: Client) -> None:
    number = datadog.create(tags=[])["id"]
    created: list[int] = []
    fields = ("name", "message", "priority", "tags")
    values: dict[str, Any] = {"name": "n", "message": "m", "priority": 3, "tags": ["t:1"]}

    def work(i: int) -> None:
        created.append(datadog.create(name=f"monitor {i}")["id"])
        field = fields[i % 4]
        datadog.done("PUT", f"/api/v1/monitor/{number}", {field: values[field]})

    threads = [threading.Thread(target=work, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = datadog.done("GET", f"/api/v1/monitor/{number}")
    assert {field: after[field] for field in fields} == values
    assert len(set(created)) == 12


def test_the_state_shows_once_it_was_evaluated(datadog: Client) -> None:
    grouped = datadog.create()["id"]
    simple = datadog.create(name="s", query="avg(last_5m):avg:x{*} > 2", options={})["id"]
    for number in (grouped, simple):
        assert datadog.done("GET", f"/api/v1/monitor/{number}")["overall_state_modified"] is None
    datadog.points("acme", [1] * 10)
    datadog.advance("10m")
    read = datadog.done("GET", f"/api/v1/monitor/{grouped}?group_states=all")
    assert (read["overall_state"], list(read["state"]["groups"])) == ("OK", ["tenant:acme"])
    assert set(read["state"]["groups"]["tenant:acme"]) == {
        "name",
        "status",
        "last_nodata_ts",
        "last_notified_ts",
        "last_resolved_ts",
        "last_triggered_ts",
    }
    assert read["overall_state_modified"].endswith("+00:00")
    alert_only = datadog.done("GET", f"/api/v1/monitor/{grouped}?group_states=alert")
    assert alert_only["state"]["groups"] == {}
    assert datadog.done("GET", f"/api/v1/monitor/{simple}")["overall_state"] == "No Data"
