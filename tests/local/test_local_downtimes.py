from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.local.client import Client, downtime, later

UNKNOWN = "11111111-1111-4111-8111-111111111111"
PATH = "/api/v2/downtime"
LONG_AGO = "1999-01-01T00:00:00"


def refused(datadog: Client, **attributes: Any) -> str:
    whole = {"scope": "*", "monitor_identifier": {"monitor_tags": ["*"]}, **attributes}
    reply = datadog.post(PATH, downtime(**whole))
    assert reply.status == 400, reply.text
    return reply.errors[0]


def status(datadog: Client, number: str) -> str:
    return str(datadog.done("GET", f"{PATH}/{number}")["data"]["attributes"]["status"])


def test_a_create_fills_in_the_defaults_in_the_recorded_order(datadog: Client) -> None:
    monitor = datadog.create()["id"]
    identifier = {"monitor_id": monitor}
    answer = datadog.done("POST", PATH, downtime(scope="tenant:acme", monitor_identifier=identifier))
    attributes = answer["data"]["attributes"]
    assert list(attributes) == [
        "message",
        "status",
        "monitor_identifier",
        "scope",
        "schedule",
        "display_timezone",
        "mute_first_recovery_notification",
        "notify_end_types",
        "notify_end_states",
        "created",
        "modified",
        "canceled",
    ]
    assert attributes["schedule"] == {"start": later(), "end": None}
    assert attributes["notify_end_types"] == ["expired"]
    assert set(attributes["notify_end_states"]) == {"alert", "warn", "no data"}
    assert attributes["status"] == "active"
    assert [attributes[key] for key in ("message", "display_timezone", "canceled")] == [None, "UTC", None]
    assert attributes["mute_first_recovery_notification"] is False
    relationships = answer["data"]["relationships"]
    assert relationships["monitor"] == {"data": {"type": "monitor", "id": str(monitor)}}
    assert {
        "type": "monitor",
        "id": monitor,
        "attributes": {"name": "Stream creation rate is high"},
    } in answer["included"]


def test_a_read_has_relationships_only_when_asked(datadog: Client) -> None:
    monitor = datadog.create()["id"]
    by_id = datadog.done("POST", PATH, downtime(scope="*", monitor_identifier={"monitor_id": monitor}))[
        "data"
    ]
    by_tags = datadog.silence()
    plain = datadog.done("GET", f"{PATH}/{by_id['id']}")
    assert "included" not in plain
    assert "relationships" not in plain["data"]
    asked = datadog.done("GET", f"{PATH}/{by_tags['id']}?include=created_by,monitor")
    assert asked["data"]["relationships"]["monitor"] == {"data": None}
    assert [one["type"] for one in asked["included"]] == ["users"]
    listed = datadog.done("GET", f"{PATH}?include=monitor")
    assert [one["type"] for one in listed["included"]] == ["monitor"]
    datadog.done("DELETE", f"/api/v1/monitor/{monitor}")
    assert datadog.done("GET", f"{PATH}?include=monitor")["included"] == []


def test_the_status_follows_the_clock(datadog: Client) -> None:
    number = datadog.silence(schedule={"start": later(hours=1), "end": later(hours=2)})["id"]
    seen = [status(datadog, number)]
    for _ in range(3):
        datadog.advance("40m")
        seen.append(status(datadog, number))
    assert seen == ["scheduled", "scheduled", "active", "ended"]


def test_zulu_becomes_an_offset(datadog: Client) -> None:
    schedule = datadog.silence(schedule={"start": None, "end": "2026-03-02T02:00:00Z"})["attributes"][
        "schedule"
    ]
    assert schedule == {"start": "2026-03-02T00:00:00+00:00", "end": "2026-03-02T02:00:00+00:00"}


def test_a_cancel_can_be_repeated_and_the_downtime_stays_readable(datadog: Client) -> None:
    number = datadog.silence()["id"]
    for _ in range(2):
        reply = datadog.send("DELETE", f"{PATH}/{number}")
        assert (reply.status, reply.text) == (204, "")
        datadog.advance("1m")
    read = datadog.done("GET", f"{PATH}/{number}")["data"]["attributes"]
    assert (read["status"], read["canceled"]) == ("canceled", "2026-03-02T00:00:00.000000+00:00")
    reply = datadog.send("PATCH", f"{PATH}/{number}", downtime(message="x"))
    assert reply.status == 400


