"""Guards: what the short forms compile to, and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import ValidationError

from dd_sync.errors import Unfit
from dd_sync.guards.guard import Compiled, GuardContext
from dd_sync.guards.registry import BUILT_IN, find
from dd_sync.guards.values import AllUnfit
from dd_sync.query.canonical import render
from dd_sync.query.nodes import MetricAlert
from dd_sync.query.parser import parse
from dd_sync.query.tools import group_keys
from dd_sync.timeframe import format_duration

RATE: dict[str, Any] = {
    "metric": "streams.created", "scope": "env:prod", "by": ["tenant"], "window": "1h", "above": 500,
}  # fmt: skip
SPIKE: dict[str, Any] = {
    "metric": "settle.attempts", "scope": "env:prod", "by": ["tenant"], "window": "1h",
    "times": 3, "floor": 100,
}  # fmt: skip


def compiled(name: str, spec: Mapping[str, Any], *exempt: tuple[str, str]) -> Compiled:
    guard = find(name)
    found: Compiled = guard.compile(guard.spec.model_validate(spec), GuardContext(exempt))
    return found


def query(name: str, spec: Mapping[str, Any], *exempt: tuple[str, str]) -> str:
    return render(compiled(name, spec, *exempt).query)


@pytest.mark.parametrize(
    ("above", "hint"),
    [
        ("500", "write it without quotes or a unit"),
        ("1e6", "YAML takes it for text without a point and a sign; write 1000000"),
        ("2.5e-3", "YAML takes it for text without a point and a sign; write 0.0025"),
        ("$limit", "write a number, or a tunable as ${name}"),
        ({"limit": None}, "write a number, or a tunable as ${name}"),
    ],
)
def test_what_is_no_number_is_told_with_how_to_write_it_as_one(above: object, hint: str) -> None:
    assert refusal("rate", RATE | {"above": above})[1].hint == hint


Mistake = tuple[tuple[str | int, ...], Unfit]


def mistakes(name: str, spec: Mapping[str, Any]) -> list[Mistake]:
    """Everything a guard finds wrong in a spec, each with its path."""
    with pytest.raises(ValidationError) as caught:
        find(name).spec.model_validate(spec)
    found: list[Mistake] = []
    for detail in caught.value.errors():
        raised = detail["ctx"]["error"]
        each = raised.each if isinstance(raised, AllUnfit) else (raised,)
        found += [((*detail["loc"], *error.path), error) for error in each]
    return found


def refusal(name: str, spec: Mapping[str, Any]) -> Mistake:
    """The only mistake a guard finds in a spec."""
    (found,) = mistakes(name, spec)
    return found


# --- rate --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "comparator"), [("above", ">"), ("at_least", ">="), ("below", "<"), ("at_most", "<=")]
)
def test_a_rate_sums_a_count_over_its_window_per_group(bound: str, comparator: str) -> None:
    spec = {**RATE, bound: 500}
    if bound != "above":
        del spec["above"]
    expected = f"sum(last_1h):sum:streams.created{{env:prod}} by {{tenant}}.as_count() {comparator} 500"
    assert query("rate", spec) == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [("1m", "last_1m"), ("90m", "last_90m"), ("24h", "last_24h"), ("1d", "last_24h"), ("2d", "last_2d"),
     ("7d", "last_7d"), ("30d", "last_30d"), ("25h", "last_25h"), ("10080m", "last_7d")],
)  # fmt: skip
def test_a_window_is_written_as_datadog_writes_it(window: str, expected: str) -> None:
    assert query("rate", {**RATE, "window": window}).startswith(f"sum({expected}):")


def test_without_scope_and_groups_a_rate_is_over_everything() -> None:
    assert (
        query("rate", {"metric": "a", "window": "1h", "above": 1}) == "sum(last_1h):sum:a{*}.as_count() > 1"
    )


def test_the_exempt_are_left_out_of_the_scope() -> None:
    text = query("rate", RATE, ("tenant", "a"), ("tenant", "b"))
    assert "{env:prod,!tenant:a,!tenant:b}" in text
    assert "{!tenant:a}" in query("rate", {**RATE, "scope": "*"}, ("tenant", "a"))


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({"above": 500}, {"critical": 500}),
        ({"above": 500, "warn_at": "80%"}, {"critical": 500, "warning": 400}),
        ({"above": 500, "warn_at": 300}, {"critical": 500, "warning": 300}),
        ({"above": 3, "warn_at": "80%"}, {"critical": 3, "warning": 2.4}),
        ({"above": 500.0, "warn_at": 400.0}, {"critical": 500, "warning": 400}),
        ({"above": 500, "recover_at": "50 %"}, {"critical": 500, "critical_recovery": 250}),
        ({"below": 10, "warn_at": "80%"}, {"critical": 10, "warning": 12.5}),
        ({"below": 10, "recover_at": 20}, {"critical": 10, "critical_recovery": 20}),
        ({"at_most": 0}, {"critical": 0}),
    ],
)
def test_levels_are_numbers_or_shares_mirrored_for_a_lower_bound(
    levels: dict[str, Any], expected: dict[str, Any]
) -> None:
    spec = {key: value for key, value in RATE.items() if key != "above"} | levels
    found = compiled("rate", spec).thresholds
    assert found == expected
    assert {name: type(value) for name, value in found.items()} == {n: type(v) for n, v in expected.items()}


def test_too_many_is_judged_at_once_and_too_few_only_after_a_whole_window() -> None:
    above = compiled("rate", RATE)
    below = compiled("rate", {**RATE, "above": None, "below": 5})
    assert above.options["new_group_delay"] == 0
    assert below.options["new_group_delay"] == 3600
    assert any("silence alerts" in note for note in below.notes)
    assert any("quiet group recovers" in note for note in above.notes)
    assert above.options["on_missing_data"] == "default"
    assert above.options["require_full_window"] is False
    assert "new_group_delay" not in compiled("rate", {**RATE, "by": []}).options


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        ({"above": None}, (), "no bound"),
        ({"below": 5}, ("below",), "two bounds, above and below"),
        ({"above": -1}, ("above",), "'above: -1' would always alert, since a count is 0 or more"),
        ({"above": None, "below": 0}, ("below",), "'below: 0' would never alert, since a count is 0 or more"),
        (
            {"above": None, "at_least": 0},
            ("at_least",),
            "'at_least: 0' would always alert, since a count is 0 or more",
        ),
        ({"warn_at": 500}, ("warn_at",), "the warning level 500 is not below the bound 500"),
        ({"warn_at": "100%"}, ("warn_at",), "the warning level 500 is not below the bound 500"),
        ({"recover_at": 600}, ("recover_at",), "the recovery level 600 is not below the bound 500"),
        (
            {"above": None, "below": 5, "warn_at": 4},
            ("warn_at",),
            "the warning level 4 is not above the bound 5",
        ),
        ({"above": 0, "warn_at": "50%"}, ("warn_at",), "the warning level 0 is not below the bound 0"),
        ({"warn_at": "80%", "recover_at": "50%"}, ("recover_at",), "warn_at and recover_at together"),
        ({"warn_at": "80"}, (), "'80' is neither a number nor a share"),
        ({"warn_at": "0%"}, (), "'0%' is neither a number nor a share"),
        ({"above": "500"}, (), "expected a number, found the text '500'"),
        ({"above": True}, (), "expected a number, found yes"),
        ({"above": False}, (), "expected a number, found no"),
        ({"above": []}, (), "expected a number, found a list"),
        ({"above": {}}, (), "expected a number, found a mapping"),
        ({"above": 1e16}, (), "1e+16 is too large"),
        ({"above": 10**400}, (), "a huge number is too large"),
        ({"above": float("nan")}, (), "nan is too large"),
        ({"window": 60}, (), "expected a duration, found 60"),
        ({"window": None}, (), "expected a duration, found nothing"),
        ({"window": "1 h"}, (), "'1 h' is not a duration; write for example 90m, 2h30m or 1d"),
        ({"window": "30s"}, (), "a window is a whole number of minutes, not 30s"),
        ({"window": "31d"}, (), "a window of 31d is longer than Datadog's 30d"),
        ({"window": "7d1m"}, (), "a window of 7d1m in minutes is longer than Datadog's 10080"),
        ({"metric": "a metric"}, (), "'a metric' is not a metric's name"),
        ({"metric": "sum:a"}, (), "'sum:a' is not a metric's name"),
        ({"by": ["tenant:a"]}, (), "'tenant:a' is not a tag's key"),
        ({"by": ["a", "b", "a"]}, ("by", 2), "'a' is there twice"),
        ({"scope": "env:prod,"}, ("scope",), None),
        ({"scope": ""}, ("scope",), None),
    ],
)  # fmt: skip
def test_a_rate_that_cannot_work_is_refused(
    change: dict[str, Any], path: tuple[str | int, ...], expected: str | None
) -> None:
    at, error = refusal("rate", {**RATE, **change})
    assert expected in (None, error.problem)
    assert at == path or (not path and expected != "no bound" and at[:1] == tuple(change)[:1])
    assert error.hint


def test_a_mistake_in_a_scope_has_its_offset() -> None:
    _, error = refusal("rate", {**RATE, "scope": "env:prod AND (team:a"})
    assert error.offset is not None
    assert error.offset > 8


# --- spike -------------------------------------------------------------------------------------

Q = "sum:settle.attempts{env:prod} by {tenant}.as_count()"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, f"sum(last_1h):{Q} - 3 * (day_before({Q}) + week_before({Q})) / 2 > 100"),
        ({"baseline": ["1h"]}, f"sum(last_1h):{Q} - 3 * hour_before({Q}) > 100"),
        ({"baseline": ["2d"], "times": 2.5}, f"sum(last_1h):{Q} - 2.5 * timeshift({Q}, -172800) > 100"),
        (
            {"baseline": ["1d", "7d", "14d"]},
            f"sum(last_1h):{Q} - 3 * (day_before({Q}) + week_before({Q}) + timeshift({Q}, -1209600)) / 3"
            " > 100",
        ),
        ({"baseline": ["1w"], "window": "24h"}, f"sum(last_24h):{Q} - 3 * week_before({Q}) > 100"),
    ],
)
def test_a_spike_is_linear_in_the_counts_it_compares(change: dict[str, Any], expected: str) -> None:
    assert query("spike", {**SPIKE, **change}) == expected


def test_a_spike_s_levels_are_of_its_floor() -> None:
    found = compiled("spike", {**SPIKE, "warn_at": "50%"})
    assert found.thresholds == {"critical": 100, "warning": 50}
    assert compiled("spike", {**SPIKE, "recover_at": 20}).thresholds == {
        "critical": 100,
        "critical_recovery": 20,
    }


def test_a_spike_says_what_no_history_and_silence_mean() -> None:
    notes = " ".join(compiled("spike", SPIKE).notes)
    for words in ("without history", "above 100 events", "baseline of 0", "quiet group"):
        assert words in notes


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        ({"times": 0}, ("times",), "times is a factor above 0 and up to 1000"),
        ({"times": 1001}, ("times",), "times is a factor above 0 and up to 1000"),
        ({"floor": 0}, ("floor",), "the floor is above 0"),
        ({"baseline": []}, ("baseline",), "a baseline has 1 to 8 times"),
        ({"baseline": [f"{n}d" for n in range(1, 10)]}, ("baseline",), "a baseline has 1 to 8 times"),
        ({"baseline": ["1d", "24h"]}, ("baseline", 1), "1d is there twice"),
        ({"baseline": ["1d", "30m"]}, ("baseline", 1), "a baseline 30m back overlaps the window of 1h"),
        ({"baseline": ["400d"]}, ("baseline", 0), "400d is more than a year back"),
        ({"warn_at": 100}, ("warn_at",), "the warning level 100 is not below the bound 100"),
    ],
)
def test_a_spike_that_cannot_work_is_refused(
    change: dict[str, Any], path: tuple[str | int, ...], expected: str
) -> None:
    at, error = refusal("spike", {**SPIKE, **change})
    assert (error.problem, at) == (expected, path)
    assert error.hint


def told(name: str, spec: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    return [(at, error.problem) for at, error in mistakes(name, spec)]


def test_all_mistakes_of_a_guard_are_told_at_once() -> None:
    spike = {**SPIKE, "times": 0, "floor": 0, "baseline": ["30m", "400d"], "by": ["a", "a", "b", "b"]}
    assert told("spike", spike) == [
        (("by", 1), "'a' is there twice"),
        (("by", 3), "'b' is there twice"),
        (("baseline", 0), "a baseline 30m back overlaps the window of 1h"),
        (("baseline", 1), "400d is more than a year back"),
        (("times",), "times is a factor above 0 and up to 1000"),
        (("floor",), "the floor is above 0"),
    ]
    rate = {**RATE, "above": -1, "below": 0, "warn_at": "50%", "recover_at": 1, "scope": "env:prod,"}
    assert sorted(at for at, _ in told("rate", rate)) == [
        ("above",), ("below",), ("below",), ("recover_at",), ("scope",),
    ]  # fmt: skip


def test_mistakes_between_fields_are_told_beside_those_of_single_fields() -> None:
    spec = find("rate").spec
    fields = {"scope": "env:prod,", "warn_at": 5}
    found = [error.path for error in spec.together(fields, {"scope", "window", "above", "below"})]
    assert sorted(found) == [("below",), ("scope",)]
    assert [error.problem for error in spec.together({"above": 5, "warn_at": 6}, {"above"})] == [
        "the warning level 6 is not below the bound 5"
    ]
    assert list(spec.together({}, {"above"})) == []


def test_a_year_is_told_to_be_written_in_days() -> None:
    assert "365d" in refusal("rate", {**RATE, "window": "1y"})[1].hint
    assert "30m" in refusal("rate", {**RATE, "window": "1x"})[1].hint


# --- all ---------------------------------------------------------------------------------------

SCOPES = st.sampled_from(["*", "env:prod", "env:prod,!region:eu", "env:prod OR env:qa", "host:web-*"])
KEYS = st.lists(st.sampled_from(["tenant", "region", "chain.id"]), unique=True, max_size=3)
WINDOWS = st.integers(1, 1440).map(lambda minutes: format_duration(timedelta(minutes=minutes)))
COMMON = st.fixed_dictionaries(
    {"metric": st.sampled_from(["a.b", "settle_attempts"]), "scope": SCOPES, "by": KEYS, "window": WINDOWS}
)
NUMBERS = st.integers(1, 10**6) | st.floats(0.001, 1e6)
RATES = st.builds(lambda common, n: ("rate", {**common, "above": n, "warn_at": "75%"}), COMMON, NUMBERS)
SPIKES = st.builds(
    lambda common, times, floor, days: (
        "spike",
        {**common, "times": times, "floor": floor, "baseline": [f"{day}d" for day in days]},
    ),
    COMMON,
    st.floats(0.1, 100),
    NUMBERS,
    st.lists(st.integers(1, 28), min_size=1, max_size=4, unique=True),
)


@examples(max_examples=100)
@given(RATES | SPIKES, st.lists(st.sampled_from([("tenant", "a"), ("tenant", "b")]), unique=True))
def test_what_a_guard_compiles_to_is_a_query_that_reads_back_the_same(
    guard: tuple[str, dict[str, Any]], exempt: list[tuple[str, str]]
) -> None:
    found = compiled(*guard, *exempt)
    alert: MetricAlert = parse(render(found.query))
    assert alert == found.query
    assert group_keys(alert) == tuple(guard[1]["by"])
    assert alert.threshold == pytest.approx(found.thresholds["critical"], rel=1e-12)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_guard_says_what_it_is(name: str) -> None:
    guard = find(name)
    assert guard.name == name
    assert guard.summary
    assert guard.spec.__doc__


# --- the registry ------------------------------------------------------------------------------


def registered(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    entries = EntryPoints(EntryPoint(name, value, "dd_sync.guards") for name, value in values.items())
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries)


def test_another_package_can_register_a_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    registered(monkeypatch, flood="dd_sync.guards.rate:GUARD")
    assert find("flood") is find("rate")


@pytest.mark.parametrize(
    ("name", "problem", "hint"),
    [
        ("spikes", "there is no guard 'spikes'", "did you mean 'spike'?"),
        ("xyz", "there is no guard 'xyz'", "there are absent, absent_module, cap"),
        ("absent_module", "cannot be loaded", "reinstall"),
        ("not_a_guard", "is not a guard", "register"),
    ],
)
def test_a_guard_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, problem: str, hint: str
) -> None:
    registered(monkeypatch, absent_module="no_such_module:GUARD", not_a_guard="os:path")
    with pytest.raises(Unfit) as caught:
        find(name)
    assert problem in caught.value.problem
    assert hint in caught.value.hint
