"""Every monitor type and option of Datadog's, as one table: the catalog, the checks, the JSON Schema, the
comparison with what is live, and docs/options.md read it.

Sources: Datadog's API reference, and recorded API traffic. Where neither says what Datadog does, the table
allows it: a wrong refusal would be worse than a late one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

METRIC_TYPES = frozenset({"query alert", "metric alert"})

# The type and what its query is about.
TYPES: Mapping[str, str] = {
    "audit alert": "audit trail events",
    "ci-pipelines alert": "CI pipelines",
    "ci-tests alert": "CI tests",
    "composite": "the states of other monitors",
    "cost alert": "cloud cost",
    "data-jobs alert": "runs of data jobs",
    "data-quality alert": "data quality",
    "database-monitoring alert": "database queries",
    "error-tracking alert": "error tracking issues",
    "event-v2 alert": "events",
    "llm-observability alert": "LLM observability",
    "log alert": "logs",
    "metric alert": "metrics; Datadog may answer it for a `query alert`, and the other way round",
    "network-path alert": "network paths",
    "network-performance alert": "network flows",
    "process alert": "live processes",
    "query alert": "metrics",
    "rum alert": "real user monitoring",
    "service check": "the statuses of a service check",
    "slo alert": "an SLO's error budget or burn rate",
    "trace-analytics alert": "spans",
}
# Types that Datadog answers with, and that cannot be created through the monitor API.
FOREIGN_TYPES: Mapping[str, str] = {
    "event alert": "Datadog has retired it; use 'event-v2 alert'",
    "synthetics alert": "Datadog makes these with their synthetic test; declare the test there",
}

EVENT_TYPES = frozenset(
    {
        "audit alert",
        "ci-pipelines alert",
        "ci-tests alert",
        "database-monitoring alert",
        "error-tracking alert",
        "event-v2 alert",
        "llm-observability alert",
        "log alert",
        "network-path alert",
        "network-performance alert",
        "rum alert",
        "trace-analytics alert",
    }
)
_EVERY = frozenset({*TYPES, *FOREIGN_TYPES})
_SYNTHETICS = frozenset({"synthetics alert"})
_FORMULAS = EVENT_TYPES | METRIC_TYPES | {"cost alert", "data-jobs alert", "data-quality alert"}

Kind = Literal["flag", "whole", "text", "choice", "set", "list", "object"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a monitor, `options.<name>` in a request.

    kind: its JSON type; `set` is a list of texts whose order means nothing. unit: of a number. least, most:
    bounds of a number, both allowed. advised: the most by the reference, where live monitors have more.
    choices: of a choice, or of a set's members. types: the monitor types that use it; others are not known
    to. refused: types for which Datadog answers 400. default: what absence means, None where it means only
    that. filled: Datadog writes the default into its answer. read_only: written by Datadog alone. injected:
    Datadog adds it by itself, with values that follow no known rule.
    """

    name: str
    kind: Kind
    note: str
    unit: str = ""
    least: int | None = None
    most: int | None = None
    advised: int | None = None
    choices: tuple[str, ...] = ()
    types: frozenset[str] = _EVERY
    refused: frozenset[str] = frozenset()
    default: Any = None
    filled: bool = False
    read_only: bool = False
    injected: bool = False
    deprecated: bool = False


def _table(options: Iterable[Option]) -> Mapping[str, Option]:
    return {option.name: option for option in options}


