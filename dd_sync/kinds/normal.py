"""What of a monitor's options means the same to Datadog, as one table with reasons.

Measured on recorded API traffic: what Datadog answers after a write differs from what was sent. Without
this table every plan would show changes nobody made; with too much in it, a plan would miss real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]

# Absent means this value, so this value means absent.
DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    # Filled in by Datadog when they are not sent.
    "notify_audit": (False,),
    "include_tags": (True,),
    "new_host_delay": (300,),
    "notify_no_data": (False,),
    "groupby_simple_monitor": (False,),
    "locked": (False,),
    # Kept as they are sent, but the API's reference gives them as what absence means.
    "require_full_window": (False,),
    "enable_logs_sample": (False,),
    "enable_samples": (False,),
    "notification_preset_name": ("show_all",),
    "renotify_interval": (0,),  # 0 switches it off
    "timeout_h": (0,),  # 0 means never
    "escalation_message": ("",),
    "renotify_statuses": ([],),
    "notify_by": ([],),
}

# Written by Datadog alone, or by mutes of the old API: never ours to compare.
READ_ONLY = frozenset({"silenced", "device_ids", "synthetics_check_id"})

# Compared only where the declared monitor has it: undocumented, injected for some types.
INJECTED = frozenset({"avalanche_window"})

# Lists whose order means nothing.
UNORDERED = frozenset({"renotify_statuses", "notify_by"})

# Trailing white space is cut by Datadog on every write.
TRIMMED = frozenset({"escalation_message"})

# Null is stored as null, and differs from being absent, where absence is filled in with another value.
_NULL_COUNTS = frozenset({"new_host_delay"})


def normal_options(options: Mapping[str, Any]) -> Json:
    """The options without what means nothing: read-only keys, nulls, empty objects, defaults.

    Thresholds need no rule of their own: Datadog answers 2.0 for 2, and both are equal numbers.
    """
    normal: Json = {}
    for name, value in options.items():
        if name in READ_ONLY:
            continue
        if value is None:
            if name in _NULL_COUNTS:
                normal[name] = None
            continue
        kept = _RULES.get(name, _without_nulls)(value)
        # A custom schedule drops the default of on_missing_data from the answer.
        if not _means_absent(name, kept) and not (
            name == "on_missing_data" and kept == "default" and has_schedule(options)
        ):
            normal[name] = kept
    return normal


def has_schedule(options: Mapping[str, Any]) -> bool:
    scheduling = options.get("scheduling_options")
    return isinstance(scheduling, Mapping) and bool(scheduling.get("custom_schedule"))


def align(declared: Json, live: Json) -> Json:
    """The live options without what Datadog filled in because the declared ones left it open."""
    live = {name: value for name, value in live.items() if name in declared or name not in INJECTED}
    ours, theirs = _recurrences(declared), _recurrences(live)
    if not theirs or len(ours) != len(theirs):
        return live
    started = [
        their if "start" in our else {name: value for name, value in their.items() if name != "start"}
        for our, their in zip(ours, theirs, strict=True)
    ]
    scheduling = live["scheduling_options"]
    schedule = {**scheduling["custom_schedule"], "recurrences": started}
    return {**live, "scheduling_options": {**scheduling, "custom_schedule": schedule}}


def _recurrences(options: Json) -> list[Json]:
    """The custom schedule's recurrences; their start is the moment of creation if it was not sent."""
    scheduling = options.get("scheduling_options")
    schedule = scheduling.get("custom_schedule") if isinstance(scheduling, dict) else None
    recurrences = schedule.get("recurrences") if isinstance(schedule, dict) else None
    if not isinstance(recurrences, list) or not all(isinstance(item, dict) for item in recurrences):
        return []
    return recurrences


def _means_absent(name: str, value: Any) -> bool:
    if value == {}:
        return True
    # 0 == False in Python, but a number where a flag belongs is a difference worth showing.
    return any(value == default and type(value) is type(default) for default in DEFAULTS.get(name, ()))


def _without_nulls(value: Any) -> Any:
    """Null members and empty objects inside an option are not kept by Datadog."""
    if isinstance(value, Mapping):
        inner = {key: _without_nulls(item) for key, item in value.items() if item is not None}
        return {key: item for key, item in inner.items() if item != {}}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(item) for item in value]
    return value


def _sorted(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, (list, tuple)) else value


def _trimmed(value: Any) -> Any:
    return value.rstrip() if isinstance(value, str) else value


_RULES: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(UNORDERED, _sorted),
    **dict.fromkeys(TRIMMED, _trimmed),
}
