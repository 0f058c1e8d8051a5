"""What was applied is remembered in one tag, field by field."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.kinds.applied import FIELDS, VERSION, applied, applied_tag, digests, field_of, marked
from dd_sync.kinds.monitor import comparable, create_body
from dd_sync.model.monitor import Monitor
from dd_sync.model.options import OPTIONS
from dd_sync.model.ownership import APPLIED
from tests.kinds.bodies import CLASSES, QUERIES, answer, put

MONITOR = Monitor(
    type="query alert",
    query="avg(last_5m):avg:x{*} > 4",
    name="n",
    message="m",
    tags=("a:1",),
    options={"thresholds": {"critical": 4}},
)


def test_the_tag_is_as_long_as_datadogs_tags_may_be() -> None:
    tag = applied_tag(MONITOR)
    assert tag.startswith(f"{APPLIED}{VERSION}-")
    assert len(tag) <= 200
    assert tag == tag.lower()


def test_a_digest_stays_the_same_as_long_as_the_version_does() -> None:
    """If this fails, monitors in Datadog have tags that no longer say what they said: raise VERSION."""
    tag = applied_tag(
        replace(MONITOR, priority=2, options={"thresholds": {"critical": 4.0}, "renotify_interval": 30})
    )
    assert tag == GOLDEN


ABSENT = "74234e98"
GOLDEN = "dd_sync_applied:1-" + "".join(
    [
        "46a3ae93",
        "6554da50",
        "1d576f47",
        "7880c8d1",
        "d4735e3a",
        ABSENT,
        ABSENT,
        "40be53b1",
        ABSENT,
        ABSENT,
        ABSENT,
        ABSENT,
        ABSENT,
        ABSENT,
        ABSENT,
        "624b60c5",
        ABSENT,
        ABSENT,
        ABSENT,
        ABSENT,
        "44136fa3",
    ]
)


def test_the_tag_itself_is_no_part_of_what_is_remembered() -> None:
    tag = applied_tag(MONITOR)
    assert applied_tag(replace(MONITOR, tags=("a:1", tag))) == tag
    body = create_body(MONITOR)
    assert marked(body) == {**body, "tags": ["a:1", tag]}


def test_each_field_has_its_own_place() -> None:
    before = applied([applied_tag(MONITOR)])
    assert before is not None
    changes: dict[str, dict[str, Any]] = {
        "name": {"name": "other"},
        "query": {"query": "avg(last_5m):avg:x{*} > 5"},
        "message": {"message": "other"},
        "tags": {"tags": ("b:2",)},
        "priority": {"priority": 1},
        "draft_status": {"draft_status": "draft"},
        "restricted_roles": {"restricted_roles": ("r",)},
    }
    values: dict[str, Any] = {
        "thresholds": {"critical": 5},
        "renotify_statuses": ["warn"],
        "notify_by": ["a"],
    }
    for name in FIELDS:
        if name.startswith("options."):
            option = name.removeprefix("options.")
            given: Any = values.get(option, "resolve" if OPTIONS[option].kind in ("choice", "text") else 1)
            changes[name] = {"options": {**MONITOR.options, option: given}}
    changes["options"] = {"options": {**MONITOR.options, "locked": True}}
    assert changes.keys() == set(FIELDS)
    for name, change in changes.items():
        after = applied([applied_tag(replace(MONITOR, **change))])
        assert after is not None
        assert {field for field in FIELDS if after[field] != before[field]} == {name}


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("name", "name"),
        ("tags", "tags"),
        ("options.thresholds.critical", "options.thresholds"),
        ("options.thresholds", "options.thresholds"),
        ("options.renotify_statuses", "options.renotify_statuses"),
        ("options.variables[0].search.query", "options"),
        ("options.locked", "options"),
        ("restricted_roles[0]", "restricted_roles"),
        ("type", None),
        ("assets[0].url", None),
    ],
)
def test_a_path_belongs_to_a_field(path: str, field: str | None) -> None:
    assert field_of(path) == field


@pytest.mark.parametrize(
    "tags",
    [
        [],
        ["a:1"],
        [APPLIED],
        [f"{APPLIED}1-"],
        [f"{APPLIED}1-" + "0" * 8 * (len(FIELDS) - 1)],
        [f"{APPLIED}99-" + "0" * 8 * len(FIELDS)],
        [f"{APPLIED}1-" + "0" * 8 * len(FIELDS), f"{APPLIED}1-" + "1" * 8 * len(FIELDS)],
    ],
)
def test_a_tag_that_cannot_be_read_remembers_nothing(tags: list[str]) -> None:
    assert applied(tags) is None


def test_spaces_in_a_query_are_no_edit_and_a_query_nobody_can_read_is_taken_as_it_stands() -> None:
    spaced = replace(MONITOR, query="avg(last_5m): avg:x{*}  >  4")
    assert applied_tag(spaced) == applied_tag(MONITOR)
    odd, other = (applied_tag(replace(MONITOR, query=text)) for text in ("odd", "odder"))
    assert odd != other


@given(st.integers(0, 2**32))
def test_what_datadog_fills_in_is_no_edit(seed: int) -> None:
    chance = random.Random(seed)
    kind, query, _ = chance.choice(QUERIES)
    sent: dict[str, Any] = {"type": kind, "query": query, "name": "n", "options": {}}
    for path in chance.sample([name for name in CLASSES if "schedul" not in name], 5):
        put(sent, path, chance.choice(chance.choice(CLASSES[path])))
    live = answer(sent, chance)
    for name in ("avalanche_window", "an_injected_option"):
        live["options"].pop(name, None)
    one, other = Monitor.from_json(sent), Monitor.from_json(live)
    assert digests(comparable(one), one.type) == digests(comparable(other), other.type)
