"""Widgets to what they show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from dd_sync.catalog.catalog import Catalog
from dd_sync.errors import DdSyncError
from dd_sync.evaluate.calls import SHIFTS, calls_in, ranking
from dd_sync.evaluate.graph import Graph, graph, interval_of, read_graph
from dd_sync.evaluate.leaves import shifted
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.select import TOTAL, group_name
from dd_sync.evaluate.series import Floats
from dd_sync.evaluate.unsupported import Unsupported
from dd_sync.model.resource import Resource, has_mark, references_of
from dd_sync.query.nodes import Call, Metric
from dd_sync.report.dashboards.asked import Asked, Json, NotAsked, Variables, asked, bounds, mappings, text_of
from dd_sync.report.dashboards.scenes import Scene, Stage
from dd_sync.report.dashboards.search import find
from dd_sync.report.dashboards.shown import (
    AlertGraph,
    AlertValue,
    Board,
    Box,
    Changes,
    Chart,
    Group,
    Line,
    Listing,
    Note,
    Number,
    Ranking,
    Shown,
    Watched,
    Widget,
    layout_of,
)

_DAY = 86400
_MOST_LINES = 20
_MOST_ROWS = 10
_REFERENCE = re.compile(r"\$\{monitor:([^{}$\n]*)\}")
_EARLIER = {
    "hour_before": "an hour before",
    "day_before": "a day before",
    "week_before": "a week before",
    "month_before": "a month before",
}
_REDUCE: Mapping[str, Callable[[Floats], Any]] = {
    "avg": np.mean,
    "mean": np.mean,
    "sum": np.sum,
    "min": np.min,
    "max": np.max,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    """A query that can be evaluated."""

    asked: Asked
    rule: MetricRule

    @property
    def metrics(self) -> list[tuple[Metric, int]]:
        """Each with how far back it is read, in seconds."""
        return list(shifted(self.rule.alert.expression, 0))

    @property
    def short(self) -> str:
        """The metric, if there is but one."""
        expression = self.rule.alert.expression
        return expression.name if isinstance(expression, Metric) else self.asked.text

    @property
    def earlier(self) -> str:
        """How a query that is another's, earlier, is best called; "" for any other."""
        expression = self.rule.alert.expression
        return _EARLIER.get(expression.name, "") if isinstance(expression, Call) else ""


@dataclass(frozen=True, eq=False)
class Gallery:
    """Draws the dashboards of a catalog."""

    catalog: Catalog
    stage: Stage
    _watched: dict[str, Watched] = field(default_factory=dict)

    @cached_property
    def dashboards(self) -> Mapping[str, Resource]:
        """By key, in the catalog's order."""
        return {one.key: one for one in self.catalog.resources if one.kind == "dashboard"}

    def board(self, key: str) -> Board:
        return _Drawing(self, self.dashboards[key]).board()

    def others(self, boards: Sequence[Board]) -> list[Watched]:
        """The monitors that none of these shows."""
        about = {one.declared.key for board in boards for one in board.monitors}
        found = (self.watched(one.key) for one in self.catalog.monitors if one.key not in about)
        return [one for one in found if one is not None]

    def watched(self, key: str) -> Watched | None:
        """None if the catalog has no such monitor."""
        declared = self.catalog.declared(key)
        if declared is None:
            return None
        if key not in self._watched:
            self._watched[key] = Watched(declared, self.stage)
        return self._watched[key]


