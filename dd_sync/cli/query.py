"""`dd-sync query parse`"""

from __future__ import annotations

import gc
import json
import sys
from json.encoder import encode_basestring_ascii

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.screen import results
from dd_sync.errors import Exit, QueryError
from dd_sync.query.canonical import render
from dd_sync.query.json_text import json_text
from dd_sync.query.queries import parse_query

_OK = '{"ok":true'
EXAMPLES = """\b
Examples:
  dd-sync query parse 'avg(last_5m):avg:system.cpu.user{*} by {host} > 90'
  jq -c '.[] | {type, query}' monitors.json | dd-sync query parse --jsonl
"""


@click.group(epilog=EXAMPLES)
def query() -> None:
    """Read monitor queries as Datadog would."""


@query.command("parse", epilog=EXAMPLES, short_help="Print the canonical text and the nodes, or the mistake.")
@click.argument("text", required=False)
@click.option("--type", "kind", help='The monitor\'s type, such as "log alert"; else the text decides.')
@click.option("--jsonl", is_flag=True, help='Read {"type","query"} from standard input, one per line.')
@common()
def parse(app: App, text: str | None, kind: str | None, jsonl: bool) -> int:
    """Print the canonical text and the nodes of TEXT, or its mistake, as one line of JSON."""
    if jsonl == (text is not None):
        raise click.UsageError("give either TEXT or --jsonl.")
    if text is None:
        return _every_line()
    answer = answer_of(kind, text)
    app.show(answer)
    return Exit.DONE if answer.startswith(_OK) else Exit.WRONG


def _every_line() -> int:
    # Nodes hold no cycles, and looking for some costs a tenth of the time.
    gc.disable()
    failed = False
    try:
        with results() as stdout:
            write, flush = stdout.write, stdout.flush
            for line in sys.stdin.buffer:
                answer = answer_to(line)
                failed = failed or not answer.startswith(_OK)
                write(answer + "\n")
                # Whoever waits for this answer before sending the next line must not wait for ever.
                flush()
    finally:
        gc.enable()
    return Exit.WRONG if failed else Exit.DONE


def answer_to(line: bytes) -> str:
    """The answer to one line of JSON; a line that is no request is a failed one."""
    try:
        request = json.loads(line)
    except ValueError as error:
        column = error.colno if isinstance(error, json.JSONDecodeError) else 1
        return _refusal(column, "the line is not JSON", 'write {"type": "log alert", "query": "…"}')
    except RecursionError:
        return _refusal(1, "the line is nested too deeply", 'write {"type": "log alert", "query": "…"}')
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        return _refusal(1, "the line is no object with a query", 'write {"type": "log alert", "query": "…"}')
    kind = request.get("type")
    return answer_of(kind if isinstance(kind, str) else None, request["query"])


def answer_of(kind: str | None, text: str) -> str:
    """`{"ok": true, "canonical", "ast"}`, or `{"ok": false, "error": {"column", "message", "hint"}}`."""
    try:
        found = parse_query(kind, text)
    except QueryError as error:
        place = error.place
        return _refusal(place.column, error.problem, error.hint, line=place.line)
    return f'{_OK},"canonical":{encode_basestring_ascii(render(found))},"ast":{json_text(found)}}}'


def _refusal(column: int, message: str, hint: str, *, line: int = 1) -> str:
    error = {"column": column, "message": message, "hint": hint}
    if line > 1:
        error["line"] = line
    return json.dumps({"ok": False, "error": error}, separators=(",", ":"))
