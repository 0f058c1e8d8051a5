from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dd_sync.model.monitor import Declared
from dd_sync.plan.build import build_plan
from tests.plan.memory import CATALOG, declare, live_of

QUERY = "sum(last_1h):sum:a{env:prod} by {tenant}.as_count() "


def labels(declared: Declared, live: Declared) -> tuple[str, ...]:
    [change] = build_plan([declared], live_of(live), CATALOG).changes
    return change.labels


def at(comparator: str, critical: float, warning: float | None = None, **fields: Any) -> Declared:
    thresholds = {"critical": critical} | ({} if warning is None else {"warning": warning})
    return declare(
        "a", query=f"{QUERY}{comparator} {critical:g}", options={"thresholds": thresholds}, **fields
    )


@pytest.mark.parametrize(
    ("comparator", "critical", "label"),
    [(">", 800, "less"), (">=", 100, "more"), ("<", 100, "less"), ("<=", 800, "more")],
)
def test_a_moved_threshold_is_less_or_more_sensitive(comparator: str, critical: float, label: str) -> None:
    assert labels(at(comparator, critical), at(comparator, 500)) == (f"{label} sensitive",)


def test_a_moved_warning_counts_too_and_both_ways_at_once_is_said() -> None:
    assert labels(at(">", 500, 450), at(">", 500, 400)) == ("less sensitive",)
    assert labels(at(">", 600, 300), at(">", 500, 400)) == ("more and less sensitive",)


def test_a_turned_comparator_is_not_compared() -> None:
    assert "sensitive" not in " ".join(labels(at("<", 800), at(">", 500)))
    assert labels(at("==", 800), at("==", 500)) == ()


def test_another_comparator_begins_the_groups_anew() -> None:
    assert labels(at("<", 500), at(">", 500)) == ("resets group state",)
    assert labels(at(">=", 500), at(">", 500)) == ("resets group state",)


def test_a_warning_that_goes_is_less_sensitive_and_one_that_comes_more() -> None:
    assert labels(at(">", 500), at(">", 500, 400)) == ("less sensitive",)
    assert labels(at("<", 500, 600), at("<", 500)) == ("more sensitive",)
    assert labels(at(">", 400), at(">", 500, 300)) == ("more and less sensitive",)


def test_a_service_check_that_waits_for_more_failures_is_less_sensitive() -> None:
    def check(critical: Any) -> Declared:
        query = '"http.can_connect".over("env:prod").by("host").last(6).count_by_status()'
        return declare("a", type="service check", query=query, options={"thresholds": {"critical": critical}})

    assert labels(check(5), check(3)) == ("less sensitive",)
    assert labels(check("five"), check(3)) == ()


def test_a_threshold_only_in_the_query_is_read_from_there() -> None:
    one = declare("a", query=f"{QUERY}> 800", options={})
    assert labels(one, declare("a", query=f"{QUERY}> 500", options={})) == ("less sensitive",)
    keyword = declare("a", query=f"{QUERY}> threshold", options={})
    assert "sensitive" not in " ".join(labels(keyword, one))


@pytest.mark.parametrize(
    "query",
    [
        "sum(last_1h):sum:a{env:prod,!tenant:x} by {tenant}.as_count() > 500",
        "sum(last_1h):sum:a{env:prod} by {tenant,region}.as_count() > 500",
        "sum(last_4h):sum:a{env:prod} by {tenant}.as_count() > 500",
    ],
)
def test_another_scope_grouping_or_window_resets_the_groups(query: str) -> None:
    assert labels(declare("a", query=query), at(">", 500)) == ("resets group state",)


def test_a_message_that_pages_somebody_else_or_nobody_says_so() -> None:
    paging = at(">", 500, message="x @pagerduty-risk.")
    assert labels(paging, at(">", 500)) == ("also pages @pagerduty-risk",)
    assert labels(at(">", 500, message="a@example.com"), paging) == ("pages nobody",)
    assert labels(at(">", 500, message="y @pagerduty-risk"), paging) == ()


@pytest.mark.parametrize(
    "option", [{"notify_no_data": True}, {"on_missing_data": "resolve"}, {"timeout_h": 2}]
)
def test_another_treatment_of_missing_data_is_said(option: dict[str, Any]) -> None:
    changed = declare("a", options={"thresholds": {"critical": 500}, **option})
    assert labels(changed, declare("a")) == ("no-data handling changed",)


def test_a_draft_sends_nothing_and_leaving_draft_is_said() -> None:
    assert labels(declare("a", draft_status="draft"), declare("a")) == ("sends nothing (draft)",)
    assert labels(declare("a"), declare("a", draft_status="draft")) == ("leaves draft",)


def test_a_weakened_protected_monitor_stands_out() -> None:
    assert labels(replace(at(">", 800), protected=True), at(">", 500)) == (
        "less sensitive",
        "protected monitor weakened",
    )
    assert labels(replace(at(">", 400), protected=True), at(">", 500))[-1] == "protected monitor touched"
    renamed = replace(declare("a", name="x"), protected=True)
    assert labels(renamed, declare("a")) == ("protected monitor touched",)


def test_a_new_name_is_no_risk() -> None:
    assert labels(declare("a", name="x"), declare("a")) == ()


def test_a_replaced_protected_monitor_stands_out() -> None:
    anew = replace(declare("a", type="log alert"), protected=True)
    assert labels(anew, declare("a"))[1:] == ("protected monitor touched",)