def test_the_list_pages_and_leaves_out_what_is_over(datadog: Client) -> None:
    numbers = [datadog.silence(f"tenant:t{i}")["id"] for i in range(4)]
    datadog.send("DELETE", f"{PATH}/{numbers[0]}")
    listed = datadog.done("GET", PATH)
    assert [one["id"] for one in listed["data"]] == numbers
    assert listed["meta"] == {"page": {"total_filtered_count": 4}}
    page = datadog.done("GET", f"{PATH}?current_only=true&page[offset]=1&page[limit]=1")
    assert [one["id"] for one in page["data"]] == numbers[2:3]
    assert page["meta"] == {"page": {"total_filtered_count": 3}}
    assert datadog.get(f"{PATH}?page[limit]=0").status == 400


def test_a_page_holds_thirty_unless_told_otherwise(datadog: Client) -> None:
    for i in range(31):
        datadog.silence(f"tenant:t{i}")
    assert len(datadog.done("GET", PATH)["data"]) == 30
    assert len(datadog.done("GET", f"{PATH}?page[limit]=100")["data"]) == 31


def test_a_patch_changes_what_it_names_and_nothing_else(datadog: Client) -> None:
    before = datadog.silence("tenant:acme", schedule={"start": None, "end": later(hours=1)}, message="a")
    datadog.advance("30m")
    body = downtime(schedule={"end": later(hours=3)})
    body["data"]["id"] = ""
    after = datadog.done("PATCH", f"{PATH}/{before['id']}", body)["data"]["attributes"]
    assert after["schedule"] == {"start": later(), "end": later(hours=3)}
    assert after["modified"] == "2026-03-02T00:30:00.000000+00:00"
    changed = ("schedule", "modified")
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before["attributes"].items() if k not in changed
    }


def test_a_patch_may_repeat_the_start_it_was_given_long_ago(datadog: Client) -> None:
    number = datadog.silence(schedule={"start": later(minutes=1), "end": None})["id"]
    datadog.advance("2h")
    same = downtime(schedule={"start": later(minutes=1), "end": later(hours=5)})
    assert datadog.send("PATCH", f"{PATH}/{number}", same).status == 200
    other = downtime(schedule={"start": later(minutes=2), "end": later(hours=5)})
    assert datadog.send("PATCH", f"{PATH}/{number}", other).errors == [
        "Downtime cannot be scheduled in the past"
    ]


def test_a_patch_turns_one_time_into_recurring_and_back(datadog: Client) -> None:
    number = datadog.silence()["id"]
    recurring = {"recurrences": [{"rrule": "FREQ=DAILY", "duration": "1h"}]}
    after = datadog.done("PATCH", f"{PATH}/{number}", downtime(schedule=recurring))["data"]["attributes"]
    assert after["schedule"] == {
        "timezone": "UTC",
        "recurrences": [{"rrule": "FREQ=DAILY", "duration": "1h", "start": "2026-03-02T00:00:00"}],
        "current_downtime": {"start": later(), "end": later(hours=1)},
    }
    again = datadog.done("PATCH", f"{PATH}/{number}", downtime(schedule={"start": None, "end": None}))
    assert again["data"]["attributes"]["schedule"] == {"start": later(), "end": None}


def test_a_recurring_downtime_comes_and_goes_in_local_time(datadog: Client) -> None:
    recurrence = {"rrule": "FREQ=DAILY;COUNT=2", "duration": "90m", "start": "2026-03-02T03:00:00"}
    made = datadog.silence(schedule={"timezone": "Europe/Paris", "recurrences": [recurrence]})
    assert made["attributes"]["schedule"]["current_downtime"] == {
        "start": later(hours=2),
        "end": later(hours=3, minutes=30),
    }
    seen = []
    for span in ("1m", "2h", "2h", "22h", "24h"):
        datadog.advance(span)
        seen.append(status(datadog, made["id"]))
    assert seen == ["scheduled", "active", "scheduled", "active", "ended"]


