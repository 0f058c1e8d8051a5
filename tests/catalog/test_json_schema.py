"""The JSON Schema that editors read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dd_sync.catalog.json_schema import json_schema
from dd_sync.catalog.schema import GuardForm, RawForm
from dd_sync.guards.registry import BUILT_IN, find


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_key_of_every_form_is_described() -> None:
    schema = json_schema()
    files = schema["else"]["anyOf"][0]["properties"]
    items = files["monitors"]["items"]
    assert set(items["then"]["properties"]) == {*GuardForm.model_fields, "for"}
    assert set(items["else"]["properties"]) == set(RawForm.model_fields)
    guards = items["then"]["properties"]["guard"]["properties"]
    assert set(guards) == set(BUILT_IN)
    for name, form in guards.items():
        assert set(form["properties"]) == set(find(name).spec.model_fields)
    assert schema["then"]["required"] == ["catalog"]


def test_whatever_is_referred_to_is_there() -> None:
    schema = json_schema()
    json.dumps(schema)
    assert {reference.rpartition("/")[2] for reference in references(schema)} <= schema["$defs"].keys()


def test_a_tunable_may_stand_where_a_number_is_expected_and_not_for_a_key() -> None:
    items = json_schema()["else"]["anyOf"][0]["properties"]["monitors"]["items"]["then"]["properties"]
    above = items["guard"]["properties"]["rate"]["properties"]["above"]
    assert {"type": "string", "pattern": r"^\$\{[a-z][a-z0-9_]*\}$"} in above["anyOf"]
    assert "anyOf" not in items["key"]
