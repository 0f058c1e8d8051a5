"""Changing single values of a YAML file: comments, order and quoting stay, and so do all other lines."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
    SingleQuotedScalarString,
)

from dd_sync.adopt.merge import TooClose, merged
from dd_sync.adopt.yaml_text import one_line
from dd_sync.text import first_unseen

Steps = tuple[str | int, ...]
# A new key is put before the first of these that the monitor has and that comes after it.
_ORDER = (
    *("key", "name", "was", "adopt", "take_over", "type", "query", "guard", "options", "hold", "level"),
    *("exempt", "renotify", "evaluation_delay", "tags", "priority", "draft_status", "restricted_roles"),
    "message",
)
_UNSAFE = "the file is written in a way that cannot be edited safely"
_COMMENT = re.compile(r"#[^\n]*")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLOCKS = frozenset({"message"})
_FIRST_ITEM = re.compile(r"^\S[^\n]*:[^\S\n]*\n(?:[^\S\n]*(?:#[^\n]*)?\n)*([^\S\n]*)- ", re.MULTILINE)


class NotEditable(Exception):
    """The file is written in a way that no edit can be trusted to keep."""


@dataclass(frozen=True, slots=True)
class Change:
    """The value at a path of keys and indexes is to be this; None takes its key away."""

    steps: Steps
    value: Any


def edited(text: str, changes: Iterable[Change]) -> str:
    """The text with the changes made. Line endings stay. Raises NotEditable."""
    newline = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    before, after = _dumped(plain, ()), _dumped(plain, tuple(changes))
    try:
        text = merged(plain, before, after)
        lost = _comments(plain) - _comments(text)
    except TooClose:
        raise NotEditable("the edits are too close together in a file written in an unusual way") from None
    except yaml.YAMLError:
        raise NotEditable(_UNSAFE) from None
    if lost:
        raise NotEditable("a comment would be lost")
    return text.replace("\n", newline)


def _dumped(text: str, changes: tuple[Change, ...]) -> str:
    """The text as it is written by a tool that knows comments, after the changes."""
    tool = YAML(typ="rt")
    tool.preserve_quotes = True
    tool.representer.add_representer(float, _number)
    tool.width = 1_000_000
    offset = len(found[1]) if (found := _FIRST_ITEM.search(text)) else 2
    tool.indent(mapping=2, sequence=offset + 2, offset=offset)
    out = StringIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = tool.load(text)
            for change in changes:
                _make(tree, change)
            tool.dump(tree, out)
    except (YAMLError, KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError):
        raise NotEditable(_UNSAFE) from None
    return out.getvalue()


def _number(representer: Any, value: float) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:float", one_line(value))


def _make(tree: Any, change: Change) -> None:
    *parents, last = change.steps
    here = tree
    for step in parents:
        if isinstance(here, CommentedMap) and step not in here and change.value is not None:
            _insert(here, step, CommentedMap())
        here = here[step]
    if change.value is None:
        del here[last]
    elif isinstance(here, CommentedMap) and last not in here:
        _insert(here, last, _value(change.value, None, str(last), here))
    else:
        _replace(here, last, change.value)


def _replace(here: Any, last: Any, value: Any) -> None:
    old = here[last]
    if isinstance(old, CommentedSeq) and isinstance(value, list) and all(isinstance(v, str) for v in value):
        # Item by item, so that what stays keeps its line and its comment.
        for index in reversed([i for i, item in enumerate(old) if item not in value]):
            del old[index]
        old.extend(_value(item, None, "", old) for item in value if item not in old)
    else:
        here[last] = _value(value, old, str(last), here)


def _insert(here: CommentedMap, name: Any, value: Any) -> None:
    after = _ORDER[_ORDER.index(name) + 1 :] if name in _ORDER else ()
    at = next((index for index, key in enumerate(here) if key in after), len(here))
    here.insert(at, name, value)


def _value(value: Any, old: Any, name: str, parent: Any) -> Any:
    """The value in the style of the one it replaces, as far as it can be written so."""
    if isinstance(value, str):
        return _text(value, old, name, flow=bool(parent.fa.flow_style()))
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, list) and all(not isinstance(item, dict | list) for item in value):
        found = CommentedSeq(_value(item, None, "", CommentedSeq()) for item in value)
        found.fa.set_flow_style()
        return found
    if isinstance(value, dict):
        return CommentedMap({key: _value(item, None, key, CommentedMap()) for key, item in value.items()})
    if isinstance(value, list):
        return CommentedSeq([_value(item, None, "", CommentedSeq()) for item in value])
    return value


def _text(text: str, old: Any, name: str, *, flow: bool) -> Any:
    is_block = isinstance(old, LiteralScalarString) or (name in _BLOCKS and "\n" in text)
    if not flow and (is_block or "\n" in text) and text and first_unseen(text, keep="\n\t") is None:
        ends = name in _BLOCKS or (isinstance(old, str) and old.endswith("\n"))
        return LiteralScalarString(text.rstrip("\n") + "\n" if ends else text)
    if isinstance(old, FoldedScalarString):
        return FoldedScalarString(text)
    style = one_line(text, flow=flow)[:1]
    if isinstance(old, DoubleQuotedScalarString) or style == '"':
        return DoubleQuotedScalarString(text)
    if isinstance(old, SingleQuotedScalarString) or style == "'":
        return SingleQuotedScalarString(text)
    return text


def _comments(text: str) -> Counter[str]:
    """The comments of a file, outside of its texts."""
    found: Counter[str] = Counter()
    at = 0
    events: Iterable[Any] = yaml.parse(text, Loader=_Loader)
    for event in events:
        start, end = event.start_mark, event.end_mark
        if isinstance(event, yaml.ScalarEvent):
            found.update(_COMMENT.findall(text[at : start.index]))
            at = end.index
    found.update(_COMMENT.findall(text[at:]))
    return found