def test_equal_downtimes_are_refused_while_one_lives(datadog: Client) -> None:
    schedule = {"start": later(hours=1), "end": later(hours=2)}
    first = datadog.silence("tenant:acme", schedule=schedule)["id"]
    assert refused(datadog, scope="tenant:acme", schedule=schedule) == (
        f"The downtime being created is a duplicate of one or more existing downtimes: ['{first}']"
    )
    datadog.send("DELETE", f"{PATH}/{first}")
    assert datadog.silence("tenant:acme", schedule=schedule)["id"] != first


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"scope": "BAD_SCOPE"}, "All values must have a key"),
        ({"scope": 7}, "'scope' is not of type 'string'"),
        ({"scope": None}, "'scope' is a required property"),
        ({"scope": "a:b," * 5000}, "Invalid scope parameter"),
        ({"invalid_field": 1}, "Additional properties are not allowed ('invalid_field' was unexpected)"),
        ({"schedule": {"start": later(hours=-1)}}, "Downtime cannot be scheduled in the past"),
        ({"schedule": {"end": later(hours=-1)}}, "Downtime end must be after its start and in the future"),
        (
            {"schedule": {"begin": None}},
            "Additional properties are not allowed ('begin' was unexpected)",
        ),
        ({"schedule": "always"}, "'schedule' is not of type 'object'"),
        (
            {"schedule": {"end": "2026-03-03T00:00:00+02:00"}},
            "'2026-03-03T00:00:00+02:00' is not an ISO 8601 time in UTC",
        ),
        ({"schedule": {"end": "tomorrow"}}, "'tomorrow' is not an ISO 8601 time in UTC"),
        ({"schedule": {"end": 17}}, "'17' is not an ISO 8601 time in UTC"),
        ({"schedule": {"recurrences": []}}, "A schedule has 1 to 5 recurrences"),
        ({"schedule": {"recurrences": [1]}}, "A recurrence is an object with rrule, duration and start"),
        ({"schedule": {"recurrences": [{}]}}, "A recurrence needs rrule and duration"),
        (
            {"schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "duration": "1x"}]}},
            "Invalid recurrence duration '1x'",
        ),
        (
            {"schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "duration": "1h", "start": "noon"}]}},
            "'noon' is not a local time YYYY-MM-DDTHH:MM:SS",
        ),
        (
            {"schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "duration": "1h", "start": LONG_AGO}]}},
            "Downtime cannot be scheduled in the past",
        ),
        (
            {"schedule": {"timezone": "Mars/Base", "recurrences": [{}]}},
            "Invalid timezone 'Mars/Base'",
        ),
        ({"display_timezone": 3}, "Invalid timezone '3'"),
        ({"message": 3}, "'message' is not of type 'string'"),
        (
            {"mute_first_recovery_notification": "no"},
            "'mute_first_recovery_notification' is not of type 'boolean'",
        ),
        ({"notify_end_states": ["ok"]}, "'notify_end_states' is a list of alert, warn, no data"),
        ({"notify_end_types": "expired"}, "'notify_end_types' is a list of expired, canceled"),
        ({"monitor_identifier": None}, "'monitor_identifier' is a required property"),
        ({"monitor_identifier": {"monitor_id": "1"}}, "'monitor_id' is not of type 'integer'"),
        ({"monitor_identifier": {"monitor_id": 999}}, "Monitor with id 999 not found"),
        ({"monitor_identifier": {"monitor_id": 10**30}}, "Monitor with id 10000000000000000000 not found"),
        ({"monitor_identifier": {"monitor_tags": []}}, "'monitor_tags' is a list of 1 to 32 tags"),
        (
            {"monitor_identifier": {"monitor_tags": ["t" * 257]}},
            "'monitor_tags' is a list of tags of at most 256 characters",
        ),
        (
            {"monitor_identifier": {"monitor_tags": ["a"], "monitor_id": 1}},
            "'monitor_identifier' needs exactly one of monitor_id and monitor_tags",
        ),
    ],
)
def test_what_is_wrong_is_told(shared: Client, attributes: dict[str, Any], error: str) -> None:
    assert refused(shared, **attributes) == error


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "'data' is a required property"),
        (
            {"data": {"type": "nap"}},
            'API input validation failed: Invalid type. Expected "downtime".',
        ),
        ({"data": {"type": "downtime"}}, "'attributes' is a required property"),
    ],
)
def test_a_body_of_another_form_is_refused(datadog: Client, body: dict[str, Any], error: str) -> None:
    assert datadog.post(PATH, body).errors == [error]


