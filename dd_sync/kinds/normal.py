"""What of a monitor's options means the same to Datadog: the table in model/options.py, applied.

Measured on recorded API traffic: what Datadog answers after a write differs from what was sent. Without
this every plan would show changes nobody made; with too much of it, a plan would miss real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dd_sync.model.options import OPTIONS, means_absent

Json = dict[str, Any]

# Null is stored as null. Where Datadog would have filled in a value that does something, null differs.
_NULL_COUNTS = frozenset(name for name, option in OPTIONS.items() if option.filled and option.default)


def normal_options(options: Mapping[str, Any]) -> Json:
    """The options without what means nothing: read-only keys, nulls, empty objects, defaults.

    Thresholds need no rule of their own: Datadog answers 2.0 for 2, and both are equal numbers.
    """
    normal: Json = {}
    for name, value in options.items():
        option = OPTIONS.get(name)
        if option is not None and option.read_only:
            continue
        if value is None:
            if name in _NULL_COUNTS:
                normal[name] = None
            continue
        kept = _rule(name)(value)
        if not means_absent(name, kept):
            normal[name] = kept
    return normal


def aligned(declared: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[Json, Json]:
    """Both options, normal: equal exactly when writing the declared ones would change nothing.

    Where one side has a value and the other only what means none, that is put back as it was written, so
    that a difference reads `true -> false` and not `true -> not set`.
    """
    ours, theirs = normal_options(declared), normal_options(live)
    for name in [name for name in theirs if not _is_ours_to_compare(name, declared)]:
        del theirs[name]
    if _schedule_dropped_default(ours, live):
        del ours["on_missing_data"]
    _leave_start_open(ours, theirs)
    _order_variables(ours, theirs)
    for name in ours.keys() ^ theirs.keys():
        side, written = (theirs, live) if name in ours else (ours, declared)
        if name in written:
            side[name] = written[name]
        elif (ours if name in ours else theirs)[name] is None:
            side[name] = OPTIONS[name].default
    return ours, theirs


def unknown_options(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The options that the table does not know: Datadog's of tomorrow."""
    return tuple(name for name in options if name not in OPTIONS)


def _is_ours_to_compare(name: str, declared: Mapping[str, Any]) -> bool:
    """What Datadog adds by itself, and options nobody knows yet, are compared where they are declared."""
    option = OPTIONS.get(name)
    return declared.get(name) is not None or (option is not None and not option.injected)


def _schedule_dropped_default(ours: Json, live: Mapping[str, Any]) -> bool:
    """With a custom schedule, Datadog was seen to leave the default of on_missing_data out of its answer."""
    return (
        ours.get("on_missing_data") == "default"
        and "on_missing_data" not in live
        and bool(_recurrences(ours))
    )


def _leave_start_open(ours: Json, theirs: Json) -> None:
    """A recurrence sent without a start begins at the moment it was created: that is no difference."""
    mine, other = _recurrences(ours), _recurrences(theirs)
    if len(mine) == len(other):
        for our, their in zip(mine, other, strict=True):
            if "start" not in our:
                their.pop("start", None)


def _recurrences(options: Json) -> list[Json]:
    found: Any = options
    for name in ("scheduling_options", "custom_schedule", "recurrences"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, list) and all(isinstance(item, dict) for item in found) else []


def _order_variables(ours: Json, theirs: Json) -> None:
    """A formula names its queries, so their order means nothing: the live ones follow the declared."""
    names, others = _names(ours), _names(theirs)
    if names and names != others and sorted(names) == sorted(others):
        by_name = dict(zip(others, theirs["variables"], strict=True))
        theirs["variables"] = [by_name[name] for name in names]


def _names(options: Json) -> list[str]:
    """The names of the variables; none unless each has one of its own."""
    variables = options.get("variables")
    if not isinstance(variables, list) or not all(isinstance(item, dict) for item in variables):
        return []
    names = [item.get("name") for item in variables]
    texts = [name for name in names if isinstance(name, str)]
    return texts if len(set(texts)) == len(names) else []


def _without_nulls(value: Any) -> Any:
    """Null members and empty objects inside an option are not kept by Datadog."""
    if isinstance(value, Mapping):
        inner = {key: _without_nulls(item) for key, item in value.items() if item is not None}
        return {key: item for key, item in inner.items() if item != {}}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(item) for item in value]
    return value


def _variables(value: Any) -> Any:
    """A query that is grouped by nothing is not grouped."""
    value = _without_nulls(value)
    if not isinstance(value, list):
        return value
    return [_ungrouped(item) if isinstance(item, dict) else item for item in value]


def _ungrouped(variable: Json) -> Json:
    return {key: item for key, item in variable.items() if key != "group_by" or item != []}


def _scheduling(value: Any) -> Any:
    """A cumulative window begins in UTC unless it says otherwise."""
    value = _without_nulls(value)
    window = value.get("evaluation_window") if isinstance(value, dict) else None
    if not isinstance(window, dict) or window.get("timezone") != "UTC":
        return value
    return {**value, "evaluation_window": {key: item for key, item in window.items() if key != "timezone"}}


def _as_set(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return _without_nulls(value)
    kept: list[Any] = []
    for item in sorted(value, key=str):
        if item not in kept:
            kept.append(item)
    return kept


def _trimmed(value: Any) -> Any:
    return value.rstrip() if isinstance(value, str) else _without_nulls(value)


_RULES: Mapping[str, Callable[[Any], Any]] = {
    "escalation_message": _trimmed,
    "scheduling_options": _scheduling,
    "variables": _variables,
}


def _rule(name: str) -> Callable[[Any], Any]:
    option = OPTIONS.get(name)
    if option is not None and option.kind == "set":
        return _as_set
    return _RULES.get(name, _without_nulls)
