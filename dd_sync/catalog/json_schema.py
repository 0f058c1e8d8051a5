"""The JSON Schema of catalog files, for editors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from dd_sync.catalog.dashboards import DashboardForm
from dd_sync.catalog.downtimes import DowntimeForm
from dd_sync.catalog.schema import GuardDefaults, GuardForm, RawForm
from dd_sync.catalog.settings import Settings
from dd_sync.catalog.tunables import Tunable
from dd_sync.catalog.webhooks import WebhookForm
from dd_sync.guards.registry import BUILT_IN, find
from dd_sync.model.options import TYPES

_DEFINITIONS = "#/$defs/{model}"
# A tunable may stand for any value that is not text by nature.
_FILLED_IN = {"type": "string", "pattern": r"^\$\{[a-z][a-z0-9_]*\}$"}

_SECTIONS: Mapping[str, type[BaseModel]] = {
    "downtimes": DowntimeForm,
    "dashboards": DashboardForm,
    "webhooks": WebhookForm,
}


def json_schema(scenario: type[BaseModel] | None = None) -> dict[str, Any]:
    """One schema for every file of a catalog: catalog.yaml, files with monitors, values of an environment.

    scenario: the form of a scenario, which another room has; None leaves files of scenarios open.
    """
    definitions: dict[str, Any] = {}
    guard = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {name: _with_tunables(_added(find(name).spec, definitions)) for name in BUILT_IN},
        "additionalProperties": {"type": "object"},
    }
    short = _with_tunables(_added(GuardForm, definitions))
    short["properties"]["guard"] = guard
    short["properties"]["for"] = {
        "description": "How long it has to last, such as 15m; for guards over gauges.",
        "type": "string",
    }
    raw = _with_tunables(_added(RawForm, definitions))
    raw["properties"]["type"] = {"enum": list(TYPES)}
    monitors = {
        "type": "object",
        "properties": {
            "tunables": {"type": "object", "additionalProperties": _added(Tunable, definitions)},
            "defaults": _with_tunables(_added(GuardDefaults, definitions)),
            "monitors": {
                "type": "array",
                "items": {"if": {"required": ["guard"]}, "then": short, "else": raw},
            },
            **{
                section: {"type": "array", "items": _with_tunables(_added(form, definitions))}
                for section, form in _SECTIONS.items()
            },
        },
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A file of a dd-sync catalog",
        "if": {"required": ["catalog"]},
        "then": _added(Settings, definitions),
        "else": {"anyOf": [monitors, _environment(), _scenarios(scenario, definitions)]},
        "$defs": definitions,
    }


def _scenarios(form: type[BaseModel] | None, definitions: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "required": ["scenarios"]}
    if form is None:
        return schema
    before = set(definitions)
    one = _with_tunables(_added(form, definitions))
    # A table of cases may fill in any value, however deep.
    for name in definitions.keys() - before:
        if "properties" in definitions[name]:
            _with_tunables(definitions[name])
    schema["properties"] = {"scenarios": {"type": "array", "items": one}}
    return {**schema, "additionalProperties": False}


def _environment() -> dict[str, Any]:
    value = {"type": ["number", "string"]}
    return {
        "type": "object",
        "properties": {"tunables": {"type": "object", "additionalProperties": value}},
        "additionalProperties": False,
    }


def _added(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """The model's own schema; the models in it go to the common definitions."""
    schema = model.model_json_schema(ref_template=_DEFINITIONS)
    definitions.update(schema.pop("$defs", {}))
    return schema


def _with_tunables(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, with `${name}` allowed wherever it is not plain text already."""
    for name, value in schema["properties"].items():
        if (value.get("type") != "string" or "enum" in value) and name not in ("key", "guard"):
            kept: Iterable[str] = ("description", "title", "default")
            outer = {word: value[word] for word in kept if word in value}
            inner = {word: part for word, part in value.items() if word not in kept}
            schema["properties"][name] = {**outer, "anyOf": [inner, _FILLED_IN]}
    return schema
