"""Dashboards drawn from the scenarios, read back from the page that `dd-sync report` would write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dd_sync.catalog.load import load
from dd_sync.report.dashboards.charts import short
from dd_sync.report.dashboards.draw import Gallery
from dd_sync.report.dashboards.page import page
from dd_sync.report.dashboards.scenes import Stage
from dd_sync.report.dashboards.shown import (
    AlertGraph,
    AlertValue,
    Board,
    Box,
    Changes,
    Chart,
    Listing,
    Number,
    Ranking,
    Shown,
    Watched,
)
from dd_sync.report.dashboards.summary import as_text
from dd_sync.report.explain import Explanation, explain
from dd_sync.scenarios.suite import suite_of

MONITORS = """\
monitors:
  - key: orders
    name: Orders <b>
    tags: [team:shop, service:orders]
    message: "many @slack-a"
    type: query alert
    query: sum(last_5m):sum:orders{env:prod} by {tenant}.as_count() > 50
    options: {thresholds: {critical: 50, warning: 40}, on_missing_data: default}
  - key: cpu
    name: Load
    tags: [team:infra]
    message: m
    type: query alert
    query: avg(last_5m):avg:cpu{*} > 90
    options: {thresholds: {critical: 90}}
  - key: both
    name: Both
    message: m
    type: composite
    query: "${monitor:orders} && ${monitor:cpu}"
  - key: untested
    name: Untested
    message: m
    type: query alert
    query: avg(last_5m):avg:nothing{*} > 90
"""
SCENARIOS = """\
scenarios:
  - name: quiet
    monitor: orders
    for: 1h
    series: [{metric: orders, type: count, tags: ["env:prod", "tenant:acme"], values: "1x59"}]
    expect: [{group: tenant:acme, never: Alert}]
  - name: too <many> orders
    monitor: orders
    for: 2h
    snoozes: [{tenant: acme, from: 90m, for: 10m}]
    series:
      - {metric: orders, type: count, tags: ["env:prod", "tenant:acme"], from: -25h, values: "5x1559 20x59"}
      - {metric: orders, type: count, tags: ["env:prod", "tenant:<img>"], values: "1x119"}
      - {metric: failures, type: count, tags: ["env:prod", "tenant:acme"], values: "1x119"}
    expect: [{at: 115m, group: tenant:acme, state: Alert}]
  - name: busy
    monitor: cpu
    for: 30m
    series: [{metric: cpu, type: gauge, tags: ["host:a"], values: "50x9 95x20"}]
    expect: [{at: 25m, state: Alert}]
  - name: of staging only
    monitor: cpu
    for: 10m
    series: [{metric: staged, type: gauge, tags: ["env:staging"], values: "1x9"}]
    expect: [{never: Alert}]
"""
ORDERS = "sum:orders{env:prod} by {tenant}.as_count()"

Draw = Callable[..., Board]


class _Shop:
    """A catalog on disk, and what is drawn of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.gallery: Gallery
        (folder / "scenarios").mkdir()
        (folder / "catalog.yaml").write_text("catalog: shop\n")
        (folder / "monitors.yaml").write_text(MONITORS)
        (folder / "scenarios/all.yaml").write_text(SCENARIOS)

    def board(self, *widgets: Any, **fields: Any) -> Board:
        body = {"key": "shop", "title": "The shop", "widgets": list(widgets), **fields}
        (self._folder / "dashboards.yaml").write_text(json.dumps({"dashboards": [body]}))
        loading = load(self._folder, environ={}, env=None, today=date(2026, 3, 2))
        assert loading.catalog is not None, loading.problems
        assert not [one for one in loading.problems if one.is_error], loading.problems
        self.gallery = Gallery(loading.catalog, Stage(suite_of(loading), loading.catalog.monitors))
        return self.gallery.board("shop")

    def shown(self, widget: Any, **fields: Any) -> Shown:
        return self.board(widget, **fields).widgets[0].shown

    def chart(self, widget: Any, **fields: Any) -> Chart:
        shown = self.shown(widget, **fields)
        assert isinstance(shown, Chart)
        return shown

    def box(self, widget: Any, **fields: Any) -> Box:
        shown = self.shown(widget, **fields)
        assert isinstance(shown, Box)
        return shown

    def page(self, board: Board) -> str:
        return page([board], self.gallery.others([board]), self._explained)

    def _explained(self, watched: Watched) -> Explanation:
        return explain(watched.declared, self.gallery.catalog.queries[watched.declared.key], ())


