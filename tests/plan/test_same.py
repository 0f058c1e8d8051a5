"""The short way to "unchanged" is never taken where the long one would find a change."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.kinds.monitor import compared
from dd_sync.model.digest import digest
from dd_sync.model.monitor import Monitor
from dd_sync.plan.build import build_plan
from dd_sync.plan.same import plainly_same
from tests.plan.memory import CATALOG, declare, live_of

VALUES = st.sampled_from(
    [None, True, False, 0, 1, 300, 2.0, "", "x", "x ", "default", [], ["a"], {}, {"a": 1}]
)
NAMES = (
    "notify_no_data", "include_tags", "new_host_delay", "silenced", "renotify_interval", "timeout_h",
    "escalation_message", "on_missing_data", "require_full_window", "renotify_statuses", "from_tomorrow",
)  # fmt: skip
OPTIONS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["n", "n "]),
        "message": st.sampled_from(["m", "m\n", " m"]),
        "priority": st.sampled_from([None, 0, 3]),
        "draft_status": st.sampled_from([None, "draft", "published"]),
        "restricted_roles": st.sampled_from([None, ("a",)]),
        "tags": st.sampled_from([("a:1", "b:2"), ("b:2", "a:1"), ("a:1",)]),
    },
)


def monitor(fields: dict[str, Any], options: dict[str, Any]) -> Monitor:
    return Monitor(**{"type": "query alert", "query": "q > 1", "name": "n", **fields}, options=options)


@settings(max_examples=200)
@given(FIELDS, OPTIONS, FIELDS, OPTIONS)
def test_plainly_the_same_is_the_same(
    ours: dict[str, Any], options: dict[str, Any], theirs: dict[str, Any], live_options: dict[str, Any]
) -> None:
    declared = monitor(ours, options)
    there = monitor({**ours, **theirs}, {**options, **live_options}).body()
    if plainly_same(declared, there):
        one, other = compared(declared, Monitor.from_json(there))
        assert one == other


@pytest.mark.parametrize(
    "fields", [{}, {"message": "m\n"}, {"priority": 2}, {"options": {"thresholds": {"critical": 500}}}]
)
def test_what_datadog_answers_to_a_create_is_plainly_the_same(fields: dict[str, Any]) -> None:
    declared = declare("a", **fields)
    [live] = live_of(declared)
    live["message"] = live["message"].rstrip()
    assert plainly_same(declared.monitor, live)
    assert build_plan([declared], [live], CATALOG).unchanged == 1


def test_a_digest_reads_any_mapping() -> None:
    assert digest(MappingProxyType({"a": MappingProxyType({"b": 2.0})})) == digest({"a": {"b": 2}})


@given(st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner)))
def test_a_digest_tells_no_whole_number_from_its_float(value: Any) -> None:
    def floats(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: floats(one) for key, one in reversed(item.items())}
        if isinstance(item, list):
            return tuple(floats(one) for one in item)
        return float(item) if type(item) is int else item

    assert digest(floats(value)) == digest(value)
    assert digest([value]) != digest([value, 1])
