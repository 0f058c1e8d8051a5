"""The client against exchanges written by hand from Datadog's reference and recorded traffic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dd_sync.datadog.client import Datadog, connect
from dd_sync.datadog.retry import Patience
from dd_sync.errors import DatadogError, Exit
from dd_sync.model.downtime import Downtime
from dd_sync.snooze.request import Policy, read_snooze, request_snooze
from tests.exchanges.stub import Replay, replaying

API_KEY = "0123456789abcdef0123456789abcdef"
APP_KEY = "fedcba9876543210fedcba9876543210fedcba98"
DOWNTIME = "5f7b3b6e-1c1f-4b0e-9d5a-0e4a3c2b1a00"
PLAIN = {"type": "query alert", "query": "avg(last_5m):avg:x{*} > 2"}


def client(replay: Replay, naps: list[float] | None = None) -> Datadog:
    slept = naps if naps is not None else []
    patience = Patience(sleep=slept.append, clock=lambda: sum(slept), jitter=lambda: 0.0)
    return connect({"DD_API_KEY": API_KEY, "DD_APP_KEY": APP_KEY}, host=replay.url, patience=patience)


def test_a_created_monitor_is_sent_and_read_untouched() -> None:
    body = {
        "type": "query alert",
        "name": "n",
        "query": "avg(last_5m):avg:x{*} > 2\n",
        "message": "m",
        "tags": ["b:1", "a:2"],
        "options": {"thresholds": {"critical": 2}, "future_option": {"deep": [1, None]}},
    }
    with replaying("monitor_create") as replay:
        created = client(replay).monitors.create(body)
        replay.finish()
    assert created["id"] == 171
    assert created["tags"] == ["b:1", "a:2"]
    assert created["options"]["future_option"] == {"deep": [1, None]}
    assert created["options"]["new_host_delay"] == 300


def test_every_request_carries_both_keys_and_says_who_asks() -> None:
    with replaying("monitor_create_lost") as replay:
        with pytest.raises(DatadogError):
            client(replay).monitors.create(PLAIN)
        headers = {name.lower(): value for name, value in replay.seen[0].headers.items()}
    assert headers["dd-api-key"] == API_KEY
    assert headers["dd-application-key"] == APP_KEY
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("dd-sync/")


def test_an_update_sends_the_nulls_that_clear_a_field() -> None:
    body: dict[str, Any] = {
        "type": "query alert",
        "name": "n2",
        "query": "avg(last_5m):avg:x{*} > 3",
        "message": "",
        "tags": [],
        "priority": None,
        "options": {"thresholds": {"critical": 3, "warning": None}},
        "draft_status": "published",
    }
    with replaying("monitor_update") as replay:
        assert client(replay).monitors.update(171, body)["modified"].startswith("2025-12-11T15:10")
        replay.finish()


def test_a_list_asks_by_the_monitors_own_tags_and_keeps_only_those_with_all_of_them() -> None:
    with replaying("monitor_list") as replay:
        found = client(replay).monitors.list(("managed_by:dd-sync", "dd_sync_catalog:c"))
        replay.finish()
    assert [monitor["id"] for monitor in found] == [171]


def test_a_list_waits_as_long_as_the_rate_limit_says_and_outlives_a_bad_gateway() -> None:
    naps: list[float] = []
    with replaying("monitor_list_limited") as replay:
        assert client(replay, naps).monitors.list() == []
        replay.finish()
    assert naps == [2.0, 0.8]


def test_a_create_that_may_have_been_carried_out_is_sent_once() -> None:
    naps: list[float] = []
    with replaying("monitor_create_lost") as replay:
        with pytest.raises(DatadogError, match=r"POST /api/v1/monitor: .* answered 504") as caught:
            client(replay, naps).monitors.create(PLAIN)
        replay.finish()
    assert naps == []
    assert caught.value.is_unclear
    assert caught.value.exit is Exit.UNREACHABLE


def test_a_duplicate_is_an_error_with_datadogs_own_words() -> None:
    with replaying("monitor_duplicate") as replay:
        with pytest.raises(DatadogError) as caught:
            client(replay).monitors.create(PLAIN)
        replay.finish()
    assert caught.value.status == 400
    assert caught.value.details == ("Duplicate of an existing monitor_id:171 org_id:1",)
    assert not caught.value.is_unclear


def test_validate_speaks_for_a_new_monitor_and_for_a_live_one() -> None:
    with replaying("monitor_validate") as replay:
        monitors = client(replay).monitors
        with pytest.raises(DatadogError, match="invalid operator specified"):
            monitors.validate({"type": "query alert", "query": "query"})
        monitors.validate(PLAIN, 171)
        monitors.validate(PLAIN)
        replay.finish()


def test_deleting_asks_first_and_tells_unknown_from_used() -> None:
    with replaying("monitor_delete") as replay:
        monitors = client(replay).monitors
        assert monitors.can_delete([171, 172]) == {171: ("monitor [173,both] is referenced in composite",)}
        assert monitors.can_delete([172]) == {}
        monitors.delete(172)
        with pytest.raises(DatadogError, match="Monitor not found") as caught:
            monitors.delete(172)
        monitors.delete(171, force=True)
        replay.finish()
    assert caught.value.status == 404


def test_a_refused_key_names_the_keys_and_never_shows_them() -> None:
    with replaying("forbidden") as replay:
        datadog = client(replay)
        with pytest.raises(DatadogError, match="answered 403: Forbidden") as caught:
            datadog.monitors.list()
        replay.finish()
    error = caught.value
    told = f"{error} {error!r} {error.problem} {error.hint} {error.details} {error.__dict__}"
    assert "DD_APP_KEY" in error.hint
    assert API_KEY not in told
    assert APP_KEY not in told
    # A traceback would print the client's own exception, which holds the answer's headers.
    assert error.__context__ is None
    assert error.__cause__ is None


def test_a_snooze_lives_as_one_downtime_from_create_to_cancel() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    request = request_snooze(
        "acme",
        duration=timedelta(hours=2),
        now=now,
        reason="load test",
        owner="ops",
        policy=Policy(longest=timedelta(hours=24)),
        catalog="c",
        tenant_tag="tenant",
    )
    later = {"end": "2026-03-01T15:00:00+00:00"}
    with replaying("downtime_life") as replay:
        downtimes = client(replay).downtimes
        made = downtimes.create(request)
        found = downtimes.list()
        longer = downtimes.update(
            made.id,
            {"schedule": later, "message": "dd-sync snooze · catalog c\nowner: ops\nreason: still"},
        )
        downtimes.cancel(made.id)
        downtimes.cancel(made.id)
        replay.finish()
    assert made.id == DOWNTIME
    assert (made.end, made.status) == (now + timedelta(hours=2), "active")
    assert found[0] == made
    assert (found[1].recurring, found[1].monitor_id, found[1].message) == (True, 171, "")
    assert longer.end == now + timedelta(hours=3)
    snooze = read_snooze(made)
    assert snooze is not None
    assert (snooze.tenant, snooze.owner, snooze.reason) == ("acme", "ops", "load test")


def test_a_refused_downtime_says_why_in_both_forms_of_error() -> None:
    with replaying("downtime_refused") as replay:
        downtimes = client(replay).downtimes
        with pytest.raises(DatadogError, match="'invalid_field' was unexpected"):
            downtimes.update(DOWNTIME, {"invalid_field": 1})
        with pytest.raises(DatadogError, match="not found") as caught:
            downtimes.cancel(DOWNTIME)
        with pytest.raises(DatadogError, match="Bad Request: no such thing"):
            downtimes.cancel(DOWNTIME)
        replay.finish()
    assert caught.value.status == 404


def test_the_stub_notices_a_request_that_is_not_as_written() -> None:
    with replaying("monitor_list") as replay:
        client(replay).monitors.list(("another:tag",))
        with pytest.raises(AssertionError, match="was expected, came"):
            replay.finish()
    with replaying("downtime_refused") as replay:
        with pytest.raises(DatadogError):
            client(replay).downtimes.create(Downtime(scope="a:b", monitor_id=1))
        with pytest.raises(AssertionError, match="was expected, came"):
            replay.finish()


def test_a_webhook_is_there_or_not_or_cannot_be_told() -> None:
    with replaying("webhook") as replay:
        datadog = client(replay)
        found = [datadog.webhook_exists(name) for name in ("hold-review", "hold-reveiw", "other")]
        with pytest.raises(DatadogError, match="answered 403"):
            datadog.webhook_exists("hold-review")
        replay.finish()
    assert found == [True, False, None]
