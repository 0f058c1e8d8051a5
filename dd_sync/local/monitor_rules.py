"""Which monitors Datadog accepts; the validate endpoints, create and update ask the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dd_sync.errors import QueryError
from dd_sync.local.http import bad_request, invalid
from dd_sync.local.option_rules import check_notify_by, check_options, whole, words
from dd_sync.local.threshold_rules import check_thresholds
from dd_sync.query.parser import parse
from dd_sync.query.tools import group_keys, is_metric_query

TYPES = frozenset(
    (
        "audit alert",
        "ci-pipelines alert",
        "ci-tests alert",
        "composite",
        "cost alert",
        "data-jobs alert",
        "data-quality alert",
        "database-monitoring alert",
        "error-tracking alert",
        "event-v2 alert",
        "llm-observability alert",
        "log alert",
        "metric alert",
        "network-path alert",
        "network-performance alert",
        "process alert",
        "query alert",
        "rum alert",
        "service check",
        "slo alert",
        "trace-analytics alert",
    )
)
# Made elsewhere or retired: they can be read, never created.
_NOT_CREATED = ("synthetics alert", "event alert")
_METRIC = frozenset(("metric alert", "query alert"))
_NO_COMPARATOR = ("composite", "service check", "process alert")
_MOST_TAGS = 80
_MOST_PARTS = 10
_LONGEST_QUERY = 100_000
_COMPOSITE = re.compile(r"\s*(?:(\d+)|(&&|\|\||!|\(|\))|(\S))")

# monitor id -> its type, None if there is no such monitor
TypeOf = Callable[[int], str | None]


def check_monitor(body: Mapping[str, Any], type_of: TypeOf) -> None:
    """Raises Refused with the first thing wrong, in Datadog's words where they are known."""
    _check_fields(body)
    kind, query = str(body["type"]), str(body["query"])
    options = body.get("options") or {}
    check_options(options, kind, query)
    if kind == "composite":
        _check_composite(query, type_of)
        return
    keys = _check_query(kind, query)
    check_thresholds(options.get("thresholds") or {}, kind, query)
    if keys is not None:
        check_notify_by(options, keys)


def check_type_change(before: str, after: str) -> None:
    if before != after and not {before, after} <= _METRIC:
        raise invalid("type", f"a {before} monitor cannot become a {after} one; create a new monitor")


def composite_parts(query: str) -> tuple[int, ...]:
    """The monitor ids a composite's query names, each once, in order."""
    return tuple(dict.fromkeys(int(number) for number in re.findall(r"\d{1,18}", query)))


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "name": lambda value: value is None or isinstance(value, str),
    "message": lambda value: value is None or isinstance(value, str),
    "tags": lambda value: value is None or (words(value) and len(value) <= _MOST_TAGS),
    "priority": whole(0, 5),
    "options": lambda value: value is None or isinstance(value, dict),
    "restricted_roles": lambda value: value is None or words(value),
    "draft_status": lambda value: value in (None, "draft", "published"),
    "assets": lambda value: (
        value is None or (isinstance(value, list) and all(isinstance(a, dict) for a in value))
    ),
}


def _check_fields(body: Mapping[str, Any]) -> None:
    for name in ("type", "query"):
        if not isinstance(body.get(name), str) or not body[name].strip():
            raise invalid(name, "it is required" if body.get(name) is None else "")
    if len(body["query"]) > _LONGEST_QUERY:
        raise invalid("query", f"longer than {_LONGEST_QUERY} characters")
    if body["type"] not in TYPES:
        raise invalid("type", "such monitors are not created here" if body["type"] in _NOT_CREATED else "")
    for name, test in _FIELDS.items():
        if not test(body.get(name)):
            raise invalid(name)


def _check_query(type: str, query: str) -> tuple[str, ...] | None:
    """The keys a metric query is grouped by; None for a form whose grammar is not read here."""
    if type not in _NO_COMPARATOR and not re.search(r"[<>=]", query):
        raise bad_request("The value provided for parameter 'query' is invalid: invalid operator specified: ")
    if not is_metric_query(type, query):
        return None
    try:
        return group_keys(parse(query))
    except QueryError as error:
        raise invalid("query", f"{error.problem} at column {error.place.column}") from None


def _check_composite(query: str, type_of: TypeOf) -> None:
    _check_formula(query)
    parts = composite_parts(query)
    if len(parts) > _MOST_PARTS:
        raise invalid("query", f"more than {_MOST_PARTS} monitors")
    if any(type_of(part) in (None, "composite") for part in parts):
        raise bad_request("Some monitor IDs are invalid")


def _check_formula(query: str) -> None:
    """`1 && (2 || !3)`: operands and operators take turns, and every parenthesis is closed."""
    depth, operand_next = 0, True
    for number, operator, other in _COMPOSITE.findall(query.rstrip()):
        opens = bool(number) or operator in ("!", "(")
        if other or len(number) > 18 or opens != operand_next:
            raise invalid("query")
        depth += (operator == "(") - (operator == ")")
        operand_next = operator in ("!", "(", "&&", "||")
        if depth < 0:
            raise invalid("query")
    if depth or operand_next:
        raise invalid("query")