OPTIONS: Mapping[str, Option] = _table(
    (
        # --- when it alerts ---
        Option(
            name="thresholds",
            kind="object",
            types=_EVERY - _SYNTHETICS - {"composite"},
            note="`critical` is the number of the query; which keys there are depends on the type",
        ),
        Option(
            name="threshold_windows",
            kind="object",
            types=METRIC_TYPES,
            note="`trigger_window` and `recovery_window` of an anomaly query, both or neither",
        ),
        Option(
            name="require_full_window",
            kind="flag",
            # Metric monitors alone use it, but Terraform writes it into every type.
            default=False,
            note="a window with a gap is not evaluated; metric monitors only",
        ),
        Option(
            name="evaluation_delay",
            kind="whole",
            unit="seconds",
            least=0,
            most=86400,
            types=METRIC_TYPES | EVENT_TYPES,
            note="how far the window is shifted into the past",
        ),
        Option(
            name="new_group_delay",
            kind="whole",
            unit="seconds",
            least=0,
            note="how long a new group is not evaluated; goes before `new_host_delay`, even as 0",
        ),
        Option(
            name="new_host_delay",
            kind="whole",
            unit="seconds",
            least=0,
            default=300,
            filled=True,
            deprecated=True,
            note="how long a new host is not evaluated; use `new_group_delay`",
        ),
        Option(
            name="scheduling_options",
            kind="object",
            types=METRIC_TYPES | EVENT_TYPES,
            note="`evaluation_window` of a cumulative window, or a `custom_schedule`",
        ),
        Option(
            name="variables",
            kind="list",
            types=_FORMULAS,
            note="the queries that a `formula(…)` names; their order means nothing",
        ),
        Option(
            name="aggregation",
            kind="object",
            types=frozenset({"log alert"}),
            deprecated=True,
            note="Datadog reads it from the query",
        ),
        Option(
            name="min_failure_duration",
            kind="whole",
            unit="seconds",
            least=0,
            most=7200,
            types=_SYNTHETICS,
            default=0,
            note="how long a synthetic test fails before it alerts",
        ),
        Option(
            name="min_location_failed",
            kind="whole",
            unit="locations",
            least=1,
            types=_SYNTHETICS,
            default=1,
            note="in how many locations a synthetic test fails before it alerts",
        ),
        # --- when there is no data ---
        Option(
            name="on_missing_data",
            kind="choice",
            choices=("default", "show_no_data", "show_and_notify_no_data", "resolve"),
            refused=frozenset({"service check", "composite", "slo alert"}),
            note="what an empty window means; replaces `notify_no_data` and `no_data_timeframe`",
        ),
        Option(
            name="notify_no_data",
            kind="flag",
            default=False,
            filled=True,
            note="tell of missing data; not together with `on_missing_data`",
        ),
        Option(
            name="no_data_timeframe",
            kind="whole",
            unit="minutes",
            least=0,
            refused=frozenset({"log alert"}),
            note="how long data is missing before that is told; at most the group retention",
        ),
        Option(
            name="timeout_h",
            kind="whole",
            unit="hours",
            least=0,
            advised=24,
            default=0,
            note="when an alert without data resolves by itself; 0 is never, over 24 a warning",
        ),
        Option(
            name="group_retention_duration",
            kind="text",
            types=EVENT_TYPES,
            note="how long a group without data is kept, `60m` to `72h`; 24 hours if absent",
        ),
        # --- who is told what ---
        Option(
            name="renotify_interval",
            kind="whole",
            unit="minutes",
            least=0,
            default=0,
            note="how often an alert is told again; 0 is never",
        ),
        Option(
            name="renotify_occurrences",
            kind="whole",
            unit="times",
            least=0,
            note="how many times it is told again at most; needs `renotify_interval`",
        ),
        Option(
            name="renotify_statuses",
            kind="set",
            choices=("alert", "warn", "no data"),
            default=[],
            note="which states are told again; alert and no data if absent",
        ),
        Option(
            name="escalation_message",
            kind="text",
            default="",
            note="sent with each renotification; an `{{#is_renotify}}` block in the message does the same",
        ),
        Option(
            name="notify_by",
            kind="set",
            default=[],
            note="keys of the query's groups, one notification for each; `*` for one in all",
        ),
        Option(
            name="notification_preset_name",
            kind="choice",
            choices=(
                "show_all",
                "hide_query",
                "hide_handles",
                "hide_all",
                "hide_query_and_handles",
                "show_only_snapshot",
                "hide_handles_and_footer",
            ),
            default="show_all",
            note="what a notification shows besides the message",
        ),
        Option(
            name="include_tags",
            kind="flag",
            default=True,
            filled=True,
            note="the group's tags in the notification's title",
        ),
        Option(
            name="notify_audit",
            kind="flag",
            default=False,
            filled=True,
            note="tell those it names when the monitor is edited",
        ),
        Option(
            name="enable_logs_sample",
            kind="flag",
            types=EVENT_TYPES,
            default=False,
            note="sample logs in the notification",
        ),
        Option(
            name="enable_samples",
            kind="flag",
            types=EVENT_TYPES,
            default=False,
            note="sample events in the notification, of CI monitors",
        ),
        # --- of another time ---
        Option(
            name="groupby_simple_monitor",
            kind="flag",
            types=EVENT_TYPES,
            default=False,
            filled=True,
            deprecated=True,
            note="one notification for all groups; use `notify_by`",
        ),
        Option(
            name="locked",
            kind="flag",
            default=False,
            filled=True,
            deprecated=True,
            note="only its creator may edit it; use a restriction policy",
        ),
        # --- Datadog's own ---
        Option(name="silenced", kind="object", read_only=True, note="mutes of the old API"),
        Option(name="device_ids", kind="list", read_only=True, types=_SYNTHETICS, note="of a synthetic test"),
        Option(
            name="synthetics_check_id",
            kind="text",
            read_only=True,
            types=_SYNTHETICS,
            note="of a synthetic test",
        ),
        Option(
            name="avalanche_window",
            kind="whole",
            injected=True,
            note="not documented; Datadog adds 10 or 20 to some monitors",
        ),
    )
)

