"""The array evaluator against a slow one in plain Python, written from Datadog's rules and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.replay import Replay, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.evaluate.sources import Sources
from dd_sync.model.monitor import Monitor

START = 1772409600  # a Monday, 00:00 UTC
# Fewer than elsewhere, since the slow evaluator is slow.
MANY = settings().max_examples
SOME = MANY // 2
METHODS = ("avg", "sum", "min", "max")

Points = dict[int, float]


@dataclass(frozen=True)
class Source:
    tenant: str
    host: str
    points: Points


# --- the slow evaluator ------------------------------------------------------------------------


def reduced(method: str, values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    return {"avg": lambda: math.fsum(known) / len(known), "sum": lambda: math.fsum(known)}.get(
        method, lambda: min(known) if method == "min" else max(known)
    )()


def buckets_of(points: Points, first: int, end: int, step: int, method: str) -> dict[int, float]:
    """Per bucket aligned to the epoch, of the points inside the window only."""
    found: dict[int, list[float]] = {}
    for at, value in points.items():
        if first <= at < end and math.isfinite(value):
            found.setdefault(at // step * step, []).append(value)
    return {bucket: reduced(method, values) for bucket, values in found.items()}


def interpolated(own: dict[int, float], bucket: int) -> float:
    if bucket in own:
        return own[bucket]
    earlier = [at for at in own if at < bucket]
    if not earlier or bucket - max(earlier) > 300:
        return math.nan
    before = max(earlier)
    later = [at for at in own if at > bucket]
    if not later:
        return own[before]
    after = min(later)
    return own[before] + (own[after] - own[before]) / (after - before) * (bucket - before)


def metric_value(
    sources: list[Source],
    first: int,
    end: int,
    *,
    step: int,
    method: str,
    space: str,
    outer: str,
    gauge: bool,
) -> float:
    per_source = [buckets_of(source.points, first, end, step, method) for source in sources]
    starts = sorted({bucket for one in per_source for bucket in one})
    line = []
    for bucket in starts:
        if gauge:
            values = [interpolated(one, bucket) for one in per_source]
        else:
            values = [one.get(bucket, math.nan) for one in per_source]
        line.append(reduced(space, values))
    return reduced(outer, line)


# --- what is tried -----------------------------------------------------------------------------

moments = st.integers(0, 59).map(lambda minute: START + 60 * minute) | st.integers(START, START + 3600)
numbers = st.integers(-50, 50).map(float) | st.sampled_from([math.nan, math.inf, 1e9, 0.1, 7.25])
points = st.dictionaries(moments, numbers, max_size=25)
sources = st.lists(
    st.builds(Source, st.sampled_from(["a", "b"]), st.sampled_from(["x", "y", "z"]), points),
    max_size=5,
    unique_by=lambda one: (one.tenant, one.host),
)


def series_set(found: list[Source], type: MetricType, interval: int = 60) -> SeriesSet:
    return SeriesSet(
        Series.of(
            "m.n",
            type,
            [f"tenant:{one.tenant}", f"host:{one.host}", "env:prod"],
            interval=interval,
            times=list(one.points),
            values=list(one.points.values()),
        )
        for one in found
    )


def replayed(query: str, source: SeriesSet, first: int, last: int, **options: object) -> Replay:
    options = {"new_group_delay": 0, **options}
    rule = compile_rule("k", Monitor(type="query alert", query=query, options=options))
    return replay(rule, Sources(series=source), evaluation_times(rule, first, last + 1))


def same(got: float, expected: float) -> bool:
    if math.isnan(expected):
        return math.isnan(got)
    return got == pytest.approx(expected, rel=1e-9, abs=1e-6)


@settings(max_examples=SOME)
@given(
    sources,
    st.sampled_from(METHODS),
    st.sampled_from(METHODS),
    st.sampled_from([None, *METHODS]),
    st.sampled_from([None, 60, 90, 300, 3600]),
    st.sampled_from([300, 900, 3600]),
    st.sampled_from([0, 45, 600]),
)
def test_a_gauge_is_bucketed_interpolated_and_aggregated_as_the_slow_evaluator_does(
    found: list[Source], outer: str, space: str, rollup: str | None, step: int | None, window: int, delay: int
) -> None:
    chosen = {300: 60, 900: 180, 3600: 600}[window] if step is None else step
    modifier = "" if step is None else f".rollup({rollup or 'avg'}, {step})"
    query = f"{outer}(last_{window // 60}m):{space}:m.n{{env:prod}} by {{tenant}}{modifier} > 0"
    last = START + 4200
    done = replayed(query, series_set(found, MetricType.GAUGE), last - 240, last, evaluation_delay=delay)
    for tenant in ("a", "b"):
        members = [one for one in found if one.tenant == tenant]
        for at in done.times:
            end = int(at) - delay
            expected = metric_value(
                members,
                end - window,
                end,
                step=chosen,
                method=(rollup or "avg") if step else "avg",
                space=space,
                outer=outer,
                gauge=True,
            )
            got = done.value_at(f"tenant:{tenant}", int(at))
            assert same(math.nan if got is None else got, expected)


@settings(max_examples=SOME)
@given(
    sources,
    st.sampled_from(METHODS),
    st.sampled_from(METHODS),
    st.sampled_from([MetricType.COUNT, MetricType.RATE]),
    st.sampled_from(["as_count", "as_rate"]),
    st.sampled_from([1, 10, 60]),
)
def test_counts_and_rates_are_converted_as_the_slow_evaluator_does(
    found: list[Source], outer: str, space: str, type: MetricType, asked: str, interval: int
) -> None:
    query = f"{outer}(last_1h):{space}:m.n{{*}} by {{tenant}}.{asked}() > 0"
    last = START + 3900
    done = replayed(query, series_set(found, type, interval), last - 120, last)
    factor = 1.0
    if type is MetricType.RATE and asked == "as_count":
        factor = interval
    if type is MetricType.COUNT and asked == "as_rate":
        factor = 1 / 600
    for tenant in ("a", "b"):
        members = [
            Source(one.tenant, one.host, {at: value * factor for at, value in one.points.items()})
            for one in found
            if one.tenant == tenant
        ]
        for at in done.times:
            expected = metric_value(
                members,
                int(at) - 3600,
                int(at),
                step=600,
                method="sum",
                space=space,
                outer=outer,
                gauge=False,
            )
            got = done.value_at(f"tenant:{tenant}", int(at))
            assert same(math.nan if got is None else got, expected)


@settings(max_examples=SOME)
@given(sources, sources, st.sampled_from("+-*/"), st.sampled_from([0, 600, 3600]))
def test_arithmetic_with_counts_is_done_after_each_operand_was_summed_and_a_missing_one_is_zero(
    now: list[Source], other: list[Source], operator: str, shift: int
) -> None:
    shifted = [
        Source(one.tenant, one.host, {at - shift: value for at, value in one.points.items()}) for one in other
    ]
    both = SeriesSet(
        [
            *_named("left", now),
            *_named("right", shifted),
        ]
    )
    left = "sum:left{*} by {tenant}.as_count()"
    right = f"timeshift(sum:right{{*}} by {{tenant}}.as_count(), -{shift})"
    done = replayed(f"sum(last_30m):{left} {operator} 2 * {right} > 0", both, START + 1800, START + 3600)
    for tenant in ("a", "b"):
        for at in done.times:
            end = int(at)
            one = _sum(now, tenant, end - 1800, end)
            two = _sum(other, tenant, end - 1800, end)
            expected = _operated(operator, one, two)
            got = done.value_at(f"tenant:{tenant}", end)
            assert same(math.nan if got is None else got, expected)


def _named(metric: str, found: list[Source]) -> list[Series]:
    return [
        Series.of(
            metric,
            MetricType.COUNT,
            [f"tenant:{one.tenant}", f"host:{one.host}"],
            interval=60,
            times=list(one.points),
            values=list(one.points.values()),
        )
        for one in found
    ]


def _sum(found: list[Source], tenant: str, first: int, end: int) -> float:
    return reduced(
        "sum",
        [
            value
            for one in found
            if one.tenant == tenant
            for at, value in one.points.items()
            if first <= at < end and math.isfinite(value)
        ],
    )


def _operated(operator: str, one: float, two: float) -> float:
    if math.isnan(one) and math.isnan(two):
        return math.nan
    one, two = (0.0 if math.isnan(value) else value for value in (one, two))
    if operator == "+":
        return one + 2 * two
    if operator == "-":
        return one - 2 * two
    if operator == "*":
        return one * 2 * two
    return one / 2 * two


# --- states ------------------------------------------------------------------------------------


@dataclass
class Group:
    state: str = "none"
    first_seen: int = 0
    missing_since: int | None = None


def _hit(comparator: str, value: float, threshold: float) -> bool:
    return {
        ">": value > threshold,
        ">=": value >= threshold,
        "<": value < threshold,
        "<=": value <= threshold,
    }[comparator]


_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def next_state(options: dict[str, object], comparator: str, state: str, value: float) -> str:
    thresholds = options["thresholds"]
    assert isinstance(thresholds, dict)

    def recovered(name: str) -> bool:
        return name not in thresholds or _hit(_OPPOSITE[comparator], value, thresholds[name])

    if _hit(comparator, value, thresholds["critical"]):
        return "Alert"
    if state == "Alert" and not recovered("critical_recovery"):
        return "Alert"
    if "warning" in thresholds and _hit(comparator, value, thresholds["warning"]):
        return "Warn"
    if state == "Warn" and not recovered("warning_recovery"):
        return "Warn"
    return "OK"


def step(
    group: Group, at: int, value: float, options: dict[str, object], comparator: str, window: int
) -> None:
    """One evaluation of one group, straight from the rules."""
    if not math.isnan(value):
        if group.state == "none":
            group.state, group.first_seen = "OK", at
        group.missing_since = None
    elif group.state == "none":
        return
    elif group.missing_since is None:
        group.missing_since = at
    delay = options["new_group_delay"]
    assert isinstance(delay, int)
    missing_for = 0 if group.missing_since is None else at - group.missing_since
    if math.isnan(value) and missing_for >= 86400:
        group.state = "none"
        return
    timeout = options.get("timeout_h")
    if math.isnan(value) and timeout is not None and missing_for >= 3600 * int(str(timeout)):
        group.state = "OK"
        return
    policy = options.get("on_missing_data")
    if math.isnan(value) and policy == "default":
        value = 0.0
    if not math.isnan(value):
        if at - group.first_seen >= delay:
            group.state = next_state(options, comparator, group.state, value)
        return
    shown = policy in ("show_no_data", "show_and_notify_no_data")
    timeframe = options.get("no_data_timeframe", window // 30)
    legacy = (
        policy is None and options.get("notify_no_data") and missing_for + window >= 60 * int(str(timeframe))
    )
    if shown or legacy:
        group.state = "No Data"
    elif policy == "resolve":
        group.state = "OK"


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    comparator = draw(st.sampled_from([">", ">=", "<", "<="]))
    sign = 1 if comparator[0] == ">" else -1
    thresholds: dict[str, float] = {"critical": 30.0}
    if draw(st.booleans()):
        thresholds["warning"] = 30.0 - sign * 10
        if draw(st.booleans()):
            thresholds["warning_recovery"] = 30.0 - sign * 15
    if draw(st.booleans()):
        thresholds["critical_recovery"] = 30.0 - sign * draw(st.sampled_from([5, 20]))
    options: dict[str, object] = {
        "thresholds": thresholds,
        "new_group_delay": draw(st.sampled_from([0, 60, 300])),
    }
    options.update(
        draw(
            st.sampled_from(
                [
                    {},
                    {"notify_no_data": True},
                    {"notify_no_data": True, "no_data_timeframe": 12},
                    *({"on_missing_data": one} for one in ("default", "show_no_data", "resolve")),
                    {"on_missing_data": "show_and_notify_no_data"},
                ]
            )
        )
    )
    if draw(st.booleans()):
        options["timeout_h"] = 1
    return comparator, options


@settings(max_examples=MANY)
@given(
    rules(),
    st.lists(st.sampled_from([None, 5.0, 10.0, 12.0, 20.0, 25.0, 29.0, 30.0, 31.0, 35.0, 50.0]), max_size=40),
    st.integers(0, 30) | st.just(1500),
    st.lists(st.sampled_from([20.0, 40.0]), max_size=5),
)
def test_states_follow_the_slow_state_machine(
    rule: tuple[str, dict[str, object]], values: list[float | None], gap: int, after: list[float]
) -> None:
    comparator, options = rule
    line = [*values, *[None] * gap, *after]
    known = {START + 60 * at: value for at, value in enumerate(line) if value is not None}
    source = SeriesSet(_named("left", [Source("a", "x", known)]))
    query = f"sum(last_1m):sum:left{{*}} by {{tenant}}.as_count() {comparator} 30"
    done = replayed(query, source, START + 60, START + 60 * len(line), **options)
    group = Group()
    for at in done.times:
        value = known.get(int(at) - 60, math.nan)
        step(group, int(at), value, options, comparator, 60)
        got = done.state_at("tenant:a", int(at))
        assert (got.value if got else "none") == group.state


@settings(max_examples=SOME // 2)
@given(st.lists(st.floats(-10, 10), min_size=130, max_size=130), st.integers(0, 60))
def test_a_spike_that_left_the_window_leaves_no_error(values: list[float], at: int) -> None:
    points = {START + 60 * minute: value for minute, value in enumerate(values)}
    clean = {**points, START + 60 * at: 0.0}
    spiked = {**points, START + 60 * at: 1e9}
    for outer, space in (("sum", "sum"), ("avg", "avg")):
        suffix = ".as_count()" if outer == "sum" else ""
        kind = MetricType.COUNT if suffix else MetricType.GAUGE
        query = f"{outer}(last_1h):{space}:m.n{{*}} by {{tenant}}{suffix} > 0"
        first = START + 60 * (at + 61)
        one, two = (
            replayed(query, series_set([Source("a", "x", line)], kind), first, START + 130 * 60)
            for line in (clean, spiked)
        )
        assert np.array_equal(one.values, two.values)
