"""`${name}` in a monitor's text: declared tunables and references to monitors, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dd_sync.catalog.complaints import did_you_mean
from dd_sync.catalog.tunables import TunableValue, Value
from dd_sync.errors import Unfit
from dd_sync.guards.values import AllUnfit

_MARK = re.compile(r"\$\$\{|\$\{([^{}$\n]*)\}|\$\{")
_MOST_MARKS = 100
_REFERENCE = re.compile(r"monitor:(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Interpolation:
    """Fills `${name}` in. Knows the declared tunables and `${monitor:key}`, and nothing else.

    broken: names declared but without a usable value, each told already.
    """

    values: Mapping[str, TunableValue]
    broken: frozenset[str] = frozenset()

    def fill(self, text: str) -> Any:
        """The text filled in; a whole-value `${x}` keeps its type. `$${` stands for `${`.

        `${monitor:key}` stays. Raises AllUnfit with everything that is not known, each with its offset; with
        nothing where only the values of broken tunables are missing.
        """
        match = _MARK.fullmatch(text)
        try:
            if match is not None and match[1] is not None and not _REFERENCE.fullmatch(match[1]):
                return self._value(match)
            return _MARK.sub(self._text, text)
        except (Unfit, _Broken):
            raise AllUnfit(self._mistakes(text)) from None

    def _mistakes(self, text: str) -> Iterator[Unfit]:
        for match in islice(_MARK.finditer(text), _MOST_MARKS):
            try:
                self._text(match)
            except Unfit as error:
                yield error
            except _Broken:
                continue

    def _text(self, match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        if match[1] is not None and _REFERENCE.fullmatch(match[1]):
            return match[0]
        return as_text(self._value(match))

    def _value(self, match: re.Match[str]) -> Value:
        name = match[1]
        length = len(match[0])
        if name is None:
            raise Unfit(
                "'${' without a '}'", hint="write $${ for a literal ${", offset=match.start(), length=2
            )
        if name in self.values:
            return self.values[name].value
        if name in self.broken:
            raise _Broken(name)
        known = [*self.values, *self.broken]
        hint = did_you_mean(
            name.lower(), known, "declare it under `tunables:`, or write $${ for a literal ${"
        )
        problem = f"no tunable is called '{name}'"
        raise Unfit(problem, hint=hint, offset=match.start(), length=length)

    def offset_before(self, text: str, offset: int) -> int:
        """Where in `text` stands what is at `offset` after filling in."""
        shift = 0
        for match in _MARK.finditer(text):
            filled = len(self._text(match))
            if offset < match.start() + shift:
                break
            if offset < match.start() + shift + filled:
                return match.start()
            shift += filled - len(match[0])
        return offset - shift


class _Broken(Exception):
    """A text needs a tunable whose own problem is told already."""


def as_text(value: Value) -> str:
    """A value inside text: 3.0 is written 3, as Datadog writes numbers."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def fill_all(
    value: Any, fill: Callable[[str, tuple[str | int, ...]], Any], path: tuple[str | int, ...]
) -> Any:
    """A value with every text that has a `${` passed through `fill`; keys are left alone."""
    if isinstance(value, str):
        return fill(value, path) if "${" in value else value
    if isinstance(value, dict):
        return {key: fill_all(item, fill, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [fill_all(item, fill, (*path, index)) for index, item in enumerate(value)]
    return value
