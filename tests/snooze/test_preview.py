"""What is seen before a snooze is made, and which tenants are refused for their names."""

from __future__ import annotations

from typing import Any

import pytest

from dd_sync.errors import DatadogError, RequestError
from dd_sync.model.group import LiveMonitor
from dd_sync.model.ownership import ownership_tags
from dd_sync.snooze.preview import Preview, Question, look
from dd_sync.snooze.show import preview_json, preview_lines
from tests.snooze.memory import MemorySearch, group

LOUD = [
    LiveMonitor(8, "Double sign", ownership_tags("guardrails", "double-sign"), "OK"),
    LiveMonitor(9, "Revenue", (), "Alert"),
]


def ask(search: MemorySearch, scope: str = "tenant:acme", **more: Any) -> Preview:
    return look(search, Question("guardrails", scope, **more))


def lines(preview: Preview, **more: Any) -> str:
    return "\n".join(preview_lines(preview, protected=["double-sign"], **more))


def test_the_worst_groups_come_first_and_what_stays_loud_is_named() -> None:
    search = MemorySearch(
        group("acme", "a-rate"),
        group("acme", "spike", "Warn"),
        group("acme", "settle", "Alert"),
        group("birch", "settle", "Alert"),
        loud=LOUD,
    )
    preview = ask(search)
    assert preview.warnings == ()
    assert lines(preview) == (
        "  silenced now: 3 groups, 2 of them triggered\n"
        "    Alert  settle  tenant:acme\n"
        "    Warn   spike   tenant:acme\n"
        "    OK     a-rate  tenant:acme\n"
        "  stays loud: double-sign (protected), Revenue [Alert]"
    )
    assert search.calls == ["groups tenant:acme", "monitors"]


def test_many_groups_are_counted_and_a_few_shown() -> None:
    loud = [LiveMonitor(number, f"m{number:02}", (), "OK") for number in range(30)]
    preview = ask(MemorySearch(*(group("acme", f"k{n:03}") for n in range(300)), loud=loud))
    shown = lines(preview)
    assert "silenced now: 300 groups, none of them triggered" in shown
    assert "… and 288 more" in shown
    assert shown.endswith(", m07, and 22 more")


def test_only_the_chosen_monitors_are_shown() -> None:
    search = MemorySearch(group("acme", "a", "Alert", monitor=1), group("acme", "b", "Alert", monitor=2))
    preview = ask(search, monitors=[2], loud=False)
    assert lines(preview, keys=["b"]) == (
        "  monitors: b\n"
        "  silenced now: 1 group, 1 of them triggered\n"
        "    Alert  b  tenant:acme\n"
        "  stays loud: every other monitor"
    )


def test_a_tenant_that_no_group_knows_is_warned_about() -> None:
    search = MemorySearch(group("birch"))
    preview = ask(search)
    assert preview.warnings == (
        "no live group is tenant:acme: nothing of it is silenced now, only what begins later",
    )
    assert lines(preview) == (
        "  silenced now: nothing\n  stays loud: double-sign (protected), and what is not grouped by tenant"
    )
    assert len(search.calls) == 2


def test_among_very_many_groups_it_is_said_how_many_were_looked_at() -> None:
    preview = ask(MemorySearch(*(group(f"t{number}xyz{number}") for number in range(1200))))
    assert "among the 1000 of 1200 groups looked at" in preview.warnings[0]


@pytest.mark.parametrize("typed", ["amce", "acm3", "acrne", "acmee", "\u0430cme"])
def test_a_name_near_a_live_tenants_is_refused_unless_it_is_meant(typed: str) -> None:
    search = MemorySearch(group("acme"))
    with pytest.raises(
        RequestError, match=f"'tenant:{typed}' is not among the live tenants; there is acme"
    ) as caught:
        ask(search, f"tenant:{typed}")
    assert "--unknown-tenant" in caught.value.hint
    assert ask(search, f"tenant:{typed}", any_tenant=True).warnings


def test_a_live_tenant_is_never_refused_for_others_of_like_names() -> None:
    assert ask(MemorySearch(group("acme-1"), group("acme-2")), "tenant:acme-1").warnings == ()


def test_letters_of_another_script_have_to_be_a_live_tenants() -> None:
    kana = "\u6771\u4eac"
    assert ask(MemorySearch(group(kana)), f"tenant:{kana}").warnings == ()
    with pytest.raises(RequestError, match="its letters could pass for others"):
        ask(MemorySearch(group("birch")), f"tenant:{kana}")
    assert ask(MemorySearch(group("birch")), f"tenant:{kana}", any_tenant=True).warnings


def test_two_live_tenants_that_look_alike_are_told_apart() -> None:
    search = MemorySearch(group("acme"), group("\u0430cme"))
    with pytest.raises(RequestError) as refused:
        ask(search, "tenant:\u0430cme")
    said = "could be taken for another; there is acme, and '\u0430' here is U+0430"
    assert refused.value.problem.endswith(said)
    assert "could be taken for acme" in ask(search, "tenant:\u0430cme", any_tenant=True).warnings[0]


def test_a_search_that_is_refused_keeps_nobody_from_silencing() -> None:
    search = MemorySearch(group("acme"))
    search.error = DatadogError("GET …: answered 403: Forbidden", status=403)
    preview = ask(search)
    assert "cannot be told: GET …: answered 403" in preview.warnings[0]
    assert (preview.groups, preview.triggered) == (None, 0)
    assert "silenced now: unknown" in lines(preview)
    assert preview_json(preview)["groups"] is None
    with pytest.raises(DatadogError):
        ask(search, "tenant:\u6771\u4eac")


def test_a_datadog_that_cannot_be_reached_is_an_error() -> None:
    search = MemorySearch(group("acme"))
    search.error = DatadogError("the connection was lost")
    with pytest.raises(DatadogError):
        ask(search)


def test_text_from_datadog_cannot_steer_the_terminal() -> None:
    hostile = LiveMonitor(1, "a\x1b[2Jb\nc", (), "OK")
    shown = preview_lines(ask(MemorySearch(group("acme", "k"), loud=[hostile])))
    assert all(line.isprintable() for line in shown)


def test_json_holds_the_same() -> None:
    shown = preview_json(ask(MemorySearch(group("acme", "k", "Alert"), loud=LOUD)))
    assert shown["groups"]["total"] == shown["groups"]["triggered"] == 1
    assert shown["groups"]["shown"][0]["monitor"] == "k"
    assert shown["loud"]["shown"][0] == {"monitor_id": 8, "monitor": "double-sign", "status": "OK"}


def test_a_catalog_in_which_all_may_be_snoozed_says_so() -> None:
    assert lines(ask(MemorySearch(group("acme")))).endswith("stays loud: nothing of this catalog")
