"""Declared dashboards: Datadog's own widgets, short ones, and monitors named by their keys."""

from __future__ import annotations

from typing import Any

import pytest

from dd_sync.model.resource import Resource
from tests.catalog.conftest import RATE, Read, told


def declare(lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines.strip("\n").split("\n"))
    return f"{RATE}dashboards:\n  - key: board\n    title: Board\n{body}"


def dashboard(read: Read, lines: str) -> Resource:
    loading = read(declare(lines))
    assert told(loading) == []
    assert loading.catalog is not None
    (one,) = loading.catalog.resources
    return one


def widgets(read: Read, lines: str) -> Any:
    return dashboard(read, f"widgets:\n{lines}").body["widgets"]


def test_a_dashboard_is_sent_with_its_mark(read: Read) -> None:
    one = dashboard(read, "description: For the night shift.\ntags: [team:risk]\nwidgets: []")
    assert one.body == {
        "title": "Board",
        "description": "For the night shift.\n\nmanaged by dd-sync · catalog risk · dashboard board",
        "layout_type": "ordered",
        "widgets": [],
        "tags": ["team:risk"],
        "template_variables": [],
        "notify_list": [],
    }


def test_what_datadog_knows_passes_as_it_is_written(read: Read) -> None:
    one = dashboard(
        read,
        """
layout_type: free
reflow_type: fixed
template_variables: [{name: tenant, prefix: tenant, available_values: [], default: "*"}]
template_variable_presets: [{name: acme, template_variables: [{name: tenant, value: acme}]}]
widgets:
  - id: 17
    layout: {x: 0, y: 0, width: 4, height: 2}
    definition:
      type: timeseries
      requests:
        - response_format: timeseries
          queries: [{data_source: metrics, name: a, query: "avg:x{*}"}]
          formulas: [{formula: a}]
      yaxis: {min: auto, include_zero: false}
""",
    )
    (widget,) = one.body["widgets"]
    assert widget["layout"] == {"x": 0, "y": 0, "width": 4, "height": 2}
    assert widget["definition"]["requests"][0]["queries"][0]["query"] == "avg:x{*}"
    assert "id" not in widget
    assert one.body["template_variable_presets"][0]["name"] == "acme"


def test_short_widgets_are_written_out(read: Read) -> None:
    found = widgets(
        read,
        """\
  - {timeseries: "avg:a{*}", title: A}
  - timeseries: ["avg:a{*}", "avg:b{*}"]
  - query_value: avg:a{*}
  - toplist: top(avg:a{*} by {tenant}, 10, 'mean', 'desc')
  - {alert_graph: stream-rate, layout: {x: 0, y: 0, width: 4, height: 2}}
  - alert_value: ${monitor:stream-rate}
  - manage_status: tag:(team:risk)
  - note: "# Read me"
""",
    )
    definitions = [one["definition"] for one in found]
    assert definitions[0] == {
        "type": "timeseries",
        "title": "A",
        "requests": [{"q": "avg:a{*}", "display_type": "line"}],
    }
    assert [request["q"] for request in definitions[1]["requests"]] == ["avg:a{*}", "avg:b{*}"]
    assert [one["type"] for one in definitions[2:]] == [
        "query_value",
        "toplist",
        "alert_graph",
        "alert_value",
        "manage_status",
        "note",
    ]
    assert definitions[4]["alert_id"] == definitions[5]["alert_id"] == "${monitor:stream-rate}"
    assert found[4]["layout"]["width"] == 4


def test_groups_hold_short_and_own_widgets(read: Read) -> None:
    (group, own) = widgets(
        read,
        """\
  - group: Streams
    widgets: [{note: hi}, {definition: {type: note, content: there}}]
  - definition: {type: group, layout_type: ordered, widgets: [{note: inner}]}
""",
    )
    assert [one["definition"]["content"] for one in group["definition"]["widgets"]] == ["hi", "there"]
    assert group["definition"]["title"] == "Streams"
    assert own["definition"]["widgets"][0]["definition"] == {"type": "note", "content": "inner"}