class _Drawing:
    """One dashboard."""

    def __init__(self, gallery: Gallery, resource: Resource) -> None:
        self._gallery = gallery
        self._body = resource.body
        self._key, self._name = resource.key, resource.name
        self._variables = Variables.of(resource.body)
        self._about = set(references_of(resource.body.get("widgets")))

    def board(self) -> Board:
        widgets = tuple(self._widgets(self._body.get("widgets")))
        for one in (inner for widget in widgets for inner in widget.each()):
            if isinstance(one.shown, Listing):
                self._about.update(watched.declared.key for watched in one.shown.monitors)
        lines = text_of(self._body.get("description")).splitlines()
        monitors = (self._gallery.watched(one.key) for one in self._gallery.catalog.monitors)
        return Board(
            self._key,
            self._name,
            "\n".join(line for line in lines if not has_mark(line)).strip(),
            self._body.get("layout_type") == "free",
            [(name, f"{prefix}:{value}" if prefix else value) for name, (prefix, value) in self._values()],
            widgets,
            tuple(one for one in monitors if one is not None and one.declared.key in self._about),
        )

    def _values(self) -> Sequence[tuple[str, tuple[str, str]]]:
        return list(self._variables.values.items())

    def _widgets(self, written: Any) -> Iterator[Widget]:
        for widget in mappings(written):
            definition = widget.get("definition")
            if isinstance(definition, Mapping):
                kind = text_of(definition.get("type")) or "something unnamed"
                title = text_of(definition.get("title")).strip()
                yield Widget(title, kind, self._shown(kind, definition), layout_of(widget))

    def _shown(self, kind: str, definition: Json) -> Shown:
        match kind:
            case "group":
                return Group(tuple(self._widgets(definition.get("widgets"))))
            case "note":
                return Note(text_of(definition.get("content")))
            case "free_text":
                return Note(text_of(definition.get("text")))
            case "timeseries":
                return self._chart(definition)
            case "query_value":
                return self._number(definition)
            case "toplist":
                return self._ranking(definition)
            case "change":
                return self._changes(definition)
            case "alert_graph" | "alert_value":
                return self._alert(kind, definition)
            case "manage_status" | "monitor_summary":
                return self._listing(definition)
        return Box(f"{kind} is not drawn here", tuple(_said(definition, self._variables)))

    # --- metrics -------------------------------------------------------------------------------

    def _chart(self, definition: Json) -> Chart | Box:
        queries, refused = self._queries(definition)
        if not queries:
            return Box(
                "; ".join(dict.fromkeys(refused)) or "it has no query",
                tuple(_said(definition, self._variables)),
            )
        metrics = [metric for query in queries for metric in query.metrics]
        for scene in self._gallery.stage.of_metrics(metrics, self._about):
            try:
                chart = _chart_of(scene, queries, metrics)
            except Unsupported as error:
                refused.append(error.problem)
                continue
            if chart.lines:
                left_out = (*refused, *_without(queries, chart))
                return Chart(
                    chart.lines[:_MOST_LINES],
                    bounds(definition),
                    scene,
                    chart.first,
                    chart.last,
                    max(0, len(chart.lines) - _MOST_LINES),
                    tuple(dict.fromkeys(left_out)),
                )
        names = " or ".join(dict.fromkeys(metric.name for metric, _ in metrics))
        why = f"no scenario has data of {names}" if not refused else "; ".join(dict.fromkeys(refused))
        return Box(why, tuple(_said(definition, self._variables)), missing=True)

    def _queries(self, definition: Json) -> tuple[list[_Query], list[str]]:
        """Those that can be evaluated, and why the others cannot."""
        queries, refused = [], []
        for one in asked(definition, self._variables):
            if isinstance(one, NotAsked):
                refused.append(f"a query over {one.source} is not drawn here")
                continue
            try:
                rule = read_graph(one.text)
            except DdSyncError as error:
                refused.append(f"{error.problem}: {one.text}")
                continue
            if rule.algorithm is None:
                queries.append(_Query(one, rule))
            else:
                refused.append(f"{rule.algorithm.name}() is not drawn here")
        return queries, refused

    def _number(self, definition: Json) -> Number | Box:
        chart = self._chart(definition)
        if isinstance(chart, Box):
            return chart
        how = self._how(definition)
        return Number(_reduced(chart.lines[0].values, how), how, chart)

    def _ranking(self, definition: Json) -> Ranking | Box:
        chart = self._chart(definition)
        if isinstance(chart, Box):
            return chart
        how = self._how(definition)
        rows = [(line.name, _reduced(line.values, how)) for line in chart.lines]
        rows.sort(key=lambda row: -row[1])
        more = max(0, len(rows) - _MOST_ROWS) + chart.more
        return Ranking(tuple(rows[:_MOST_ROWS]), how, chart.scene, more)

    def _changes(self, definition: Json) -> Changes | Box:
        now = self._chart(definition)
        if isinstance(now, Box):
            return now
        queries, _ = self._queries(definition)
        earlier = next(
            (one.asked.compare_to for one in queries if one.asked.compare_to in SHIFTS), "day_before"
        )
        before = _earlier(now, queries, earlier)
        how = self._how(definition)
        known = {(one.query, one.group): _reduced(one.values, how) for one in before}
        rows = [
            (line.name, _reduced(line.values, how), known.get((line.query, line.group))) for line in now.lines
        ]
        rows.sort(key=lambda row: 0.0 if row[2] is None else -abs(row[1] - row[2]))
        more = max(0, len(rows) - _MOST_ROWS) + now.more
        return Changes(tuple(rows[:_MOST_ROWS]), _EARLIER[earlier], how, now.scene, more)

    def _how(self, definition: Json) -> str:
        """What makes one value of many: the ranking of a top(), else as the request says, else the mean."""
        queries, _ = self._queries(definition)
        for call in (call for one in queries for call in calls_in(one.rule.alert.expression)):
            ranked = ranking(call)
            if ranked is not None and ranked[1] in (*_REDUCE, "last"):
                return "avg" if ranked[1] == "mean" else ranked[1]
        said = next((one.asked.aggregator for one in queries), "")
        return said if said in (*_REDUCE, "last") else "avg"

    # --- monitors ------------------------------------------------------------------------------

    def _alert(self, kind: str, definition: Json) -> Shown:
        alert_id = text_of(definition.get("alert_id"))
        found = _REFERENCE.fullmatch(alert_id)
        watched = self._gallery.watched(found[1]) if found else None
        if watched is None:
            return Box(f"the monitor {alert_id or 'it is about'} is not of this catalog")
        return AlertGraph(watched) if kind == "alert_graph" else AlertValue(watched)

    def _listing(self, definition: Json) -> Listing | Box:
        query = text_of(definition.get("query"))
        every = [self._gallery.watched(one.key) for one in self._gallery.catalog.monitors]
        search = find(query, [one for one in every if one is not None])
        if search is None:
            return Box("this search of monitors is not read here", (query,))
        return Listing(query, *search)