# `options.thresholds`: the key and what it is.
THRESHOLDS: Mapping[str, str] = {
    "critical": "alert",
    "critical_recovery": "recovery from alert",
    "warning": "warning",
    "warning_recovery": "recovery from warning",
    "ok": "consecutive OK statuses until recovery",
    "unknown": "consecutive UNKNOWN statuses until that is told",
    "critical_query": "alert, as a query: a preview",
    "critical_recovery_query": "recovery from alert, as a query: a preview",
}
QUERY_THRESHOLDS = frozenset({"critical_query", "critical_recovery_query"})
_RECOVERIES = frozenset({"critical_recovery", "warning_recovery"})
_STATUSES = frozenset({"ok", "warning", "critical", "unknown"})


def applies(option: str, type: str) -> bool:
    """Whether monitors of this type use the option. Unknown options and types are given the benefit of it."""
    known = OPTIONS.get(option)
    if known is None or type not in _EVERY:
        return True
    return type in known.types and type not in known.refused


@lru_cache(maxsize=64)
def threshold_names(type: str) -> tuple[str, ...]:
    """The keys of `options.thresholds` that monitors of this type use, in the table's order."""
    if type == "service check":
        wanted = _STATUSES
    elif not applies("thresholds", type):
        wanted = frozenset()
    else:
        wanted = frozenset(THRESHOLDS) - {"ok", "unknown"}
        if type not in METRIC_TYPES:
            wanted -= QUERY_THRESHOLDS
        if type == "event-v2 alert":
            wanted -= _RECOVERIES
    return tuple(name for name in THRESHOLDS if name in wanted)


def threshold_refused(name: str, type: str) -> bool:
    """Whether Datadog answers 400 to this threshold, rather than keeping it without effect."""
    return name not in THRESHOLDS or (type == "event-v2 alert" and name in _RECOVERIES)


def means_absent(name: str, value: Any) -> bool:
    """Whether this value of an option says no more than leaving it out.

    An empty object does; so does the default. Null is for the caller to judge.
    """
    if value == {}:
        return True
    option = OPTIONS.get(name)
    return option is not None and option.default is not None and bool(value == option.default)
