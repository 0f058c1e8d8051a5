"""Plain values from YAML events, in one loop with its own stack.

Events are the fastest way through libyaml, and unlike its composer they cannot overflow the C stack: depth
is judged as it grows. Only text becomes a key, aliases are counted by what they expand to, and no tag but
YAML's own simple ones is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from dd_sync.catalog.scalars import NoNumber, Written, plain

DEEPEST = 50
MOST_ALIASED = 100_000
# Far above any real file: 10,000 guards are some 300,000 values and need no anchor at all.
MOST_VALUES = 500_000
MOST_ANCHORS = 10_000

Fault = Callable[[int, int, str, str], None]

_NO_KEY = object()
_BAD_KEY = object()
_MERGE = object()
_UNFINISHED = object()
_CORE = "tag:yaml.org,2002:"


class Broken(Exception):
    """The file cannot be read on from here. start, end: offsets into the text."""

    def __init__(self, start: int, end: int, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.start, self.end, self.problem, self.hint = start, end, problem, hint


@dataclass(slots=True)
class Marks:
    """Where one mapping or sequence and what it holds directly were written."""

    keys: dict[str, Written] = field(default_factory=dict)
    values: dict[str | int, Written] = field(default_factory=dict)


@dataclass(slots=True)
class _Frame:
    here: Any
    key: Any
    anchor: str | None
    start: int
    nodes: int


class Builder:
    """Reads one document. `marks`, by id of the container, are kept only when asked for."""

    def __init__(self, text: str, fault: Fault, *, places: bool = False) -> None:
        self._fault = fault
        self._parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self._known: dict[str, Any] = {}
        self._anchors: dict[str, Any] = {}
        self._weights: dict[str, int] = {}
        self._heights: dict[int, int] = {}
        self._anchored: list[Any] = []  # kept alive, since heights go by id
        self._merges: dict[int, list[Any]] = {}
        self._stack: list[_Frame] = []
        self._here: Any = None
        self._key: Any = _NO_KEY
        self._nodes = 0
        self._aliased = 0
        self._documents = 0
        self.marks: dict[int, Marks] | None = {} if places else None

    def build(self) -> Any:
        """The document's value, None for an empty file. Raises Broken."""
        try:
            return self._run()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            at = mark.index if mark else 0
            raise Broken(at, at + 1, *_in_words(error)) from None

    def _run(self) -> Any:
        get = self._parser.get_event
        result: list[Any] = []
        self._here = result
        while True:
            event = get()
            kind = type(event)
            if kind is ScalarEvent:
                value = self._scalar(event)
                if event.anchor:
                    self._name(event, value)
                    self._weights[event.anchor] = 1
                self._attach(value, event, event.style or "")
            elif kind is MappingStartEvent:
                self._open({}, event)
            elif kind is SequenceStartEvent:
                self._open([], event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close(event)
            elif kind is AliasEvent:
                self._attach(self._alias(event), event, "*")
            elif kind is DocumentStartEvent:
                self._documents += 1
                if self._documents > 1:
                    raise _broken(event, "a second document in one file", "put each document in its own file")
            elif kind is StreamEndEvent:
                return result[0] if result else None

    def _scalar(self, event: Any) -> Any:
        value: str = event.value
        if event.tag is not None:
            return self._tagged(event, value)
        if not event.implicit[0]:
            return value
        known = self._known
        if value in known:
            return known[value]
        try:
            known[value] = result = plain(value)
        except NoNumber as error:
            self._say(event, str(error), error.hint)
            return value
        return result

    def _tagged(self, event: Any, value: str) -> Any:
        tag = event.tag
        if tag in ("!", _CORE + "str"):
            return value
        name = tag.removeprefix(_CORE)
        kinds = {"int": int, "float": float, "bool": bool, "null": type(None)}
        if not tag.startswith(_CORE) or name not in kinds:
            raise _foreign(event)
        try:
            result = plain(value)
        except ValueError:
            result = value
        if name == "float" and type(result) is int:
            return float(result)
        if type(result) is not kinds[name]:
            self._say(event, f"the tag !!{name} does not fit this value", f"leave !!{name} out")
        return result

    def _open(self, container: Any, event: Any) -> None:
        kind = "map" if type(container) is dict else "seq"
        if event.tag is not None and event.tag not in ("!", _CORE + kind):
            raise _foreign(event)
        stack = self._stack
        if len(stack) >= DEEPEST:
            raise _broken(event, f"nested more than {DEEPEST} levels deep", "no catalog needs such depth")
        if event.anchor:
            self._name(event, _UNFINISHED)
        stack.append(_Frame(self._here, self._key, event.anchor, event.start_mark.index, self._nodes))
        self._here, self._key = container, _NO_KEY
        if self.marks is not None:
            self.marks[id(container)] = Marks()

    def _close(self, event: Any) -> None:
        value = self._here
        for merged in self._merges.pop(id(value), ()):
            self._merge(value, merged)
        frame = self._stack.pop()
        self._here, self._key = frame.here, frame.key
        if frame.anchor:
            self._anchors[frame.anchor] = value
            self._weights[frame.anchor] = self._nodes - frame.nodes + 1
            self._anchored.append(value)
            self._heights[id(value)] = self._height(value)
        self._attach(value, event, "{", start=frame.start)

    def _name(self, event: Any, value: Any) -> None:
        self._anchors[event.anchor] = value
        if len(self._anchors) > MOST_ANCHORS:
            raise _broken(event, f"more than {MOST_ANCHORS:,} anchors in one file", "write the values out")

    def _alias(self, event: Any) -> Any:
        name = event.anchor
        value = self._anchors.get(name, _NO_KEY)
        if value is _NO_KEY:
            raise _broken(event, f"the alias *{name} has no anchor &{name} before it", "check the name")
        if value is _UNFINISHED:
            raise _broken(event, f"the alias *{name} is inside its own anchor", "write the value out")
        weight = self._weights[name]
        self._nodes += weight - 1
        self._aliased += weight
        if self._aliased > MOST_ALIASED:
            raise _broken(
                event,
                f"the file's aliases expand to more than {MOST_ALIASED:,} values",
                "write fewer aliases",
            )
        if len(self._stack) + self._heights.get(id(value), 0) > DEEPEST:
            raise _broken(event, f"nested more than {DEEPEST} levels deep", "write fewer aliases in aliases")
        return value

    def _height(self, value: Any) -> int:
        """Levels of containers in an anchored value; those of anchored values inside are known already."""
        if type(value) not in (dict, list):
            return 0
        known = self._heights.get(id(value))
        if known is not None:
            return known
        inside = value.values() if type(value) is dict else value
        return 1 + max(map(self._height, inside), default=0)

    def _attach(self, value: Any, event: Any, style: str, *, start: int = -1) -> None:
        self._nodes += 1
        if self._nodes > MOST_VALUES:
            raise _broken(event, f"more than {MOST_VALUES:,} values in one file", "split the file")
        here = self._here
        if type(here) is list:
            here.append(value)
            if self.marks is not None:
                self._mark(here, len(here) - 1, event, style, start)
        elif self._key is _NO_KEY:
            self._key = self._as_key(value, event, style)
        else:
            key, self._key = self._key, _NO_KEY
            if key is _MERGE:
                self._remember_merge(here, value, event)
            elif key is not _BAD_KEY:
                here[key] = value
                if self.marks is not None:
                    self._mark(here, key, event, style, start)

    def _as_key(self, value: Any, event: Any, style: str) -> Any:
        if type(value) is int:
            value = getattr(event, "value", None) or str(value)
        if type(value) is not str:
            braces = type(value) in (dict, list)
            hint = "put text that begins with { or [ in quotes" if braces else "put the key in quotes"
            self._say(event, "this key is not text", hint)
            return _BAD_KEY
        merge = value == "<<" and style == ""
        if value in self._here or (merge and id(self._here) in self._merges):
            self._say(event, f"the key '{value}' is there twice", "keep one of the two")
            return _BAD_KEY
        if merge:
            return _MERGE
        if self.marks is not None:
            self.marks[id(self._here)].keys[value] = _written(event, style, -1)
        return value

    def _remember_merge(self, here: dict[str, Any], value: Any, event: Any) -> None:
        sources = value if type(value) is list else [value]
        if all(type(source) is dict for source in sources):
            self._merges[id(here)] = sources
        else:
            self._say(event, "'<<' merges mappings and nothing else", "give it an alias of a mapping")

    def _merge(self, here: dict[str, Any], source: dict[str, Any]) -> None:
        """What `here` says itself wins over what it merges."""
        for key, item in source.items():
            if key not in here:
                here[key] = item
                self._copy_marks(source, here, key)

    def _copy_marks(self, source: dict[str, Any], here: dict[str, Any], key: str) -> None:
        if self.marks is None:
            return
        old, new = self.marks[id(source)], self.marks[id(here)]
        new.keys[key], new.values[key] = old.keys[key], old.values[key]

    def _mark(self, here: Any, key: str | int, event: Any, style: str, start: int) -> None:
        marks = self.marks.get(id(here)) if self.marks is not None else None
        if marks is not None:
            marks.values[key] = _written(event, style, start)

    def _say(self, event: Any, problem: str, hint: str) -> None:
        self._fault(event.start_mark.index, event.end_mark.index, problem, hint)


def _written(event: Any, style: str, start: int) -> Written:
    return Written(event.start_mark.index if start < 0 else start, event.end_mark.index, style)


def _broken(event: Any, problem: str, hint: str) -> Broken:
    return Broken(event.start_mark.index, event.end_mark.index, problem, hint)


def _foreign(event: Any) -> Broken:
    name = event.tag.replace(_CORE, "!!")
    return _broken(event, f"the tag {name} is not known here", "leave the tag out; a catalog is plain data")


# libyaml's own words, and what they mean to somebody who writes a catalog.
_WORDS = {
    "mapping values are not allowed": (
        "a ':' where none can stand",
        "put text that contains ': ' in quotes, and check the indentation",
    ),
    "found character that cannot start any token": (
        "a character that nothing can begin with",
        "indent with spaces, not tabs; put text that begins with @, ` or % in quotes",
    ),
    "could not find expected ':'": ("a key without ':'", "write `key: value`"),
    "did not find expected key": (
        "a key was expected here",
        "check the indentation here and before; put text that begins with { or [ in quotes, and close them",
    ),
    "did not find expected '-' indicator": (
        "an item beginning with '-' was expected here",
        "indent this line like the items before it",
    ),
    "did not find expected ',' or ']'": (
        "a list that is not closed",
        "put ',' between items and ']' at the end",
    ),
    "did not find expected ',' or '}'": (
        "a mapping in braces that is not closed",
        "put ',' between entries and '}' at the end; ${name} in braces needs quotes",
    ),
    "found unexpected end of stream": ("the file ends inside a quoted text", "close the quotes"),
    "did not find expected node content": (
        "a value was expected here",
        "complete the line before, or close it",
    ),
    "found a tab character": ("a tab where only spaces can stand", "indent with spaces"),
    "did not find expected alphabetic or numeric character": (
        "an alias or anchor without a name",
        "put text that begins with * or & in quotes",
    ),
    "did not find expected comment or line break": (
        "text right behind > or |",
        "begin it on the next line, or put all of it in quotes",
    ),
    "found unknown escape character": (
        "an escape that YAML does not know",
        r"write \\ for \ in double quotes, or use single quotes",
    ),
    "block sequence entries are not allowed": (
        "a '-' where none can stand",
        "begin each item on a line of its own; put text that begins with '- ' in quotes",
    ),
    "found duplicate %YAML directive": ("two %YAML directives", "leave them out"),
}


def _in_words(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    said = error.problem or "not YAML"
    for words, answer in _WORDS.items():
        if said.startswith(words):
            return answer
    return f"not YAML: {said}", "check the indentation, quotes and brackets before this place"
