"""Drift: what was edited in Datadog is told from what changed in git, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.adopt.drift import Drift, find_drift
from dd_sync.adopt.show import as_json, as_markdown, as_text
from dd_sync.errors import RequestError
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import APPLIED
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from tests.plan.memory import CATALOG, MemoryMonitors, declare

# Top-level fields and options, each with values that mean different things.
EDITS: Mapping[str, list[Any]] = {
    "name": ["one", "two", "three"],
    "message": ["one", "two\nlines", ""],
    "priority": [None, 1, 5],
    "query": ["avg(last_5m):avg:x{*} > 500", "avg(last_5m):avg:y{*} > 500", "avg(last_10m):avg:x{*} > 500"],
    "options.renotify_interval": [None, 30, 60],
    "options.timeout_h": [None, 1, 2],
    "options.renotify_statuses": [None, ["alert"], ["warn", "alert"]],
    "options.locked": [None, True],
    "options.require_full_window": [False, True],
    "options.escalation_message": [None, "still", "still there"],
}
BASE = {name: values[0] for name, values in EDITS.items()}


def declared(values: Mapping[str, Any]) -> Declared:
    fields = {name: value for name, value in values.items() if "." not in name}
    options = {
        name.removeprefix("options."): value
        for name, value in values.items()
        if "." in name and value is not None
    }
    return declare("a", **fields, options={"thresholds": {"critical": 500}, **options})


def live_after(one: Declared) -> MemoryMonitors:
    datadog = MemoryMonitors()
    apply(build_plan([one], [], CATALOG), datadog, sleep=lambda _: None)
    return datadog


def edit(datadog: MemoryMonitors, values: Mapping[str, Any]) -> None:
    """As a person does it in Datadog: the tags stay."""
    (body,) = datadog.live.values()
    wanted = declared(values).monitor.body()
    kept = {
        **wanted["options"],
        "silenced": {},
        "include_tags": True,
        "new_host_delay": 300,
        "notify_audit": False,
    }
    body |= {**wanted, "tags": body["tags"], "options": kept}


def drift(one: Declared, datadog: MemoryMonitors) -> Drift:
    return find_drift([one], datadog.list(), CATALOG, target="x")


changes = st.dictionaries(st.sampled_from(sorted(EDITS)), st.integers(0, 2), max_size=4)


@settings(max_examples=60)
@given(changes, changes)
def test_each_field_is_told_by_the_side_that_changed_it(git: dict[str, int], there: dict[str, int]) -> None:
    in_git = {**BASE, **{name: EDITS[name][n % len(EDITS[name])] for name, n in git.items()}}
    in_datadog = {**BASE, **{name: EDITS[name][n % len(EDITS[name])] for name, n in there.items()}}
    datadog = live_after(declared(BASE))
    edit(datadog, in_datadog)
    found = drift(declared(in_git), datadog)
    expected = {}
    for name in EDITS:
        if in_git[name] != in_datadog[name]:
            moved = (in_git[name] != BASE[name], in_datadog[name] != BASE[name])
            expected[name] = {(True, True): "both", (True, False): "git", (False, True): "datadog"}[moved]
    told = {d.change.path: d.side for one in found.drifted for d in one.differences}
    assert told == expected


def test_nothing_differs_after_an_apply() -> None:
    found = drift(declared(BASE), live_after(declared(BASE)))
    assert found.is_none
    assert found.same == 1
    assert as_text(found).splitlines() == [
        "Drift of guardrails on x: 0 edited in Datadog, 0 changed in git, 0 on both sides, 1 as declared",
        "No drift: Datadog is as declared.",
    ]


def test_without_a_tag_that_can_be_read_there_are_two_sides_only() -> None:
    for tag in (None, f"{APPLIED}9-00"):
        datadog = live_after(declared(BASE))
        edit(datadog, {**BASE, "message": "edited"})
        (body,) = datadog.live.values()
        body["tags"] = [t for t in body["tags"] if not t.startswith(APPLIED)] + ([tag] if tag else [])
        found = drift(declared(BASE), datadog)
        assert [(d.change.path, d.side) for d in found.drifted[0].differences] == [("message", "unknown")]
        assert "nothing tells on which side" in as_text(found)


def test_a_type_has_no_side() -> None:
    datadog = live_after(declared(BASE))
    changed = replace(declared(BASE), monitor=replace(declared(BASE).monitor, type="log alert"))
    sides = {d.change.path: d.side for d in drift(changed, datadog).drifted[0].differences}
    assert sides["type"] == "unknown"


def test_references_count_as_the_ids_they_stand_for() -> None:
    part, both = declare("part"), declare("both", references=("part",))
    datadog = MemoryMonitors()
    apply(build_plan([part, both], [], CATALOG), datadog, sleep=lambda _: None)
    assert find_drift([part, both], datadog.list(), CATALOG).is_none
    datadog.by_key["both"]["query"] += " || 99"
    (one,) = find_drift([part, both], datadog.list(), CATALOG).drifted
    assert [d.side for d in one.differences] == ["datadog"]


def test_what_is_on_one_side_only_is_told() -> None:
    datadog = live_after(declare("gone"))
    found = find_drift([declare("new")], datadog.list(), CATALOG, target="x")
    assert (found.missing, found.undeclared) == (("new",), (("gone", 1001),))
    text = as_text(found)
    assert "+ new: declared, and not in Datadog" in text
    assert "- gone (monitor 1001): in Datadog, and no longer declared" in text
    assert "1 not in Datadog, 1 no longer declared, 0 as declared" in text
    assert "- gone (monitor 1001)" in as_markdown(found)


def test_a_renamed_monitor_drifts_under_its_new_key() -> None:
    datadog = live_after(declare("old"))
    new = replace(declare("new"), was="old")
    found = find_drift([new], datadog.list(), CATALOG)
    assert (found.missing, found.undeclared) == ((), ())
    with pytest.raises(RequestError, match="former old"):
        find_drift([new, declare("old")], datadog.list(), CATALOG)


def test_an_edit_reads_from_what_is_declared_to_what_is_live_and_a_change_in_git_the_other_way() -> None:
    datadog = live_after(declared(BASE))
    edit(datadog, {**BASE, "priority": 5, "message": "a\nb"})
    body = datadog.live[1001]
    body["modified"] = "2026-03-01T10:00:00+00:00"
    body["creator"] = {"handle": "a@example.com", "email": "a@example.com"}
    found = drift(declared({**BASE, "name": "two", "message": "c"}), datadog)
    text = as_text(found)
    assert text.splitlines()[1:] == [
        "~ a (monitor 1001, last written 2026-03-01T10:00:00+00:00)",
        "  edited in Datadog: declared -> live",
        "    priority: not set -> 5",
        "  changed in git and edited in Datadog: live -> declared",
        "    message:",
        "      -a",
        "      -b",
        "      +c",
        "  changed in git, not applied yet: live -> declared",
        "    name: one -> two",
    ]
    assert "@example.com" not in text + as_markdown(found) + str(as_json(found))
    assert as_json(found)["drifted"][0]["fields"][-1] == {
        "path": "priority",
        "side": "datadog",
        "live": 5,
        "declared": None,
    }


def test_hostile_texts_steer_neither_the_terminal_nor_markdown() -> None:
    datadog = live_after(declared(BASE))
    edit(datadog, {**BASE, "message": "\x1b[31m```\n</details>@everyone"})
    datadog.live[1001]["modified"] = "\x1b[31m<b>"
    found = drift(declared(BASE), datadog)
    assert "\x1b" not in as_text(found) + as_markdown(found)
    assert "<b>" not in as_markdown(found)
    assert "````diff" in as_markdown(found)


def test_markdown_colours_a_changed_text_since_its_lines_begin_with_their_mark() -> None:
    datadog = live_after(declared(BASE))
    edit(datadog, {**BASE, "message": "one\nmore"})
    text = as_markdown(drift(declared(BASE), datadog))
    assert "```diff\nedited in Datadog: declared -> live\nmessage:\n one\n+more\n```" in text


def test_markdown_that_is_too_long_is_summarised() -> None:
    datadog = live_after(declared(BASE))
    edit(datadog, {**BASE, "message": "\n".join(f"line {n}" for n in range(100))})
    found = drift(declared(BASE), datadog)
    assert "line 50" in as_markdown(found)
    short = as_markdown(found, limit=600)
    assert "line 50" not in short
    assert "monitor 1001" in short
    assert "monitor 1001" not in as_markdown(found, limit=150)
