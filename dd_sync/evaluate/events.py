"""Events to values: those that a search finds, counted or measured per group over sliding windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from dd_sync.evaluate.event_formula import value_of
from dd_sync.evaluate.event_rule import EventQuery, EventRule, Top, percentile_of
from dd_sync.evaluate.findings import Words
from dd_sync.evaluate.judge import Judged, judge
from dd_sync.evaluate.searching import Document, Value, finder, text_of
from dd_sync.evaluate.select import Group
from dd_sync.evaluate.series import Bools, Floats, Ints
from dd_sync.evaluate.sources import EventSource
from dd_sync.evaluate.state import GroupState

_UFUNC = {"sum": np.add, "avg": np.add, "min": np.minimum, "max": np.maximum}

# What a message calls an event of each source.
_PREFIX = {
    "logs": "log",
    "trace-analytics": "span",
    "rum": "rum",
    "audits": "audit",
    "ci-pipelines": "cipipeline",
    "ci-tests": "citest",
    "database-monitoring": "databasemonitoring",
    "events": "event",
}


@dataclass(frozen=True, slots=True)
class Windows:
    """Those that end at the evaluations: start <= time < end, int64 [T], epoch seconds."""

    starts: Ints
    ends: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Events of one group, oldest first. at: int64 [n], epoch seconds."""

    at: Ints
    documents: Sequence[Document]

    @classmethod
    def of(cls, documents: Sequence[Document]) -> Stream:
        return cls(np.array([one.event.at for one in documents], dtype=np.int64), documents)

    def found(self, windows: Windows) -> Bools:
        """bool [T]: where a window holds any."""
        return np.asarray(np.searchsorted(self.at, windows.ends) > np.searchsorted(self.at, windows.starts))

    def rolled(self, method: str, measure: str | None, windows: Windows) -> Floats:
        """float64 [T]: the rollup over each window; 0 for a count of none, NaN for anything else of none."""
        at, values = self._values(measure)
        first, last = np.searchsorted(at, windows.starts), np.searchsorted(at, windows.ends)
        if method == "count":
            return (last - first).astype(np.float64)
        if method == "cardinality":
            return _distinct(values, first, last)
        numbers = np.array([number_of(value) for value in values])
        known = ~np.isnan(numbers)
        at, numbers = at[known], numbers[known]
        first, last = np.searchsorted(at, windows.starts), np.searchsorted(at, windows.ends)
        return _aggregated(method, numbers, first, last)

    def _values(self, measure: str | None) -> tuple[Ints, list[Value]]:
        """The values of the measure, each with its time; without a measure, one for each event."""
        if measure is None:
            return self.at, [0.0] * self.at.size
        found = [(one.event.at, value) for one in self.documents for value in one.values(measure)]
        return np.array([at for at, _ in found], dtype=np.int64), [value for _, value in found]


def number_of(value: Value) -> float:
    """NaN for what is none."""
    try:
        number = float(value)
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def _distinct(values: Sequence[Value], first: Ints, last: Ints) -> Floats:
    """A value counts at its first place in a window: where it was before, it was before the window."""
    seen: dict[Value, int] = {}
    before = np.empty(len(values), dtype=np.int64)
    for index, value in enumerate(values):
        before[index] = seen.get(value, -1)
        seen[value] = index
    return _each(first, last, lambda low, high: float(np.count_nonzero(before[low:high] < low)))


def _each(first: Ints, last: Ints, function: Callable[[int, int], float]) -> Floats:
    """Of the values from each of `first` up to `last`; neighbours that hold the same are worked out once."""
    fresh = np.ones(first.size, dtype=np.bool_)
    fresh[1:] = (np.diff(first) != 0) | (np.diff(last) != 0)
    spans = zip(first[fresh].tolist(), last[fresh].tolist(), strict=True)
    found = np.array([function(low, high) for low, high in spans], dtype=np.float64)
    return np.asarray(found[np.cumsum(fresh) - 1])


def _aggregated(method: str, numbers: Floats, first: Ints, last: Ints) -> Floats:
    some = last > first
    result = np.full(first.shape, np.nan)
    if not some.any():
        return result
    if method in _UFUNC:
        # Pairs of where a window begins and ends; what comes out in between is of no window.
        edges = np.stack([first[some], last[some]], axis=1).reshape(-1)
        result[some] = _UFUNC[method].reduceat(np.append(numbers, 0.0), edges)[::2]
        return result / np.maximum(last - first, 1) if method == "avg" else result
    rank = percentile_of(method) or 0.0
    result[some] = _each(first[some], last[some], lambda low, high: _percentile(numbers[low:high], rank))
    return result


