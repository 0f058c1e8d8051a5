"""promtool's notation of samples."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.evaluate.notation import NotationError, read_samples

NAN = float("nan")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("1 2.5 -3 1e3", [1, 2.5, -3, 1000]),
        ("1 _ 3", [1, NAN, 3]),
        ("_x3", [NAN] * 3),
        ("1 stale 2", [1, NAN, 2]),
        ("5x3", [5] * 4),
        ("0+10x3", [0, 10, 20, 30]),
        ("10-2x2", [10, 8, 6]),
        ("-1+.5x2", [-1, -0.5, 0]),
        ("  1\n 2x0 ", [1, 2]),
    ],
)
def test_samples_are_read_as_promtool_reads_them(text: str, values: list[float]) -> None:
    assert np.array_equal(read_samples(text).values(), np.array(values, dtype=float), equal_nan=True)


@pytest.mark.parametrize(
    ("text", "column", "length", "said"),
    [
        ("1 two 3", 3, 3, "'two' is not a sample"),
        ("5x", 1, 2, "is not a sample"),
        ("1 2 5 x3", 7, 2, "is not a sample"),
        ("1 1e999", 3, 5, "too large"),
        ("1 1x99999999", 3, 10, "more than 1,000,000 samples"),
        ("_x999999 1x999999", 10, 8, "more than 1,000,000 samples"),
        ("1x" + "9" * 9000, 1, 9002, "more than 1,000,000 samples"),
    ],
)
def test_a_wrong_sample_is_named_with_its_column(text: str, column: int, length: int, said: str) -> None:
    with pytest.raises(NotationError, match=said) as wrong:
        read_samples(text).values()
    assert (wrong.value.place.line, wrong.value.place.column, wrong.value.place.length) == (1, column, length)
    assert wrong.value.hint
    assert len(wrong.value.problem) < 120


@given(st.text(alphabet="0123456789 _x+-.estal", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NotationError):
        assert read_samples(text).values().ndim == 1


def test_a_long_text_of_nothing_is_refused_quickly() -> None:
    with pytest.raises(NotationError, match=r"'1{37}\.\.\.'"):
        read_samples("1" * 200_000 + "y")


@pytest.mark.parametrize("text", ["0+1e308x50", "1e301", "-1e300-1e299x50"])
def test_a_sample_that_a_sum_could_not_hold_is_refused(text: str) -> None:
    with pytest.raises(NotationError, match="too large for a sample"):
        read_samples(text)


def test_a_million_samples_are_counted_before_they_are_written_out() -> None:
    assert read_samples("1x999998 _").size == 1_000_000
    with pytest.raises(NotationError, match="more than 1,000,000 samples"):
        read_samples("_x2 1x999998")
