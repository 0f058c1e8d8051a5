"""Questions asked of a message: which variables it uses, and whom it tells."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dd_sync.message.formula import Applied, Formula, Name, Operation
from dd_sync.message.nodes import (
    Block,
    Evaluation,
    Literal,
    LocalTime,
    OverriddenPriority,
    Part,
    Path,
    Span,
    Template,
    UrlEncoded,
    Variable,
)

# `@http.status_code:500` is a facet of a search that the message quotes, and nobody's name.
_FACET = r"(?!all:|here:|pagerduty:)[\w.]+:[^\s.,;:)]"
# At the start, after white space, or after a tag. Ends at white space, or at the inputs of a workflow.
_HANDLE = re.compile(rf"(?:(?<!\S)|(?<=\}}\}}))@(?!{_FACET})(?:\{{\{{[^{{}}]*\}}\}}|[^\s(])+")
_TRAILING = ".,;:!?)]>\"'`*"


@dataclass(frozen=True, slots=True)
class VariableUse:
    """A variable a message shows or asks about.

    name: as in `{{tenant.name}}`, brackets removed; path: its parts, a bracketed one whole;
    span: offsets in the message; compared: whether only a condition asks about it.
    """

    name: str
    path: Path
    span: Span
    compared: bool = False


@dataclass(frozen=True, slots=True)
class HandleUse:
    """A handle with its `@`, such as `@slack-risk` or `@slack-{{service.name}}`.

    span: offsets in the message; conditions: those of the blocks around it, outermost first, as written
    but with `not ` before a negated one.
    """

    handle: str
    span: Span
    conditions: tuple[str, ...]


def handles(text: str) -> tuple[str, ...]:
    """Whom a filled message tells: its handles, each once, in the order of the text."""
    return tuple(dict.fromkeys(_trimmed(match[0]) for match in _HANDLE.finditer(text) if _trimmed(match[0])))


def _trimmed(handle: str) -> str:
    found = handle.rstrip(_TRAILING)
    return found if found != "@" else ""


# --- variables -------------------------------------------------------------------------------


def variables_in(template: Template) -> tuple[VariableUse, ...]:
    """Every use of a variable, in the order of the text."""
    return tuple(_variables(template.parts, ()))


def _variables(parts: Sequence[Part], within: Path) -> Iterator[VariableUse]:
    for part in parts:
        match part:
            case Variable():
                yield _use(part, within)
            case Evaluation():
                yield from _evaluated(part, within)
            case LocalTime() | UrlEncoded():
                yield _use(part.variable, within)
            case Block():
                yield from _in_block(part, within)
            case Literal() | OverriddenPriority():
                pass


def _use(variable: Variable, within: Path, *, compared: bool = False) -> VariableUse:
    path = within + variable.path
    return VariableUse(".".join(path), path, variable.span, compared)


def _evaluated(part: Evaluation, within: Path, *, compared: bool = False) -> Iterator[VariableUse]:
    for name in _names(part.formula):
        path = within + name.path
        yield VariableUse(".".join(path), path, part.span, compared)


def _names(formula: Formula) -> Iterator[Name]:
    match formula:
        case Name():
            yield formula
        case Operation():
            yield from _names(formula.left)
            yield from _names(formula.right)
        case Applied():
            for argument in formula.arguments:
                yield from _names(argument)


def _in_block(block: Block, within: Path) -> Iterator[VariableUse]:
    subject = block.condition.subject
    inner = within
    if isinstance(subject, Evaluation):
        yield from _evaluated(subject, within, compared=True)
    elif subject is not None:
        yield _use(subject, within, compared=True)
        # with and each make their subject the place where names are looked up.
        inner = within + subject.path if block.condition.name in {"with", "each"} else within
    yield from _variables(block.then, inner)
    yield from _variables(block.otherwise, within)


# --- handles ---------------------------------------------------------------------------------


def handles_in(template: Template) -> tuple[HandleUse, ...]:
    """Every handle a message may tell, with the conditions under which it does."""
    return tuple(_handles(template.source, template.parts, ()))


def _handles(source: str, parts: Sequence[Part], conditions: tuple[str, ...]) -> Iterator[HandleUse]:
    run: list[Part] = []
    for part in parts:
        if not isinstance(part, Block):
            run.append(part)
            continue
        yield from _handles_of_run(source, run, conditions)
        run = []
        text = part.condition.text
        # A block of `unless` is negated as it stands, without a ^.
        negated = part.negated != (part.condition.name == "unless")
        yes, no = (f"not {text}", text) if negated else (text, f"not {text}")
        yield from _handles(source, part.then, (*conditions, yes))
        yield from _handles(source, part.otherwise, (*conditions, no))
    yield from _handles_of_run(source, run, conditions)


def _handles_of_run(source: str, run: Sequence[Part], conditions: tuple[str, ...]) -> Iterator[HandleUse]:
    """Handles in text and variables that follow each other; a variable may be part of a handle."""
    pieces, starts, origins, length = [], [], [], 0
    for part in run:
        text = part.text if isinstance(part, Literal) else _as_variable(source, part)
        pieces.append(text)
        starts.append(length)
        origins.append(part)
        length += len(text)
    for match in _HANDLE.finditer("".join(pieces)):
        handle = _trimmed(match[0])
        if not handle:
            continue
        ends = []
        for offset in (match.start(), match.start() + len(handle) - 1):
            index = bisect_right(starts, offset) - 1
            ends.append((origins[index], offset - starts[index]))
        (first, begin), (last, close) = ends
        end = last.span[0] + close + 1 if isinstance(last, Literal) else last.span[1]
        yield HandleUse(handle, (first.span[0] + begin, end), conditions)


def _as_variable(source: str, part: Part) -> str:
    inside = source[part.span[0] : part.span[1]].strip("{}")
    return "{{" + "".join(inside.split()) + "}}"
