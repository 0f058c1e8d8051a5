"""A message filled in for one notification, as its reader sees it."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from dd_sync.message.formula import Value, evaluate
from dd_sync.message.nodes import (
    Block,
    Condition,
    Evaluation,
    Literal,
    LocalTime,
    OverriddenPriority,
    Part,
    Path,
    Template,
    UrlEncoded,
    Variable,
)
from dd_sync.message.words import TRANSITIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One notification: the transition it is about, and the values of the variables.

    variables: by name without braces or brackets: `tenant.name`, `dot.key.name`, `value`, `threshold`;
    times as text under their name and as epoch milliseconds under the name with `_epoch`.
    priority: 1 to 5, None for a monitor without one.
    """

    is_alert: bool = False
    is_warning: bool = False
    is_no_data: bool = False
    is_unknown: bool = False
    is_recovery: bool = False
    is_alert_recovery: bool = False
    is_warning_recovery: bool = False
    is_no_data_recovery: bool = False
    is_alert_to_warning: bool = False
    is_renotify: bool = False
    priority: int | None = None
    variables: Mapping[str, Value] = field(default_factory=dict)


def fill(template: Template, context: Context) -> str:
    """The text of a message for one notification. A variable that is not known shows as nothing."""
    return "".join(_filled(template.parts, context, ()))


def format_number(value: float) -> str:
    """A number as a message shows it: 300, 0.333333, 1234567.

    Whole numbers are whole; others have six significant digits, though never fewer than the integer part
    has. Datadog publishes no rule, this one only keeps noise out.
    """
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if 1e-4 <= abs(value) < 1e15:
        decimals = max(0, 5 - math.floor(math.log10(abs(value))))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.6g}"


def _filled(parts: Sequence[Part], context: Context, within: Path) -> Iterator[str]:
    for part in parts:
        match part:
            case Literal():
                yield part.text
            case Variable():
                text = _text(_value(part, context, within))
                yield html.escape(text) if part.escaped else text
            case Evaluation():
                yield _text(_value(part, context, within))
            case UrlEncoded():
                yield quote(_text(_value(part.variable, context, within)), safe="")
            case LocalTime():
                yield _local_time(part, context)
            case Block():
                yield from _chosen(part, context, within)
            case OverriddenPriority():
                pass


def _chosen(block: Block, context: Context, within: Path) -> Iterator[str]:
    condition = block.condition
    if _holds(condition, context, within) == block.negated:
        return _filled(block.otherwise, context, within)
    if condition.name == "with" and isinstance(condition.subject, Variable):
        return _filled(block.then, context, within + condition.subject.path)
    return _filled(block.then, context, within)


def _text(value: Value | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else format_number(value)


def _value(asked: Variable | Evaluation, context: Context, within: Path) -> Value | None:
    def lookup(path: Path) -> Value | None:
        inner = context.variables.get(".".join(within + path))
        return context.variables.get(".".join(path)) if inner is None else inner

    return evaluate(asked.formula, lookup) if isinstance(asked, Evaluation) else lookup(asked.path)


# --- conditions ------------------------------------------------------------------------------


def _holds(condition: Condition, context: Context, within: Path) -> bool:
    name = condition.name
    if name in TRANSITIONS:
        return bool(getattr(context, name))
    if name == "is_priority" or condition.subject is None:
        return condition.values == (str(context.priority),)
    value = _value(condition.subject, context, within)
    if name == "with" and isinstance(condition.subject, Variable):
        prefix = ".".join((*within, *condition.subject.path, ""))
        return any(known.startswith(prefix) for known in context.variables)
    if name in {"if", "unless"}:
        return value not in {None, "", "false", 0.0}
    # A list, which each would go through, is nothing a metric monitor has.
    if name == "each":
        return False
    # Datadog's own examples name a tag with and without the `.name` that shows it.
    if value is None and isinstance(condition.subject, Variable):
        value = context.variables.get(".".join((*condition.subject.path, "name")))
    compare = _is_match if name == "is_match" else _is_exact_match
    return any(compare(value, wanted) for wanted in condition.values)


def _is_match(value: Value | None, wanted: str) -> bool:
    """Contains, case mattering. The empty string asks whether there is any value."""
    text = _text(value)
    return bool(text) and wanted in text


def _is_exact_match(value: Value | None, wanted: str) -> bool:
    """Equals; numbers by what they are worth, so that 5 is 5.0. The empty string means no value."""
    if _text(value) == wanted:
        return True
    number, other = _number(value), _number(wanted)
    return number is not None and number == other


_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def _number(value: Value | None) -> float | None:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return value


# --- times -----------------------------------------------------------------------------------


def _local_time(part: LocalTime, context: Context) -> str:
    """`2026-03-02 09:00:00+09:00`; nothing for an unknown variable or time zone."""
    name = part.variable.name
    value = context.variables.get(f"{name}_epoch", context.variables.get(name))
    try:
        moment = _moment(value).astimezone(ZoneInfo(part.zone))
    except (ValueError, TypeError, OSError, OverflowError, KeyError):
        return ""
    return moment.isoformat(sep=" ", timespec="seconds")


def _moment(value: Value | None) -> datetime:
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if value is None:
        raise ValueError("no time")
    return datetime.fromtimestamp(value / 1000, UTC)
