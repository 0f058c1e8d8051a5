"""A notification message as a template of Prometheus, as far as both can say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from dd_sync.errors import TemplateError
from dd_sync.message.nodes import Block, Condition, Part, Variable
from dd_sync.message.nodes import Literal as Text
from dd_sync.message.parser import parse
from dd_sync.message.tools import handles
from dd_sync.promql.matchers import label_name

Severity = Literal["critical", "warning", "nodata"]
_TRUE: Mapping[Severity, str] = {"critical": "is_alert", "warning": "is_warning", "nodata": "is_no_data"}
_STATES = re.compile(r"is_(alert|warning|no_data|unknown|recovery|renotify|\w+_recovery|alert_to_warning)\Z")


def translated(message: str, severity: Severity, numbers: Mapping[str, float]) -> tuple[str, tuple[str, ...]]:
    """The text for one severity, and whom it tells there.

    Blocks about the state are decided, since a rule has one; variables of the group and the value become
    labels and `$value`; thresholds are numbers (numbers: by their names in a message). What has no
    counterpart is left out as `…`. Handles are no text here, and are given apart.
    """
    try:
        parts = parse(message).parts
    except TemplateError:
        return "", ()
    text = "".join(_part(part, severity, numbers) for part in parts)
    told = handles(text)
    for handle in told:
        text = text.replace(handle, "")
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), told


def _parts(parts: Sequence[Part], severity: Severity, numbers: Mapping[str, float]) -> str:
    return "".join(_part(part, severity, numbers) for part in parts)


def _part(part: Part, severity: Severity, numbers: Mapping[str, float]) -> str:
    match part:
        case Text(text=text):
            # Only raw text can have braces here, and Go would read them.
            return text.replace("{{", '{{ "{{" }}')
        case Variable():
            return _variable(part, numbers)
        case Block():
            return _block(part, severity, numbers)
    return "…"


def _variable(variable: Variable, numbers: Mapping[str, float]) -> str:
    if variable.path == ("value",):
        return "{{ $value }}"
    if variable.name in numbers:
        return f"{numbers[variable.name]:g}"
    label = _label(variable)
    return f"{{{{ $labels.{label} }}}}" if label else "…"


def _label(variable: Variable | None) -> str | None:
    """`tenant.name` is the label `tenant`."""
    path = variable.path if variable is not None else ()
    return label_name(".".join(path[:-1])) if len(path) > 1 and path[-1] == "name" else None


def _block(block: Block, severity: Severity, numbers: Mapping[str, float]) -> str:
    condition = block.condition
    if _STATES.match(condition.name):
        holds = (condition.name == _TRUE[severity]) != block.negated
        return _parts(block.then if holds else block.otherwise, severity, numbers)
    test = _test(condition)
    if test is None:
        return "…"
    then = _parts(block.then, severity, numbers)
    otherwise = _parts(block.otherwise, severity, numbers)
    first, second = (otherwise, then) if block.negated else (then, otherwise)
    return f"{{{{ if {test} }}}}{first}{{{{ else }}}}{second}{{{{ end }}}}"


def _test(condition: Condition) -> str | None:
    subject = condition.subject
    label = _label(subject) if isinstance(subject, Variable) else None
    if label is None or not condition.values:
        return None
    if condition.name == "is_exact_match":
        tests = [f"(eq $labels.{label} {json.dumps(value)})" for value in condition.values]
    elif condition.name == "is_match":
        literal = (re.sub(r"([.+*?^$|(){}\[\]\\])", r"\\\1", value) for value in condition.values)
        tests = [f"(match {json.dumps(pattern)} $labels.{label})" for pattern in literal]
    else:
        return None
    return tests[0] if len(tests) == 1 else f"or {' '.join(tests)}"