def _chart_of(scene: Scene, queries: Sequence[_Query], metrics: Sequence[tuple[Metric, int]]) -> Chart:
    """All lines that have data. A short scenario is shown with the day before, if it has one."""
    earliest = min(int(one.times[0]) for metric, _ in metrics for one in scene.read(metric))
    start = min(scene.start, max(earliest, scene.end - _DAY))
    lines: list[Line] = []
    for number, query in enumerate(queries):
        # Buckets shorter than what is submitted would be gaps for the most part.
        sent = [one.interval for metric, _ in query.metrics for one in scene.read(metric)]
        interval = interval_of(query.rule, scene.end - start, max(sent, default=1))
        first, last = start // interval * interval, -(-scene.end // interval) * interval
        done = graph(query.rule, scene.series, first, last, interval)
        lines.extend(_lines(number, query, done, interval, queries))
    begin = min([start, *(int(line.times[0]) for line in lines)])
    return Chart(tuple(lines), (), scene, begin, max(scene.end, start + 60))


def _lines(
    number: int, query: _Query, done: Graph, interval: int, others: Sequence[_Query]
) -> Iterator[Line]:
    """others: of the widget; where they are the same earlier, the group alone is name enough."""
    same = all(one.earlier or one is query for one in others)
    named = query.asked.name or query.earlier
    text = query.short if [one.short for one in others].count(query.short) == 1 else query.asked.text
    for group, values in zip(done.groups, done.values, strict=True):
        if np.isfinite(values).any():
            own = group_name(query.rule.keys, group)
            if own == TOTAL:
                name = named or ("now" if same and len(others) > 1 else text)
            else:
                name = f"{own} {named or ('' if same else text)}".rstrip()
            yield Line(name, own, number, done.times, values, query.asked.style, interval)


def _earlier(now: Chart, queries: Sequence[_Query], earlier: str) -> tuple[Line, ...]:
    """The same lines as they were earlier, as far as there is data."""
    try:
        asked = [replace(one.asked, text=f"{earlier}({one.asked.text})") for one in queries]
        moved = [_Query(one, read_graph(one.text)) for one in asked]
        return _chart_of(now.scene, moved, [metric for one in moved for metric in one.metrics]).lines
    except DdSyncError:
        return ()


def _without(queries: Sequence[_Query], chart: Chart) -> Iterator[str]:
    for query in queries:
        missing = [metric.name for metric, back in query.metrics if not chart.scene.reaches(metric, back)]
        if missing:
            yield f"no data of {', '.join(dict.fromkeys(missing))} {query.earlier}".rstrip()


def _said(definition: Json, variables: Variables) -> Iterator[str]:
    for one in asked(definition, variables):
        if one.text:
            yield one.text
    if isinstance(definition.get("query"), str):
        yield definition["query"]


def _reduced(values: Floats, how: str) -> float:
    """One value of a line that has data."""
    known = values[np.isfinite(values)]
    return float(known[-1]) if how == "last" else float(_REDUCE[how](known))
