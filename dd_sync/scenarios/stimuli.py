"""Series that bring a metric monitor to its edges, to be tried out: who sends them, and in what shape."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from dd_sync.evaluate.leaves import shifted
from dd_sync.evaluate.select import matcher
from dd_sync.evaluate.series import MetricType
from dd_sync.query.canonical import render_number
from dd_sync.query.nodes import And, In, Metric, MetricAlert, Not, Or, Scope, Tag
from dd_sync.query.tools import group_keys, metrics_in

# Values of a grouping key nobody has written a condition for.
_GROUPS = ("acme", "birch")
_OTHER = "other"
_MOST_COMBINATIONS = 4096
_MOST_SECONDS = 34 * 86400
_DAY = 86400
_PERCENTILE = re.compile(r"p[0-9.]+")


@dataclass(frozen=True, slots=True)
class Sent:
    """One series of a scenario. values: in promtool's notation; since: seconds from the start."""

    metric: str
    type: MetricType
    interval: int
    tags: tuple[str, ...]
    values: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Habit:
    """How a metric is sent in this catalog. interval: seconds."""

    type: MetricType
    interval: int


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Series, and for how many seconds to watch."""

    series: tuple[Sent, ...]
    lasts: int


@dataclass(frozen=True, slots=True)
class Piece:
    """`count` samples from `first` on, each `step` more; None is a gap."""

    first: float | None
    count: int
    step: float = 0.0

    def text(self, share: float, *, whole: bool) -> str:
        """In promtool's notation, every sample that share of itself; whole: nobody counts half an event."""
        if self.first is None:
            return f"_x{self.count}"
        first, step = (_sized(number * share, whole) for number in (self.first, self.step))
        sign = "-" if step < 0 else "+"
        rise = f"{sign}{render_number(abs(step))}" if step else ""
        return render_number(first) if self.count == 1 else f"{render_number(first)}{rise}x{self.count - 1}"


def _sized(number: float, whole: bool) -> float:
    """Enough digits to be exact where it matters, and no noise of arithmetic."""
    exact = float(f"{number:.12g}")
    return float(math.copysign(math.ceil(abs(exact)), exact)) if whole else exact


@dataclass(frozen=True, slots=True)
class Shape:
    """A course of one series. before: how many of its samples are history, ahead of the start."""

    pieces: tuple[Piece, ...]
    before: int = 0

    @property
    def samples(self) -> int:
        """From the start on."""
        return sum(piece.count for piece in self.pieces) - self.before

    def text(self, share: float = 1.0, *, whole: bool = False) -> str:
        return " ".join(piece.text(share, whole=whole) for piece in self._joined())

    def _joined(self) -> list[Piece]:
        """Steady pieces of one level that follow each other are one."""
        joined: list[Piece] = []
        for piece in self.pieces:
            if joined and not piece.step and replace(piece, count=joined[-1].count) == joined[-1]:
                joined[-1] = replace(piece, count=piece.count + joined[-1].count)
            else:
                joined.append(piece)
        return joined

    def after(self, *history: Piece) -> Shape:
        """With samples ahead of it."""
        return Shape((*history, *self.pieces), sum(piece.count for piece in history))


def habit_of(metric: Metric, window: int, known: Mapping[str, Habit]) -> Habit:
    """As the scenarios there are send it; else a count or gauge, each minute or 24 times a window."""
    if metric.name in known:
        return known[metric.name]
    interval = 60 if window < _DAY else window // 24 // 60 * 60
    if _PERCENTILE.fullmatch(metric.aggregation or ""):
        return Habit(MetricType.DISTRIBUTION, interval)
    counted = metric.has("as_count") or metric.has("as_rate")
    return Habit(MetricType.COUNT if counted else MetricType.GAUGE, interval)


# --- who sends -------------------------------------------------------------------------------


def senders(alert: MetricAlert, other: MetricAlert) -> Iterator[dict[Metric, tuple[tuple[str, ...], ...]]]:
    """For each metric the tags of its series: one series, then two of one group, then one more at the edge.

    other: the mutant's query; at the edge is what only one of the two looks at.
    """
    own = list(dict.fromkeys(metrics_in(alert.expression)))
    others = list(dict.fromkeys(metrics_in(other.expression)))
    keys = group_keys(alert)
    inside = {metric: next(_tags(metric.scope, keys), None) for metric in own}
    found = {metric: tags for metric, tags in inside.items() if tags is not None}
    if len(found) < len(own):
        return
    yield {metric: (tags,) for metric, tags in found.items()}
    # A tag that nothing in the query is about tells the two apart.
    free = {*keys, *(key for metric in own for key, _ in _mentioned(metric.scope))}
    apart = next(key for key in ("host", "pod", "source", "part") if key not in free)
    yield {metric: ((*tags, f"{apart}:a"), (*tags, f"{apart}:b")) for metric, tags in found.items()}
    for metric, changed in zip(own, others, strict=False):
        edge = next(_between(metric.scope, changed.scope, keys), None)
        if edge is not None:
            yield {one: (tags, edge) if one == metric else (tags,) for one, tags in found.items()}


