"""On-call at night: an alert, one tenant silenced, another still heard, the snooze ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from dd_sync.cli.snooze import COMMANDS
from dd_sync.cli.snooze import snooze as group
from dd_sync.datadog.downtimes import DatadogDowntimes
from dd_sync.errors import DatadogError
from tests.cli.support import Answer, LocalDatadog, Run, rate, write_catalog


def silence(run: Run, tenant: str, lasts: str, *more: str, reason: str = "x", **settings: Any) -> Answer:
    return run("snooze", "tenant", tenant, "--for", lasts, "--reason", reason, *more, **settings)


def snoozes(live: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live("snooze", "list", "--format", "json").json
    return found


def send(datadog: LocalDatadog, metric: str, rates: dict[str, int], minutes: int) -> None:
    """Let minutes pass, a multiple of 5, in which each tenant's count grows by its rate each minute."""
    for _ in range(0, minutes, 5):
        now = datadog.call("GET", "/local/clock")["epoch"] // 60 * 60
        series = [
            {
                "metric": metric,
                "type": 1,
                "interval": 60,
                "points": [{"timestamp": now + 60 * minute, "value": value} for minute in range(5)],
                "tags": [f"tenant:{tenant}"],
            }
            for tenant, value in rates.items()
        ]
        datadog.call("POST", "/api/v2/series", {"series": series})
        datadog.call("POST", "/local/clock", {"advance": "5m"})


def told(datadog: LocalDatadog, after: int = 0) -> list[tuple[str, str]]:
    found = datadog.call("GET", f"/local/notifications?after={after}")["notifications"]
    return [(one["group"], one["kind"]) for one in found]


def last(datadog: LocalDatadog) -> int:
    number: int = datadog.call("GET", "/local/notifications")["last"]
    return number


def test_one_tenant_is_silent_while_another_still_alerts_and_what_burns_is_told_at_the_end(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "night", rate("night-work", 100, renotify="10m"))
    live("apply", "--yes")
    start = last(datadog)
    send(datadog, "night.work", {"acme": 30, "birch": 1}, 5)
    assert told(datadog, start) == [("tenant:acme", "alert")]

    assert silence(live, "acme", "2h", reason="INC-1 load test").code == 0
    quiet = last(datadog)
    send(datadog, "night.work", {"acme": 30, "birch": 60}, 15)
    assert set(told(datadog, quiet)) == {("tenant:birch", "alert"), ("tenant:birch", "renotify")}

    ended = live("snooze", "end", "acme")
    assert ended.out.startswith("ended: tenant:acme")
    over = last(datadog)
    send(datadog, "night.work", {"acme": 30, "birch": 1}, 5)
    assert ("tenant:acme", "downtime ended") in told(datadog, over)


def test_a_snooze_has_an_owner_a_reason_and_an_end(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "owned", rate("a"))
    made = live(
        "snooze", "tenant", "acme", "--for", "90m", "--reason", "why", "--by", "mo", "--ticket", "INC-7"
    )
    assert made.code == 0
    assert "silenced: tenant:acme until" in made.out
    (one,) = snoozes(live)
    assert (one["scope"], one["owner"], one["reason"], one["ticket"]) == ("tenant:acme", "mo", "why", "INC-7")
    assert 89 * 60 <= one["left"] <= 90 * 60
    table = live("snooze", "list").out
    assert "acme" in table
    assert "why [INC-7]" in table


def test_snoozing_twice_extends_or_says_that_it_is_covered_and_never_makes_two(
    live: Run, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "again", rate("a"))
    silence(live, "acme", "1h", reason="first")
    covered = silence(live, "acme", "30m", reason="second")
    assert covered.out.startswith("already covered: tenant:acme")
    extended = silence(live, "acme", "3h", reason="third")
    assert extended.out.startswith("extended: tenant:acme")
    (one,) = snoozes(live)
    assert one["left"] > 2 * 3600