def test_an_empty_list_of_end_types_is_kept_and_a_timezone_left_empty_is_utc(datadog: Client) -> None:
    attributes = datadog.silence(notify_end_types=[], display_timezone="")["attributes"]
    assert (attributes["notify_end_types"], attributes["display_timezone"]) == ([], "UTC")


def test_unknown_downtimes_are_told_as_recorded(datadog: Client) -> None:
    assert datadog.get(f"{PATH}/abc").errors == ["Invalid URL param: downtime_id must be an uuid"]
    for method, error in (
        ("GET", "Downtime not found"),
        ("PATCH", "Downtime not found"),
        ("DELETE", f"Downtime {UNKNOWN} not found"),
    ):
        reply = datadog.send(method, f"{PATH}/{UNKNOWN}", downtime() if method == "PATCH" else None)
        assert (reply.status, reply.errors) == (404, [error])


class TestMatches:
    def test_a_monitor_is_matched_by_id_or_by_all_tags(self, datadog: Client) -> None:
        one = datadog.create(name="a", tags=["team:a", "env:prod"])["id"]
        other = datadog.create(name="b", tags=["team:a"])["id"]
        by_id = datadog.done("POST", PATH, downtime(scope="*", monitor_identifier={"monitor_id": other}))
        expected = {
            datadog.silence("k:1", ["team:a"])["id"]: [one, other],
            datadog.silence("k:2", ["team:a", "env:prod"])["id"]: [one],
            datadog.silence("k:3", ["*"])["id"]: [one, other],
            datadog.silence("k:4", ["team:b"])["id"]: [],
            by_id["data"]["id"]: [other],
        }
        for monitor in (one, other):
            found = datadog.done("GET", f"/api/v2/monitor/{monitor}/downtime_matches")
            wanted = {number for number, monitors in expected.items() if monitor in monitors}
            assert {match["id"] for match in found["data"]} == wanted
            assert found["meta"] == {"page": {"total_filtered_count": len(wanted)}}

    def test_a_match_names_the_groups_it_silences(self, datadog: Client) -> None:
        monitor = datadog.create()["id"]
        for tenant in ("acme", "birch"):
            datadog.points(tenant, [1] * 5)
        datadog.advance("5m")
        number = datadog.silence("tenant:acme", schedule={"start": None, "end": later(hours=1)})["id"]
        found = datadog.done("GET", f"/api/v2/monitor/{monitor}/downtime_matches")["data"]
        assert found == [
            {
                "type": "downtime_match",
                "id": number,
                "attributes": {
                    "groups": ["tenant:acme"],
                    "scope": "tenant:acme",
                    "start": later(minutes=5),
                    "end": later(hours=1),
                },
            }
        ]
        datadog.silence("*")
        found = datadog.done("GET", f"/api/v2/monitor/{monitor}/downtime_matches")["data"]
        assert (found[1]["attributes"]["groups"], found[1]["attributes"]["end"]) == (["*"], None)

    def test_an_unknown_monitor_is_not_found(self, datadog: Client) -> None:
        reply = datadog.get("/api/v2/monitor/0/downtime_matches")
        assert (reply.status, reply.errors) == (404, ["Monitor with id 0 not found"])


def test_of_two_equal_creates_at_once_one_wins(datadog: Client) -> None:
    body = downtime(
        scope="*",
        monitor_identifier={"monitor_tags": ["*"]},
        schedule={"start": later(hours=1), "end": later(hours=2)},
    )
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(datadog.post(PATH, body).status)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 400, 400, 400, 400, 400]
