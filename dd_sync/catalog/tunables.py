"""Tunables: named values with a type, a unit and bounds, and where each comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, ValidationError, model_validator

from dd_sync.catalog.complaints import complaints, did_you_mean
from dd_sync.catalog.problems import Found
from dd_sync.catalog.settings import Form
from dd_sync.catalog.source import Source
from dd_sync.errors import Problem, Unfit
from dd_sync.guards.values import found as words_for
from dd_sync.guards.values import number
from dd_sync.timeframe import parse_duration

RULE = "tunable"
Value = int | float | str
Kind = Literal["a whole number", "a number", "a duration", "text"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
# A tunable's value appears in monitors, plans and messages, so no variable that holds a secret can feed one.
_SECRET = re.compile(r"(?:^|_)(?:API|APP|ACCESS|SECRET|PRIVATE)_?KEY|TOKEN|SECRET|PASSW(?:OR)?D|CREDENTIAL")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?")


def _variable(value: Any) -> Any:
    if isinstance(value, str) and not _VARIABLE.fullmatch(value):
        raise Unfit(
            f"'{value}' is not an environment variable", hint="capitals, digits and '_', as in MAX_RATE"
        )
    if isinstance(value, str) and _SECRET.search(value):
        raise Unfit(
            f"'{value}' looks like a secret", hint="a tunable is readable in monitors; use another name"
        )
    return value


def _value(value: Any) -> Value:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | list | dict):
        raise Unfit(
            f"expected a number or a text, found {words_for(value)}", hint="write for example 500 or 30m"
        )
    return number(value)


_Value = Annotated[Value, PlainValidator(_value, json_schema_input_type=int | float | str)]


class Tunable(Form):
    """One declaration. Its type is the default's, or a fraction where a bound is one."""

    env: Annotated[str, BeforeValidator(_variable)] = Field(
        description="The environment variable that sets it."
    )
    default: _Value = Field(description="The value if nothing sets it; its type is the tunable's.")
    min: _Value | None = Field(default=None, description="The smallest value allowed.")
    max: _Value | None = Field(default=None, description="The largest value allowed.")
    unit: str | None = Field(default=None, max_length=60, description="What the number counts.")

    @property
    def kind(self) -> Kind:
        if isinstance(self.default, str):
            return "text" if _seconds(self.default) is None else "a duration"
        # A fraction among the bounds says that fractions are meant, even if the default happens to be whole.
        fractions = any(isinstance(value, float) for value in (self.default, self.min, self.max))
        return "a number" if fractions else "a whole number"

    @model_validator(mode="after")
    def _fitting(self) -> Tunable:
        for name in ("min", "max"):
            bound = getattr(self, name)
            if bound is None:
                continue
            if self.kind == "text":
                raise Unfit("a text has no bounds", hint=f"leave '{name}' out", path=(name,))
            _sized(bound, self.kind, name)
        if self.min is not None and self.max is not None and _size(self.min) > _size(self.max):
            raise Unfit(f"min {self.min} is more than max {self.max}", hint="exchange them", path=("min",))
        try:
            self.check(self.default)
        except Unfit as error:
            raise Unfit(f"the default {error.problem}", hint=error.hint, path=("default",)) from None
        return self

    def check(self, value: Value) -> Value:
        """The value, of this tunable's type and within its bounds. Raises Unfit, worded to follow a name."""
        unit = f" {self.unit}" if self.unit else ""
        if self.kind != "text":
            _sized(value, self.kind, None)
        elif not isinstance(value, str):
            raise Unfit(f"is {value}, not text", hint='put it in quotes, as in "…"')
        if self.min is not None and _size(value) < _size(self.min):
            raise Unfit(f"is {value}, below the minimum {self.min}{unit}", hint=self._range())
        if self.max is not None and _size(value) > _size(self.max):
            raise Unfit(f"is {value}, above the maximum {self.max}{unit}", hint=self._range())
        return value

    def _range(self) -> str:
        low = "any" if self.min is None else self.min
        high = "any" if self.max is None else self.max
        return f"use a value from {low} to {high}"

    def read(self, text: str) -> Value:
        """The value an environment variable gives. Raises Unfit."""
        if not text.strip():
            raise Unfit("is set, but empty", hint="unset it to use the default, or give it a value")
        written = text.strip()
        if self.kind == "a whole number" and _INTEGER.fullmatch(written):
            return self.check(int(written))
        if self.kind == "a whole number" and _DECIMAL.fullmatch(written):
            raise Unfit(f"is {written}, not a whole number", hint="write nothing but digits, as in 1000")
        if self.kind == "a number" and _DECIMAL.fullmatch(written):
            return self.check(float(written))
        return self.check(text if self.kind == "text" else written)


def _sized(value: Value, kind: Kind, name: str | None) -> None:
    """Raises Unfit unless the value is of that kind. name: the key it is at, None where a name precedes."""
    fits = {
        "a whole number": isinstance(value, int),
        "a number": isinstance(value, int | float),
        "a duration": isinstance(value, str) and _seconds(value) is not None,
    }[kind]
    if not fits:
        is_ = "" if name else "is "
        raise Unfit(
            f"{is_}{words_for(value)}, not {kind}",
            hint=f"the default says that it is {kind}" + (", such as 30m" if kind == "a duration" else ""),
            path=(name,) if name else (),
        )


