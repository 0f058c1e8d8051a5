"""`dd-sync normalise`"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import DdSyncError, Exit, RequestError

EXAMPLES = """\b
Examples:
  dd-sync normalise --jsonl < pairs.jsonl
  echo '{"request": {"name": "a"}, "live": {"name": "a "}}' | dd-sync normalise --jsonl
"""

_FORM = 'write each line as {"request": {...}, "live": {...}}, a request body and what Datadog answers'


@click.command(epilog=EXAMPLES)
@click.option("--jsonl", is_flag=True, required=True, help="Read one JSON object per line from stdin.")
@common()
def normalise(app: App, jsonl: bool) -> int:
    """Tell real changes from what Datadog rewrites.

    Each line holds a monitor as it was written and as Datadog answers it: {"request": …, "live": …}. For
    each, prints what a plan would change, an empty list where nothing real differs. A field that the
    request does not name keeps its value; options, if sent, replace all there are.
    Exits with 1 if a line could not be read.
    """
    failed = False
    for line in sys.stdin.buffer:
        try:
            answer: dict[str, Any] = {"changes": _changes(*_pair(line))}
        except DdSyncError as error:
            failed = True
            answer = {"error": {"message": error.problem, "hint": error.hint}}
        # In ASCII, since a JSON text may hold what no encoding can write.
        app.show(json.dumps(answer, separators=(",", ":")))
    return Exit.WRONG if failed else Exit.DONE


def _changes(request: Mapping[str, Any], live: Mapping[str, Any]) -> list[dict[str, Any]]:
    from dd_sync.kinds.monitor import compared
    from dd_sync.model.monitor import Monitor
    from dd_sync.plan.diff import field_changes

    try:
        ours, theirs = compared(Monitor.from_json({**live, **request}), Monitor.from_json(live))
        changes = field_changes(ours, theirs) if ours != theirs else ()
    except RecursionError:
        raise RequestError("the monitor is nested too deeply", hint=_FORM) from None
    return [{"path": change.path, "live": change.before, "declared": change.after} for change in changes]


def _pair(line: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        pair = json.loads(line, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise RequestError("the line is not JSON", hint=_FORM) from None
    if not isinstance(pair, dict):
        raise RequestError("the line is not an object", hint=_FORM)
    return _monitor(pair, "request"), _monitor(pair, "live")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _monitor(pair: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    monitor = pair.get(side)
    if not isinstance(monitor, dict):
        raise RequestError(f"'{side}' is not an object", hint=_FORM)
    for name, form, words in _FORMS:
        value = monitor.get(name)
        if value is not None and not isinstance(value, form):
            raise RequestError(f"'{side}.{name}' is not {words}", hint="write it as Datadog's API has it")
    if not all(isinstance(asset, dict) for asset in monitor.get("assets") or ()):
        raise RequestError(f"'{side}.assets' holds what is not an object", hint="write each as an object")
    return monitor


_FORMS: tuple[tuple[str, type | tuple[type, ...], str], ...] = (
    ("type", str, "a text"),
    ("query", str, "a text"),
    ("name", str, "a text"),
    ("message", str, "a text"),
    ("draft_status", str, "a text"),
    ("tags", list, "a list"),
    ("restricted_roles", list, "a list"),
    ("assets", list, "a list"),
    ("options", dict, "an object"),
    ("priority", (int, float), "a number"),
)