def _percentile(points: Floats, rank: float) -> float:
    """Linear between the two points around the rank, 0 to 100."""
    place = rank / 100 * (points.size - 1)
    low = int(place)
    high = min(low + 1, points.size - 1)
    ordered = np.partition(points, (low, high))
    share = place - low
    return float(ordered[low] * (1 - share) + ordered[high] * share)


# --- groups --------------------------------------------------------------------------------------


def _grouped(documents: Iterable[Document], by: Sequence[str]) -> dict[Group, Stream]:
    """An event without one of the facets is in no group, one with several values in several."""
    groups: dict[Group, list[Document]] = {}
    for document in documents:
        values = [list(dict.fromkeys(map(text_of, document.values(facet)))) for facet in by]
        for group in product(*values):
            groups.setdefault(group, []).append(document)
    return {group: Stream.of(found) for group, found in groups.items()}


class Found:
    """What one query found, by group; ranked where only the top groups are seen."""

    def __init__(self, query: EventQuery, documents: Sequence[Document], windows: Windows) -> None:
        self.query, self._windows = query, windows
        self.streams = _grouped(documents, query.by)
        self._seen = self._ranked(documents)

    def _ranked(self, documents: Sequence[Document]) -> dict[Group, Bools]:
        """bool [T] for each group that is not among the top at all times."""
        seen: dict[Group, Bools] = {}
        for position, top in enumerate(self.query.tops):
            if top is None:
                continue
            streams = _grouped(documents, self.query.by[: position + 1])
            among = _among_top(streams, top, self._windows)
            for group in self.streams:
                is_among = among[group[: position + 1]]
                seen[group] = seen[group] & is_among if group in seen else is_among
        return seen

    @property
    def groups(self) -> list[Group]:
        """Those that are seen at any time."""
        return [group for group in self.streams if group not in self._seen or self._seen[group].any()]

    def present(self, group: Group) -> Bools:
        stream = self.streams.get(group)
        if stream is None:
            return np.zeros(self._windows.ends.shape, dtype=np.bool_)
        found = stream.found(self._windows)
        return found & self._seen[group] if group in self._seen else found

    def values(self, group: Group) -> Floats:
        """float64 [T]: 0 for a count of nothing."""
        stream = self.streams.get(group, Stream.of(()))
        values = stream.rolled(self.query.method, self.query.measure, self._windows)
        if group not in self._seen:
            return values
        return np.where(self._seen[group], values, 0.0 if self.query.counts else np.nan)

    def within(self, group: Group) -> Iterator[Document]:
        """What the group has in the first window, oldest first."""
        stream = self.streams.get(group)
        if stream is not None and self.present(group)[0]:
            first = np.searchsorted(stream.at, self._windows.starts[0])
            last = np.searchsorted(stream.at, self._windows.ends[0])
            yield from stream.documents[first:last]


def _among_top(streams: Mapping[Group, Stream], top: Top, windows: Windows) -> dict[Group, Bools]:
    """Where each group is among the first within its parent; equals rank by their names."""
    siblings: dict[Group, list[Group]] = {}
    for group in sorted(streams):
        siblings.setdefault(group[:-1], []).append(group)
    among: dict[Group, Bools] = {}
    for groups in siblings.values():
        values = np.array([_to_rank(streams[group], top, windows) for group in groups])
        order = np.argsort(-values if top.descending else values, axis=0, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(len(groups))[:, None], axis=0)
        among.update({group: rank[row] < top.limit for row, group in enumerate(groups)})
    return among


def _to_rank(stream: Stream, top: Top, windows: Windows) -> Floats:
    values = stream.rolled(top.method, top.measure, windows)
    nothing = ~stream.found(windows) | np.isnan(values)
    return np.where(nothing, -np.inf if top.descending else np.inf, values)


# --- the monitor ---------------------------------------------------------------------------------


