"""Monitor options: which values each may have, and which go together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dd_sync.local.http import bad_request, invalid

_MISSING_DATA = ("default", "show_no_data", "show_and_notify_no_data", "resolve")
_PRESETS = (
    "show_all",
    "hide_query",
    "hide_handles",
    "hide_all",
    "hide_query_and_handles",
    "show_only_snapshot",
    "hide_handles_and_footer",
)
_NO_MISSING_DATA = ("service check", "composite", "slo alert")
_LONGEST_NO_DATA = 24 * 60

Test = Callable[[Any], bool]


def whole(least: int, most: int | None = None) -> Test:
    """A whole number, or null, which Datadog keeps as null."""

    def test(value: Any) -> bool:
        if value is None:
            return True
        return (
            isinstance(value, int)
            and not isinstance(value, bool)
            and value >= least
            and (most is None or value <= most)
        )

    return test


def whole_or_digits(value: Any) -> bool:
    """A whole number, or one as Datadog's user interface long exported it: `"0"`."""
    return whole(0)(value) or (isinstance(value, str) and value.isascii() and value.isdigit())


def one_of(*words: str) -> Test:
    return lambda value: value in words


def words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def boolean(value: Any) -> bool:
    return isinstance(value, bool)


def text(value: Any) -> bool:
    return isinstance(value, str)


def mapping(value: Any) -> bool:
    return isinstance(value, dict)


_TESTS: dict[str, Test] = {
    "thresholds": lambda value: value is None or mapping(value),
    "threshold_windows": lambda value: value is None or mapping(value),
    "scheduling_options": lambda value: value is None or mapping(value),
    "silenced": mapping,
    "variables": lambda value: isinstance(value, list),
    "notify_no_data": boolean,
    "notify_audit": boolean,
    "include_tags": boolean,
    "require_full_window": boolean,
    "locked": boolean,
    "enable_logs_sample": lambda value: value is None or boolean(value),
    "enable_samples": boolean,
    "groupby_simple_monitor": boolean,
    "on_missing_data": one_of(*_MISSING_DATA),
    "notification_preset_name": one_of(*_PRESETS),
    "escalation_message": lambda value: value is None or text(value),
    "group_retention_duration": text,
    "no_data_timeframe": whole(0),
    "timeout_h": whole(0),
    # Its user interface long exported one that was never filled in as "".
    "evaluation_delay": lambda value: value == "" or whole(0, 86400)(value),
    "new_group_delay": whole(0),
    "new_host_delay": whole(0),
    "renotify_interval": whole_or_digits,
    "renotify_occurrences": whole(0),
    "renotify_statuses": lambda value: (
        value is None or (words(value) and set(value) <= {"alert", "warn", "no data"})
    ),
    "notify_by": words,
    "min_failure_duration": whole(0, 7200),
    "min_location_failed": whole(1),
}


def check_options(options: Mapping[str, Any], type: str, query: str) -> None:
    """Raises Refused with Datadog's words where they are known. Options nobody documented pass."""
    for name, value in options.items():
        test = _TESTS.get(name)
        if test is not None and not test(value):
            raise invalid(f"options.{name}")
    _check_no_data(options, type)
    _check_missing_data(options, type, query)
    if options.get("renotify_occurrences") and not options.get("renotify_interval"):
        raise bad_request("The renotify_occurrences option can only be used if renotify_interval is set")
    windows = options.get("threshold_windows") or {}
    if len([name for name in ("trigger_window", "recovery_window") if windows.get(name)]) == 1:
        raise invalid("options.threshold_windows", "trigger_window and recovery_window are required together")


def _check_no_data(options: Mapping[str, Any], type: str) -> None:
    minutes = options.get("no_data_timeframe")
    if minutes is None:
        return
    if type == "log alert":
        raise bad_request("The no_data_timeframe option is not allowed for log alert monitors")
    if minutes > _LONGEST_NO_DATA:
        raise bad_request("no_data_timeframe must not exceed group retention")


def _check_missing_data(options: Mapping[str, Any], type: str, query: str) -> None:
    policy = options.get("on_missing_data")
    if policy is None:
        return
    if type in _NO_MISSING_DATA:
        raise bad_request("Invalid monitor option: on_missing_data")
    if policy != "default" and "default_zero(" in query:
        raise bad_request(f"Invalid on_missing_data value: {policy}; valid value is: default")
    if policy == "resolve" and options.get("timeout_h"):
        raise bad_request("Invalid on_missing_data value: resolve; timeout_h must not be set with it")
    if options.get("notify_no_data"):
        # Datadog's exact answer is unknown; its own as-code tools forbid the pair.
        raise bad_request("Invalid monitor option: notify_no_data cannot be used with on_missing_data")


def check_notify_by(options: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """keys: what the query is grouped by."""
    chosen = options.get("notify_by") or []
    if not chosen:
        return
    if not keys or (chosen != ["*"] and not set(chosen) <= set(keys)):
        raise invalid(
            "options.notify_by", "name keys that the query is grouped by, or * for one notification"
        )