@pytest.fixture
def shop(tmp_path: Path) -> _Shop:
    return _Shop(tmp_path)


def own(type: str, **fields: Any) -> dict[str, Any]:
    """A widget in Datadog's form."""
    layout = fields.pop("layout", None)
    return {"definition": {"type": type, **fields}, **({} if layout is None else {"layout": layout})}


class _Page(HTMLParser):
    """Whether every element is closed, and which there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self.open and self.open[-1] != "style" else ""


def parsed(text: str) -> _Page:
    reader = _Page()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


# --- metrics -----------------------------------------------------------------------------------------


def test_a_graph_has_a_line_for_each_group_of_the_scenario_that_alerts(shop: _Shop) -> None:
    chart = shop.chart({"timeseries": ORDERS})
    assert chart.scene.name == "orders: too <many> orders"
    assert [line.name for line in chart.lines] == ["tenant:<img>", "tenant:acme"]
    assert chart.lines[1].values[-1] == 5 * 20


def test_a_short_scenario_is_shown_with_the_day_before_it(shop: _Shop) -> None:
    chart = shop.chart({"timeseries": ORDERS})
    assert chart.last - chart.first == 86400
    assert shop.chart({"timeseries": "avg:cpu{*}"}).first == chart.scene.start


def test_the_same_query_a_day_before_is_named_so_and_has_the_values_of_then(shop: _Shop) -> None:
    total = "sum:orders{env:prod,tenant:acme}.as_count().rollup(sum, 3600)"
    chart = shop.chart({"timeseries": [total, f"day_before({total})", f"week_before({total})"]})
    assert [line.name for line in chart.lines] == ["now", "a day before"]
    assert chart.lines[1].values[-1] == 60 * 5
    assert chart.left_out == ("no data of orders a week before",)


def test_lines_of_several_metrics_are_told_apart_by_them(shop: _Shop) -> None:
    chart = shop.chart({"timeseries": [ORDERS, "sum:failures{env:prod} by {tenant}.as_count()"]})
    assert [line.name for line in chart.lines] == [
        "tenant:<img> orders",
        "tenant:acme orders",
        "tenant:acme failures",
    ]


def test_formulas_are_written_out_over_their_queries(shop: _Shop) -> None:
    request = {
        "response_format": "timeseries",
        "display_type": "bars",
        "queries": [
            {"name": "a", "data_source": "metrics", "query": "sum:orders{tenant:acme}.as_count()"},
            {"name": "b", "data_source": "metrics", "query": "sum:failures{tenant:acme}.as_count()"},
        ],
        "formulas": [{"formula": "100 * b / a", "alias": "share"}, {"formula": "a"}],
    }
    chart = shop.chart(own("timeseries", requests=[request]))
    share, orders = chart.lines
    assert (share.name, orders.name) == ("share", "orders")
    assert share.values[-1] == 100 * 1 / 20


def test_several_queries_in_one_text_have_the_names_of_their_metadata(shop: _Shop) -> None:
    first, second = "sum:orders{tenant:acme}.as_count()", "sum:failures{tenant:acme}.as_count()"
    request = {"q": f"{first}, {second}", "metadata": [{"expression": second, "alias_name": "failed"}]}
    chart = shop.chart(own("timeseries", requests=[request]))
    assert [line.name for line in chart.lines] == ["orders", "failed"]


@pytest.mark.parametrize(
    ("variable", "tenants"),
    [
        ({"name": "t", "prefix": "tenant", "defaults": ["acme"]}, ["tenant:acme"]),
        ({"name": "t", "prefix": "tenant", "default": "*"}, ["tenant:<img>", "tenant:acme"]),
        ({"name": "t", "prefix": "tenant"}, ["tenant:<img>", "tenant:acme"]),
    ],
)
def test_template_variables_have_their_defaults(
    shop: _Shop, variable: dict[str, Any], tenants: list[str]
) -> None:
    query = "sum:orders{env:prod,$t} by {tenant}.as_count()"
    chart = shop.chart({"timeseries": query}, template_variables=[variable])
    assert [line.name for line in chart.lines] == tenants
    value = shop.chart(
        {"timeseries": "sum:orders{tenant:$t.value} by {tenant}.as_count()"}, template_variables=[variable]
    )
    assert [line.name for line in value.lines] == tenants


def test_markers_are_lines_across(shop: _Shop) -> None:
    markers = [
        {"value": "y = 70", "display_type": "error dashed", "label": " too much "},
        {"value": "10 < y < 20.5", "display_type": "warning solid"},
        {"value": "y > a", "display_type": "ok"},
        {"display_type": 3},
    ]
    chart = shop.chart(own("timeseries", requests=[{"q": ORDERS}], markers=markers))
    assert chart.bounds == [
        ("too much", 70.0, "alert-line"),
        ("", 20.5, "warn-line"),
        ("", 10.0, "warn-line"),
    ]
    text = shop.page(shop.board(own("timeseries", requests=[{"q": ORDERS}], markers=markers)))
    assert '<line class="alert-line"' in text
    assert ">too much 70</text>" in text


def test_a_number_is_made_by_the_aggregator_that_is_asked_for(shop: _Shop) -> None:
    found = {}
    for how in ("last", "max", "min", "sum", "avg"):
        request = {"q": "sum:orders{tenant:acme}.as_count().rollup(sum, 3600)", "aggregator": how}
        shown = shop.shown(own("query_value", requests=[request]))
        assert isinstance(shown, Number)
        assert shown.how == how
        found[how] = shown.value
    assert found["max"] == found["last"] == 1200
    assert found["min"] == 300
    assert found["sum"] == 23 * 300 + 1200
    assert found["avg"] == found["sum"] / 24
    odd = shop.shown(own("query_value", requests=[{"q": "avg:cpu{*}", "aggregator": "percentile"}]))
    assert isinstance(odd, Number)
    assert odd.how == "avg"


def test_a_toplist_begins_with_the_greatest_by_its_own_ranking(shop: _Shop) -> None:
    shown = shop.shown({"toplist": f"top({ORDERS}, 10, 'max', 'desc')"})
    assert isinstance(shown, Ranking)
    assert shown.how == "max"
    assert shown.rows == (("tenant:acme", 100.0), ("tenant:<img>", 5.0))


def test_a_change_is_against_what_was_then(shop: _Shop) -> None:
    request = {"q": ORDERS, "compare_to": "day_before", "aggregator": "last"}
    shown = shop.shown(own("change", requests=[request]))
    assert isinstance(shown, Changes)
    assert shown.earlier == "a day before"
    assert shown.rows == (("tenant:acme", 100.0, 25.0), ("tenant:<img>", 5.0, None))
    text = shop.page(shop.board(own("change", requests=[request])))
    assert "+75 (+300%)" in text
    assert "no data before" in text


# --- nothing to draw ---------------------------------------------------------------------------------


def test_a_metric_that_no_scenario_has_is_a_box_that_says_so(shop: _Shop) -> None:
    for widget in ({"timeseries": "avg:gone{*}"}, {"toplist": "avg:gone{*}"}, {"query_value": "avg:gone{*}"}):
        box = shop.box(widget)
        assert box.missing
        assert box.why == "no scenario has data of gone"
        assert box.said == ("avg:gone{*}",)
    assert shop.box(own("change", requests=[{"q": "avg:gone{*}"}])).missing


def test_a_scope_that_no_series_is_in_is_no_data(shop: _Shop) -> None:
    assert shop.box({"timeseries": "avg:staged{env:prod}"}).missing
    assert shop.box({"timeseries": "avg:cpu{*} by {region}"}).missing
    assert shop.chart({"timeseries": "avg:staged{*}"}).scene.scenario.name == "of staging only"


@pytest.mark.parametrize(
    ("request_", "why", "said"),
    [
        ({"q": "avg:cpu{"}, "avg:cpu{", ("avg:cpu{",)),
        ({"q": "anomalies(avg:cpu{*}, 'basic', 2)"}, "anomalies() is not drawn here", None),
        ({"q": "fancy(avg:cpu{*})"}, "fancy", None),
        (
            {"queries": [{"name": "a", "data_source": "logs", "search": {"query": "service:x"}}]},
            "a query over logs is not drawn here",
            ("service:x",),
        ),
        ({"log_query": {"search": {"query": "s:1"}}}, "a query over log is not drawn here", ("s:1",)),
        ({"query": {"data_source": "event_stream", "query_string": "e"}}, "event_stream", ("e",)),
        ({}, "something unnamed", ()),
        ({"apm_query": "x"}, "a query over apm is not drawn here", ("x",)),
    ],
)
def test_what_cannot_be_drawn_is_a_box_with_the_reason(
    shop: _Shop, request_: Any, why: str, said: tuple[str, ...] | None
) -> None:
    box = shop.box(own("timeseries", requests=[request_]))
    assert why in box.why
    assert said is None or box.said == said


def test_what_can_be_drawn_of_a_widget_is_and_the_rest_is_named(shop: _Shop) -> None:
    chart = shop.chart({"timeseries": ["avg:cpu{*}", "fancy(avg:cpu{*})"]})
    assert len(chart.lines) == 1
    assert "fancy" in chart.left_out[0]
    assert "fancy" in parsed(shop.page(shop.board({"timeseries": ["avg:cpu{*}", "fancy(avg:cpu{*})"]}))).text


@pytest.mark.parametrize(
    "definition",
    [
        {"type": "brand_new", "query": "x", "requests": {"x": {"q": "avg:cpu{*}"}}},
        {"type": "timeseries"},
        {"type": "timeseries", "requests": 3},
        {"type": "timeseries", "requests": {"queries": 1}},
        {"type": "timeseries", "requests": [1, None, {"q": 1}, {"queries": [1]}, {"formulas": [{}]}]},
        {
            "type": "timeseries",
            "requests": [{"queries": [{"data_source": "metrics", "query": "avg:cpu{*}"}]}],
        },
        {"type": "query_value", "requests": [{"q": "", "aggregator": []}], "title": 7},
        {"type": "group", "widgets": [{"definition": {"type": "note"}}]},
        {"type": "note", "content": {"a": 1}},
        {"type": "free_text", "text": "free"},
        {"type": "alert_graph", "alert_id": "12"},
        {"type": "alert_value", "alert_id": "${monitor:orders} "},
        {"type": "manage_status", "query": "a OR b"},
        {"type": "manage_status"},
        {"type": "toplist", "requests": [{"q": "avg:cpu{*}", "display_type": ["x"]}], "markers": "none"},
    ],
)
def test_no_widget_is_an_error(shop: _Shop, definition: dict[str, Any]) -> None:
    board = shop.board({"definition": definition})
    assert as_text([board], []).startswith("shop: The shop\n  1 widget")
    parsed(shop.page(board))


# --- monitors ----------------------------------------------------------------------------------------


def test_a_monitor_is_shown_at_its_worst(shop: _Shop) -> None:
    graph, value = shop.board({"alert_graph": "orders"}, {"alert_value": "orders"}).widgets
    assert isinstance(graph.shown, AlertGraph)
    assert isinstance(value.shown, AlertValue)
    watched = value.shown.watched
    assert watched.state == "Alert"
    assert watched.scene is not None
    assert watched.scene.peak is not None
    assert (watched.scene.peak.group, watched.scene.peak.value) == ("tenant:acme", 100.0)


def test_the_picture_of_a_monitor_has_its_thresholds_and_states(shop: _Shop) -> None:
    text = shop.page(shop.board({"alert_graph": "orders"}))
    assert ">alert 50</text>" in text
    assert ">warn 40</text>" in text
    assert '<rect class="state alert"' in text
    assert "<h3>Orders &lt;b&gt;</h3>" in text


def test_a_monitor_without_a_scenario_says_so(shop: _Shop) -> None:
    board = shop.board({"alert_graph": "untested"}, {"alert_value": "untested"}, {"alert_graph": "both"})
    assert [one.state for one in board.monitors] == ["no scenario", "no scenario"]
    assert parsed(shop.page(board)).text.count("no scenario of it could be played") == 3


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("", ["both", "cpu", "orders", "untested"]),
        ('tag:"team:shop"', ["orders"]),
        ("team:(shop OR infra) status:alert", ["cpu", "orders"]),
        ("-tag:team:shop status:(alert OR warn)", ["cpu"]),
        ("NOT team:shop AND load", ["cpu"]),
        ('status:("no data" OR OK)', []),
        ("muted:true", ["orders"]),
        ("muted:false team:infra", ["cpu"]),
    ],
)
def test_a_search_of_monitors_finds_those_of_the_catalog(shop: _Shop, query: str, keys: list[str]) -> None:
    shown = shop.shown(own("manage_status", query=query))
    assert isinstance(shown, Listing)
    assert [one.declared.key for one in shown.monitors] == keys
    assert shown.ignored == ()


def test_terms_that_only_datadog_can_judge_are_named(shop: _Shop) -> None:
    board = shop.board({"manage_status": "team:shop creator:a status:weird"})
    assert "only Datadog can judge creator:a, status:weird" in parsed(shop.page(board)).text
    assert [one.declared.key for one in board.monitors] == ["orders"]


@pytest.mark.parametrize("query", ["team:shop OR team:infra", "((a))", 'tag:"open', "status:("])
def test_a_search_that_is_no_list_of_terms_is_not_guessed_at(shop: _Shop, query: str) -> None:
    assert shop.box(own("manage_status", query=query)).why == "this search of monitors is not read here"


def test_every_monitor_is_explained_once_for_each_dashboard_and_the_others_at_the_end(shop: _Shop) -> None:
    board = shop.board({"alert_graph": "orders"}, {"note": "see ${monitor:cpu}"})
    text = parsed(shop.page(board)).text
    assert "Monitors shown here: 2" in text
    assert "alert: @slack-a" in text
    assert "critical 50" in text
    assert "On no dashboardMonitors: 2" in text


# --- the page ----------------------------------------------------------------------------------------


def test_the_page_escapes_what_people_wrote_and_loads_nothing(shop: _Shop) -> None:
    evil = "</title></style><script>alert(1)</script>\"'&\u202e"
    board = shop.board(
        {"note": evil},
        {"timeseries": ORDERS, "title": evil},
        {"group": evil, "widgets": [{"toplist": ORDERS, "title": evil}, {"manage_status": evil}]},
        own(evil, title=evil, requests=[{"q": evil}], query=evil),
        own("timeseries", requests=[{"q": ORDERS}], markers=[{"value": "y = 1", "label": evil}]),
        own("iframe", url="https://evil.example.com/x"),
        own("image", url="https://evil.example.com/x.png"),
        title=f"x{evil[:-1]}",
        description=evil,
        template_variables=[{"name": evil, "prefix": evil, "default": evil}],
    )
    text = shop.page(board)
    reader = parsed(text)
    assert {tag for tag, _ in reader.seen}.isdisjoint({"script", "img", "iframe", "link", "b", "object"})
    names = {name for _, attributes in reader.seen for name in attributes}
    assert names.isdisjoint({"src", "onload", "onclick", "onerror"})
    assert all((attrs["href"] or "").startswith("#") for _, attrs in reader.seen if "href" in attrs)
    assert "\u202e" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_a_dashboard_without_widgets_says_so(shop: _Shop) -> None:
    board = shop.board()
    assert "It has no widgets." in parsed(shop.page(board)).text
    assert as_text([board], []) == "shop: The shop\n  0 widgets"
    parsed(shop.page(shop.board(layout_type="free")))


def test_two_hundred_widgets_are_drawn_in_order(shop: _Shop) -> None:
    board = shop.board(*[{"timeseries": ORDERS, "title": f"number {at}."} for at in range(200)])
    text = parsed(shop.page(board)).text
    places = [text.index(f"number {at}.") for at in range(200)]
    assert places == sorted(places)
    assert "200 timeseries" in as_text([board], [])


def test_widgets_stand_where_their_layout_says(shop: _Shop) -> None:
    place = {"x": 8, "y": 2, "width": 4, "height": 3}
    placed = shop.page(shop.board(own("note", content="a", layout=place), reflow_type="fixed"))
    assert "--x:8;--y:2;--w:4;--h:3" in placed
    assert '"cells placed"' in placed
    mixed = shop.page(shop.board(own("note", content="a", layout=place), {"note": "b"}))
    assert '"cells placed"' not in mixed


@pytest.mark.parametrize(
    "layout",
    [
        {"x": 0, "y": 0, "width": 48, "height": 15},
        {"x": 1e300, "y": -5, "width": 0, "height": 10**30},
        {"x": "0", "y": 0, "width": 48, "height": 15},
        {"x": True, "y": 0, "width": 4, "height": 15},
        {},
    ],
)
def test_a_free_layout_is_as_wide_as_the_page_whatever_it_says(shop: _Shop, layout: dict[str, Any]) -> None:
    board = shop.board(
        own("note", content="a", layout=layout),
        own("timeseries", requests=[{"q": ORDERS}], layout={"x": 48, "y": 0, "width": 48, "height": 15}),
        layout_type="free",
    )
    text = shop.page(board)
    parsed(text)
    for x, width in re.findall(r"--x:([\d.]+)%;--y:[\d.]+px;--w:([\d.]+)%", text):
        assert float(x) + float(width) <= 100.1
    (height,) = re.findall(r'class="free" style="height:(\d+)px"', text)
    assert int(height) <= 12 * 4000


def test_a_layout_past_the_columns_is_left_to_the_order(shop: _Shop) -> None:
    place = {"x": 10, "y": 0, "width": 4, "height": 2}
    assert '"cells placed"' not in shop.page(shop.board(own("note", content="a", layout=place)))


def test_many_lines_and_many_names_are_counted_not_crowded(shop: _Shop, tmp_path: Path) -> None:
    series = [
        {"metric": "orders", "type": "count", "tags": ["env:prod", f"tenant:t{at}"], "values": "1x5"}
        for at in range(30)
    ]
    scenario = {
        "name": "many",
        "monitor": "orders",
        "for": "5m",
        "series": series,
        "expect": [{"never": "Alert"}],
    }
    (tmp_path / "scenarios/all.yaml").write_text(json.dumps({"scenarios": [scenario]}))
    board = shop.board({"timeseries": ORDERS}, {"toplist": ORDERS}, {"alert_graph": "orders"})
    chart, top, _ = board.widgets
    assert isinstance(chart.shown, Chart)
    assert (len(chart.shown.lines), chart.shown.more) == (20, 10)
    assert isinstance(top.shown, Ranking)
    assert (len(top.shown.rows), top.shown.more) == (10, 20)
    assert parsed(shop.page(board)).text.count("and 22 more") == 2


@pytest.mark.parametrize("style", ["bars", "area"])
def test_bars_and_areas_stand_on_each_other(shop: _Shop, style: str) -> None:
    request = {"q": "sum:orders{env:prod} by {tenant}.as_count().rollup(sum, 3600)", "display_type": style}
    text = shop.page(shop.board(own("timeseries", requests=[request])))
    rects = [
        (float(x), float(y), float(height))
        for x, y, height in re.findall(
            r'<rect class="fill" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', text
        )
    ]
    by_column: dict[float, list[tuple[float, float]]] = {}
    for x, y, height in rects:
        by_column.setdefault(x, []).append((y, y + height))
    pairs = [spans for spans in by_column.values() if len(spans) == 2]
    assert pairs
    assert all(abs(lower[0] - upper[1]) < 0.2 for lower, upper in pairs)


def test_the_summary_says_what_is_where(shop: _Shop) -> None:
    board = shop.board(
        {"alert_graph": "orders"}, {"timeseries": "avg:gone{*}", "title": "Gone"}, own("list_stream")
    )
    assert as_text([board], shop.gallery.others([board])) == (
        "shop: The shop\n"
        "  3 widgets: 1 alert_graph, 1 timeseries, 1 list_stream\n"
        "  orders  Alert  in “too <many> orders”\n"
        "  'Gone': no scenario has data of gone\n"
        "  a list_stream: list_stream is not drawn here\n"
        "\n"
        "On no dashboard\n"
        "  both      no scenario\n"
        "  cpu       Alert        in “busy”\n"
        "  untested  no scenario"
    )


def test_a_function_of_another_type_of_metric_is_left_out_with_the_reason(shop: _Shop) -> None:
    box = shop.box({"timeseries": "p95:cpu{*}"})
    assert "which was submitted as gauge" in box.why


def test_a_monitor_that_compares_nothing_is_shown_by_its_states(shop: _Shop, tmp_path: Path) -> None:
    scenario = """\
