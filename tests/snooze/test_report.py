"""The weekly report: what a reviewer has to see, and nothing that a name could smuggle into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dd_sync.errors import DatadogError
from dd_sync.model.group import Found, LiveGroup
from dd_sync.snooze.report import Report, build_report
from dd_sync.snooze.report_show import as_json, as_markdown, as_text
from dd_sync.snooze.request import Policy
from tests.snooze.memory import NOW, MemoryDowntimes, MemorySearch, group, request

HOUR = timedelta(hours=1)


def report(downtimes: MemoryDowntimes, search: MemorySearch | None = None, **more: Any) -> Report:
    given = {"days": 7, "keys": {7: "stream-rate"}, "exemptions": ["monitors/a.yaml:3:1: ends soon"]}
    return build_report(downtimes, search or MemorySearch(), "guardrails", NOW, **{**given, **more})


def week() -> MemoryDowntimes:
    downtimes = MemoryDowntimes()
    longer = Policy(24 * HOUR, "the migration")
    downtimes.put(replace(request(), start=NOW - HOUR))
    downtimes.put(replace(request("birch", duration=timedelta(days=9), policy=longer), start=NOW - HOUR))
    over = replace(request(monitor_id=7), status="ended")
    downtimes.put(replace(over, start=NOW - 30 * HOUR, end=NOW - 20 * HOUR))
    downtimes.put(
        replace(over, status="canceled", start=NOW - 25 * HOUR, end=NOW + HOUR, canceled=NOW - 15 * HOUR)
    )
    downtimes.put(replace(over, start=NOW - timedelta(days=9), end=NOW - timedelta(days=8)))
    downtimes.put(replace(request("globex"), start=NOW + 10 * HOUR, end=NOW + 12 * HOUR, status="scheduled"))
    downtimes.put(replace(request("elsewhere", catalog="another"), start=NOW - HOUR))
    downtimes.put(replace(request("theirs"), message="maintenance", start=NOW - HOUR))
    return downtimes


def test_what_ends_soon_and_what_lasts_longest_is_of_those_that_are_live() -> None:
    found = report(week())
    assert [one.tenant for one in found.expiring] == ["acme", "globex"]
    assert [one.tenant for one in found.longest] == ["birch", "acme", "globex"]
    assert found.longest[0].longer_because == "the migration"


def test_how_often_and_how_long_counts_what_two_cover_once_and_only_the_days_asked_for() -> None:
    found = report(week())
    assert [(one.name, one.times, one.silent) for one in found.tenants] == [
        ("tenant:acme", 3, 16 * HOUR),
        ("tenant:birch", 1, HOUR),
    ]
    assert [(one.name, one.times, one.silent) for one in found.monitors] == [
        ("stream-rate", 2, 15 * HOUR),
        ("all that may be snoozed", 2, HOUR),
    ]
    longer = report(week(), days=30, keys={})
    assert longer.tenants[0].times == 4
    assert longer.monitors[0].name == "monitor 7, which is not this catalog's any more"


def test_snoozes_of_nothing_and_hidden_fires_are_told() -> None:
    search = MemorySearch(group("acme", "rate", "Alert"), group("acme", "spike"))
    found = report(week(), search)
    assert [one.tenant for one in found.gone] == ["birch"]
    assert [(one.monitor, one.group, one.status) for one in found.firing] == [
        ("rate", "tenant:acme", "Alert")
    ]
    assert search.calls == ["groups tenant:acme", "groups tenant:birch"]


def test_a_snooze_of_one_monitor_hides_only_that_monitors_fire() -> None:
    downtimes = MemoryDowntimes()
    for number in (1, 2):
        downtimes.put(request(monitor_id=number))
    groups = (group("acme", "a", "Alert", monitor=1), group("acme", "b", "Warn", monitor=3))
    found = report(downtimes, MemorySearch(*groups))
    assert [one.monitor for one in found.firing] == ["a"]
    assert [one.monitor_id for one in found.gone] == [2]


def test_what_the_search_would_not_say_is_said_to_be_unknown() -> None:
    search = MemorySearch()
    search.error = DatadogError("answered 403", status=403)
    found = report(week(), search)
    assert found.gone == ()
    assert "answered 403" in found.unknown[0]
    assert "not known: whether the groups of the snoozes still exist" in as_text(found)
    assert "> Not known: whether" in as_markdown(found)


def test_a_scope_that_somebody_widened_in_datadog_hides_no_other_fire() -> None:
    class Choosy(MemorySearch):
        def groups(
            self, tags: Sequence[str], *, group: str | None = None, most: int = 100
        ) -> Found[LiveGroup]:
            if "(" in (group or ""):
                raise DatadogError("answered 400", status=400)
            return super().groups(tags, group=group, most=most)

    downtimes = MemoryDowntimes()
    downtimes.put(replace(request(), scope="tenant:(acme OR birch)"))
    downtimes.put(request())
    found = report(downtimes, Choosy(group("acme", "a", "Alert")))
    assert [one.snooze.scope for one in found.firing] == ["tenant:acme"]
    (why,) = found.unknown
    assert why.startswith("whether the groups of tenant:(acme OR birch) still exist")


def test_the_text_names_every_part_even_where_there_is_nothing() -> None:
    text = as_text(report(MemoryDowntimes(), exemptions=[]))
    assert text.count(": none") == 7
    assert as_markdown(report(MemoryDowntimes(), exemptions=[])).count("None.") == 7


def test_an_endless_one_and_a_long_list_are_told() -> None:
    downtimes = MemoryDowntimes()
    downtimes.put(replace(request(), end=None, start=NOW))
    for number in range(30):
        downtimes.put(request(f"t{number}"))
    found = report(downtimes)
    assert found.longest[0].end is None
    text = as_text(found)
    assert "no end" in text
    assert "never" in text
    assert "… and 11 more" in text
    assert "… and 11 more." in as_markdown(found)


def test_no_text_of_a_snooze_is_read_as_markdown_or_steers_the_terminal() -> None:
    downtimes = MemoryDowntimes()
    made = request(reason="x | <b>#1</b> [a](b) `c`")
    message = made.message + " @octo https://evil.example \x1b[2J"
    downtimes.put(replace(made, message=message, start=NOW - HOUR))
    markdown = as_markdown(report(downtimes))
    for piece in ("<b>", " @octo", "[a]", "`c`", "https://", "\x1b", ">#1"):
        assert piece not in markdown
    assert "\x1b" not in as_text(report(downtimes))


def test_json_holds_every_part() -> None:
    found = as_json(report(week(), MemorySearch(group("acme", "rate", "Alert"))), lambda one: {"id": one.id})
    assert set(found) == {
        *("catalog", "at", "days", "expiring", "longest", "tenants", "monitors", "gone", "firing"),
        *("exemptions", "unknown"),
    }
    assert found["tenants"][0] == {"name": "tenant:acme", "times": 3, "silent": 16 * 3600}
    assert found["firing"][0]["snooze"] == {"id": "id-1"}
    assert found["exemptions"] == ["monitors/a.yaml:3:1: ends soon"]
