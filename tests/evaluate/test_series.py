"""Series as they are taken in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dd_sync.evaluate.series import MetricType, Series, SeriesSet


def count(times: list[int], values: list[float], *tags: str, metric: str = "m") -> Series:
    return Series.of(metric, MetricType.COUNT, tags, interval=60, times=times, values=values)


def test_what_is_not_a_finite_number_is_no_point() -> None:
    series = count([1, 2, 3, 4], [1, math.nan, math.inf, 4])
    assert series.times.tolist() == [1, 4]
    assert series.values.tolist() == [1, 4]


def test_points_are_put_in_order_and_the_later_given_of_one_time_counts() -> None:
    series = count([3, 1, 3], [1, 2, 9])
    assert series.times.tolist() == [1, 3]
    assert series.values.tolist() == [2, 9]


def test_tags_are_lower_case_sorted_and_there_once() -> None:
    assert count([], [], "Env:Prod", "a:1", "env:prod").tags == ("a:1", "env:prod")


def test_an_interval_is_at_least_a_second() -> None:
    with pytest.raises(ValueError, match="at least 1 s"):
        Series.of("m", MetricType.RATE, [], interval=0, times=[], values=[])


def test_a_selection_has_its_start_but_not_its_end_and_no_empty_series() -> None:
    source = SeriesSet(
        [count([10, 20, 30], [1, 2, 3], "a:1"), count([5], [1], "a:2"), count([20], [1], metric="n")]
    )
    found = source.select("m", 10, 30)
    assert [one.tags for one in found] == [("a:1",)]
    assert np.array_equal(found[0].times, [10, 20])
    assert source.select("other", 0, 99) == []
