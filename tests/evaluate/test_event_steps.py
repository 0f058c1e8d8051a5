"""The events shown of an evaluation are those it counted: what is worked out from them is its value."""

from __future__ import annotations

import math
from statistics import fmean, median
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.event_rule import EventRule
from dd_sync.evaluate.event_steps import explain_events
from dd_sync.evaluate.replay import Sources, compile_rule, replay
from dd_sync.evaluate.select import group_of
from dd_sync.evaluate.sources import Event, Events
from dd_sync.model.monitor import Monitor

START = 1_772_409_600
EVENTS = st.lists(
    st.builds(
        lambda at, env, ms: Event(
            START + at, "logs", (f"env:{env}",), {} if ms is None else {"ms": ms}, f"after {ms} ms"
        ),
        st.integers(0, 900),
        st.sampled_from(["prod", "dev"]),
        st.one_of(st.none(), st.integers(0, 9), st.sampled_from(["7", "late"]), st.just([1, 2, 2])),
    ),
    max_size=12,
)
ROLLUPS: dict[str, Any] = {
    '"count"': lambda values, events: events,
    '"count", "@ms"': lambda values, events: len(values),
    '"cardinality", "@ms"': lambda values, events: len(set(values)),
    '"sum", "@ms"': lambda values, events: sum(map(float, values)) if values else None,
    '"avg", "@ms"': lambda values, events: fmean(map(float, values)) if values else None,
    '"median", "@ms"': lambda values, events: median(map(float, values)) if values else None,
}


def rule_of(rollup: str, by: str = '.by("env")', **options: Any) -> EventRule:
    query = f'logs("*").index("*").rollup({rollup}){by}.last("5m") > 3'
    found = compile_rule("k", Monitor(type="log alert", query=query, options=options))
    assert isinstance(found, EventRule)
    return found


@pytest.mark.parametrize("rollup", ROLLUPS)
@pytest.mark.parametrize("by", ["", '.by("env")'])
@settings(max_examples=25, deadline=None)
@given(EVENTS, st.integers(0, 16), st.sampled_from([0, 90]))
def test_the_events_shown_make_the_value(
    rollup: str, by: str, events: list[Event], minute: int, delay: int
) -> None:
    rule, at = rule_of(rollup, by, evaluation_delay=delay), START + 60 * minute
    done = replay(rule, Sources(events=Events(events)), np.array([at], dtype=np.int64))
    for group in done.groups:
        (found,) = explain_events(rule, Events(events), group_of(rule.keys, group), at)
        assert (found.start, found.end) == (at - delay - 300, at - delay)
        assert all(found.start <= one.at < found.end for one in found.events)
        assert [one.at for one in found.events] == sorted(one.at for one in found.events)
        values = [value for one in found.events for value in one.values]
        expected = ROLLUPS[rollup](values, len(found.events))
        assert (found.value is None) == (expected is None)
        if expected is not None and found.value is not None:
            assert math.isclose(found.value, expected, abs_tol=1e-9)
        shown = done.value_at(group, at)
        assert shown is None or shown == found.value


def test_a_group_that_is_not_among_the_first_counts_nothing() -> None:
    by = [{"facet": "env", "limit": 1, "sort": {"aggregation": "count", "order": "desc"}}]
    given = {"name": "a", "data_source": "logs", "compute": {"aggregation": "count"}, "group_by": by}
    monitor = Monitor(
        type="log alert", query='formula("a + 0").last("5m") > 3', options={"variables": [given]}
    )
    rule = compile_rule("k", monitor)
    assert isinstance(rule, EventRule)
    events = Events([Event(START, "logs", (f"env:{env}",)) for env in ("prod", "prod", "dev")])
    (first,) = explain_events(rule, events, ("prod",), START + 60)
    (second,) = explain_events(rule, events, ("dev",), START + 60)
    (third,) = explain_events(rule, events, ("staging",), START + 60)
    assert (first.name, first.facets, first.value) == ("a", (("env", "prod"),), 2)
    assert [one.at for one in first.events] == [START, START]
    assert (second.value, second.events, third.value, third.events) == (0, (), 0, ())
