"""Declared dashboards: known by a line of their description, compared without what Datadog fills in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.kinds.kind import LiveResource
from dd_sync.model.resource import Kind, marked
from dd_sync.ports import Dashboards, Json

# What a request may carry; all else of an answer is Datadog's own.
_FIELDS = (
    "title",
    "description",
    "layout_type",
    "reflow_type",
    "tags",
    "template_variables",
    "template_variable_presets",
    "notify_list",
    "widgets",
)
_SETS = ("tags", "notify_list")


@dataclass(frozen=True, slots=True)
class DashboardCalls:
    """catalog: its name, with the environment."""

    dashboards: Dashboards
    catalog: str

    @property
    def kind(self) -> Kind:
        return "dashboard"

    def read(self, keys: Collection[str]) -> list[LiveResource]:
        """The list has the descriptions, and with them the marks; only what is ours is read whole."""
        found = []
        for summary in self.dashboards.list():
            key = marked(str(summary.get("description") or ""), "dashboard", self.catalog)
            if key is not None and not summary.get("deleted_at"):
                whole = self.dashboards.get(str(summary["id"]))
                body = {name: whole[name] for name in _FIELDS if name in whole}
                born = str(summary.get("created_at") or "")
                found.append(LiveResource(key, str(summary["id"]), body, comparable(body), born))
        return found

    def create(self, body: Mapping[str, Any]) -> str:
        return str(self.dashboards.create(body)["id"])

    def update(self, live: LiveResource, body: Mapping[str, Any]) -> None:
        self.dashboards.update(live.id, body)

    def delete(self, live: LiveResource) -> None:
        self.dashboards.delete(live.id)

    def compared(self, body: Mapping[str, Any], live: LiveResource) -> tuple[Json, Json]:
        ours, theirs = comparable(body), comparable(live.body)
        _leave_layouts_open(ours["widgets"], theirs["widgets"])
        return ours, theirs

    def shown(self, path: str, value: Any) -> Any:
        """Widgets that were added or taken away as an outline, a line for each: their JSON is no reading."""
        if path.endswith("widgets") and isinstance(value, list):
            return "".join(f"{line}\n" for line in _outline(value))
        return value

    def labels(self, action: str, body: Mapping[str, Any] | None, paths: Collection[str]) -> tuple[str, ...]:
        return ()


def comparable(body: Mapping[str, Any]) -> Json:
    """A dashboard with everything left out that makes no difference: nulls, empty lists of its own, and the
    ids of widgets, however deep."""
    normal: Json = {"title": "", "widgets": []}
    for name in _FIELDS:
        value = body.get(name)
        if value is None or value in ([], ""):
            continue
        if name in _SETS:
            normal[name] = sorted(value, key=str)
        elif name == "widgets":
            normal[name] = [_widget(one) for one in value]
        elif name in ("title", "description"):
            normal[name] = str(value).strip()
        elif isinstance(value, list):
            normal[name] = [_without_empty(one) for one in value]
        else:
            normal[name] = value
    return normal


def _widget(value: Any) -> Any:
    """Without nulls, and without the id of whatever has a definition: only a widget has one."""
    if isinstance(value, Mapping):
        is_widget = "definition" in value
        return {
            name: _widget(item)
            for name, item in value.items()
            if item is not None and not (is_widget and name == "id")
        }
    if isinstance(value, list):
        return [_widget(item) for item in value]
    return value


def _without_empty(value: Any) -> Any:
    """A template variable without a prefix is one with a null prefix, or an empty list of values."""
    if not isinstance(value, Mapping):
        return value
    return {name: item for name, item in value.items() if item is not None and item != []}


def _outline(widgets: Iterable[Any], indent: str = "") -> Iterator[str]:
    for widget in widgets:
        definition = widget.get("definition") if isinstance(widget, dict) else None
        if not isinstance(definition, dict):
            yield f"{indent}{widget}"
            continue
        yield f"{indent}{definition.get('type')}: {_about(definition)}"
        inner = definition.get("widgets")
        if isinstance(inner, list):
            yield from _outline(inner, indent + "  ")


def _about(definition: Mapping[str, Any]) -> str:
    """What a person knows a widget by: its title, what it shows, or all of it."""
    requests = definition.get("requests")
    first = requests[0] if isinstance(requests, list) and requests else definition
    queries = first.get("queries") if isinstance(first, dict) else None
    query = queries[0] if isinstance(queries, list) and queries else first
    said = [definition.get(name) for name in ("title", "content", "alert_id")]
    said += [query.get(name) for name in ("q", "query")] if isinstance(query, dict) else []
    texts = [text for text in said if isinstance(text, str) and text]
    return texts[0].partition("\n")[0] if texts else json.dumps(definition, sort_keys=True)


def _leave_layouts_open(ours: Any, theirs: Any) -> None:
    """Datadog finds a place for a widget that is sent without one."""
    if not isinstance(ours, list) or not isinstance(theirs, list):
        return
    for our, their in zip(ours, theirs, strict=False):
        if not isinstance(our, dict) or not isinstance(their, dict):
            continue
        if "layout" not in our:
            their.pop("layout", None)
        if isinstance(our.get("definition"), dict) and isinstance(their.get("definition"), dict):
            _leave_layouts_open(our["definition"].get("widgets"), their["definition"].get("widgets"))
