"""Widgets: Datadog's own pass as they are, short ones are written out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dd_sync.catalog.complaints import Complaint, Path, did_you_mean
from dd_sync.guards.values import found as words_for

Json = dict[str, Any]
_KEY = re.compile(r"[a-z0-9-]{1,100}|\$\{monitor:[^{}$\n]*\}")
# Datadog draws nothing for a monitor it is given as a number.
_ABOUT_ONE_MONITOR = ("alert_graph", "alert_value")


def read_widgets(written: list[Any], *, free: bool = False) -> tuple[list[Json], list[Complaint]]:
    """The widgets as Datadog takes them, and what is wrong with the others, by paths from the list on.

    free: whether each needs a layout of its own.
    """
    faults: list[Complaint] = []
    return list(_each(written, (), free, faults)), faults


class _Wrong(Exception):
    """A widget that cannot be read."""

    def __init__(self, path: Path, problem: str, hint: str, *, key: bool = False) -> None:
        super().__init__(problem)
        self.complaint = Complaint(path, problem, hint, key=key)


def _each(written: Any, path: Path, free: bool, faults: list[Complaint]) -> Iterator[Json]:
    if not isinstance(written, list):
        faults.append(Complaint(path, f"expected a list of widgets, found {words_for(written)}", _HINT))
        return
    for index, widget in enumerate(written):
        try:
            yield _widget(widget, (*path, index), free, faults)
        except _Wrong as wrong:
            faults.append(wrong.complaint)


_HINT = "as in - timeseries: avg:streams.created{*}, or - definition: {type: …} as Datadog has it"


def _widget(widget: Any, path: Path, free: bool, faults: list[Complaint]) -> Json:
    if not isinstance(widget, dict):
        raise _Wrong(path, f"expected a widget, found {words_for(widget)}", _HINT)
    if free and not isinstance(widget.get("layout"), dict):
        raise _Wrong(
            path, "a widget of a free layout has a `layout`", "layout: {x: 0, y: 0, width: 4, height: 2}"
        )
    if "definition" in widget:
        return _own(widget, path, faults)
    names = [name for name in widget if name in SHORT]
    if len(names) != 1:
        raise _no_form(widget, names, path)
    name = names[0]
    allowed = {name, "title", "layout", *(("widgets",) if name == "group" else ())}
    for other in widget:
        if other not in allowed:
            hint = did_you_mean(other, allowed, f"known here: {', '.join(sorted(allowed))}; or `definition:`")
            raise _Wrong((*path, other), f"unknown key '{other}'", hint, key=True)
    definition = SHORT[name](widget[name], (*path, name))
    if "title" in widget:
        definition["title"] = _text(widget["title"], (*path, "title"))
    if name == "group":
        definition["widgets"] = list(_each(widget.get("widgets", []), (*path, "widgets"), False, faults))
    return {"definition": definition, **({"layout": widget["layout"]} if "layout" in widget else {})}


def _own(widget: Json, path: Path, faults: list[Complaint]) -> Json:
    """A widget in Datadog's form; a group may hold short ones."""
    definition = widget["definition"]
    if not isinstance(definition, dict) or not isinstance(definition.get("type"), str):
        raise _Wrong(
            (*path, "definition"), "a definition has a `type`", "one of Datadog's, such as timeseries"
        )
    kind = definition["type"]
    if kind in _ABOUT_ONE_MONITOR and not isinstance(definition.get("alert_id"), str):
        hint = 'alert_id: "${monitor:stream-rate}", or an id in quotes'
        raise _Wrong((*path, "definition"), f"{kind} needs `alert_id`, as text", hint)
    own = {name: value for name, value in widget.items() if name != "id"}
    if "widgets" in definition:
        inner = (*path, "definition", "widgets")
        definition = {**definition, "widgets": list(_each(definition["widgets"], inner, False, faults))}
    return {**own, "definition": definition}


def _no_form(widget: Json, names: list[str], path: Path) -> _Wrong:
    if names:
        return _Wrong(path, f"'{names[0]}' and '{names[1]}' in one widget", "give each its own widget")
    for name in widget:
        hint = did_you_mean(name, (*SHORT, "definition"))
        if hint:
            return _Wrong((*path, name), f"unknown key '{name}'", hint, key=True)
    return _Wrong(path, "neither a short widget nor a `definition`", f"short ones: {', '.join(SHORT)}")


# --- the short forms ---------------------------------------------------------------------------------


def _timeseries(value: Any, path: Path) -> Json:
    queries = value if isinstance(value, list) and value else [value]
    requests = [
        {"q": _text(query, path if query is value else (*path, index)), "display_type": "line"}
        for index, query in enumerate(queries)
    ]
    return {"type": "timeseries", "requests": requests}


def _query_value(value: Any, path: Path) -> Json:
    requests = [{"q": _text(value, path), "aggregator": "last"}]
    return {"type": "query_value", "requests": requests, "autoscale": True}


def _toplist(value: Any, path: Path) -> Json:
    return {"type": "toplist", "requests": [{"q": _text(value, path)}]}


def _alert_graph(value: Any, path: Path) -> Json:
    return {"type": "alert_graph", "alert_id": _monitor(value, path), "viz_type": "timeseries"}


def _alert_value(value: Any, path: Path) -> Json:
    return {"type": "alert_value", "alert_id": _monitor(value, path)}


def _manage_status(value: Any, path: Path) -> Json:
    query = _text(value, path)
    return {
        "type": "manage_status",
        "query": query,
        "summary_type": "monitors",
        "display_format": "countsAndList",
    }


def _note(value: Any, path: Path) -> Json:
    return {"type": "note", "content": _text(value, path)}


def _group(value: Any, path: Path) -> Json:
    return {"type": "group", "layout_type": "ordered", "title": _text(value, path)}


SHORT: Mapping[str, Callable[[Any, Path], Json]] = {
    "timeseries": _timeseries,
    "query_value": _query_value,
    "toplist": _toplist,
    "alert_graph": _alert_graph,
    "alert_value": _alert_value,
    "manage_status": _manage_status,
    "note": _note,
    "group": _group,
}


def _text(value: Any, path: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(path, f"expected a text, found {words_for(value)}", "write it in quotes if need be")
    return value


def _monitor(value: Any, path: Path) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise _Wrong(path, f"expected a monitor's key, found {words_for(value)}", "such as stream-rate")
    return value if value.startswith("${") else f"${{monitor:{value}}}"