def _size(value: Value) -> float:
    return (_seconds(value) or 0.0) if isinstance(value, str) else value


def _seconds(text: Value) -> float | None:
    try:
        return parse_duration(str(text)).total_seconds()
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class TunableValue:
    """A tunable's value. source: `default`, an environment variable, an environment's file, a scenario."""

    name: str
    value: Value
    source: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class _Declared:
    tunable: Tunable
    source: Source


@dataclass(frozen=True, slots=True)
class Given:
    """What sets tunables, strongest first: a scenario, environment variables, the environment's file."""

    overrides: Mapping[str, object]
    environ: Mapping[str, str]
    file: Source | None

    def value(self, name: str, tunable: Tunable) -> tuple[object, str]:
        """The value and its source. What an environment variable says is text and still to be read."""
        if name in self.overrides:
            return self.overrides[name], "scenario"
        if tunable.env in self.environ:
            return self.environ[tunable.env], f"environment variable {tunable.env}"
        if self.file is not None and name in _tunables_of(self.file):
            return _tunables_of(self.file)[name], "/".join(self.file.file.rsplit("/", 2)[-2:])
        return tunable.default, "default"


def read_tunables(
    files: Iterable[Source], environments: Iterable[Source], given: Given, found: Found
) -> tuple[dict[str, TunableValue], frozenset[str]]:
    """Every tunable's value, and the names of those whose declaration is wrong, which have none.

    Where a value is wrong, which goes to `found`, it is the default.
    """
    declared, names = _declarations(files, found)
    for source in environments:
        _check_environment(source, declared, names, found)
    for name in given.overrides:
        if name not in names:
            hint = did_you_mean(name, names, "declare it under `tunables:`, or leave it out")
            found.problems.append(Problem(RULE, f"no tunable is called '{name}'", hint))
    values: dict[str, TunableValue] = {}
    for name, item in declared.items():
        value, source_of_it = given.value(name, item.tunable)
        try:
            checked = _checked(item.tunable, value, source_of_it)
        except Unfit as error:
            if source_of_it != f"environments/{_stem(given.file)}":  # those are told by _check_environment
                shown = name if source_of_it == "scenario" else item.tunable.env
                path = ("tunables", name, "env")
                found.add(item.source, path, f"{shown} {error.problem}", error.hint, rule=RULE)
            # Monitors are judged by the default meanwhile; the error keeps them from being used.
            checked, source_of_it = item.tunable.default, "default"
        values[name] = TunableValue(name, checked, source_of_it, item.tunable.unit)
    return values, names - values.keys()


def _checked(tunable: Tunable, value: object, source: str) -> Value:
    if source.startswith("environment variable "):
        return tunable.read(str(value))
    return tunable.check(_value(value))


def _stem(source: Source | None) -> str:
    return source.file.rsplit("/", 1)[-1] if source else ""


def _declarations(files: Iterable[Source], found: Found) -> tuple[dict[str, _Declared], frozenset[str]]:
    declared: dict[str, _Declared] = {}
    places: dict[str, str] = {}
    for source in files:
        section = source.value.get("tunables")
        if section is None:
            continue
        if not isinstance(section, dict):
            found.add(
                source, ("tunables",), f"expected a mapping, found {words_for(section)}", "name: {…} lines"
            )
            continue
        for name, value in section.items():
            path = ("tunables", name)
            if name in places:
                problem = f"the tunable '{name}' is declared twice, also in {places[name]}"
                found.add(source, path, problem, "declare it once; all files see it", rule=RULE, key=True)
                continue
            places[name] = source.file
            if not _NAME.fullmatch(name):
                problem = f"'{name}' is not a tunable's name"
                found.add(source, path, problem, "lower-case letters, digits and '_'", rule=RULE, key=True)
                continue
            try:
                declared[name] = _Declared(Tunable.model_validate(value), source)
            except ValidationError as error:
                for complaint in complaints(error, Tunable):
                    found.complain(source, path, complaint, rule=RULE)
    return declared, frozenset(places)


def _tunables_of(source: Source) -> dict[str, Any]:
    section = source.value.get("tunables")
    return section if isinstance(section, dict) else {}


def _check_environment(
    source: Source, declared: Mapping[str, _Declared], names: frozenset[str], found: Found
) -> None:
    """Every environment's file is checked, whichever is used: a typo must not wait for its deployment."""
    for key in source.value:
        if key != "tunables":
            otherwise = "a file of environments/ has `tunables:` and nothing else"
            near = partial(did_you_mean, key, ["tunables"], otherwise)
            found.add(source, (key,), f"unknown key '{key}'", near, key=True)
    section = source.value.get("tunables")
    if section is not None and not isinstance(section, dict):
        hint = "name: value lines, indented"
        found.add(source, ("tunables",), f"expected a mapping, found {words_for(section)}", hint)
    for name, value in _tunables_of(source).items():
        path = ("tunables", name)
        if name not in names:
            near = partial(did_you_mean, name, names, "declare it under `tunables:` in a file with monitors")
            found.add(source, path, f"no tunable is called '{name}'", near, rule=RULE, key=True)
        elif name in declared:
            try:
                declared[name].tunable.check(_value(value))
            except Unfit as error:
                found.add(source, path, f"{name} {error.problem}", error.hint, rule=RULE)
