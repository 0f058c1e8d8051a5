"""Functions, changes, filling and full windows against plain Python, written from Datadog's rules only."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.replay import Replay, Sources, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.model.monitor import Monitor

START = 1772409600  # a Monday, 00:00 UTC
SOME = settings().max_examples // 2
STEP, WINDOW = 60, 900

Points = dict[int, float]
Line = list[float]  # one value per bucket of the window, NaN for a gap

moments = st.integers(0, 59).map(lambda minute: START + 60 * minute) | st.integers(START, START + 3599)
numbers = st.integers(-40, 40).map(float) | st.sampled_from([math.nan, math.inf, 1e9, 0.1, 7.25, 7.25])
points = st.dictionaries(moments, numbers, max_size=30)


def replayed(query: str, found: list[Series], times: tuple[int, int], **options: object) -> Replay:
    rule = compile_rule(
        "k", Monitor(type="query alert", query=query, options={"new_group_delay": 0, **options})
    )
    return replay(rule, Sources(series=SeriesSet(found)), evaluation_times(rule, *times))


def series(given: Points, *tags: str, type: MetricType = MetricType.GAUGE) -> Series:
    return Series.of("m", type, tags, interval=60, times=list(given), values=list(given.values()))


def mean(values: Line) -> float:
    return math.fsum(values) / len(values)


def known(values: Line) -> Line:
    return [value for value in values if not math.isnan(value)]


def line(given: Points, start: int, end: int) -> Line:
    """The mean of each minute's points inside the window, minutes counted from the epoch."""
    buckets = []
    for bucket in range(start // STEP * STEP, end, STEP):
        inside = [
            value
            for at, value in given.items()
            if max(bucket, start) <= at < min(bucket + STEP, end) and math.isfinite(value)
        ]
        buckets.append(mean(inside) if inside else math.nan)
    return buckets


# --- the functions, one bucket after another -----------------------------------------------------


def of_last(values: Line, choose: Callable[[float, float, int], float]) -> Line:
    """choose(value, the one before, seconds between) where both are there."""
    result, before = [], None
    for index, value in enumerate(values):
        missing = math.isnan(value)
        result.append(
            math.nan if missing or before is None else choose(value, values[before], STEP * (index - before))
        )
        before = before if missing else index
    return result


def smoothed(values: Line, span: int) -> Line:
    result, now = [], math.nan
    for value in values:
        if not math.isnan(value):
            now = value if math.isnan(now) else now + 2 / (span + 1) * (value - now)
        result.append(math.nan if math.isnan(value) else now)
    return result


def trailing(values: Line, length: int, reduce: Callable[[Line], float]) -> Line:
    return [
        math.nan if math.isnan(value) else reduce(known(values[max(0, at - length + 1) : at + 1]))
        for at, value in enumerate(values)
    ]


def added_up(values: Line) -> Line:
    return [
        math.nan if math.isnan(value) else math.fsum(known(values[: at + 1]))
        for at, value in enumerate(values)
    ]


def areas(values: Line) -> Line:
    found, past, total = [], math.nan, 0.0
    position = 0
    for at, value in enumerate(values):
        if not math.isnan(value):
            if not math.isnan(past):
                total += (value + past) / 2 * STEP * (at - position)
            past, position = value, at
        found.append(math.nan if math.isnan(value) else total)
    return found


def fitted(values: Line) -> Line:
    there = [(at, value) for at, value in enumerate(values) if not math.isnan(value)]
    if not there:
        return values
    x, y = mean([float(at) for at, _ in there]), mean([value for _, value in there])
    spread = math.fsum((at - x) ** 2 for at, _ in there)
    rise = math.fsum((at - x) * (value - y) for at, value in there) / spread if spread else 0.0
    return [math.nan if math.isnan(value) else y + rise * (at - x) for at, value in enumerate(values)]


def stepped(values: Line) -> Line:
    """The best step function, by trying every way to cut; for a handful of points."""
    there = [(at, value) for at, value in enumerate(values) if not math.isnan(value)]
    rises = [abs(b - a) for a, b in pairwise(values) if not math.isnan(a + b)]
    noise = 1.4826 * median(rises) / math.sqrt(2) if rises else 0.0
    penalty = 2 * noise**2 * math.log(max(len(there), 1))
    best: tuple[float, dict[int, float]] = (math.inf, {})
    for cuts in range(1 << max(len(there) - 1, 0)):
        parts, part = [], there[:1]
        for index, one in enumerate(there[1:]):
            if cuts >> index & 1:
                parts.append(part)
                part = []
            part.append(one)
        parts.append(part)
        heights = {at: mean([value for _, value in part]) for part in parts for at, _ in part}
        cost = math.fsum((value - heights[at]) ** 2 for at, value in there) + penalty * len(parts)
        if cost < best[0] - 1e-9:
            best = cost, heights
    return [best[1].get(at, math.nan) for at in range(len(values))]


def carried(values: Line) -> Line:
    """Gaps on the line to the next value, flat where none follows, up to 300 s after the last one."""
    found = []
    for at, value in enumerate(values):
        before = [index for index in range(at) if not math.isnan(values[index])]
        after = [index for index in range(at + 1, len(values)) if not math.isnan(values[index])]
        if not math.isnan(value) or not before or STEP * (at - before[-1]) > 300:
            found.append(value)
            continue
        base = values[before[-1]]
        slope = (values[after[0]] - base) / (after[0] - before[-1]) if after else 0.0
        found.append(base + slope * (at - before[-1]))
    return found


FUNCTIONS: dict[str, Callable[[Line], Line]] = {
    "{q}": lambda values: values,
    "diff({q})": lambda values: of_last(values, lambda now, past, seconds: now - past),
    "monotonic_diff({q})": lambda values: of_last(
        values, lambda now, past, seconds: now - past if now >= past else math.nan
    ),
    "derivative({q})": lambda values: of_last(values, lambda now, past, seconds: (now - past) / seconds),
    "per_minute({q})": lambda values: of_last(values, lambda now, past, seconds: 60 * (now - past) / seconds),
    "per_hour({q})": lambda values: of_last(values, lambda now, past, seconds: 3600 * (now - past) / seconds),
    "dt({q})": lambda values: of_last(values, lambda now, past, seconds: seconds),
    "integral({q})": areas,
    "cumsum({q})": added_up,
    "throughput({q})": lambda values: [value / STEP for value in values],
    "ewma_5({q})": lambda values: smoothed(values, 5),
    "median_7({q})": lambda values: trailing(values, 7, median),
    "moving_rollup({q}, 300, 'avg')": lambda values: trailing(values, 5, mean),
    "moving_rollup({q}, 200, 'max')": lambda values: trailing(values, 4, max),
    "trend_line({q})": fitted,
    "default_zero({q})": lambda values: [0.0 if math.isnan(one) else one for one in carried(values)],
    "default({q}, 2.5)": lambda values: [2.5 if math.isnan(one) else one for one in carried(values)],
    "abs({q})": lambda values: [abs(value) for value in values],
    "clamp_max({q}, 7)": lambda values: [min(value, 7) if value == value else value for value in values],
    "cutoff_min({q}, 7)": lambda values: [math.nan if value < 7 else value for value in values],
    "log2({q})": lambda values: [math.log2(value) if value > 0 else math.nan for value in values],
    "{q} * 2 - abs({q})": lambda values: [value * 2 - abs(value) for value in values],
    "{q} / ({q} - 7.25)": lambda values: [
        value / (value - 7.25) if value != 7.25 else math.nan for value in values
    ],
}
OUTER: dict[str, Callable[[Line], float]] = {
    "avg": mean,
    "sum": math.fsum,
    "min": min,
    "max": max,
    "last": lambda values: values[-1],
}


def agree(got: float | None, expected: float) -> bool:
    if math.isnan(expected):
        return got is None
    return got == pytest.approx(expected, rel=1e-7, abs=1e-4)


@settings(max_examples=2 * SOME)
@given(
    points, st.sampled_from(sorted(FUNCTIONS)), st.sampled_from(sorted(OUTER)), st.sampled_from([0, 20, 60])
)
def test_functions_agree_with_one_bucket_after_another(
    given_: Points, name: str, outer: str, delay: int
) -> None:
    query = f"{outer}(last_15m):{name.format(q='avg:m{*}.rollup(avg, 60)')} > 1e12"
    first, last = START + 1800, START + 1980
    done = replayed(query, [series(given_)], (first, last), evaluation_delay=delay)
    for at in done.times.tolist():
        values = known(FUNCTIONS[name](line(given_, at - delay - WINDOW, at - delay)))
        assert agree(done.value_at("*", at), OUTER[outer](values) if values else math.nan)


@settings(max_examples=SOME // 2)
@given(st.lists(st.sampled_from([math.nan, 1.0, 2.0, 2.5, 9.0, -4.0]), min_size=5, max_size=5))
def test_steps_are_the_best_of_all(values: Line) -> None:
    given_ = {START + 60 * at: value for at, value in enumerate(values)}
    done = replayed(
        "sum(last_5m):piecewise_constant(avg:m{*}) * avg:m{*} > 1e12",
        [series(given_)],
        (START + 300, START + 301),
    )
    expected = [one * value for one, value in zip(stepped(values), values, strict=True)]
    assert agree(done.value_at("*", START + 300), math.fsum(known(expected)) if known(expected) else math.nan)
    assert done.notes[0].startswith("approximation: piecewise_constant()")


@settings(max_examples=SOME)
@given(
    points,
    st.sampled_from(["change", "pct_change"]),
    st.sampled_from(sorted(OUTER)),
    st.sampled_from([5, 15]),
)
def test_changes_agree_with_one_bucket_after_another(
    given_: Points, kind: str, outer: str, shift: int
) -> None:
    query = f"{kind}({outer}(last_15m),last_{shift}m):avg:m{{*}}.rollup(avg, 60) > 1e12"
    done = replayed(query, [series(given_)], (START + 2400, START + 2520))
    for at in done.times.tolist():
        now, then = line(given_, at - WINDOW, at), line(given_, at - WINDOW - 60 * shift, at - 60 * shift)
        rises = [a - b for a, b in zip(now, then, strict=True)]
        if kind == "pct_change":
            rises = [rise / b * 100 if b else math.nan for rise, b in zip(rises, then, strict=True)]
        values = known(rises)
        assert agree(done.value_at("*", at), OUTER[outer](values) if values else math.nan)


@settings(max_examples=SOME)
@given(points, st.sampled_from(["linear", "last", "zero", "null"]), st.sampled_from([None, 60, 120, 600]))
def test_filling_agrees_with_one_bucket_after_another(given_: Points, method: str, limit: int | None) -> None:
    asked = method if limit is None else f"{method}, {limit}"
    query = f"sum(last_15m):avg:m{{*}}.rollup(avg, 60).fill({asked}) > 1e12"
    done = replayed(query, [series(given_)], (START + 1800, START + 1980))
    for at in done.times.tolist():
        found = line(given_, at - WINDOW, at)
        values = known(filled(found, method, limit or 300)) if known(found) else []
        assert agree(done.value_at("*", at), math.fsum(values) if values else math.nan)


def filled(values: Line, method: str, limit: int) -> Line:
    if method == "zero":
        return [0.0 if math.isnan(value) else value for value in values]
    result = []
    for at, value in enumerate(values):
        earlier = [index for index in range(at) if not math.isnan(values[index])]
        if not math.isnan(value) or method == "null" or not earlier or STEP * (at - earlier[-1]) > limit:
            result.append(value)
            continue
        before = earlier[-1]
        later = [index for index in range(at, len(values)) if not math.isnan(values[index])]
        if method == "last" or not later:
            result.append(values[before])
        else:
            share = (at - before) / (later[0] - before)
            result.append(values[before] + (values[later[0]] - values[before]) * share)
    return result


@settings(max_examples=SOME)
@given(points, st.sampled_from(["p50", "p95", "p0", "avg", "sum", "min", "max", "count"]), st.booleans())
def test_distributions_pool_the_points_of_all_series(given_: Points, space: str, whole: bool) -> None:
    twice = {at + 1: value for at, value in given_.items()}
    found = [
        series(given_, "h:a", type=MetricType.DISTRIBUTION),
        series(twice, "h:b", type=MetricType.DISTRIBUTION),
    ]
    outer = "percentile" if whole and space.startswith("p") else "max"
    done = replayed(
        f"{outer}(last_15m):{space}:m{{*}}.rollup(60) > 1e12", found, (START + 1800, START + 1980)
    )
    for at in done.times.tolist():
        pooled = [(moment, value) for one in (given_, twice) for moment, value in one.items()]
        start = at - WINDOW
        spans = (
            [(start, at)] if outer == "percentile" else [(one, one + STEP) for one in range(start, at, STEP)]
        )
        values = []
        for first, last in spans:
            inside = sorted(
                value for moment, value in pooled if first <= moment < last and math.isfinite(value)
            )
            values += [ranked(inside, space)] if inside else []
        assert agree(done.value_at("*", at), max(values, default=math.nan))


def ranked(values: Line, space: str) -> float:
    if space == "count":
        return len(values)
    return (
        values[int(float(space[1:]) / 100 * (len(values) - 1))] if space[0] == "p" else OUTER[space](values)
    )


@settings(max_examples=SOME)
@given(st.lists(st.sampled_from([None, 1.0]), min_size=60, max_size=60), st.sampled_from([5, 10, 15]))
def test_full_windows_agree_with_counting_pieces(values: list[float | None], minutes: int) -> None:
    given_ = {START + 60 * at: value for at, value in enumerate(values) if value is not None}
    query = f"sum(last_{minutes}m):sum:m{{*}}.as_count() > 0"
    found = [series(given_, type=MetricType.COUNT)]
    done = replayed(query, found, (START + 1800, START + 3600), require_full_window=True)
    alerted = False
    for at in done.times.tolist():
        pieces = [at - 60 * minutes + 60 * piece in given_ for piece in range(minutes)]
        # A window without anything is missing data, and keeps the state too.
        alerted = alerted or (pieces[0] and pieces.count(False) <= 3)
        assert (done.state_at("*", at) == "Alert") == alerted