class EventFindings:
    """A number per group and evaluation, of the events in its window."""

    def __init__(self, rule: EventRule, source: EventSource, times: Ints) -> None:
        """times: int64 epoch seconds, ascending, at least one."""
        self._rule, self._times = rule, times
        ends = times - rule.delay
        starts = ends - rule.window if rule.cumulative is None else rule.cumulative.starts(ends)
        self._windows = Windows(starts, ends)
        chosen = {query.source: query for query in rule.queries.values()}
        documents = {
            name: [Document.of(event) for event in source.select(name, int(starts.min()), int(ends[-1]))]
            for name in chosen
        }
        self._found = {
            name: Found(query, _matching(query, documents[query.source]), self._windows)
            for name, query in rule.queries.items()
        }

    @property
    def window(self) -> tuple[int, int]:
        """The first one: start <= event < end, epoch seconds."""
        return int(self._windows.starts[0]), int(self._windows.ends[0])

    def queries(self, group: Group) -> Iterator[tuple[str, Found, Group]]:
        """Each query by its name, with its own group for one of the monitor's."""
        for name, found in self._found.items():
            yield name, found, self._of(found.query, group)

    @property
    def groups(self) -> Iterable[Group]:
        if not self._rule.keys:
            return ((),)
        grouped = (found for found in self._found.values() if found.query.by)
        groups = {self._in_order(found.query, group) for found in grouped for group in found.groups}
        return sorted(groups)

    def _in_order(self, query: EventQuery, group: Group) -> Group:
        values = dict(zip(query.by, group, strict=True))
        return tuple(values[key] for key in self._rule.keys)

    def _of(self, query: EventQuery, group: Group) -> Group:
        """The query's own group for one of the monitor's; a query without groups goes with each."""
        values = dict(zip(self._rule.keys, group, strict=True))
        return tuple(values[key] for key in query.by)

    def judge(self, groups: Sequence[Group], previous: Sequence[GroupState | None]) -> Judged:
        shape = (len(groups), self._times.size)
        values = np.array([self._values(group) for group in groups]).reshape(shape)
        return judge(self._rule, self._rule.thresholds, self._times, values, None, previous)

    def _values(self, group: Group) -> Floats:
        own = {name: self._of(found.query, group) for name, found in self._found.items()}
        # Of a grouped monitor, a query without groups says nothing about whether a group is there.
        asked = [
            found.present(own[name])
            for name, found in self._found.items()
            if found.query.by or not self._rule.keys
        ]
        # A result too large for a number is no value, like any other that is not finite.
        with np.errstate(over="ignore", invalid="ignore"):
            by_name = {name: found.values(own[name]) for name, found in self._found.items()}
            values = value_of(self._rule.formula, by_name)
        return np.where(np.any(asked, axis=0) & np.isfinite(values), values, np.nan)

    def words(self, group: Group) -> Words:
        """Attributes and tags of the latest event in the window, as `log.attributes.k`, `log.tags.k`."""

        def said(index: int) -> Mapping[str, str | float]:
            words: dict[str, str | float] = {}
            for found in self._found.values():
                stream = found.streams.get(self._of(found.query, group))
                if stream is not None:
                    latest = int(np.searchsorted(stream.at, self._windows.ends[index])) - 1
                    if latest >= 0 and stream.at[latest] >= self._windows.starts[index]:
                        words.update(_words(found.query.source, stream.documents[latest]))
            return words

        return said


def _matching(query: EventQuery, documents: Sequence[Document]) -> list[Document]:
    matches = finder(query.search)
    every = not query.indexes or "*" in query.indexes
    return [one for one in documents if (every or one.event.index in query.indexes) and matches(one)]


def _words(source: str, document: Document) -> dict[str, str | float]:
    prefix = _PREFIX.get(source, source)
    words: dict[str, str | float] = {f"{prefix}.message": document.event.message}
    for path, values in document.attributes.items():
        words[f"{prefix}.attributes.{path}"] = ",".join(map(text_of, values))
    for key, tags in document.tags.items():
        words[f"{prefix}.tags.{key}"] = ",".join(sorted(tags))
    if source == "events":
        title = ",".join(map(text_of, document.values("title")))
        words |= {"event.title": title, "event.text": document.event.message}
        words["event.tags"] = ",".join(sorted(tag.lower() for tag in document.event.tags))
        words["event.host.name"] = ",".join(map(text_of, document.values("host")))
    return words
