"""Thresholds against the query and against each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dd_sync.local.http import bad_request, invalid

NAMES = ("critical", "critical_recovery", "warning", "warning_recovery", "ok", "unknown")
_QUERIES = ("critical_query", "critical_recovery_query")
_COMPARISON = re.compile(r"(>=|<=|==|!=|>|<)\s*(-?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*$")
_LAST = re.compile(r"\.last\(\s*\"?(\d+)\"?\s*\)")
_SHARE = re.compile(r"\.pct_by_status\(\s*\)")

Comparison = tuple[str, float]


def comparison_of(query: str) -> Comparison | None:
    """The comparator and the number at the query's end."""
    found = _COMPARISON.search(query)
    if found is None:
        return None
    try:
        return found[1], float(found[2])
    except ValueError:
        return None


def check_thresholds(sent: Mapping[str, Any], type: str, query: str) -> None:
    """sent: `options.thresholds`. Raises Refused with Datadog's words where they are known."""
    thresholds = {name: value for name, value in sent.items() if value is not None}
    _check_names(thresholds, type)
    for name, value in thresholds.items():
        if not (isinstance(value, str) if name in _QUERIES else _is_number(value)):
            raise invalid(f"options.thresholds.{name}")
    if not thresholds:
        return
    if type == "service check":
        _check_last(thresholds, query)
        return
    if "critical" not in thresholds and not set(_QUERIES) & set(thresholds):
        raise bad_request("Alert status is required.")
    comparison = comparison_of(query)
    if comparison is not None and "critical" in thresholds:
        _check_order(thresholds, *comparison)


def _is_number(value: Any) -> bool:
    # Whole numbers of JSON have no bound, floats do.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _check_names(thresholds: Mapping[str, Any], type: str) -> None:
    for name in thresholds:
        if name not in NAMES and name not in _QUERIES:
            raise bad_request(f"Invalid threshold statuses found: {name[:40]}.")
    refused: set[str] = set()
    if type == "event-v2 alert":
        refused |= {"critical_recovery", "warning_recovery"}
    # `ok` and `unknown` say nothing to other types, and Datadog keeps them.
    refused |= set(_QUERIES) if type == "service check" else set()
    if "warning" not in thresholds:
        refused |= {"warning_recovery"}
    found = [name for name in (*NAMES, *_QUERIES) if name in thresholds and name in refused]
    if found:
        raise bad_request(f"Invalid threshold statuses found: {', '.join(found)}.")


def _check_last(thresholds: Mapping[str, Any], query: str) -> None:
    # The thresholds of a cluster's check are percentages, not runs.
    last = None if _SHARE.search(query) else _LAST.search(query)
    if last is not None and int(last[1]) < max(thresholds.values()):
        raise bad_request(
            "Last field should be larger than or equal to max threshold defined in monitor options"
        )


def _check_order(thresholds: Mapping[str, Any], comparator: str, number: float) -> None:
    critical = float(thresholds["critical"])
    if critical != number:
        raise bad_request(f"Alert threshold ({critical}) does not match that used in the query ({number}).")
    # With < all sides are mirrored; == and != have none.
    side = {">": 1.0, "<": -1.0}.get(comparator[0])
    if side is None:
        return
    warning = thresholds.get("warning")
    if warning is not None and side * warning >= side * critical:
        order = "less" if side > 0 else "greater"
        raise bad_request(
            f"Warning threshold ({float(warning)}) must be {order} than the alert threshold ({critical})"
            f" with {comparator} comparison."
        )
    _check_recovery(thresholds, "critical", "alert", side)
    _check_recovery(thresholds, "warning", "warning", side)


def _check_recovery(thresholds: Mapping[str, Any], name: str, state: str, side: float) -> None:
    recovery = thresholds.get(f"{name}_recovery")
    if recovery is not None and side * recovery > side * thresholds[name]:
        raise bad_request(
            f"{state} and {state} recovery criteria are such that the monitor can be simultaneously in"
            f" {state} and {state} recovery states"
        )
