"""The search of a monitor summary, as far as a catalog can answer it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from dd_sync.report.dashboards.shown import Watched

_TERM = re.compile(
    r'(?P<minus>-|NOT\s+)?(?:(?P<field>\w+):)?(?:\((?P<list>[^()]*)\)|"(?P<quoted>[^"]*)"|(?P<word>[^\s"()]+))'
)
_TAGS = ("service", "team", "env")
_STATES = ("alert", "warn", "no data", "ok")

Test = Callable[[Watched], bool]


def find(query: str, monitors: Sequence[Watched]) -> tuple[tuple[Watched, ...], tuple[str, ...]] | None:
    """The monitors, and the terms that were left out, since no file can answer them; None if it is no
    conjunction of terms."""
    tests: list[Test] = []
    ignored = []
    rest = query
    while rest := rest.lstrip():
        if rest.startswith("AND "):
            rest = rest[4:]
            continue
        found = _TERM.match(rest)
        if found is None or found[0] == "OR":
            return None
        rest = rest[found.end() :]
        test = _test(found)
        if test is None:
            ignored.append(found[0])
        elif found["minus"]:
            tests.append(_but(test))
        else:
            tests.append(test)
    return tuple(one for one in monitors if all(test(one) for test in tests)), tuple(ignored)


def _test(term: re.Match[str]) -> Test | None:
    field, values = term["field"], [value.lower() for value in _values(term)]
    if field == "tag":
        return lambda one: _tagged(one, values)
    if field in _TAGS:
        return lambda one: _tagged(one, [f"{field}:{value}" for value in values])
    if field == "status" and all(value in _STATES for value in values):
        return lambda one: one.state.lower() in values
    if field == "muted" and values in (["true"], ["false"]):
        return lambda one: one.snoozed == (values == ["true"])
    if field is None:
        return lambda one: any(value in one.declared.monitor.name.lower() for value in values)
    return None


def _but(test: Test) -> Test:
    return lambda one: not test(one)


def _values(term: re.Match[str]) -> list[str]:
    if term["list"] is None:
        return [term["word"] if term["quoted"] is None else term["quoted"]]
    return [one.strip().strip('"') for one in re.split(r"\sOR\s", term["list"])]


def _tagged(watched: Watched, values: Sequence[str]) -> bool:
    """Whether a tag is one of the values, in which a star stands for any text."""
    patterns = [value.replace("[", "[[]").replace("?", "[?]") for value in values]
    tags = [tag.lower() for tag in watched.declared.monitor.tags]
    return any(fnmatchcase(tag, pattern) for tag in tags for pattern in patterns)