scenarios:
  - name: all at once
    monitor: both
    for: 20m
    series:
      - {metric: orders, type: count, tags: ["env:prod", "tenant:acme"], values: "20x19"}
      - {metric: cpu, type: gauge, values: "95x19"}
    expect: [{at: 15m, group: tenant:acme, state: Alert}]
  - name: silent
    monitor: untested
    for: 10m
    series: [{metric: nothing, type: gauge, values: "_x5"}]
    expect: [{never: Alert}]
"""
    (tmp_path / "scenarios/all.yaml").write_text(scenario)
    board = shop.board({"alert_graph": "both"}, {"alert_value": "both"}, {"alert_graph": "cpu"})
    text = shop.page(board)
    assert '<rect class="state alert"' in text
    assert 'class="value"' not in text
    assert '<p class="number"><span class="pill alert">Alert</span></p>' in text
    assert shop.box({"timeseries": "avg:nothing{*}"}).missing


def test_a_scenario_that_cannot_be_played_is_passed_over(shop: _Shop, tmp_path: Path) -> None:
    torn = """\
scenarios:
  - name: its file is torn
    monitor: cpu
    for: 30m
    series: [{metric: cpu, type: gauge, file: torn.csv}]
    expect: [{never: Alert}]
"""
    (tmp_path / "scenarios/all.yaml").write_text(torn)
    (tmp_path / "scenarios/torn.csv").write_text("time,value\nyesterday,many\n")
    assert shop.box({"timeseries": "avg:cpu{*}"}).missing
    assert shop.board({"alert_value": "cpu"}).monitors[0].state == "no scenario"


def test_gauges_that_the_worker_computes_are_drawn_from_what_they_are_computed_of(
    shop: _Shop, tmp_path: Path
) -> None:
    guard = {"metric": "rate.now", "by": ["tenant"], "window": "1h", "above": 3}
    monitor = {"key": "odd", "name": "Odd", "message": "m", "guard": {"zscore": guard}}
    (tmp_path / "odd.yaml").write_text(json.dumps({"monitors": [monitor]}))
    series = {"metric": "rate.now", "type": "gauge", "tags": ["tenant:acme"], "from": "-2h"}
    scenario = {
        "name": "odd",
        "monitor": "odd",
        "for": "30m",
        "series": [{**series, "values": "1 2x74 50 1x10"}],
        "expect": [{"never": "Warn"}],
    }
    (tmp_path / "scenarios/odd.yaml").write_text(json.dumps({"scenarios": [scenario]}))
    chart = shop.chart({"timeseries": "max:dd_sync.zscore{*} by {tenant}"})
    assert [line.name for line in chart.lines] == ["tenant:acme"]


def test_a_number_is_short() -> None:
    assert [short(value) for value in (0, -3.14159, 1234, 56_700_000, 2e9, 3e13, 1e20)] == [
        "0",
        "-3.14",
        "1.23k",
        "56.7M",
        "2G",
        "30T",
        "1.0e+20",
    ]


@pytest.mark.parametrize(("inner", "columns"), [(6, 6), (12, 12)])
def test_a_narrow_group_counts_its_own_columns_or_twelve(shop: _Shop, inner: int, columns: int) -> None:
    note = own("note", content="a", layout={"x": 0, "y": 0, "width": inner, "height": 2})
    place = {"x": 0, "y": 0, "width": 6, "height": 3}
    group = own("group", layout_type="ordered", widgets=[note], title="G", layout=place)
    text = shop.page(shop.board(group))
    assert re.findall(r'class="cells placed" style="--columns:(\d+)"', text) == ["12", str(columns)]


def test_nothing_is_drawn_outside_the_field(shop: _Shop) -> None:
    request = {"q": "sum:orders{env:prod} by {tenant}.as_count().rollup(sum, 86400)"}
    widgets = [own("timeseries", requests=[{**request, "display_type": style}]) for style in ("line", "bars")]
    text = shop.page(shop.board(*widgets))
    paths = "".join(re.findall(r'class="value" d="([^"]*)"', text))
    xs = [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", paths)]
    xs += [float(x) for x in re.findall(r'class="(?:fill|dot)" c?x="(-?[\d.]+)"', text)]
    assert xs
    assert min(xs) >= 46


def test_only_monitors_that_are_asked_for_are_played(shop: _Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Stage, "of_monitor", lambda _, key: asked.append(key))
    shop.page(shop.board({"alert_graph": "orders"}, {"manage_status": "team:infra status:alert"}))
    assert set(asked) == {"orders", "cpu", "both", "untested"}
    asked.clear()
    shop.board({"alert_graph": "orders"}, {"manage_status": "team:infra status:alert"})
    assert asked == ["cpu"]


def test_a_query_without_data_beside_one_with_is_named(shop: _Shop) -> None:
    chart = shop.chart({"timeseries": ["avg:gone{*}", "avg:cpu{*}"]})
    assert [line.name for line in chart.lines] == ["cpu"]
    assert chart.left_out == ("no data of gone",)
    ratio = shop.chart({"timeseries": ["avg:cpu{*}", "avg:cpu{*} / avg:gone{*}"]})
    assert len(ratio.lines) == 1


def test_the_page_has_the_number_of_a_query_and_of_a_nameless_group(shop: _Shop) -> None:
    number = own("query_value", requests=[{"q": "avg:cpu{*}", "aggregator": "last"}])
    text = shop.page(shop.board(own("group", widgets=[number])))
    assert '<p class="number">95</p>' in text
    assert '<section class="group wide" style="--w:12"><div' in text
    assert "last of cpu, “cpu: busy”, 30m" in parsed(text).text


def test_buckets_are_no_shorter_than_what_is_submitted_unless_the_query_says_so(shop: _Shop) -> None:
    usual, named = (
        shop.chart({"timeseries": text}).lines[0] for text in ("avg:cpu{*}", "avg:cpu{*}.rollup(avg, 20)")
    )
    assert (usual.interval, named.interval) == (60, 20)
    mixed = "sum:orders{*}.as_count().rollup(sum, 60) / sum:failures{*}.as_count().rollup(sum, 120)"
    assert "different rollups" in shop.box({"timeseries": mixed}).why
