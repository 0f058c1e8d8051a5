"""Whatever Datadog rewrites, nothing shows; whatever a person changes, that field shows and no other."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.kinds.monitor import compared
from dd_sync.model.monitor import Monitor
from dd_sync.plan.diff import field_changes
from dd_sync.plan.same import plainly_same
from tests.kinds.bodies import CLASSES, FIELDS, QUERIES, Json, answer, put

EVERYTHING = FIELDS | CLASSES


def changes(request: Json, live: Json) -> dict[str, tuple[Any, Any]]:
    """As `dd-sync normalise` has them: path to live and declared."""
    declared = Monitor.from_json({**live, **request})
    ours, theirs = compared(declared, Monitor.from_json(live))
    assert ours == theirs or not plainly_same(declared, live), "a plan would take the short way past a change"
    if ours == theirs:
        return {}
    return {change.path: (change.before, change.after) for change in field_changes(ours, theirs)}


def path_of(name: str) -> str:
    return f"options.{name}" if name in CLASSES else name


@st.composite
def requests(draw: st.DrawFn) -> tuple[Json, dict[str, int]]:
    """A request body, and for each of its fields the class of values it has one of."""
    kind, query, _ = draw(st.sampled_from(QUERIES))
    body: Json = {"type": kind, "query": query, "options": {}}
    chosen = {}
    some = draw(st.sets(st.sampled_from(list(CLASSES)), max_size=10))
    for name, classes in EVERYTHING.items():
        first = name in CLASSES and name not in some
        chosen[name] = 0 if first else draw(st.integers(0, len(classes) - 1))
        put(body, name, classes[chosen[name]][0] if first else draw(st.sampled_from(classes[chosen[name]])))
    return body, chosen


CHANCES = st.integers(0, 2**32).map(random.Random)


@given(requests(), CHANCES)
def test_what_datadog_answers_to_a_write_is_no_change(
    request: tuple[Json, dict[str, int]], chance: random.Random
) -> None:
    body, _ = request
    assert changes(body, answer(body, chance)) == {}


@given(requests(), CHANCES, st.data())
def test_another_way_to_say_the_same_is_no_change(
    request: tuple[Json, dict[str, int]], chance: random.Random, data: st.DataObject
) -> None:
    body, chosen = request
    live = answer(body, chance)
    for name in data.draw(st.sets(st.sampled_from(list(EVERYTHING)), min_size=1)):
        if name not in ("on_missing_data", "scheduling_options"):
            put(body, name, data.draw(st.sampled_from(EVERYTHING[name][chosen[name]])))
    assert changes(body, live) == {}


@given(requests(), CHANCES, st.sampled_from(list(EVERYTHING)), st.data())
def test_a_field_changed_alone_shows_as_exactly_that_change(
    request: tuple[Json, dict[str, int]], chance: random.Random, name: str, data: st.DataObject
) -> None:
    body, chosen = request
    live = answer(body, chance)
    others = [n for n in range(len(EVERYTHING[name])) if n != chosen[name]]
    edited = copy.deepcopy(body)
    put(edited, name, data.draw(st.sampled_from(EVERYTHING[name][data.draw(st.sampled_from(others))])))
    if name in FIELDS and name not in edited:
        return  # a field that is not sent keeps its value
    shown = changes(edited, live)
    if name == "on_missing_data" and chosen["scheduling_options"] == 3 and name not in live["options"]:
        # Next to a schedule Datadog leaves the default out of its answer, so absence may be either.
        assert set(shown) <= {path_of(name)}
    elif name in ("variables", "scheduling_options", "threshold_windows"):
        assert shown
        assert all(path.startswith(path_of(name)) for path in shown)
    elif name == "an_option_of_tomorrow" and edited["options"].get(name) is None:
        assert shown == {}, "what nobody knows is not ours to clear"
    else:
        assert set(shown) == {path_of(name)}


@given(requests(), CHANCES)
def test_declared_and_live_are_told_as_they_were_written(
    request: tuple[Json, dict[str, int]], chance: random.Random
) -> None:
    body, _ = request
    live = answer(body, chance)
    body["options"] |= {"notify_audit": False, "renotify_interval": 0}
    live["options"] |= {"notify_audit": True, "renotify_interval": 10}
    assert changes(body, live) == {
        "options.notify_audit": (True, False),
        "options.renotify_interval": (10, 0),
    }


@pytest.mark.parametrize(("kind", "query", "another"), QUERIES)
def test_another_query_shows_as_the_query(kind: str, query: str, another: str) -> None:
    live = answer({"type": kind, "query": query, "name": "n"}, random.Random(1))
    assert changes({"type": kind, "query": f"{query}\n"}, live) == {}
    assert changes({"type": kind, "query": another}, live) == {"query": (query, another)}


@pytest.mark.parametrize(("kind", "query", "_"), QUERIES)
def test_only_the_two_metric_types_are_one(kind: str, query: str, _: str) -> None:
    live = answer({"type": kind, "query": query}, random.Random(2))
    for other in {kind for kind, _, _ in QUERIES} - {kind}:
        metrics = {kind, other} <= {"query alert", "metric alert"}
        assert set(changes({"type": other}, live)) == (set() if metrics else {"type"})


LEAVES: list[tuple[str, Any]] = [
    ("variables[0].search.query", "@type:action"),
    ("variables[0].compute.aggregation", "avg"),
    ("variables[0].indexes", ["main"]),
    ("variables[0].group_by", [{"facet": "@os"}]),
    ("variables[1].group_by[0].limit", 20),
    ("variables[1].group_by[0].sort.order", "asc"),
    ("variables[1].compute.metric", None),
    ("scheduling_options.custom_schedule.recurrences[0].rrule", "FREQ=WEEKLY"),
    ("scheduling_options.custom_schedule.recurrences[0].timezone", "UTC"),
    ("thresholds.critical", 41),
    ("thresholds.critical", None),
    ("threshold_windows.trigger_window", "last_30m"),
]


@pytest.mark.parametrize(("path", "value"), LEAVES)
@settings(max_examples=10)
@given(chance=CHANCES)
def test_a_change_deep_inside_an_option_shows_where_it_is(
    path: str, value: Any, chance: random.Random
) -> None:
    body: Json = {"type": "rum alert", "query": QUERIES[8][1], "options": {}}
    for name in ("variables", "threshold_windows"):
        put(body, name, CLASSES[name][1][0])
    put(body, "thresholds.critical", 40)
    put(body, "scheduling_options", CLASSES["scheduling_options"][3][0])
    live = answer(body, chance)
    assert changes(body, live) == {}
    here: Any = body["options"]
    *steps, last = path.replace("[", ".").replace("]", "").split(".")
    for step in steps:
        here = here[int(step)] if step.isdigit() else here[step]
    here[last] = value
    assert set(changes(body, live)) == {f"options.{path}"}


def test_roles_shown_by_a_restriction_policy_are_no_change_unless_roles_are_declared() -> None:
    live = answer({"type": "query alert", "query": "q", "restricted_roles": ["r2", "r1"]}, random.Random(3))
    assert changes({"restricted_roles": None}, live) == {}
    assert changes({"restricted_roles": ["r1", "r2"]}, live) == {}
    assert changes({"restricted_roles": ["r1"]}, live) == {"restricted_roles": (["r1", "r2"], ["r1"])}
