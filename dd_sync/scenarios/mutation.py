"""What the mutants of every kind of query share: how a number, a window or a list is made a little wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from dd_sync.query.alerts import Query
from dd_sync.query.canonical import render_window
from dd_sync.query.nodes import NOWHERE, UNIT_SECONDS, Span, Unit, Window

# A number is off by this share of itself: less than people notice, more than a tolerance.
_SHARE = 0.1
# Whole numbers below this are off by one.
_SMALL = 10

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Change:
    """A changed query. id, words, part, span and was are those of the Mutant it makes."""

    id: str
    words: str
    part: str
    query: Query
    span: Span = NOWHERE
    was: float | str | None = None


def moved_number(value: float, others: Iterable[float] = (), *, up: bool, whole: bool = False) -> float:
    """A number a tenth higher or lower, a small whole one by one; never at or past one of the `others`.

    With another one in the way it goes half-way to it, so that warning and alert keep their order.
    """
    if float(value).is_integer() and (whole or abs(value) < _SMALL):
        step = 1.0
    else:
        step = abs(value) * _SHARE
        step = max(1.0, round(step)) if float(value).is_integer() else step
    moved = value + step if up else value - step
    between = [other for other in others if (value < other <= moved) or (moved <= other < value)]
    if between and not whole:
        moved = (value + min(between, key=lambda other: abs(other - value))) / 2
    return float(f"{moved:.12g}")


def windows_beside(window: Window) -> Iterator[tuple[str, str, Window]]:
    """A window half as long and one twice as long: an id, words and the window."""
    seconds = int(window.length.total_seconds())
    for name, length in (("window-shorter", max(60, seconds // 120 * 60)), ("window-longer", 2 * seconds)):
        other = _window(window, length)
        if other != window:
            yield name, f"window {render_window(window)} -> {render_window(other)}", other


def _window(like: Window, seconds: int) -> Window:
    """A window of that length in its own unit, or the largest in which it is a whole number."""
    units = [like.unit, *reversed(get_args(Unit))]
    unit = next(unit for unit in units if seconds % UNIT_SECONDS[unit] == 0)
    return replace(like, count=seconds // UNIT_SECONDS[unit], unit=unit)


def without_each(items: Sequence[Item]) -> Iterator[tuple[int, Item, tuple[Item, ...]]]:
    """Each item with its index and the others."""
    for index, item in enumerate(items):
        yield index, item, (*items[:index], *items[index + 1 :])
