"""Guards are recognised where they say exactly the same, and only there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.adopt.recognise import recognised
from dd_sync.guards.guard import GuardContext
from dd_sync.guards.registry import find
from dd_sync.model.monitor import Monitor
from dd_sync.query.canonical import render

counted = {
    "metric": st.sampled_from(["streams.created", "a.b_c"]),
    "scope": st.sampled_from(["*", "env:prod", "env:prod,!tenant:x", "region IN (a, b)"]),
    "by": st.sampled_from([[], ["tenant"], ["tenant", "env"]]),
    "window": st.sampled_from(["5m", "90m", "1h", "24h", "7d"]),
}
numbers = st.one_of(st.integers(1, 10_000), st.floats(0.5, 1e6))
rates = st.fixed_dictionaries(
    {**counted, "above": numbers}, optional={"warn_at": st.sampled_from(["80%", "12.5%"])}
)
spikes = st.fixed_dictionaries(
    {**counted, "times": st.sampled_from([1.5, 3, 20]), "floor": numbers},
    optional={"baseline": st.sampled_from([["7d"], ["7d", "14d"], ["8d", "21d", "364d"]])},
)


def compiled(name: str, parameters: dict[str, Any], **beside: Any) -> Monitor:
    guard = find(name)
    made = guard.compile(guard.spec.model_validate(parameters), GuardContext())
    options = {"thresholds": dict(made.thresholds), **made.options, **beside}
    return Monitor(type="query alert", query=render(made.query), name="n", options=options)


@given(st.one_of(rates.map(lambda p: ("rate", p)), spikes.map(lambda p: ("spike", p))))
def test_what_a_guard_compiles_to_is_recognised_and_compiles_to_the_same(given: tuple[str, Any]) -> None:
    name, parameters = given
    monitor = compiled(name, parameters)
    short = recognised(monitor)
    assert short is not None
    assert list(short) == ["guard"]
    assert compiled(*next(iter(short["guard"].items()))) == monitor


@pytest.mark.parametrize("bound", ["above", "at_least", "below", "at_most"])
def test_every_bound_is_recognised(bound: str) -> None:
    monitor = compiled("rate", {"metric": "a.b", "window": "1h", bound: 5})
    assert recognised(monitor) == {"guard": {"rate": {"metric": "a.b", "window": "1h", bound: 5}}}


def test_what_a_guard_has_beside_it_is_recognised() -> None:
    monitor = compiled(
        "rate", {"metric": "a.b", "window": "1h", "above": 5}, renotify_interval=90, evaluation_delay=60
    )
    found = recognised(monitor)
    assert found is not None
    assert (found["renotify"], found["evaluation_delay"]) == ("1h30m", "1m")


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("sum(last_1h):sum:a.b{*}.as_count() > 5", {"on_missing_data": "resolve"}),
        (
            "sum(last_1h):sum:a.b{*}.as_count() > 5",
            {"on_missing_data": "default", "require_full_window": True},
        ),
        ("sum(last_1h):sum:a.b{*}.as_count() > 5", {"on_missing_data": "default", "timeout_h": 2}),
        ("sum(last_1h):sum:a.b{*}.as_count() > 5", {}),
        ("sum(last_1h):sum:a.b{*} by {t}.as_count() > 5", {"on_missing_data": "default"}),
        ("sum(last_1h):sum:a.b{*} > 5", {"on_missing_data": "default"}),
        ("avg(last_1h):sum:a.b{*}.as_count() > 5", {"on_missing_data": "default"}),
        ("sum(current_1d):sum:a.b{*}.as_count() > 5", {"on_missing_data": "default"}),
        ("change(sum(last_1h),last_1d):sum:a.b{*}.as_count() > 5", {"on_missing_data": "default"}),
        ("sum(last_1h):sum:a.b{*}.as_count() == 5", {"on_missing_data": "default"}),
        (
            "sum(last_1h):sum:a.b{*}.as_count() - 3 * sum:a.c{*}.as_count() > 5",
            {"on_missing_data": "default"},
        ),
        ("sum(last_1mo):sum:a.b{*}.as_count() > 5", {"on_missing_data": "default"}),
        ("no query at all", {}),
        ('formula("a").last("5m") > 5', {}),
    ],
)
def test_what_no_guard_says_exactly_stays_raw(query: str, options: dict[str, Any]) -> None:
    whole = {"thresholds": {"critical": 5}, **options}
    assert recognised(Monitor(type="query alert", query=query, name="n", options=whole)) is None


def test_other_types_have_no_guard() -> None:
    assert recognised(Monitor(type="log alert", query='logs("a").rollup("count").last("5m") > 5')) is None