def test_a_snooze_of_chosen_monitors_is_one_downtime_for_each(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "chosen", rate("web-a") + rate("web-b") + rate("db"))
    live("apply", "--yes")
    rehearsed = silence(live, "acme", "1h", "--monitors", "web*", "--dry-run")
    assert "monitors: web-a, web-b" in rehearsed.out
    assert snoozes(live) == []
    silence(live, "acme", "1h", "--monitors", "web*")
    ids = {m["id"] for m in datadog.monitors("chosen") if m["name"].startswith("web")}
    assert {one["monitor_id"] for one in snoozes(live)} == ids
    assert live("snooze", "end", "acme").out.count("ended:") == 2


def test_a_protected_monitor_cannot_be_snoozed(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    write_catalog(tmp_path, "guarded", rate("a") + rate("b"), "policy: {snooze: {protected: [b]}}\n")
    live("apply", "--yes")
    refused = silence(live, "acme", "1h", "--monitors", "b")
    assert refused.code == 3
    assert "never snoozed: b" in refused.err
    silence(live, "acme", "1h")
    covered = [
        monitor["name"]
        for monitor in datadog.monitors("guarded")
        if datadog.call("GET", f"/api/v2/monitor/{monitor['id']}/downtime_matches")["data"]
    ]
    assert covered == ["a is high"]


def test_ending_what_is_not_snoozed_says_what_is(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "ended", rate("a"))
    nothing = live("snooze", "end", "acme")
    assert (nothing.code, "nothing is snoozed now" in nothing.err) == (1, True)
    silence(live, "birch", "1h")
    assert "snoozed now: birch" in live("snooze", "end", "acme").err
    assert live("snooze", "end", "birch", "--format", "json").json[0]["tenant"] == "birch"
    assert live("snooze", "list").out == "nothing is snoozed\n"


def test_other_peoples_downtimes_are_neither_listed_nor_ended(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "others", rate("a"))
    attributes = {
        "scope": "tenant:zoo",
        "monitor_identifier": {"monitor_tags": ["*"]},
        "message": "maintenance",
    }
    body = {"data": {"type": "downtime", "attributes": attributes}}
    theirs = datadog.call("POST", "/api/v2/downtime", body)["data"]["id"]
    assert snoozes(live) == []
    assert live("snooze", "end", "zoo").code == 1
    assert live("snooze", "end", theirs).code == 1
    assert datadog.call("GET", f"/api/v2/downtime/{theirs}")["data"]["attributes"]["status"] == "active"


def test_the_owner_is_whoever_is_logged_in(
    live: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_catalog(tmp_path, "login", rate("a"))
    assert (
        live(
            "snooze",
            "tenant",
            "a",
            "--for",
            "1h",
            "--reason",
            "x",
            "--format",
            "json",
            env={"GITHUB_ACTOR": "octo"},
        ).json[0]["owner"]
        == "octo"
    )

    def nobody() -> str:
        raise OSError

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    refused = silence(live, "b", "1h")
    assert (refused.code, "--by NAME" in refused.err) == (1, True)


def test_a_dry_run_needs_no_keys_and_makes_nothing(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "dry", rate("a"))
    shown = dd_sync(
        "snooze", "tenant", "acme", "--for", "1h", "--reason", "x", "--dry-run", "--format", "json"
    )
    assert shown.json["downtime"]["scope"] == "tenant:acme"
    assert shown.json["downtime"]["monitor_identifier"]["monitor_tags"][-1] == "dd_sync_snooze:allowed"


def test_an_empty_glob_of_monitors_silences_nothing(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "unset", rate("a"))
    live("apply", "--yes")
    refused = silence(live, "acme", "1h", "--monitors", "")
    assert (refused.code, "has a key like ''" in refused.err) == (1, True)
    assert snoozes(live) == []


def test_a_tenant_may_be_named_as_the_title_of_its_alert_has_it(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "pasted", rate("a"))
    assert silence(live, "tenant:acme", "1h").code == 0
    assert [one["scope"] for one in snoozes(live)] == ["tenant:acme"]
    assert live("snooze", "end", "tenant:acme").code == 0


def now_of(datadog: LocalDatadog) -> datetime:
    return datetime.fromisoformat(datadog.call("GET", "/local/clock")["now"])


def test_what_burns_when_a_snooze_expires_is_told_again_while_another_was_heard_all_along(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "expiry", rate("expiry-work", 100, renotify="10m"))
    live("apply", "--yes")
    start = last(datadog)
    send(datadog, "expiry.work", {"cedar": 30, "dune": 1}, 5)
    assert ("tenant:cedar", "alert") in told(datadog, start)

    until = f"{now_of(datadog) + timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ}"
    made = live("snooze", "tenant", "cedar", "--until", until, "--reason", "INC-1")
    assert made.out.startswith("silenced: tenant:cedar")
    quiet = last(datadog)
    send(datadog, "expiry.work", {"cedar": 30, "dune": 60}, 15)
    heard = {group for group, _ in told(datadog, quiet)}
    assert "tenant:dune" in heard
    assert "tenant:cedar" not in heard

    over = last(datadog)
    send(datadog, "expiry.work", {"cedar": 30, "dune": 1}, 10)
    assert ("tenant:cedar", "downtime ended") in told(datadog, over)
    assert snoozes(live) == []


def test_a_preview_shows_what_alerts_and_what_stays_loud(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(
        tmp_path,
        "seen",
        rate("seen-work", 100) + rate("kept", 100),
        "policy: {snooze: {protected: [kept]}}\n",
    )
    live("apply", "--yes")
    send(datadog, "seen.work", {"acme": 30, "birch": 1}, 10)
    shown = silence(live, "acme", "2h", "--dry-run").out
    assert "silenced now: 1 group, 1 of them triggered" in shown
    assert "Alert  seen-work  tenant:acme" in shown
    assert "stays loud: kept (protected)" in shown
    mistyped = silence(live, "amce", "2h")
    assert (mistyped.code, "there is acme" in mistyped.err) == (1, True)
    assert silence(live, "amce", "2h", "--unknown-tenant").code == 0
    preview = silence(live, "acme", "2h", "--dry-run", "--format", "json").json["preview"]
    assert preview["groups"]["triggered"] == 1
    report = live("snooze", "report").out
    assert "Silencing nothing: their groups no longer exist: 1" in report
    live("snooze", "end", "amce")
    silence(live, "acme", "2h", "--key", "seen-work")
    found = live("snooze", "report", "--format", "json").json
    assert [(one["monitor"], one["status"]) for one in found["firing"]] == [("seen-work", "Alert")]
    assert live("snooze", "report", "--format", "markdown").out.startswith("### Snoozes of seen")


def test_a_snooze_is_extended_and_ones_own_are_ended(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "longer", rate("a"), "policy: {snooze: {longest: 4h}}\n")
    silence(live, "acme", "2h", "--by", "mo")
    assert live("snooze", "extend", "acme", "--for", "1h").out.startswith("extended: tenant:acme until")
    (one,) = snoozes(live)
    assert 179 * 60 <= one["left"] <= 180 * 60
    refused = live("snooze", "extend", "acme", "--for", "3h")
    assert (refused.code, "longer than the policy allows (4h)" in refused.err) == (1, True)
    more = ("--for", "3h", "--longer-than-policy", "it takes longer", "--format", "json")
    assert live("snooze", "extend", "acme", *more).json[0]["longer_than_policy"] == "it takes longer"
    assert "(longer than policy: it takes longer)" in live("snooze", "list").out
    silence(live, "birch", "1h", "--by", "someone-else", "--from", "in 2h")
    assert "begins in 2h" in live("snooze", "list").out
    assert live("snooze", "end", "--mine", "--by", "mo").out.count("ended:") == 1
    assert [one["tenant"] for one in snoozes(live)] == ["birch"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("tenant", "a", "--for", "1h", "--until", "06:00", "--reason", "x"), "either how long"),
        (("tenant", "a", "--until", "noon", "--reason", "x"), "'noon' is not a time"),
        (("tenant", "a", "--until", "", "--reason", "x"), "--until: '' is not a time"),
        (("tenant", "a", "--until", "9999-12-31 23:59", "--reason", "x"), "'9999-12-31 23:59' is not a time"),
        (("tenant", "a", "--until", "until noon", "--reason", "x"), "'noon' is not a time"),
        (("tenant", "a", "--for", "until \x1b[2J", "--reason", "x"), "is not a time"),
        (("tenant", "a", "--for", "1h", "--from", "2020-01-01 00:00", "--reason", "x"), "is over"),
        (("tenant", "a", "--for", "1h", "--key", "a", "--monitors", "b", "--reason", "x"), "choose monitors"),
        (("end",), "say which to end"),
        (("end", "acme", "--mine"), "say which to end"),
        (("extend", "acme"), "either how long"),
    ],
)
def test_a_command_that_says_too_little_or_too_much_is_refused(
    live: Run, arguments: tuple[str, ...], problem: str
) -> None:
    refused = live("snooze", *arguments)
    assert (refused.code, problem in refused.err) == (64, True)
    assert "\x1b" not in refused.err


def test_a_time_that_the_clock_leaps_over_is_said(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "leap", rate("a"))
    shown = dd_sync(
        *("snooze", "tenant", "acme", "--reason", "x", "--dry-run", "--longer-than-policy", "y"),
        *("--from", "in 1h", "--for", "until 2099-03-29 02:30 Europe/Berlin"),
    )
    assert "--until: 02:30 does not exist on 2099-03-29" in shown.err
    assert (shown.code, "longer than any may be" in shown.err) == (1, True)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_help_line_of_a_part_is_the_first_of_its_own(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0] == COMMANDS[name][1]


def test_without_keys_a_dry_run_says_what_it_cannot_show(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "dry", rate("a"))
    shown = dd_sync("snooze", "tenant", "acme", "--for", "1h", "--reason", "x", "--dry-run")
    assert shown.out.startswith("would silence tenant:acme until")
    assert "all with the tags managed_by:dd-sync, dd_sync_catalog:dry" in shown.out
    assert "without DD_API_KEY and DD_APP_KEY" in shown.err


@pytest.fixture
def in_kathmandu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_kathmandu")
def test_the_end_is_told_in_utc_and_in_the_time_of_this_machine(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "zone", rate("a"))
    until = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}T20:15Z"
    shown = dd_sync("snooze", "tenant", "acme", "--until", until, "--reason", "x", "--dry-run")
    next_day = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    assert f"20:15 UTC ({next_day} 02:00 +0545 here)" in shown.out


def test_what_could_not_be_ended_is_named_and_what_was_is_shown_all_the_same(
    live: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_catalog(tmp_path, "halfway", rate("a") + rate("b"))
    live("apply", "--yes")
    made = silence(live, "acme", "20h", "--monitors", "*")
    assert made.out.count("silenced:") == 2, made.err
    cancel, done = DatadogDowntimes.cancel, []

    def second_fails(self: DatadogDowntimes, downtime_id: str) -> None:
        done.append(downtime_id)
        if len(done) == 2:
            raise DatadogError("DELETE …: answered 503", status=503)
        cancel(self, downtime_id)

    monkeypatch.setattr(DatadogDowntimes, "cancel", second_fails)
    half = live("snooze", "end", "acme")
    assert half.code == 4
    assert half.out.count("ended: tenant:acme on monitor") == 1
    assert f"({done[1]}): DELETE …: answered 503" in half.err
    assert "ending twice is safe" in half.err
    assert live("snooze", "end", "acme").code == 0
