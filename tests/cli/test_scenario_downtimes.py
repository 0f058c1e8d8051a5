"""Downtimes of the catalog in scenarios: whom they silence, when, and what is wrong with naming one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.support import Run
from tests.cli.test_quality import raw, scenario, write

FULL = raw(
    "avg(last_5m):avg:load{*} by {host} > 5",
    thresholds={"critical": 5},
    message="@slack-shop",
    new_group_delay=0,
)
HIGH = "{metric: load, type: gauge, tags: [host:a], values: %s}"


def downtime(schedule: str, more: str = "monitors: [it]", key: str = "quiet") -> str:
    return f"downtimes:\n  - key: {key}\n    {more}\n    schedule: {schedule}\n"


def once(start: str, end: str, zone: str = "UTC") -> str:
    return f"{{start: '{start}', end: '{end}', timezone: {zone}}}"


def daily(start: str, lasts: str, zone: str = "UTC") -> str:
    return f"{{timezone: {zone}, recurrences: [{{rrule: FREQ=DAILY, start: '{start}', duration: {lasts}}}]}}"


def silent(
    more: str = "downtimes: [quiet]", expect: str = "{notifications: []}", series: str = "9x59"
) -> str:
    return scenario(HIGH % f'"{series}"', expect, more=f"    {more}\n")


ALL_DAY = once("2026-03-01T00:00:00", "2026-03-03T00:00:00")


def told(dd_sync: Run) -> list[str]:
    """What the one scenario's monitor told, which expects nothing."""
    (found,) = dd_sync("test", "--format", "json").json
    problems = [one["problem"] for one in found["failures"]]
    return [re.sub(r"expected the notifications none, got | \(not sent.*", "", one) for one in problems]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (ALL_DAY, []),
        (once("2026-03-02T00:00:00", "2026-03-02T01:00:01"), []),
        ("{end: 2026-12-31T00:00:00Z}", []),
        (once("2026-03-02T00:02:00", "2026-03-02T00:30:00"), ["alert at 1m, downtime ended at 30m"]),
        (once("2026-03-02T01:00:00", "2026-03-02T02:00:00"), ["alert at 1m"]),
        (daily("2026-01-01T01:00:00", "30m", "Europe/Berlin"), ["downtime ended at 30m"]),
        (daily("2026-01-01T19:00:00", "2h", "America/New_York"), []),
        (daily("2026-01-01T23:50:00", "20m"), ["downtime ended at 10m"]),
    ],
    ids=["all along", "to the end", "no start", "later", "at the end", "zone", "other day", "from before"],
)
def test_a_downtime_silences_at_its_times(
    dd_sync: Run, tmp_path: Path, schedule: str, said: list[str]
) -> None:
    write(tmp_path, FULL + downtime(schedule), silent())
    assert told(dd_sync) == said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("monitors: [i*]\n    scope: host:a", []),
        ("monitors: [it]\n    scope: host:(b OR c)", ["alert at 1m"]),
        ("monitors: [it]\n    scope: -host:b", []),
        ("monitor_tags: [service:A]", []),
    ],
)
def test_a_downtime_silences_the_groups_of_its_scope(
    dd_sync: Run, tmp_path: Path, more: str, said: list[str]
) -> None:
    tagged = FULL.replace("    name: It\n", "    name: It\n    tags: [service:a]\n")
    write(tmp_path, tagged + downtime(ALL_DAY, more), silent())
    assert told(dd_sync) == said


def test_its_end_is_told_as_the_downtime_says(dd_sync: Run, tmp_path: Path) -> None:
    schedule = once("2026-03-02T00:00:00", "2026-03-02T00:30:00")
    write(tmp_path, FULL + downtime(schedule, "monitors: [it]\n    notify_end_states: [warn]"), silent())
    assert told(dd_sync) == []
    recovers = silent(series="9x9 _x9 1x29")
    muted = once("2026-03-02T00:05:00", "2026-03-02T01:30:00")
    write(tmp_path, FULL + downtime(muted), recovers)
    assert told(dd_sync) == ["alert at 1m, recovery at 20m"]
    more = "monitors: [it]\n    mute_first_recovery_notification: true"
    write(tmp_path, FULL + downtime(muted, more), recovers)
    assert told(dd_sync) == ["alert at 1m"]


def test_only_downtimes_that_a_scenario_names_silence_it(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, FULL + downtime(ALL_DAY), silent("seed: 1"))
    assert told(dd_sync) == ["alert at 1m"]
    write(tmp_path, FULL + downtime(ALL_DAY), silent("downtimes: true"))
    assert told(dd_sync) == []


def test_a_downtime_of_a_part_does_not_silence_the_composite(dd_sync: Run, tmp_path: Path) -> None:
    both = raw("${monitor:it} || ${monitor:it}", "composite", key="both", message="@slack-shop")
    one = silent().replace("monitor: it", "monitor: both")
    write(tmp_path, FULL + both + downtime(ALL_DAY), one)
    said = dd_sync("test").out
    assert "the downtime 'quiet' is not for 'both'\n    = it is for it" in said
    write(tmp_path, FULL + both + downtime(ALL_DAY), one.replace("[quiet]", "true"))
    said = dd_sync("test").out
    assert "told: alert" in said
    assert "note: no downtime of the catalog is for 'both' while the scenario runs" in said


