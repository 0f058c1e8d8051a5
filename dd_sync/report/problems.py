"""Problems for people and for machines: text with carets, JSON, GitHub annotations, SARIF."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from dd_sync import __version__
from dd_sync.errors import Problem, Severity
from dd_sync.text import pointed_at, printable

_WIDEST = 110


def as_text(problems: Iterable[Problem]) -> str:
    """One paragraph each: place, problem, source line with carets, hint. Styled; strip where not wanted."""
    return "\n".join(_paragraph(problem) for problem in problems)


def _paragraph(problem: Problem) -> str:
    colour = "red" if problem.is_error else "yellow"
    head = click.style(f"{problem.severity}[{problem.rule}]", fg=colour, bold=True)
    place = f"{click.style(str(problem.where), bold=True)}: " if problem.where else ""
    lines = [f"{place}{head}: {printable(problem.problem)}"]
    margin = ""
    if problem.where and problem.source is not None:
        number = str(problem.where.line)
        margin = " " * len(number)
        line, before, length = pointed_at(problem.source, problem.where.column, problem.where.length, _WIDEST)
        lines.append(f"{number} | {line}".rstrip())
        lines.append(f"{margin} | {' ' * before}{click.style('^' * length, fg=colour)}")
    if problem.hint:
        lines.append(f"{margin}{' ' if margin else '  '}= {printable(problem.hint)}")
    return "\n".join(lines)


def summary(problems: Iterable[Problem], monitors: int) -> str:
    found = tuple(problems)
    errors = sum(p.is_error for p in found)
    counts = f"{_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}"
    return f"{_count(monitors, 'monitor')} checked: {counts}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def as_json(problems: Iterable[Problem], monitors: int) -> str:
    """`{"monitors", "errors", "warnings", "problems": […]}`; places are null where there is none."""
    found = tuple(problems)
    errors = sum(p.is_error for p in found)
    answer = {
        "monitors": monitors,
        "errors": errors,
        "warnings": len(found) - errors,
        "problems": [_object(problem) for problem in found],
    }
    return json.dumps(answer, indent=2, ensure_ascii=False)


def _object(problem: Problem) -> dict[str, Any]:
    where = problem.where
    return {
        "rule": problem.rule,
        "severity": str(problem.severity),
        "file": where.file if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "length": where.length if where else None,
        "problem": problem.problem,
        "hint": problem.hint,
    }


def as_github(problems: Iterable[Problem]) -> str:
    """Workflow commands that GitHub shows as annotations beside the lines of a pull request."""
    return "\n".join(_annotation(problem) for problem in problems)


def _annotation(problem: Problem) -> str:
    where = problem.where
    properties = {"title": problem.rule}
    if where:
        properties = {
            "file": where.file,
            "line": str(where.line),
            "col": str(where.column),
            "endColumn": str(where.column + where.length),
            **properties,
        }
    listed = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    text = problem.problem + (f"\n{problem.hint}" if problem.hint else "")
    return f"::{problem.severity} {listed}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def as_sarif(problems: Iterable[Problem]) -> str:
    """SARIF 2.1.0, for code scanning."""
    found = tuple(problems)
    rules = sorted({problem.rule for problem in found})
    run = {
        "tool": {
            "driver": {"name": "dd-sync", "version": __version__, "rules": [{"id": rule} for rule in rules]}
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem) for problem in found],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


def _result(problem: Problem) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "level": "error" if problem.severity is Severity.ERROR else "warning",
        "message": {"text": problem.problem + (f" ({problem.hint})" if problem.hint else "")},
    }
    if problem.where:
        where = problem.where
        region = {
            "startLine": where.line,
            "startColumn": where.column,
            "endColumn": where.column + where.length,
        }
        result["locations"] = [
            {"physicalLocation": {"artifactLocation": {"uri": where.file}, "region": region}}
        ]
    return result
