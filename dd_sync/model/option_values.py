"""Whether a monitor's options have values Datadog can take; what goes with what is for the checks to say."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from dd_sync.errors import Severity
from dd_sync.model.options import (
    OPTIONS,
    QUERY_THRESHOLDS,
    THRESHOLDS,
    Option,
    applies,
    means_absent,
    threshold_names,
    threshold_refused,
)
from dd_sync.text import nearest, within_line

Path = tuple[str | int, ...]


class Finding(NamedTuple):
    """What is wrong with a part of the options. path: from the options to it, `("thresholds", "ok")`.

    A warning is what Datadog takes, and then does nothing with.
    """

    path: Path
    problem: str
    hint: str
    severity: Severity = Severity.ERROR


_NUMBERS = frozenset((bool, int, float))
_RETENTION = re.compile(r"(\d{1,4})([mhd])")
_RETENTION_MINUTES = {"m": 1, "h": 60, "d": 1440}
_SHORTEST_RETENTION = 60
_LONGEST_RETENTION = 72 * 60
_DEFAULT_RETENTION = 24 * 60
_WINDOW = re.compile(r"last_\d+(m|h|d|w|mo)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_START = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def problems(type: str, options: Mapping[str, Any], *, allow_unknown: bool = False) -> Iterator[Finding]:
    """What is wrong with the options of a monitor of this type, in their order.

    allow_unknown: options, not values, that the table does not know pass. Null is no value, and never wrong.
    """
    for name, value in options.items():
        if value.__class__ in _NUMBERS:
            yield from _of_number(type, name, value, allow_unknown)
        else:
            yield from _of_option(type, name, value, allow_unknown)
    yield from _past_retention(options)


def _of_option(type: str, name: str, value: Any, allow_unknown: bool) -> Iterator[Finding]:
    option = OPTIONS.get(name)
    if option is None:
        if not allow_unknown:
            hint = _suggestion(str(name), OPTIONS, "--allow-unknown-options passes an option of tomorrow")
            yield Finding((name,), f"there is no option '{within_line(str(name), 60)}'", hint)
        return
    if value is None:
        return
    yield from _misplaced(option, type, value)
    problem = check_value(option, value)
    if problem is not None:
        yield Finding((name,), problem, _remedy(option))
        return
    if option.advised is not None and value > option.advised:
        problem = f"{value} is more than Datadog's reference allows, {option.advised} {option.unit}"
        yield Finding((name,), problem, f"use {option.advised} or less", Severity.WARNING)
    yield from _INSIDE.get(name, _nothing)(type, value)


@lru_cache(maxsize=4096, typed=True)
def _of_number(type: str, name: str, value: float, allow_unknown: bool) -> tuple[Finding, ...]:
    """As `_of_option`. Thousands of monitors have the same few numbers and flags."""
    return tuple(_of_option(type, name, value, allow_unknown))


def check_value(option: Option, value: Any) -> str | None:
    """What is wrong with the value by itself, in plain words; None if nothing is. Null is no value.

    What is inside an object or a list is not looked at.
    """
    if value is None:
        return None
    match option.kind:
        case "flag":
            fits = isinstance(value, bool)
        case "whole":
            return _number_problem(option, value)
        case "text":
            fits = isinstance(value, str)
        case "choice":
            fits = isinstance(value, str)
            if fits and value not in option.choices:
                return f"{_words(value)} is not one of its values"
        case "set":
            fits = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
            strange = [item for item in value if item not in option.choices] if fits else []
            if option.choices and strange:
                return f"{_words(strange[0])} is not one of its values"
        case "list":
            fits = isinstance(value, (list, tuple))
        case "object":
            fits = isinstance(value, Mapping)
    if fits:
        return _retention_problem(value) if option.name == "group_retention_duration" else None
    return f"expected {_KINDS[option.kind]}, found {_words(value)}"


_KINDS = {
    "flag": "true or false",
    "whole": "a whole number",
    "text": "a text",
    "choice": "a text",
    "set": "a list of texts",
    "list": "a list",
    "object": "a mapping",
}


def _number_problem(option: Option, value: Any) -> str | None:
    if not _is_number(value) or value != int(value):
        unit = f" of {option.unit}" if option.unit else ""
        return f"expected a whole number{unit}, found {_words(value)}"
    if option.least is not None and value < option.least:
        return f"{value} is below the least, {option.least} {option.unit}"
    if option.most is not None and value > option.most:
        return f"{value} is above the most, {option.most} {option.unit}"
    return None


def _retention_problem(value: str) -> str | None:
    minutes = _retention(value)
    if minutes is None:
        return f"{_words(value)} is not a duration such as 60m, 12h or 2d"
    if not _SHORTEST_RETENTION <= minutes <= _LONGEST_RETENTION:
        return f"{value} is not from 60m to 72h"
    return None


def _retention(value: Any) -> int | None:
    found = _RETENTION.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * _RETENTION_MINUTES[found[2]] if found else None


def _past_retention(options: Mapping[str, Any]) -> Iterator[Finding]:
    """Datadog forgets a group after its retention, so that data cannot be missed for longer."""
    minutes = options.get("no_data_timeframe")
    retention = _retention(options.get("group_retention_duration")) or _DEFAULT_RETENTION
    if minutes is not None and _is_number(minutes) and minutes > retention:
        problem = f"{minutes} minutes is longer than the group retention, {retention} minutes"
        yield Finding(("no_data_timeframe",), problem, f"use {retention} at most")


def _misplaced(option: Option, type: str, value: Any) -> Iterator[Finding]:
    if means_absent(option.name, value) or value in ([], ()):
        return
    if option.read_only:
        problem = f"'{option.name}' is written by Datadog alone"
        yield Finding((option.name,), problem, "leave it out", Severity.WARNING)
    elif type in option.refused:
        problem = f"'{option.name}' is not for the type '{type}'"
        yield Finding((option.name,), problem, "leave it out; Datadog refuses the monitor otherwise")
    elif not applies(option.name, type):
        problem = f"'{option.name}' is not known to do anything for the type '{type}'"
        yield Finding((option.name,), problem, "leave it out", Severity.WARNING)


# --- inside an option ----------------------------------------------------------------------------


def _nothing(type: str, value: Any) -> Iterator[Finding]:
    yield from ()


def _thresholds(type: str, value: Mapping[str, Any]) -> Iterator[Finding]:
    usual = threshold_names(type)
    for name, number in value.items():
        path = ("thresholds", name)
        if name not in THRESHOLDS:
            hint = _suggestion(str(name), usual or THRESHOLDS)
            yield Finding(path, f"there is no threshold '{within_line(str(name), 60)}'", hint)
        elif number is None:
            continue
        elif name in QUERY_THRESHOLDS:
            if not isinstance(number, str):
                yield Finding(path, f"expected a query, found {_words(number)}", "write it as a text")
        elif not _is_number(number):
            yield Finding(path, f"expected a number, found {_words(number)}", "write it without quotes")
        elif usual and name not in usual:
            refused = threshold_refused(name, type)
            yield Finding(
                path,
                f"the type '{type}' has no threshold '{name}'",
                f"it has {', '.join(usual)}",
                Severity.ERROR if refused else Severity.WARNING,
            )


def _windows(type: str, value: Mapping[str, Any]) -> Iterator[Finding]:
    names = ("trigger_window", "recovery_window")
    base = ("threshold_windows",)
    yield from _keys(base, value, names)
    given = [name for name in names if value.get(name) is not None]
    for name in given:
        if not (isinstance(value[name], str) and _WINDOW.fullmatch(value[name])):
            problem = f"{_words(value[name])} is not a window"
            yield Finding((*base, name), problem, "write it as in last_15m")
    if len(given) == 1:
        missing = names[1 - names.index(given[0])]
        yield Finding((*base, given[0]), f"a {given[0]} without a {missing}", f"add {missing} as well")


def _scheduling(type: str, value: Mapping[str, Any]) -> Iterator[Finding]:
    base = ("scheduling_options",)
    yield from _keys(base, value, ("evaluation_window", "custom_schedule"))
    window = value.get("evaluation_window")
    if window is not None:
        yield from _evaluation_window((*base, "evaluation_window"), window)
    schedule = value.get("custom_schedule")
    if schedule is not None:
        yield from _custom_schedule((*base, "custom_schedule"), schedule)


def _evaluation_window(base: Path, value: Any) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield _no_mapping(base, value)
        return
    yield from _keys(base, value, ("hour_starts", "day_starts", "month_starts", "timezone"))
    for name, least, most in (("hour_starts", 0, 59), ("month_starts", 1, 1)):
        number = value.get(name)
        if number is not None and not (_is_number(number) and number in range(least, most + 1)):
            bounds = f"a number from {least} to {most}" if least != most else f"{least}, and nothing else"
            yield Finding((*base, name), f"{_words(number)} cannot stand here", f"use {bounds}")
    clock = value.get("day_starts")
    if clock is not None and not (isinstance(clock, str) and _CLOCK.fullmatch(clock)):
        yield Finding((*base, "day_starts"), f"{_words(clock)} is not a time", 'write it as in "04:00"')
    yield from _texts(base, value, ("timezone",))


def _custom_schedule(base: Path, value: Any) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield _no_mapping(base, value)
        return
    yield from _keys(base, value, ("recurrences",))
    recurrences = value.get("recurrences")
    path = (*base, "recurrences")
    if not isinstance(recurrences, (list, tuple)) or len(recurrences) != 1:
        problem = "a custom schedule has exactly one recurrence"
        yield Finding(path if "recurrences" in value else base, problem, "as in [{rrule: …, timezone: …}]")
        return
    (recurrence,) = recurrences
    if not isinstance(recurrence, Mapping):
        yield _no_mapping((*path, 0), recurrence)
        return
    yield from _keys((*path, 0), recurrence, ("rrule", "timezone", "start"))
    yield from _texts((*path, 0), recurrence, ("rrule", "timezone"))
    if recurrence.get("rrule") is None:
        yield Finding((*path, 0), "a recurrence without a rule", "add rrule, as in FREQ=DAILY;INTERVAL=1")
    start = recurrence.get("start")
    if start is not None and not (isinstance(start, str) and _START.fullmatch(start)):
        problem = f"{_words(start)} is not a start"
        yield Finding((*path, 0, "start"), problem, 'write it as in "2027-01-31T09:00:00", without a zone')


def _variables(type: str, value: Collection[Any]) -> Iterator[Finding]:
    names = set()
    for index, variable in enumerate(value):
        path: Path = ("variables", index)
        if not isinstance(variable, Mapping):
            yield _no_mapping(path, variable)
            continue
        name = variable.get("name")
        if not isinstance(name, str) or not name:
            yield Finding(path, "a variable without a name", "name it as the formula does")
        elif name in names:
            problem = f"two variables have the name {_words(name)}"
            yield Finding((*path, "name"), problem, "a formula could not tell them apart")
        else:
            names.add(name)


_INSIDE: Mapping[str, Callable[[str, Any], Iterator[Finding]]] = {
    "thresholds": _thresholds,
    "threshold_windows": _windows,
    "scheduling_options": _scheduling,
    "variables": _variables,
}


def _keys(base: Path, value: Mapping[str, Any], known: Collection[str]) -> Iterator[Finding]:
    for name in value:
        if name not in known:
            problem = f"'{within_line(str(name), 60)}' is not known here"
            yield Finding((*base, name), problem, _suggestion(str(name), known))


def _texts(base: Path, value: Mapping[str, Any], names: Collection[str]) -> Iterator[Finding]:
    for name in names:
        text = value.get(name)
        if text is not None and not isinstance(text, str):
            yield Finding((*base, name), f"expected a text, found {_words(text)}", "put it in quotes")


def _no_mapping(path: Path, value: Any) -> Finding:
    return Finding(path, f"expected a mapping, found {_words(value)}", "write `key: value` lines, indented")


_HOW = {
    "flag": "write true or false, without quotes",
    "set": "write a list, as in [a, b]",
    "list": "write a list, as in [a, b]",
    "object": "write `key: value` lines, indented",
}


def _remedy(option: Option) -> str:
    if option.choices:
        return f"use {', '.join(option.choices)}"
    if option.kind in _HOW:
        return _HOW[option.kind]
    bounds = [
        f"{word} {bound}"
        for word, bound in (("from", option.least), ("to", option.most))
        if bound is not None
    ]
    return f"use a whole number {' '.join(bounds)} {option.unit}".rstrip() if bounds else option.note


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _words(value: Any) -> str:
    """The value as an error names it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, str):
        return f"'{within_line(value, 60)}'"
    return "null" if value is None else "a mapping" if isinstance(value, Mapping) else "a list"


def _suggestion(word: str, known: Collection[str], otherwise: str = "") -> str:
    near = nearest(word, known)
    return f"did you mean '{near}'?" if near else otherwise or f"there are {', '.join(known)}"
