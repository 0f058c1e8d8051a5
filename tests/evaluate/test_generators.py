"""Made-up samples: what each term makes, that it is the same everywhere, and what is wrong with a text."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.evaluate.generators import uniform
from dd_sync.evaluate.notation import MOST_TERMS, NotationError, read_samples
from dd_sync.evaluate.series import Floats


def made(text: str, *, interval: int = 60, stream: str = "a") -> Floats:
    return read_samples(text).values(interval=interval, stream=stream)


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("constant(5)x2", [5, 5, 5]),
        ("ramp(0,100)x4", [0, 25, 50, 75, 100]),
        ("ramp(3,9)x0", [3]),
        ("sine(2,4m)x4", [0, 2, 0, -2, 0]),
        ("5 + ramp(0,2) + -1x2", [4, 5, 6]),
        ("1+constant(2)x1 7", [3, 3, 7]),
        ("constant(1) x1", [1, 1]),
        ("poisson(0)x2", [0, 0, 0]),
        ("burst(9,3m,3m)x3", [9, 9, 9, 9]),
        ("dropout(0)+4x1", [4, 4]),
        ("sine( 2 , 4m )+10x1 _ 3x1", [10, 12, math.nan, 3, 3]),
    ],
)
def test_a_sum_is_its_terms_and_one_sample_more_than_its_number(text: str, samples: list[float]) -> None:
    found = made(text)
    assert read_samples(text).size == len(samples)
    np.testing.assert_allclose(found, samples, rtol=0, atol=1e-12)


def test_the_same_stream_makes_the_very_same_numbers_on_every_machine() -> None:
    assert uniform(42, 3).tolist() == [0.7415648787718233, 0.1599103928769201, 0.27860113025513866]
    assert made("poisson(5)x9", stream="7 m").tolist() == PINNED_POISSON
    assert made("burst(1,5m,1m)x9", stream="7 m").tolist() == PINNED_BURST
    assert np.isnan(made("dropout(0.5)x9", stream="7 m")).tolist() == PINNED_DROPOUT
    assert made("sine(3,7m)x3").tolist() == PINNED_SINE


PINNED_POISSON = [3.0, 4.0, 5.0, 0.0, 4.0, 6.0, 4.0, 4.0, 7.0, 3.0]
PINNED_BURST = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
PINNED_DROPOUT = [True, True, False, True, True, False, True, True, False, True]
PINNED_SINE = [0.0, 2.3454944474040893, 2.924783736545471, 1.3016512173526744]


def test_another_stream_another_place_or_another_term_makes_other_numbers() -> None:
    text = "poisson(50)x99"
    assert (made(text, stream="a") != made(text, stream="b")).any()
    twice = made(f"{text} {text}")
    assert (twice[:100] != twice[100:]).any()
    assert (made("poisson(50)+poisson(50)x99") % 2 == 1).any()


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_sine_is_the_sine(period: int, step: int) -> None:
    expected = math.sin(2 * math.pi * (step % period) / period)
    assert made(f"sine(1,{period}s)x1", interval=step)[1] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("mean", [0.02, 1.0, 5.0, 80.5, 5_000.0, 1_000_000.0])
def test_poisson_counts_have_the_mean_and_the_spread_of_poisson(mean: float) -> None:
    counts = made(f"poisson({mean})x19999")
    assert counts.min() >= 0
    assert (counts == np.floor(counts)).all()
    # Four standard errors of the mean, and of the variance of a Poisson distribution.
    assert counts.mean() == pytest.approx(mean, abs=4 * math.sqrt(mean / 20_000))
    assert counts.var() == pytest.approx(mean, abs=4 * math.sqrt((mean + 2 * mean**2) / 20_000))


@given(every=st.integers(1, 30), length=st.integers(1, 30), seed=st.integers(0, 1000))
def test_a_burst_comes_once_in_each_stretch_and_lasts_its_length(every: int, length: int, seed: int) -> None:
    if length > every:
        every, length = length, every
    found = made(f"burst(7,{every}m,{length}m)x{every * 5 - 1}", stream=str(seed)).reshape(5, every)
    assert set(found.ravel()) <= {0.0, 7.0}
    assert ((found == 7).sum(axis=1) == length).all()
    starts = np.argmax(found == 7, axis=1)
    assert all((found[row, start : start + length] == 7).all() for row, start in enumerate(starts))


def test_dropout_leaves_out_its_share_and_changes_nothing_else() -> None:
    found = made("3+dropout(0.25)x9999")
    assert np.isnan(found).mean() == pytest.approx(0.25, abs=0.02)
    assert set(found[~np.isnan(found)]) == {3.0}
    assert np.isnan(made("dropout(1)x9")).all()


@pytest.mark.parametrize(
    ("text", "random"),
    [("5x9 ramp(0,1)+sine(1,1h)x9", False), ("5x9 1+poisson(2)x9", True), ("dropout(0.1)x1", True)],
)
def test_chance_is_only_where_it_is_asked_for(text: str, random: bool) -> None:
    assert read_samples(text).random is random


@pytest.mark.parametrize(
    ("text", "marked", "said", "hint"),
    [
        ("1 poison(5)x3", "poison", "'poison' makes no samples", "did you mean 'poisson'?"),
        ("noise(5)x3", "noise", "'noise' makes no samples", "dropout(0.1)"),
        ("poisson(5)", "poisson(5)", "does not say how many samples", "x59"),
        ("poisson(5,6)x3", "poisson(5,6)", "takes 1 of these: mean", "poisson(5)"),
        ("poisson()x3", "poisson()", "takes 1 of these: mean", "poisson(5)"),
        ("sine(1,2)x3", "2", "'2' is not a duration", "sine(3,24h)"),
        ("burst(1,1m, 2m)x3", "burst(1,1m, 2m)", "a burst is longer than", "burst(100,6h,10m)"),
        ("1+poisson(-1)x3", "poisson(-1)", "from 0 to 1,000,000", "poisson(5)"),
        ("poisson(1e7)x3", "poisson(1e7)", "from 0 to 1,000,000", "poisson(5)"),
        ("dropout(2)x3", "dropout(2)", "from 0 to 1", "dropout(0.1)"),
        ("ramp(0, nan)x3", "nan", "'nan' is no number, but last has to be one", "ramp(0,100)"),
        ("constant(1e400)x3", "1e400", "'1e400' is too large", "1e15"),
        ("poisson(5)++x3", "+", "a term is missing here", "write a number or"),
        ("poisson(5)+oops x3", "oops", "'oops' is no term of a sum", "write a number or"),
        ("poisson(5)-3x4", "-", "a + is missing here", "5+poisson(2)x59"),
        ("poisson(5 x3", "poisson(5", "'poisson(5' is no term", "write a number or"),
        ("(5)x3", "(5)x3", "is not a sample", "5x59"),
        ("poisson(1)x9999999999", "poisson(1)x9999999999", "more than 1,000,000 samples", "longer interval"),
        ("5x999999 constant(1)x0", "constant(1)x0", "more than 1,000,000 samples", "longer interval"),
    ],
)
def test_a_mistake_is_named_where_it_stands(text: str, marked: str, said: str, hint: str) -> None:
    with pytest.raises(NotationError) as caught:
        read_samples(text)
    place = caught.value.place
    assert said in caught.value.problem
    assert hint in caught.value.hint
    start = place.column - 1
    assert text[start : start + place.length] == marked


def test_a_sum_has_an_end() -> None:
    text = "+".join(["poisson(1)"] * (MOST_TERMS + 1)) + "x3"
    with pytest.raises(NotationError, match="a sum of more than 20 terms"):
        read_samples(text)
    assert read_samples("+".join(["poisson(1)"] * MOST_TERMS) + "x3").size == 4


@pytest.mark.parametrize(
    "text", ["(" * 60_000, "a(" * 30_000, "1+ " * 20_000 + "a(1)x3", "1 " * 60_000 + "b("]
)
def test_a_long_wrong_text_is_refused_soon(text: str) -> None:
    with pytest.raises(NotationError):
        read_samples(text)


@given(st.lists(st.floats(-1e9, 1e9).map(lambda number: round(number, 3)), min_size=1, max_size=50))
def test_numbers_one_by_one_are_themselves_however_they_are_read(numbers: list[float]) -> None:
    text = " ".join(map(str, numbers))
    assert read_samples(text).values().tolist() == numbers
    # A gap has every item read by itself.
    assert read_samples(f"{text} _").values().tolist()[:-1] == numbers