def test_each_environment_has_its_own_downtimes(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, FULL + downtime(ALL_DAY), silent())
    (tmp_path / "monitors/environments").mkdir()
    (tmp_path / "monitors/environments/staging.yaml").write_text("")
    assert dd_sync("test", "--env", "staging").code == 0


def test_a_mutant_is_judged_with_the_downtimes(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, FULL + downtime(ALL_DAY), silent(expect="{notifications: []}"))
    found = dd_sync("test", "--mutate", "--format", "json").json["mutation"]["mutants"]
    assert {one["fate"] for one in found if one["id"].startswith("critical")} == {"survived"}


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (
            once("2026-03-01T00:00:00", "2026-03-02T00:00:00"),
            "it lasts from 2026-03-01 00:00 to 2026-03-02 00:00 UTC; move the scenario with `start:`",
        ),
        ("{end: 2026-03-01T00:00:00Z}", "it lasts to 2026-03-01 00:00 UTC; move the scenario"),
        (
            daily("2026-01-01T12:00:00", "1h", "Europe/Berlin"),
            "it comes next at 2026-03-02 11:00 UTC; move the scenario",
        ),
        (
            daily("2026-01-01T12:00:00", "1h").replace("DAILY", "DAILY;UNTIL=20260201"),
            "its last time was before; move the scenario",
        ),
    ],
)
def test_a_downtime_that_never_silences_is_told(
    dd_sync: Run, tmp_path: Path, schedule: str, said: str
) -> None:
    write(tmp_path, FULL + downtime(schedule), silent())
    text = dd_sync("test").out
    problem = "the downtime 'quiet' never silences from 2026-03-02 00:00 to 2026-03-02 01:00 UTC"
    assert f"monitors/scenarios/all.yaml:5:17: {problem}\n    = {said}" in text
    asked = dd_sync("why", "it", "--at", "5m")
    assert (asked.code, problem in asked.err) == (1, True)


def test_a_downtime_for_other_monitors_says_for_whom_it_is(dd_sync: Run, tmp_path: Path) -> None:
    others = "".join(raw("avg(last_5m):avg:load{*} > 5", key=f"other-{n}") for n in range(5))
    write(tmp_path, FULL + others + downtime(ALL_DAY, "monitors: [other-*]"), silent())
    assert "= it is for other-0, other-1, other-2 and 2 more" in dd_sync("test").out
    tagged = others.replace("    name: It\n", "    name: It\n    tags: [a:b, c:d]\n")
    write(tmp_path, FULL + tagged + downtime(ALL_DAY, "monitor_tags: [a:b, c:d]"), silent())
    assert "= it is for monitors that carry a:b and c:d" in dd_sync("test").out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("downtimes: [quit]", "5:17: error[scenario]: there is no downtime 'quit'"),
        ("downtimes: quit", "5:16: error[scenario]: there is no downtime 'quit'"),
        ("downtimes: [quiet, 5]", "5:24: error[scenario]: expected true, or keys of downtimes, found 5"),
        ("downtimes: false", "5:16: error[scenario]: expected true, or keys of downtimes, found no"),
        ("downtimes: []", "5:5: error[scenario]: an empty list"),
        ("downtime: [quiet]", "5:5: error[scenario]: unknown key 'downtime'"),
    ],
)
def test_a_wrong_name_is_told_by_check_too(dd_sync: Run, tmp_path: Path, more: str, said: str) -> None:
    write(tmp_path, FULL + downtime(ALL_DAY), silent(more))
    for command in ("check", "test"):
        answer = dd_sync(command)
        assert answer.code == 1
        assert f"monitors/scenarios/all.yaml:{said}" in answer.out + answer.err


def test_without_any_downtime_that_is_said(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, FULL, silent())
    assert "= it declares none" in dd_sync("check").out
    # Where a file cannot be read, nobody knows which there are.
    (tmp_path / "monitors/broken.yaml").write_text("a: [")
    assert "there is no downtime" not in dd_sync("check").out


def test_why_names_the_last_and_the_next_time_of_one_that_comes_again(dd_sync: Run, tmp_path: Path) -> None:
    one = silent(series="9x7199").replace("for: 1h", "for: 5d")
    write(tmp_path, FULL + downtime(daily("2026-01-01T10:00:00", "2h")), one)
    answer = dd_sync("why", "it", "--at", "2d11h", "--format", "json").json
    assert [(each["name"], each["start"], each["effect"]) for each in answer["downtimes"]] == [
        ("quiet", "2026-03-04T10:00:00Z", "silences it"),
        ("quiet", "2026-03-05T10:00:00Z", "begins later"),
    ]
    text = dd_sync("why", "it", "--at", "2d11h").out
    assert "quiet  *  10:00 to 12:00              silences it" in text
    assert "and the downtime quiet silences it" in text


def test_the_picture_shows_it(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, FULL + downtime(ALL_DAY), silent())
    dd_sync("test", "--html", "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert ">silenced</text>" in page
    assert "<title>the downtime quiet</title>" in page


def test_editors_know_the_key(dd_sync: Run) -> None:
    schema = json.dumps(dd_sync("schema").json)
    assert "Keys of the catalog's downtimes that silence as they do in Datadog, or true for all." in schema
