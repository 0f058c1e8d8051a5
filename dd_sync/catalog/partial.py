"""What can still be judged of a form in which something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from dd_sync.catalog.settings import Settings

_MOST_ROUNDS = 3


def sound(form: type[BaseModel], value: object) -> dict[str, Any]:
    """The fields of a form that are right each by itself, with the defaults of those that are not given."""
    written: Mapping[str, Any] = value if isinstance(value, dict) else {}
    fields: dict[str, Any] = {}
    for name, field in form.model_fields.items():
        if name in written:
            try:
                fields[name] = _reader(form, name).validate_python(written[name])
            except ValidationError:
                continue
        elif not field.is_required():
            fields[name] = field.get_default(call_default_factory=True)
    return fields


@cache
def _reader(form: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = form.model_fields[name]
    wanted: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    alone = isinstance(wanted, type) and issubclass(wanted, BaseModel)
    return TypeAdapter(wanted, config=None if alone else ConfigDict(strict=True))


def settings_of(value: Mapping[str, Any], *, readable: bool) -> Settings:
    """Settings from a catalog.yaml with something wrong in it, to judge monitors by and for nothing else.

    What is wrong is left out, and what cannot be told without it is taken as kept: every level is declared
    where one of the levels is wrong.
    """
    if not readable:
        return _stand_in()
    left = _copied({key: item for key, item in value.items() if key in Settings.model_fields})
    left.setdefault("catalog", "unknown")
    for _ in range(_MOST_ROUNDS):
        try:
            return Settings.model_validate(left)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                _take_out(left, detail["loc"])
    return _stand_in()


def _stand_in() -> Settings:
    return Settings.model_validate({"catalog": "unknown", "levels": _every_level()})


def _every_level() -> dict[str, Any]:
    return {str(level): {} for level in range(1, 10)}


def _copied(value: Any) -> Any:
    return {key: _copied(item) for key, item in value.items()} if isinstance(value, dict) else value


def _take_out(value: dict[str, Any], path: tuple[int | str, ...]) -> None:
    """Removes the nearest key of a mapping on the way to `path`, so that no list's indexes move."""
    here: Any = value
    holder, last = value, path[0]
    for step in path:
        if not isinstance(here, dict) or str(step) not in here:
            break
        holder, last = here, str(step)
        here = here[last]
    holder.pop(str(last), None)
    if path[0] == "catalog":
        value["catalog"] = "unknown"
    elif path[0] == "tenant_tag" and isinstance(value.get("policy"), dict):
        value["policy"].pop("per_tenant", None)
    elif path[0] == "levels":
        value["levels"] = {**_every_level(), **value.get("levels", {})}
