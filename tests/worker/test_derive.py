"""z-scores and EWMA deviations against the definitions of docs/worker.md, written down naively."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.evaluate.series import Floats
from dd_sync.model.derivation import EWMA_DEVIATION, ZSCORE, Derivation
from dd_sync.worker import derive
from dd_sync.worker.derive import derived, ewma_deviation, reach, zeros_after_first, zscore

NAN = math.nan
VALUES = st.one_of(
    st.just(NAN),
    st.sampled_from([0.0, 5.0, 1e9, -3.0]),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3)),
)
ROWS = st.integers(1, 3).flatmap(
    lambda groups: st.integers(1, 30).flatmap(
        lambda count: st.lists(
            st.lists(VALUES, min_size=count, max_size=count), min_size=groups, max_size=groups
        )
    )
)


def naive_spread(known: Sequence[float]) -> float:
    mean = math.fsum(known) / len(known)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / len(known))
    return spread if spread > 1e-12 * max(abs(value) for value in known) else NAN


def naive_zscore(row: Sequence[float], at: int, window: int) -> float:
    known = [value for value in row[at - window : at] if not math.isnan(value)]
    if len(known) < 5:
        return NAN
    return (row[at] - math.fsum(known) / len(known)) / naive_spread(known)


def naive_ewma(row: Sequence[float], at: int, window: int, alpha: float, percent: bool) -> float:
    known = [value for value in row[at - window : at] if not math.isnan(value)]
    if len(known) < 5:
        return NAN
    mean = known[0]
    for value in known[1:]:
        mean += alpha * (value - mean)
    if percent:
        return 100 * (row[at] - mean) / abs(mean) if mean else NAN
    return (row[at] - mean) / naive_spread(known)


def naive_counts(row: Sequence[float], at: int, window: int) -> list[float]:
    """The window and the bucket itself, as counts."""
    first = max(0, at - 2 * window)
    reported = [index for index in range(first, at + 1) if not math.isnan(row[index])]
    since = reported[0] if reported else at + 1
    return [
        NAN if index < since else 0.0 if math.isnan(row[index]) else row[index]
        for index in range(at - window, at + 1)
    ]


def same(found: Floats, wanted: Sequence[Sequence[float]]) -> None:
    np.testing.assert_allclose(found, np.array(wanted).reshape(found.shape), rtol=1e-6, atol=1e-9)


@given(ROWS, st.integers(1, 12), st.sampled_from([3, 50, 1_000_000]))
def test_a_zscore_is_what_it_is_defined_to_be(rows: list[list[float]], window: int, at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derive, "_AT_ONCE", at_once)
        found = zscore(np.array(rows), window)
    same(found, [[naive_zscore(row, at, window) for at in range(window, len(row))] for row in rows])


@given(ROWS, st.integers(1, 12), st.sampled_from([0.1, 0.3, 0.9]), st.booleans())
def test_an_ewma_deviation_is_what_it_is_defined_to_be(
    rows: list[list[float]], window: int, alpha: float, percent: bool
) -> None:
    found = ewma_deviation(np.array(rows), window, alpha, percent=percent)
    wanted = [[naive_ewma(row, at, window, alpha, percent) for at in range(window, len(row))] for row in rows]
    # A mean that the naive way and this one have as rounding of 0 is neither of their results.
    unsure = np.abs(found) > 1e12
    same(np.where(unsure, NAN, found), np.where(unsure, NAN, np.array(wanted).reshape(found.shape)).tolist())


@settings(max_examples=60)
@given(ROWS, st.integers(1, 6))
def test_a_count_that_is_missing_is_0_after_the_first_of_two_windows(
    rows: list[list[float]], window: int
) -> None:
    values, since = zeros_after_first(np.array(rows), window)
    found = zscore(values, window, since)
    wanted = [
        [naive_zscore(naive_counts(row, at, window), window, window) for at in range(window, len(row))]
        for row in rows
    ]
    same(found, wanted)


@settings(max_examples=30)
@given(ROWS, st.integers(1, 5), st.booleans())
def test_a_value_does_not_depend_on_how_far_back_or_ahead_was_read(
    rows: list[list[float]], window: int, counts: bool
) -> None:
    minute = timedelta(minutes=1)
    one = Derivation(
        key="k",
        catalog="c",
        query="",
        by=(),
        gauge=ZSCORE,
        bucket=minute,
        window=window * minute,
    )
    back = reach(counts=counts, window=window)
    values = np.array(rows)
    whole = derived(one, values, counts=counts, skip=window)
    for at in range(back, values.shape[1]):
        part = derived(one, values[:, at - back : at + 1], counts=counts, skip=back)
        np.testing.assert_array_equal(part[:, 0], whole[:, at - window])


def test_a_spike_that_has_left_the_window_leaves_nothing_behind() -> None:
    quiet = np.tile([60.0, 64.0, 62.0], 100)
    spiked = quiet.copy()
    spiked[100] = 1e9
    before, after = zscore(quiet[None, :], 60), zscore(spiked[None, :], 60)
    assert after[0, 40] > 1e8
    np.testing.assert_array_equal(after[0, 101:], before[0, 101:])


def test_the_example_of_the_documentation() -> None:
    window = [62.83 - 40.35, 62.83 + 40.35] * 30
    (z,) = zscore(np.array([[*window, 223.0]]), 60)[0]
    assert round(float(z), 2) == 3.97
    assert z < 4
    (percent,) = ewma_deviation(np.array([[62.83] * 60 + [223.0]]), 60, 0.3, percent=True)[0]
    assert round(float(percent)) == 255


def test_no_more_than_the_window_hides_a_spike() -> None:
    # With the bucket itself among 60, no z-score could exceed 7.62.
    (z,) = zscore(np.array([[10.0, 11.0] * 30 + [1000.0]]), 60)[0]
    assert z > 1000


@pytest.mark.parametrize(
    "row",
    [
        [5.0] * 60 + [9.0],
        [0.1] * 60 + [9.0],
        [NAN] * 56 + [1.0, 2.0, 3.0, 4.0, 9.0],
        [1.0, 2.0] * 30 + [NAN],
        [1e308, -1e308] * 30 + [1e308],
        [NAN] * 61,
    ],
    ids=["constant", "constant-rounded", "four-buckets", "no-bucket", "huge", "nothing"],
)
def test_where_nothing_can_be_said_there_is_no_point(row: list[float]) -> None:
    found = zscore(np.array([row]), 60)
    assert not np.isinf(found).any()
    if row[0] != 1e308:
        assert np.isnan(found).all()


def test_per_cent_of_nothing_is_no_point_and_needs_no_spread() -> None:
    rows = np.array([[0.0] * 10 + [5.0], [2.0] * 10 + [5.0], [-2.0] * 10 + [2.0]])
    found = ewma_deviation(rows, 10, 0.3, percent=True)[:, 0]
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], [150.0, 200.0])


def test_a_derivation_says_which_of_them_it_is() -> None:
    minute = timedelta(minutes=1)
    values = np.array([[60.0, 64.0, 62.0, 61.0, 63.0, 60.0, 90.0]])

    def of(alpha: float | None, **more: str) -> float:
        one = Derivation(
            key="k",
            catalog="c",
            query="",
            by=(),
            gauge=EWMA_DEVIATION,
            bucket=minute,
            window=6 * minute,
            alpha=alpha,
            measure="percent" if more else "deviations",
        )
        return float(derived(one, values, counts=False, skip=6)[0, 0])

    row = values[0].tolist()
    assert of(None) == pytest.approx(naive_zscore(row, 6, 6))
    assert of(0.3) == pytest.approx(naive_ewma(row, 6, 6, 0.3, False))
    assert of(0.3, measure="percent") == pytest.approx(naive_ewma(row, 6, 6, 0.3, True))


def test_no_groups_and_too_few_buckets_are_no_values() -> None:
    assert zscore(np.empty((0, 100)), 60).shape == (0, 40)
    assert zscore(np.ones((3, 10)), 60).shape == (3, 0)


def test_memory_stays_bounded_whatever_the_window() -> None:
    import tracemalloc

    rows = np.random.default_rng(1).random((4, 4_000))
    tracemalloc.start()
    zscore(rows, 1_440)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All windows at once would be 118 MB.
    assert peak < 70_000_000