def _tags(scope: Scope, keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Sets of tags that a scope lets through, with a value for each grouping key."""
    matches = matcher(scope)
    return (tags for tags in _combinations(scope, keys) if matches(tags))


def _between(scope: Scope, other: Scope, keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    one, two = matcher(scope), matcher(other)
    return (tags for tags in _combinations(scope, keys) if one(tags) != two(tags))


def _combinations(scope: Scope, keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Tags made of what a scope mentions, and of one thing it does not."""
    mentioned: dict[str, dict[str | None, None]] = {}
    for key, value in _mentioned(scope):
        mentioned.setdefault(key, {})[None if value is None else value.replace("*", "x")] = None
    choices = []
    for key in dict.fromkeys((*mentioned, *keys)):
        bare = None in mentioned.get(key, {})
        values = [value for value in mentioned.get(key, {}) if value is not None]
        named = [f"{key}:{value}".lower() for value in (*values, *(_GROUPS if key in keys else (_OTHER,)))]
        if key in keys:
            # A group's own name first; what the scope names may be what it leaves out.
            choices.append([*named[len(values) :], *named[: len(values)]])
        else:
            choices.append([*([key.lower()] if bare else []), *named, ""])
    for chosen in islice(product(*choices), _MOST_COMBINATIONS):
        yield tuple(tag for tag in chosen if tag)


def _mentioned(scope: Scope) -> Iterator[tuple[str, str | None]]:
    match scope:
        case Tag(key=key, value=value):
            yield key, value
        case In(key=key, values=values):
            yield from ((key, value) for value in values)
        case Not(item=item):
            yield from _mentioned(item)
        case And(items=items) | Or(items=items):
            for item in items:
                yield from _mentioned(item)


# --- in what shape ---------------------------------------------------------------------------


def shapes(levels: Sequence[float], window: int, interval: int, *, whole: bool) -> Iterator[Shape]:
    """Courses over some windows, the plainest first.

    levels: those of a steady course that bring the value to a threshold; whole: samples are whole numbers.
    """
    n = max(1, -(-window // interval))
    half = max(1, n // 2)
    top = _sized(2 * max(levels, key=abs), whole)
    zero, high, gone = Piece(0, n), Piece(top, 2 * n), Piece(None, 5 * n)
    # Exactly at each level: by a single sample, and as a steady course.
    single = [Shape((zero, Piece(level * n, 1), zero, zero)) for level in levels]
    steady = [Shape((Piece(level, 3 * n),)) for level in levels]
    yield from (*single, *steady) if whole else (*steady, *single)
    # High at once, so that the window's length shows; high or low, and then silent.
    yield Shape((zero, high, zero, zero))
    yield Shape((high, gone))
    yield Shape((zero, gone))
    # Some of a window high, so that mean, highest and lowest differ.
    some = (Piece(top, half), Piece(0, half))
    yield Shape((zero, *some, *some))
    # Slowly up and down again, past every threshold.
    up = _sized(top / (2 * n), whole)
    peak = up * 2 * n
    yield Shape((Piece(0, 2 * n, up), Piece(peak, n), Piece(peak, 2 * n, -up), zero))
    # A long trouble, for reminders and for what resolves by itself.
    yield Shape((Piece(top, 12 * n),))


def with_history(shape: Shape, alert: MetricAlert, interval: int, level: float) -> Iterator[Shape]:
    """The same after a past that a look back finds: none, 0, high all along, high at one of its times."""
    yield shape
    window = int(alert.aggregation.window.length.total_seconds())
    change = alert.aggregation.change
    own = 0 if change is None else int(change.shift.length.total_seconds())
    backs = sorted({back + own for _, back in shifted(alert.expression, 0) if back + own > 0})
    n = max(1, window // interval)
    if backs:
        far = backs[-1] // interval + 2 * n
        yield shape.after(Piece(0, far))
        yield shape.after(Piece(level, far))
    for back in backs:
        begins = back // interval + n
        high = min(begins, shape.samples + 2 * n)
        yield shape.after(Piece(level, high), *([Piece(0, begins - high)] if begins > high else []))


def stimulus(
    tags: Mapping[Metric, Sequence[tuple[str, ...]]],
    driver: Metric,
    shape: Shape,
    habits: Mapping[Metric, Habit],
) -> Stimulus | None:
    """The driver sends the shape, its second series half of it, all other metrics a steady 100.

    None where that would be longer than a scenario may last.
    """
    interval = habits[driver].interval
    lasts, since = shape.samples * interval, -shape.before * interval
    if lasts > _MOST_SECONDS:
        return None
    sent = []
    for metric, each in tags.items():
        habit = habits[metric]
        steady = Shape((Piece(100, (lasts - since) // habit.interval),))
        whole = habit.type is MetricType.COUNT
        for index, one in enumerate(each):
            values = steady.text() if metric != driver else shape.text(0.5 if index else 1.0, whole=whole)
            sent.append(Sent(metric.name, habit.type, habit.interval, one, values, since))
    return Stimulus(tuple(dict.fromkeys(sent)), lasts)