def test_references_are_known_and_left_for_apply(read: Read) -> None:
    one = dashboard(
        read,
        'widgets: [{alert_graph: stream-rate}, {note: "${monitor:stream-rate}"}, {note: "$${literal}"}]',
    )
    assert one.references == ("stream-rate",)
    assert one.body["widgets"][1]["definition"]["content"] == "${monitor:stream-rate}"
    assert one.body["widgets"][2]["definition"]["content"] == "${literal}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("widgets: [{alert_graph: stream-rat}]", "m.yaml:9:29 no monitor has the key 'stream-rat'"),
        (
            'widgets: [{note: "see ${monitor:nope} and"}]',
            "m.yaml:9:27 no monitor has the key 'nope'",
        ),
        (
            'widgets: [{definition: {type: alert_graph, alert_id: "${monitor:nope}"}}]',
            "m.yaml:9:59 no monitor has the key 'nope'",
        ),
        (
            "widgets: [{definition: {type: alert_graph, alert_id: 12}}]",
            "m.yaml:9:16 alert_graph needs `alert_id`, as text",
        ),
        ("widgets: [{definition: {tipe: note}}]", "m.yaml:9:16 a definition has a `type`"),
        ("widgets: [{definition: 3}]", "m.yaml:9:28 a definition has a `type`"),
        (
            "widgets: [{definition: {type: group, widgets: 3}}]",
            "m.yaml:9:51 expected a list of widgets, found 3",
        ),
        ("widgets: [{nota: x}]", "m.yaml:9:16 unknown key 'nota'"),
        ("widgets: [{zzz: x}]", "m.yaml:9:15 neither a short widget nor a `definition`"),
        ("widgets: [{note: x, toplist: y}]", "m.yaml:9:15 'note' and 'toplist' in one widget"),
        ("widgets: [{note: x, titel: y}]", "m.yaml:9:25 unknown key 'titel'"),
        ("widgets: [{note: ''}]", "m.yaml:9:22 expected a text, found the text ''"),
        ("widgets: [{timeseries: [a, 3]}]", "m.yaml:9:32 expected a text, found 3"),
        ("widgets: [{timeseries: []}]", "m.yaml:9:16 expected a text, found a list"),
        ("widgets: [{alert_value: A B}]", "m.yaml:9:29 expected a monitor's key, found the text 'A B'"),
        ("widgets: [3]", "m.yaml:9:15 expected a widget, found 3"),
        ("widgets: 3", "m.yaml:9:5 expected a list, found 3"),
        (
            "layout_type: free\nwidgets: [{note: x}]",
            "m.yaml:10:15 a widget of a free layout has a `layout`",
        ),
        ("widgets: []\ntags: [env:a]", "m.yaml:10:12 'env:a' is no tag of a dashboard"),
        (
            "widgets: []\ntags: [team:a, team:b, team:c, team:d, team:e, team:f]",
            "m.yaml:10:5 a list is more than 5 of them",
        ),
        ("widgets: []\ntemplate_variables: [{prefix: a}]", "m.yaml:10:26 'name' is missing"),
        (
            "widgets: []\ndescription: 'managed by dd-sync · catalog x · dashboard y'",
            "m.yaml:10:18 a line of the description begins as the mark of this tool does",
        ),
        ("widgets: []\ndescription: '${monitor:stream-rate}'", "m.yaml:10:19 a reference outside a query"),
        ("widget: []", "m.yaml:9:5 unknown key 'widget'"),
        ("widgets: [{note: '${hours}'}]", "m.yaml:9:23 no tunable is called 'hours'"),
    ],
)
def test_what_cannot_be_meant_is_told_at_its_place(read: Read, lines: str, expected: str) -> None:
    assert told(read(declare(lines))) == [expected]


def test_all_mistakes_are_told_at_once(read: Read) -> None:
    lines = "widgets: [{nota: x}, {group: G, widgets: [{zzz: 1}, {alert_graph: nope}]}]\ntags: [x]"
    assert len(told(read(declare(lines)))) == 4


def test_a_title_is_no_space(read: Read) -> None:
    text = declare("widgets: []").replace("title: Board", "title: ' '")
    assert told(read(text)) == ["m.yaml:8:12 not a title"]


def test_unknown_keys_are_not_told_while_a_file_cannot_be_read(read: Read) -> None:
    loading = read({"m.yaml": declare("widgets: [{alert_graph: other}]"), "broken.yaml": "a: ["})
    assert [one.rule for one in loading.problems] == ["yaml"]


def test_widgets_nested_beyond_the_bounds_are_told(read: Read) -> None:
    deep = "{note: x}"
    for _ in range(30):
        deep = f"{{group: G, widgets: [{deep}]}}"
    assert "nested" in told(read(declare(f"widgets: [{deep}]")))[0]
