"""How a change reads: values cut to what differs, texts as line diffs, nothing that drives a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from dd_sync.plan.changes import (
    Adopt,
    Change,
    Create,
    FieldChange,
    Plan,
    Replace,
    ResourceChange,
    Update,
)
from dd_sync.text import within_line

MARKS = {"create": "+", "update": "~", "adopt": "=", "replace": "±", "delete": "-"}

_LONGEST = 160
_CONTEXT = 24
_NOT_SET = "not set"


def heading(plan: Plan) -> str:
    rare = "".join(f"{plan.count(name)} {name}, " for name in ("adopt", "replace") if plan.count(name))
    return (
        f"Plan for {within_line(plan.catalog)} on {within_line(plan.target)}: "
        f"{plan.count_all('create')} create, {plan.count_all('update')} update, {rare}"
        f"{plan.count_all('delete')} delete, {plan.unchanged + plan.resources_unchanged} unchanged"
    )


def title(change: Change | ResourceChange) -> str:
    """`stream-rate (monitor 1042)` or `dashboard streams (abc-def-ghi)`, fit to stand within a line."""
    if isinstance(change, ResourceChange):
        number = f" ({within_line(change.id, 80)})" if change.id is not None else ""
        return f"{change.kind} {within_line(change.key)}{number}".rstrip()
    number = "" if isinstance(change, Create) else f" (monitor {change.monitor_id})"
    return f"{within_line(change.key)}{number}".rstrip()


def details(change: Change | ResourceChange) -> Iterator[tuple[str, str]]:
    """The lines below a change's title, as `field_lines` gives them."""
    if isinstance(change, (Update, Adopt, Replace, ResourceChange)):
        for field in change.fields:
            yield from field_lines(field)


def field_lines(change: FieldChange) -> Iterator[tuple[str, str]]:
    """The lines that show one field's change, each with its kind: `field`, `-`, `+` or `@`."""
    before, after = change.before, change.after
    if change.path == "tags" and isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
        yield "field", f"tags: {_tags(before, after)}".rstrip()
    elif isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        yield "field", f"{change.path}:"
        yield from _line_diff(before, after)
    else:
        one, other = _shortened(_value(before), _value(after))
        yield "field", f"{within_line(change.path)}: {one} -> {other}"


def _tags(before: Any, after: Any) -> str:
    gone = [f"-{tag}" for tag in before if tag not in after]
    new = [f"+{tag}" for tag in after if tag not in before]
    return within_line(" ".join([*gone, *new]), _LONGEST)


def _line_diff(before: str, after: str) -> Iterator[tuple[str, str]]:
    lines = unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=1)
    for number, line in enumerate(lines):
        if number < 2 or line.startswith("@@"):
            continue
        mark = line[0] if line[0] in "+-" else "@"
        yield mark, within_line(line, _LONGEST).rstrip()


def _value(value: Any) -> str:
    if value is None:
        return _NOT_SET
    if isinstance(value, str) and value and value == value.strip():
        return within_line(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return within_line(json.dumps(value, ensure_ascii=False, default=str))


def _shortened(one: str, other: str) -> tuple[str, str]:
    """Both without a long common beginning and end: `… > 500` and `… > 800`."""
    if len(one) + len(other) <= 60:
        return one, other
    start = _common(one, other)
    end = min(_common(one[::-1], other[::-1]), min(len(one), len(other)) - start)
    # From the word before the difference to the end of the word it is in, and never much more.
    before = one[:start].rstrip()
    head = max(0, start - _CONTEXT, *(before.rfind(mark) for mark in " {(,"))
    tail = one[len(one) - end :]
    kept = min(tail.find(" ") % (len(tail) + 1), _CONTEXT)
    return _piece(one, head, end - kept), _piece(other, head, end - kept)


def _piece(text: str, head: int, left: int) -> str:
    """The text from `head` on, without the `left` last characters."""
    before = "… " if head > 2 else text[:head]
    after = text[len(text) - left :] if left < 3 else " …"
    return before + within_line(text[head : len(text) - left].strip(), _LONGEST) + after


def _common(one: str, other: str) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
