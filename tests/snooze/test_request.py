from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.catalog.allowed import LONGEST_SNOOZE
from dd_sync.errors import RequestError
from dd_sync.model.downtime import Downtime
from dd_sync.snooze.request import FURTHEST, LONGEST, Policy, read_snooze
from tests.snooze.memory import NOW, request


def test_a_snooze_covers_one_tenant_and_only_what_may_be_snoozed() -> None:
    made = request()
    assert made.scope == "tenant:acme"
    assert made.monitor_tags == (
        "managed_by:dd-sync",
        "dd_sync_catalog:guardrails",
        "dd_sync_snooze:allowed",
    )
    assert made.monitor_id is None
    assert made.notify_end_types == ("canceled", "expired")
    assert set(made.notify_end_states) == {"alert", "no data", "warn"}


def test_it_begins_at_once_and_ends_in_utc_on_a_whole_second() -> None:
    made = request()
    assert made.start is None
    assert made.end == datetime(2026, 3, 1, 14, tzinfo=UTC)
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    again = request(now=there)
    assert again.end == made.end
    assert again.attributes()["schedule"] == {"start": None, "end": "2026-03-01T14:00:00+00:00"}


def test_a_chosen_monitor_is_meant_by_its_id() -> None:
    made = request(monitor_id=42)
    assert made.attributes()["monitor_identifier"] == {"monitor_id": 42}


def test_the_message_says_who_and_why_and_reads_back() -> None:
    made = request(ticket="INC-123")
    assert made.message == (
        "dd-sync snooze · catalog guardrails\nowner: ops\nreason: INC-123 load test\nticket: INC-123"
    )
    snooze = read_snooze(replace(made, id="id-1", status="active"))
    assert snooze is not None
    assert (snooze.tenant_tag, snooze.tenant, snooze.catalog) == ("tenant", "acme", "guardrails")
    assert (snooze.owner, snooze.reason, snooze.ticket) == ("ops", "INC-123 load test", "INC-123")
    assert (snooze.id, snooze.status, snooze.end) == ("id-1", "active", made.end)


def test_how_long_is_left_is_never_negative() -> None:
    snooze = read_snooze(request())
    assert snooze is not None
    assert snooze.left(NOW + timedelta(hours=1)) == timedelta(minutes=59, seconds=59, microseconds=749087)
    assert snooze.left(NOW + timedelta(days=1)) == timedelta()
    assert replace(snooze, end=None).left(NOW) == timedelta()


@pytest.mark.parametrize(
    ("duration", "problem"),
    [
        (timedelta(), "a snooze of 0s is too short"),
        (timedelta(seconds=-5), "too short"),
        (timedelta(seconds=59), "a snooze of 59s is too short"),
        (timedelta(hours=24, seconds=1), r"a snooze of 1d1s is longer than the policy allows \(1d\)"),
        (timedelta(days=30), r"a snooze of 30d is longer than the policy allows \(1d\)"),
    ],
)
def test_a_duration_stays_within_the_policy(duration: timedelta, problem: str) -> None:
    with pytest.raises(RequestError, match=problem) as caught:
        request(duration=duration)
    assert "--for" in caught.value.hint


LONGER = Policy(timedelta(hours=24), "the migration takes a week")


def test_a_second_reason_goes_past_the_policy_and_stays_readable() -> None:
    made = request(duration=timedelta(days=7), policy=LONGER)
    snooze = read_snooze(made)
    assert snooze is not None
    assert (snooze.reason, snooze.longer_because) == ("INC-123 load test", "the migration takes a week")
    within = read_snooze(request(policy=LONGER))
    assert within is not None
    assert within.longer_because is None


@pytest.mark.parametrize("because", ["", " ", "see @ops", "two\nlines", "x" * 501])
def test_the_second_reason_is_held_to_what_the_first_is(because: str) -> None:
    with pytest.raises(RequestError, match="the reason to go past the policy"):
        request(duration=timedelta(days=7), policy=Policy(timedelta(hours=24), because))


def test_nothing_is_silent_for_longer_than_a_month_whatever_the_reason() -> None:
    assert request(duration=LONGEST, policy=LONGER).end == (NOW + LONGEST).replace(microsecond=0)
    with pytest.raises(RequestError, match="longer than any may be") as caught:
        request(duration=LONGEST + timedelta(seconds=1), policy=LONGER)
    assert "exemption" in caught.value.hint
    assert LONGEST == LONGEST_SNOOZE


def test_a_later_start_is_told_in_utc_and_bounded() -> None:
    berlin = datetime(2026, 3, 1, 23, tzinfo=ZoneInfo("Europe/Berlin"))
    schedule = request(start=berlin).attributes()["schedule"]
    assert schedule == {"start": "2026-03-01T22:00:00+00:00", "end": "2026-03-02T00:00:00+00:00"}
    with pytest.raises(RequestError, match="is planned too far ahead") as caught:
        request(start=NOW + FURTHEST + timedelta(minutes=1))
    assert "downtimes:" in caught.value.hint


@pytest.mark.parametrize("what", ["reason", "owner", "ticket"])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("ask @ops", "holds an @: 'ask @ops'"),
        ("a@example.com", "holds an e-mail address"),
        ("one\ntwo", "holds a line break"),
        ("a\u202eb", "holds a line break or an invisible character"),
        ("a\x1b[2J", "holds a line break or an invisible character"),
        ("x" * 501, "has 501 characters"),
    ],
)
def test_what_would_notify_expose_or_confuse_is_refused(what: str, text: str, problem: str) -> None:
    with pytest.raises(RequestError, match=f"the {what} {problem}") as caught:
        request(**{what: text})
    assert caught.value.hint
    assert "example.com" not in caught.value.problem


@pytest.mark.parametrize(
    "downtime",
    [
        Downtime(scope="tenant:acme", message="maintenance"),
        Downtime(scope="tenant:acme", message=""),
        Downtime(scope="*", message="dd-sync snooze · catalog guardrails\nowner: x\nreason: y"),
        Downtime(scope="tenant:acme", message="dd-sync snooze · catalog guardrails", recurring=True),
        Downtime(scope="tenant:acme", message="see\ndd-sync snooze · catalog guardrails"),
    ],
)
def test_other_downtimes_are_not_read_as_snoozes(downtime: Downtime) -> None:
    assert read_snooze(downtime) is None


def test_a_snooze_whose_message_was_cut_in_datadog_is_still_ours() -> None:
    snooze = read_snooze(Downtime(scope="tenant:a", message="dd-sync snooze · catalog guardrails\nwhat?"))
    assert snooze is not None
    assert (snooze.owner, snooze.reason, snooze.ticket) == ("", "", None)


@given(
    st.text(max_size=60),
    st.text(max_size=60),
    st.timedeltas(timedelta(minutes=1), timedelta(hours=24)),
    st.datetimes(datetime(2024, 2, 28), datetime(2030, 1, 1), timezones=st.timezones()),
)
def test_every_snooze_ends_in_time_and_says_who_and_why(
    reason: str, owner: str, duration: timedelta, now: datetime
) -> None:
    try:
        made = request(reason=reason, owner=owner, duration=duration, now=now)
    except RequestError:
        return
    assert made.end is not None
    assert timedelta() <= now.astimezone(UTC) + duration - made.end < timedelta(seconds=1)
    assert "@" not in made.message
    snooze = read_snooze(made)
    assert snooze is not None
    assert (snooze.reason, snooze.owner) == (reason.strip(), owner.strip())
