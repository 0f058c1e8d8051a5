"""Declared downtimes: what they silence, when, and what may not be silenced."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dd_sync.catalog.downtimes import MOST_MONITORS
from dd_sync.catalog.group_scope import read_group_scope
from dd_sync.catalog.load import compile_files
from dd_sync.evaluate.select import group_tags, matcher
from dd_sync.local.group_scope import parse_group_scope
from dd_sync.model.resource import Resource
from tests.catalog.conftest import Read, told

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
SETTINGS = "catalog: risk\npolicy: {snooze: {protected: [double-sign]}}\n"
RATE = "{metric: a, by: [tenant], window: 1h, above: 3}"
MONITORS = "".join(
    f"  - {{key: {key}, name: {key}, tags: [{tag}], guard: {{rate: {RATE}}}}}\n"
    for key, tag in (
        ("stream-rate", "service:a"),
        ("stream-spike", "service:a"),
        ("double-sign", "service:b"),
    )
)
TOMORROW = "schedule: {start: 2026-11-22T02:00:00Z, end: 2026-11-22T04:00:00Z}"


def declare(lines: str, key: str = "window") -> str:
    body = "".join(f"    {line}\n" for line in lines.strip("\n").split("\n"))
    return f"monitors:\n{MONITORS}downtimes:\n  - key: {key}\n{body}"


def resources(read: Read, lines: str, **given: Any) -> tuple[Resource, ...]:
    loading = read(declare(lines), settings=SETTINGS, now=NOW, **given)
    assert told(loading) == []
    assert loading.catalog is not None
    return loading.catalog.resources


def problems(read: Read, lines: str, **given: Any) -> list[str]:
    """Without file and line."""
    loading = read(declare(lines), settings=given.pop("settings", SETTINGS), now=NOW, **given)
    return [f"{one.rule}: {one.problem}" for one in loading.problems]


def recurring(rule: str, duration: str = "2h", start: str = "2026-11-23T09:00:00", zone: str = "UTC") -> str:
    one = f'{{rrule: "{rule}", start: {start}, duration: {duration}}}'
    return f"monitors: [stream-rate]\nschedule: {{timezone: {zone}, recurrences: [{one}]}}"


def test_each_monitor_chosen_by_key_or_glob_gets_a_downtime_of_its_own(read: Read) -> None:
    found = resources(read, f"monitors: [stream-*, stream-rate]\n{TOMORROW}")
    assert [one.key for one in found] == ["window/stream-rate", "window/stream-spike"]
    assert found[0].body["monitor_identifier"] == {
        "monitor_tags": ["managed_by:dd-sync", "dd_sync_catalog:risk", "dd_sync_key:stream-rate"]
    }
    assert found[0].body["message"] == "managed by dd-sync · catalog risk · downtime window/stream-rate"


def test_tags_silence_only_monitors_of_this_catalog(read: Read) -> None:
    (one,) = resources(read, f"monitor_tags: [service:a]\nmessage: move @slack-a\n{TOMORROW}")
    assert one.key == "window"
    assert one.body["monitor_identifier"] == {
        "monitor_tags": ["managed_by:dd-sync", "dd_sync_catalog:risk", "service:a"]
    }
    assert one.body["message"].startswith("move @slack-a\n\nmanaged by dd-sync")


def test_with_an_environment_it_is_that_environments(read: Read) -> None:
    files = {
        "m.yaml": declare(f"monitors: [stream-rate]\n{TOMORROW}"),
        "environments/staging.yaml": "tunables: {}\n",
    }
    loading = read(files, settings=SETTINGS, now=NOW, env="staging")
    assert loading.catalog is not None
    (one,) = loading.catalog.resources
    assert "dd_sync_catalog:risk.staging" in one.body["monitor_identifier"]["monitor_tags"]
    assert "catalog risk.staging ·" in one.body["message"]


@pytest.mark.parametrize(
    ("schedule", "start", "end"),
    [
        (
            "{start: 2026-12-01T02:00, end: 2026-12-01T04:00, timezone: Europe/Berlin}",
            "2026-12-01T01:00:00+00:00",
            "2026-12-01T03:00:00+00:00",
        ),
        (
            "{start: 2026-12-01T02:00:00+09:00, end: 2026-12-01T04:00:00Z, timezone: Europe/Berlin}",
            "2026-11-30T17:00:00+00:00",
            "2026-12-01T04:00:00+00:00",
        ),
        ("{end: 2026-11-21T16:00:00Z}", None, "2026-11-21T16:00:00+00:00"),
        # Begun already: Datadog takes no start in the past.
        ("{start: 2026-11-21T14:00:00Z, end: 2026-11-21T16:00:00Z}", None, "2026-11-21T16:00:00+00:00"),
    ],
)
def test_a_window_is_sent_in_utc(read: Read, schedule: str, start: str | None, end: str) -> None:
    (one,) = resources(read, f"monitors: [stream-rate]\nschedule: {schedule}")
    assert one.body["schedule"] == {"start": start, "end": end}


def test_recurrences_keep_their_local_time(read: Read) -> None:
    (one,) = resources(
        read, recurring("FREQ=WEEKLY;BYDAY=MO,TU", "150m", zone="America/New_York") + "\nscope: tenant:acme"
    )
    assert one.body["schedule"] == {
        "timezone": "America/New_York",
        "recurrences": [
            {"rrule": "FREQ=WEEKLY;BYDAY=MO,TU", "duration": "150m", "start": "2026-11-23T09:00:00"}
        ],
    }
    assert one.body["display_timezone"] == "America/New_York"
    assert one.body["scope"] == "tenant:acme"


@pytest.mark.parametrize(
    ("written", "sent"), [("2h", "2h"), ("90m", "90m"), ("24h", "1d"), ("7d", "7d"), ("2h30m", "150m")]
)
def test_a_duration_is_written_as_datadog_reads_it(read: Read, written: str, sent: str) -> None:
    (one,) = resources(read, recurring("FREQ=MONTHLY", written))
    assert one.body["schedule"]["recurrences"][0]["duration"] == sent


def test_tunables_reach_a_downtime(read: Read) -> None:
    text = "tunables: {hours: {env: PEAK_HOURS, default: 9h, min: 1h, max: 20h}}\n"
    text += declare(recurring("FREQ=DAILY", '"${hours}"'))
    loading = read(text, settings=SETTINGS, now=NOW, environ={"PEAK_HOURS": "3h"})
    assert told(loading) == []
    assert loading.catalog is not None
    assert loading.catalog.resources[0].body["schedule"]["recurrences"][0]["duration"] == "3h"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (f"monitors: [double-sign]\n{TOMORROW}", "schema: the monitor 'double-sign' is protected"),
        (f"monitors: ['*']\n{TOMORROW}", "schema: '*' covers the protected monitor 'double-sign'"),
        (
            f"monitor_tags: [service:b]\n{TOMORROW}",
            "schema: these tags cover the protected monitor 'double-sign'",
        ),
        (
            f"monitor_tags: ['Service:B']\n{TOMORROW}",
            "schema: these tags cover the protected monitor 'double-sign'",
        ),
        (
            f"monitor_tags: ['managed_by:dd-sync']\n{TOMORROW}",
            "schema: these tags cover the protected monitor 'double-sign'",
        ),
    ],
)
def test_a_protected_monitor_is_never_silenced(read: Read, lines: str, expected: str) -> None:
    assert problems(read, lines) == [expected]


def test_a_protected_monitor_that_is_made_anew_in_the_same_file_is_seen(read: Read) -> None:
    text = f"monitor_tags: [service:b]\n{TOMORROW}"
    assert problems(read, text, settings="catalog: risk\n") == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (f"monitors: [stream-rat]\n{TOMORROW}", "reference: no monitor has the key 'stream-rat'"),
        (f"monitors: [x-*]\n{TOMORROW}", "reference: no monitor has a key like 'x-*'"),
        (
            f"monitor_tags: [service:c]\n{TOMORROW}",
            "reference: no monitor of this catalog carries all of these tags",
        ),
        (TOMORROW, "schema: a downtime is for `monitors` or for `monitor_tags`, one of them"),
        (
            f"monitors: [stream-rate]\nmonitor_tags: [service:a]\n{TOMORROW}",
            "schema: a downtime is for `monitors` or for `monitor_tags`, one of them",
        ),
        (f"monitors: []\n{TOMORROW}", "schema: an empty list chooses nothing"),
        (f"monitor_tags: ['']\n{TOMORROW}", "schema: not a tag"),
        (
            "monitors: [stream-rate]\nschedule: {start: 2026-12-01T00:00:00Z}",
            "schema: a downtime always ends",
        ),
        (
            "monitors: [stream-rate]\nschedule: {start: 2026-12-02T00:00:00Z, end: 2026-12-01T00:00:00Z}",
            "schema: the end is not after the start",
        ),
        (
            "monitors: [stream-rate]\nschedule: {end: 2028-12-01T00:00:00Z}",
            "schema: a downtime of more than a year",
        ),
        (
            "monitors: [stream-rate]\nschedule: {end: tomorrow}",
            "schema: the text 'tomorrow' is not a time",
        ),
        (
            "monitors: [stream-rate]\nschedule: {end: 9999-12-31T23:59:59+00:00}",
            "schema: the text '9999-12-31T23:59:59+00:00' is not a time",
        ),
        (
            "monitors: [stream-rate]\nschedule: {end: 2026-12-01T00:00, timezone: Europe/Paname}",
            "schema: 'Europe/Paname' is not a time zone",
        ),
        (
            "monitors: [stream-rate]\nschedule: {end: 2026-12-01T00:00, timezone: ../../etc/passwd}",
            "schema: '../../etc/passwd' is not a time zone",
        ),
        (
            "monitors: [stream-rate]\nschedule: {end: 2027-03-28T02:30, timezone: Europe/Berlin}",
            "schema: 2027-03-28T02:30:00 never comes in Europe/Berlin",
        ),
        (
            "monitors: [stream-rate]\nschedule: {end: 2027-10-31T02:30, timezone: Europe/Berlin}",
            "schema: 2027-10-31T02:30:00 comes twice in Europe/Berlin",
        ),
        (
            "monitors: [stream-rate]\nschedule: {recurrences: []}",
            "schema: 0 recurrences",
        ),
        (
            recurring("FREQ=DAILY").replace("recurrences:", "end: 2027-12-01T00:00, recurrences:"),
            "schema: 'end' beside recurrences",
        ),
        (
            recurring("FREQ=DAILY", "25h"),
            "schema: it begins again before it has ended: the downtime overlaps itself",
        ),
        (recurring("FREQ=DAILY", "90s"), "schema: 90s is not a whole number of minutes up to 366d"),
        (
            recurring("FREQ=DAILY", start="2026-11-23T09:00:00Z"),
            "schema: a recurrence begins at a local time",
        ),
        (recurring("FREQ=DAILY;COUNT=3"), "schema: 'COUNT' cannot stand in a rule"),
        (f"monitors: [stream-rate]\nscope: 3\n{TOMORROW}", "schema: expected text, found 3"),
        (
            f"monitors: [stream-rate]\ndisplay_timezone: 3\n{TOMORROW}",
            "schema: expected text, found 3",
        ),
        (
            "monitors: [stream-rate]\nschedule: {end: 2026-13-41T00:00:00Z}",
            "schema: the text '2026-13-41T00:00:00Z' is not a time",
        ),
        (f"monitors: [stream-rate]\nscope: acme\n{TOMORROW}", "schema: 'acme' has no key"),
        (f"monitors: [stream-rate]\nscope: ''\n{TOMORROW}", "schema: the scope is empty"),
        (
            f"monitors: [stream-rate]\nscope: tenant:a OR tenant:b\n{TOMORROW}",
            "schema: clauses of a scope are joined by AND; OR stands only between the values of one key",
        ),
        (
            f"monitors: [stream-rate]\nscope: tenant:a AND\n{TOMORROW}",
            "schema: clauses of a scope are joined by AND; OR stands only between the values of one key",
        ),
        (
            f"monitors: [stream-rate]\nscope: tenant:(a,b)\n{TOMORROW}",
            "schema: 'tenant:(a' is not a clause of a scope",
        ),
        (f"monitors: [stream-rate]\nscope: 'tenant:a,'\n{TOMORROW}", "schema: the scope ends too soon"),
        (f"monitors: [stream-rate]\nscope: {'a' * 2001}\n{TOMORROW}", "schema: a scope of 2,001 characters"),
        (
            f"monitors: [stream-rate]\nnotify_end_states: [ok]\n{TOMORROW}",
            "schema: expected alert, warn or no data, found the text 'ok'",
        ),
        (f"monitors: [stream-rate]\ndisplay_timezone: Mars\n{TOMORROW}", "schema: 'Mars' is not a time zone"),
        (
            f"monitors: [stream-rate]\nmessage: 'managed by dd-sync · catalog x'\n{TOMORROW}",
            "schema: a line of the message begins as the mark of this tool does",
        ),
        (
            f"monitors: [stream-rate]\nmessage: 'dd-sync snooze · catalog risk'\n{TOMORROW}",
            "schema: a line of the message begins as the mark of this tool does",
        ),
        (
            f"monitors: [stream-rate]\nmessage: '${{monitor:stream-rate}}'\n{TOMORROW}",
            "tunable: a reference outside a query",
        ),
        (f"monitors: [stream-rate]\nmassage: x\n{TOMORROW}", "schema: unknown key 'massage'"),
    ],
)
def test_what_cannot_be_meant_is_told(read: Read, lines: str, expected: str) -> None:
    assert problems(read, lines) == [expected]


def test_all_mistakes_of_a_downtime_are_told_at_once(read: Read) -> None:
    lines = (
        recurring("FREQ=DAILY;COUNT=3", zone="Nowhere").replace("stream-rate", "double-sign, nope")
        + "\nscope: x"
    )
    assert problems(read, lines) == [
        "schema: the monitor 'double-sign' is protected",
        "reference: no monitor has the key 'nope'",
        "schema: 'Nowhere' is not a time zone",
        "schema: 'COUNT' cannot stand in a rule",
        "schema: 'x' has no key",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "monitors: [stream-rate]\nschedule: {end: 2026-11-21T15:00:00Z}",
        "monitors: [stream-rate]\nschedule: {start: 2026-01-01T00:00:00Z, end: 2026-01-02T00:00:00Z}",
        recurring("FREQ=DAILY;UNTIL=20261121T120000Z", start="2026-11-01T09:00:00"),
    ],
)
def test_what_is_over_counts_as_absent_with_a_warning(read: Read, lines: str) -> None:
    loading = read(declare(lines), settings=SETTINGS, now=NOW)
    assert [(one.rule, one.is_error) for one in loading.problems] == [("downtime-ended", False)]
    assert loading.catalog is not None
    assert loading.catalog.resources == ()
    assert loading.catalog.manages == {"downtime"}


def test_the_last_of_several_times_is_not_over_while_it_lasts(read: Read) -> None:
    lines = recurring("FREQ=DAILY;UNTIL=20261121T140000Z", start="2026-11-01T14:00:00")
    assert len(resources(read, lines)) == 1


def test_a_section_is_a_list(read: Read) -> None:
    assert told(read("downtimes: {key: a}\n")) == ["m.yaml:1:1 expected a list of downtimes, found a mapping"]


def test_a_scope_of_everything_may_be_written(read: Read) -> None:
    (one,) = resources(read, f"monitors: [stream-rate]\nscope: ' * '\n{TOMORROW}")
    assert one.body["scope"] == "*"


def test_too_many_downtimes_at_once_are_refused(read: Read) -> None:
    many = "".join(
        f"  - {{key: m-{number}, name: m{number}, guard: {{rate: {RATE}}}}}\n"
        for number in range(MOST_MONITORS + 1)
    )
    text = declare(f"monitors: [m-*]\n{TOMORROW}").replace("monitors:\n", f"monitors:\n{many}", 1)
    loading = read(text, settings=SETTINGS, now=NOW)
    assert [one.problem for one in loading.problems] == [
        "51 monitors, each of which would get a downtime; at most 50"
    ]


def test_a_key_stands_once_in_its_kind(read: Read) -> None:
    more = f"  - key: window\n    monitors: [stream-rate]\n    {TOMORROW}\n"
    loading = read(declare(f"monitors: [stream-rate]\n{TOMORROW}") + more, settings=SETTINGS, now=NOW)
    (problem,) = told(loading)
    assert problem.startswith("m.yaml:9:10 the key 'window' is taken, by a downtime in ")


def test_what_has_no_usable_key_is_told(read: Read) -> None:
    text = (
        f"monitors:\n{MONITORS}downtimes:\n  - {{kee: a}}\n  - {{monitors: [x]}}\n  - {{key: A B}}\n  - 3\n"
    )
    said = told(read(text, settings=SETTINGS, now=NOW))
    assert "m.yaml:6:6 unknown key 'kee'" in said
    assert "m.yaml:7:5 'key' is missing" in said
    assert "m.yaml:8:11 'A B' is not a key" in said
    assert "m.yaml:9:5 expected a downtime, found 3" in said


def test_the_defaults_of_a_file_are_its_monitors(read: Read) -> None:
    text = "defaults: {tags: [team:a], priority: 2}\n" + declare(f"monitors: [stream-rate]\n{TOMORROW}")
    assert told(read(text, settings=SETTINGS, now=NOW)) == []


def test_without_a_section_nothing_is_managed(read: Read) -> None:
    loading = read(f"monitors:\n{MONITORS}", settings=SETTINGS)
    assert loading.catalog is not None
    assert loading.catalog.manages == frozenset()


def test_an_empty_section_manages_its_kind(read: Read) -> None:
    loading = read(f"monitors:\n{MONITORS}downtimes:\ndashboards: []\n", settings=SETTINGS)
    assert told(loading) == []
    assert loading.catalog is not None
    assert loading.catalog.manages == {"downtime", "dashboard"}


@pytest.mark.parametrize(
    ("text", "some", "others"),
    [
        ("*", ["tenant:acme", ""], []),
        ("tenant:acme", ["tenant:acme", "tenant:acme,env:prod"], ["tenant:birch", ""]),
        ("env:prod AND -tier:(a OR b)", ["env:prod", "env:prod,tier:c"], ["env:prod,tier:a", "tier:c"]),
        ("env:prod, tenant:a*", ["env:prod,tenant:acme"], ["env:prod,tenant:birch", "tenant:acme"]),
        ('k:("OR" OR b* OR "x y")', ["k:or", "k:bb", "k:x y"], ["k:a", "k:r"]),
        ("-tenant:*", ["env:prod"], ["tenant:acme"]),
    ],
)
def test_a_scope_matches_the_groups_it_means_here_as_in_the_local_datadog(
    text: str, some: list[str], others: list[str]
) -> None:
    for scope in (read_group_scope(text), parse_group_scope(text)):
        matches = matcher(scope)
        assert [group for group in some + others if matches(group_tags(group or "*"))] == some


@pytest.mark.parametrize(
    ("schedule", "sent"),
    [
        (
            "{start: 2020-01-01T00:00:00Z, end: 2020-01-02T00:00:00Z}",
            {"start": "2020-01-01T00:00:00+00:00", "end": "2020-01-02T00:00:00+00:00"},
        ),
        ("{end: 2099-01-01T00:00:00Z}", {"start": None, "end": "2099-01-01T00:00:00+00:00"}),
        (
            "{recurrences: [{rrule: FREQ=DAILY;UNTIL=20200201, start: 2020-01-01T00:00:00, duration: 1h}]}",
            {
                "timezone": "UTC",
                "recurrences": [
                    {"rrule": "FREQ=DAILY;UNTIL=20200201", "duration": "1h", "start": "2020-01-01T00:00:00"}
                ],
            },
        ),
    ],
    ids=["over", "no start", "over again and again"],
)
def test_at_any_time_a_downtime_is_what_is_written(read: Read, schedule: str, sent: object) -> None:
    catalog = read(declare(f"monitors: [stream-rate]\nschedule: {schedule}")).catalog
    assert catalog is not None
    again = compile_files(catalog.files, environ={}, env=None, today=NOW.date(), at_any_time=True)
    assert again.catalog is not None
    assert not again.problems
    assert [one.body["schedule"] for one in again.catalog.resources] == [sent]
