"""What pydantic found wrong, in plain words and with the path to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from dd_sync.errors import Unfit
from dd_sync.guards.values import AllUnfit, found
from dd_sync.text import nearest

Path = tuple[str | int, ...]
MOST_IN_A_FORM = 100


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake. key: whether it is about the key at `path` rather than its value.

    meant: what an unknown key was probably meant to be; missing: the key that is not there.
    """

    path: Path
    problem: str
    hint: str
    key: bool = False
    offset: int | None = None
    length: int = 1
    meant: str | None = None
    missing: str | None = None


def complaints(error: ValidationError, model: type[BaseModel]) -> list[Complaint]:
    """The mistakes pydantic found in a `model`, each once; the first hundred."""
    details = error.errors(include_url=False)[:MOST_IN_A_FORM]
    found = dict.fromkeys(each for detail in details for each in _complaints(detail, model))
    # What is called missing may only be misspelt, and then that is said.
    meant = {(each.path[:-1], each.meant) for each in found if each.meant is not None}
    return [each for each in found if each.missing is None or (each.path, each.missing) not in meant]


def unfit(error: Unfit, path: Path = ()) -> Complaint:
    return Complaint(
        (*path, *error.path), error.problem, error.hint, offset=error.offset, length=error.length
    )


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    near = nearest(word, known)
    return otherwise if near is None else f"did you mean '{near}'?"


def _complaints(detail: Any, model: type[BaseModel]) -> Iterator[Complaint]:
    path = tuple(step for step in detail["loc"] if step != "[key]")
    kind: str = detail["type"]
    raised = detail.get("ctx", {}).get("error")
    if isinstance(raised, Unfit):
        yield unfit(raised, path)
    elif isinstance(raised, AllUnfit):
        yield from (unfit(each, path) for each in raised.each)
    elif kind == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        meant = nearest(str(path[-1]), known)
        hint = f"did you mean '{meant}'?" if meant else f"known here: {', '.join(known)}"
        yield Complaint(path, f"unknown key '{path[-1]}'", hint, key=True, meant=meant)
    elif kind == "missing":
        name = str(path[-1])
        yield Complaint(path[:-1], f"'{name}' is missing", f"add `{name}: …`", key=True, missing=name)
    else:
        problem, hint = _mismatch(kind, detail.get("ctx", {}), detail["input"])
        yield Complaint(path, problem, hint, key=kind == "list_type")


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def _mismatch(kind: str, context: dict[str, Any], value: Any) -> tuple[str, str]:
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, found {found(value)}", _remedy(kind, value)
    if kind == "literal_error":
        allowed = str(context["expected"]).replace("'", "")
        return f"expected {allowed}, found {found(value)}", did_you_mean(
            str(value), re.split(", | or ", allowed), f"write {allowed}, or leave the key out"
        )
    bounds = {
        "greater_than_equal": ("ge", "less than {}"),
        "less_than_equal": ("le", "more than {}"),
        "too_long": ("max_length", "more than {} of them"),
        "string_too_long": ("max_length", "longer than {} characters"),
    }
    if kind in bounds:
        name, words = bounds[kind]
        return f"{found(value)} is {words.format(context[name])}", "use a value within the bounds"
    return f"{found(value)} cannot stand here", "compare with docs/catalog.md"


def _remedy(kind: str, value: Any) -> str:
    if kind in ("tuple_type", "list_type"):
        return "write a list, as in [a, b]"
    if kind in ("dict_type", "model_type"):
        return "write `key: value` lines, indented"
    wanted = _EXPECTED[kind]
    if value is None:
        return f"write {wanted}, or leave the key out"
    if kind == "string_type":
        if isinstance(value, bool | int | float):
            return 'put it in quotes, as in "…"'
        return "write one text, in quotes where it begins with { or ["
    if isinstance(value, float):
        return "round it"
    return f"write {wanted}, without quotes"


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys of the model that `path` leads to from `model`."""
    here: Any = model
    for step in path:
        if isinstance(step, str) and isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field for name, field in here.model_fields.items()}
            if step in fields:
                here = _model_in(fields[step].annotation)
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [field.alias or name for name, field in here.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """The model inside `Model | None`, `tuple[Model, ...]` or `dict[int, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in inside if model is not None), None)
