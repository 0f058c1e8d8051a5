"""Request bodies of every type, and Datadog's side of a write, told anew from recorded API traffic.

Nothing here comes from dd_sync: a mistake that both shared would cancel itself out.
"""

from __future__ import annotations

import copy
import random
from typing import Any, Final

Json = dict[str, Any]


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()

EVENTS = {
    "log alert",
    "rum alert",
    "ci-pipelines alert",
    "ci-tests alert",
    "error-tracking alert",
    "llm-observability alert",
}
METRICS = {"query alert", "metric alert"}

# The type, a query, and the same query judging something else.
QUERIES: list[tuple[str, str, str]] = [
    (
        "query alert",
        "sum(last_1h):sum:escrow.opened{env:prod,!tenant:probe} by {tenant}.as_count() > 40",
        "sum(last_1h):sum:escrow.opened{env:prod} by {tenant}.as_count() > 40",
    ),
    (
        "metric alert",
        "change(min(last_1m),last_5m):avg:ledger.lag{*} by {shard} >= 40",
        "change(min(last_1m),last_5m):avg:ledger.lag{*} by {shard,zone} >= 40",
    ),
    (
        "query alert",
        "avg(last_4h):anomalies(avg:vault.balance{*}, 'agile', 2, direction='both') >= 0.4",
        "avg(last_4h):anomalies(avg:vault.balance{*}, 'agile', 3, direction='both') >= 0.4",
    ),
    (
        "query alert",
        "avg(current_1mo):avg:vault.spend{*} > 40",
        "avg(current_1d):avg:vault.spend{*} > 40",
    ),
    (
        "query alert",
        'formula("query1").rollup("sum").last("5m") > 40',
        'formula("query1").rollup("sum").last("10m") > 40',
    ),
    (
        "service check",
        '"ledger.up".over("env:prod").by("host").last(4).count_by_status()',
        '"ledger.up".over("env:test").by("host").last(4).count_by_status()',
    ),
    (
        "log alert",
        'logs("status:error @http.code:[500 TO 599]").rollup("count").by("service").last("5m") > 40',
        'logs("status:error @http.code:[400 TO 599]").rollup("count").by("service").last("5m") > 40',
    ),
    (
        "event-v2 alert",
        'events("source:deploy").rollup("count").by("host").last("1h") >= 40',
        'events("source:deploy").rollup("count").by("host").last("2h") >= 40',
    ),
    (
        "rum alert",
        'formula("query1 / query2").last("15m") > 40',
        'formula("query1 / query2 * 2").last("15m") > 40',
    ),
    (
        "trace-analytics alert",
        'trace-analytics("env:prod").rollup("count").by("*").last("5m") > 40',
        'trace-analytics("env:test").rollup("count").by("*").last("5m") > 40',
    ),
    (
        "ci-pipelines alert",
        'ci-pipelines("ci_level:job").rollup("count").by("@ci.job.name").last("1h") > 40',
        'ci-pipelines("ci_level:stage").rollup("count").by("@ci.job.name").last("1h") > 40',
    ),
    (
        "ci-tests alert",
        'ci-tests("@test.status:fail").rollup("count").last("5m") > 40',
        'ci-tests("@test.status:skip").rollup("count").last("5m") > 40',
    ),
    (
        "error-tracking alert",
        'error-tracking("*").source("all").new().rollup("count").by("@issue.id").last("1d") >= 40',
        'error-tracking("*").source("all").impact().rollup("count").by("@issue.id").last("1d") >= 40',
    ),
    (
        "audit alert",
        'audits("@evt.name:Authentication").rollup("count").last("15m") > 40',
        'audits("@evt.name:Monitor").rollup("count").last("15m") > 40',
    ),
    (
        "cost alert",
        'formula("query1").last("7d").anomaly(direction="above", threshold=10) >= 40',
        'formula("query1").last("7d").anomaly(direction="above", threshold=20) >= 40',
    ),
    (
        "data-quality alert",
        'formula("query1").last("30m") > 40',
        'formula("query1").last("60m") > 40',
    ),
    (
        "data-jobs alert",
        'formula("failed_runs(run_query)").by(job_name).last(1d) > 40',
        'formula("failed_runs(run_query)").by(job_name).last(2d) > 40',
    ),
    (
        "database-monitoring alert",
        'database-monitoring("service:ledger").rollup("count").last("5m") > 40',
        'database-monitoring("service:vault").rollup("count").last("5m") > 40',
    ),
    (
        "network-performance alert",
        'network-performance("env:prod").rollup("sum", "@network.bytes_sent").last("5m") > 40',
        'network-performance("env:prod").rollup("sum", "@network.bytes_received").last("5m") > 40',
    ),
    (
        "llm-observability alert",
        'llm-observability("*").rollup("count").last("2h") > 40',
        'llm-observability("@ml_app:a").rollup("count").last("2h") > 40',
    ),
    (
        "process alert",
        'processes("ledgerd").over("env:prod").rollup("count").last("10m") < 40',
        'processes("vaultd").over("env:prod").rollup("count").last("10m") < 40',
    ),
    (
        "slo alert",
        'burn_rate("0f0f").over("30d").long_window("1h").short_window("5m") > 40',
        'burn_rate("0f0f").over("7d").long_window("1h").short_window("5m") > 40',
    ),
    ("composite", "4711 && !(4712 || 4713)", "4711 && (4712 || 4713)"),
    ("synthetics alert", "no_query", "no_query_at_all"),
]

_EVENT_VARIABLES = [
    {
        "name": "query1",
        "data_source": "rum",
        "search": {"query": "@type:error"},
        "indexes": ["*"],
        "compute": {"aggregation": "count"},
        "group_by": [],
    },
    {
        "name": "query2",
        "data_source": "rum",
        "search": {"query": ""},
        "compute": {"aggregation": "cardinality", "metric": "@session.id"},
        "group_by": [{"facet": "@view.name", "limit": 10, "sort": {"aggregation": "count", "order": "desc"}}],
    },
]
_COST_VARIABLES = [
    {
        "name": "query1",
        "data_source": "cloud_cost",
        "aggregator": "sum",
        "query": "sum:cloud.cost{product IN (a ,b, c )} by {product}.rollup(sum, 86400)",
    }
]
_SCHEDULE = {"recurrences": [{"rrule": "FREQ=DAILY;INTERVAL=1", "timezone": "Europe/Paris"}]}

# Every option that a user sets: classes of values that mean the same, and no two classes do.
# `thresholds.warning` is a member of the option thresholds.
CLASSES: dict[str, list[list[Any]]] = {
    "thresholds.critical": [[40, 40.0], [41, 41.0], [40.0000001]],
    "thresholds.warning": [[ABSENT, None], [20, 20.0], [0]],
    "thresholds.critical_recovery": [[ABSENT, None], [10], [1e-13], [2e-13]],
    "threshold_windows": [
        [ABSENT, None, {}, {"trigger_window": None, "recovery_window": None}],
        [{"trigger_window": "last_15m", "recovery_window": "last_15m"}],
    ],
    "notify_no_data": [[ABSENT, None, False], [True]],
    "no_data_timeframe": [[ABSENT, None], [10], [20]],
    "on_missing_data": [[ABSENT, None], ["default"], ["resolve"], ["show_no_data"]],
    "group_retention_duration": [[ABSENT], ["2d"], ["60m"]],
    "timeout_h": [[ABSENT, None, 0], [1], [24]],
    "require_full_window": [[ABSENT, False], [True]],
    "evaluation_delay": [[ABSENT, None], [60], [900]],
    "new_group_delay": [[ABSENT, None], [0], [60]],
    "new_host_delay": [[ABSENT, 300], [None], [0], [600]],
    "renotify_interval": [[ABSENT, None, 0], [10], [1440]],
    "renotify_occurrences": [[ABSENT, None], [1], [5]],
    "renotify_statuses": [
        [ABSENT, None, []],
        [["alert"]],
        [["warn", "no data"], ["no data", "warn", "warn"]],
    ],
    "escalation_message": [[ABSENT, None, "", "\n"], ["still", "still \n"], ["still  going"]],
    "notify_audit": [[ABSENT, False], [True]],
    "include_tags": [[ABSENT, True], [False]],
    "notify_by": [[ABSENT, None, []], [["*"]], [["tenant", "env"], ["env", "tenant"]]],
    "notification_preset_name": [[ABSENT, "show_all"], ["hide_all"], ["hide_query"]],
    "enable_logs_sample": [[ABSENT, False], [True]],
    "enable_samples": [[ABSENT, False], [True]],
    "groupby_simple_monitor": [[ABSENT, False], [True]],
    "locked": [[ABSENT, False], [True]],
    "variables": [[ABSENT, None], [_EVENT_VARIABLES, _EVENT_VARIABLES[::-1]], [_COST_VARIABLES]],
    "scheduling_options": [
        [ABSENT, None, {}, {"evaluation_window": None}],
        [{"evaluation_window": {"hour_starts": 0}}],
        [{"evaluation_window": {"day_starts": "04:00", "month_starts": 1}}],
        [{"custom_schedule": _SCHEDULE}],
    ],
    "an_option_of_tomorrow": [[ABSENT, None], [1], [{"a": [1]}]],
}

# The same for the fields beside the options.
FIELDS: dict[str, list[list[Any]]] = {
    "name": [["Escrow", "Escrow "], ["escrow"], ["Escrow  2"]],
    "message": [["now\n then", "now\n then \n\n"], ["now\nthen"], [""]],
    "tags": [[["b:1", "a:2"], ["a:2", "b:1", "a:2"]], [["b:1"]], [["B:1", "a:2"]], [[], ABSENT]],
    "priority": [[None, 0, ABSENT], [1], [5]],
    "draft_status": [["published", ABSENT], ["draft"]],
}


def put(body: Json, path: str, value: Any) -> None:
    """Sets the field, or takes it out for ABSENT; `thresholds.critical` is inside the options."""
    *parents, name = path.split(".") if path in FIELDS or path == "query" else ["options", *path.split(".")]
    for parent in parents:
        body = body.setdefault(parent, {})
    if value is ABSENT:
        body.pop(name, None)
    else:
        body[name] = copy.deepcopy(value)


def answer(sent: Json, chance: random.Random) -> Json:
    """What Datadog answers to a POST of this body, at a time and in an organisation that chance picks."""

    def sometimes() -> bool:
        return chance.random() < 0.5

    live = copy.deepcopy(sent)
    live |= {
        "id": 7,
        "org_id": 1,
        "multi": sometimes(),
        "created": "2026-03-01T10:00:00.123456+00:00",
        "created_at": 1772359200000,
        "modified": "2026-03-01T10:00:00.123456+00:00",
        "deleted": None,
        "overall_state": "No Data",
        "overall_state_modified": None,
    }
    live.setdefault("tags", [])
    live.setdefault("restricted_roles", None)
    live["priority"] = live.get("priority") or None
    live["query"] = live["query"].rstrip()
    for name in ("name", "message"):
        if name in live:
            live[name] = live[name].strip()
    if sometimes():
        live |= {"restriction_policy": None, "assets": [], "matching_downtimes": []}
        live.setdefault("draft_status", "published")
    if sometimes():
        live |= {"creator": {"handle": "a@example.com"}, "restricted": False, "run_as": None}
    if live["type"] in METRICS and sometimes():
        live["type"] = chance.choice(sorted(METRICS))
    live["options"] = _options(live.get("options", {}), live["type"], chance)
    return live


def _options(options: Json, type: str, chance: random.Random) -> Json:
    def sometimes() -> bool:
        return chance.random() < 0.5

    scheduling = options.get("scheduling_options") or {}
    schedule = scheduling.get("custom_schedule")
    if "on_missing_data" not in options and not schedule:
        options.setdefault("notify_no_data", False)
    if schedule:
        schedule["recurrences"][0].setdefault("start", "2026-03-01T10:00:00")
        if options.get("on_missing_data") == "default" and sometimes():
            del options["on_missing_data"]
    options.setdefault("notify_audit", False)
    options.setdefault("include_tags", True)
    if "new_group_delay" not in options or sometimes():
        options.setdefault("new_host_delay", 300)
    if type in EVENTS:
        options.setdefault("groupby_simple_monitor", False)
    thresholds = {name: float(it) for name, it in options.pop("thresholds", {}).items() if it is not None}
    if thresholds:
        options["thresholds"] = thresholds
    if isinstance(options.get("escalation_message"), str):
        options["escalation_message"] = options["escalation_message"].rstrip()
    for name in ("renotify_statuses", "notify_by"):
        if options.get(name):
            options[name] = sorted(set(options[name]), key=lambda _: chance.random())
    options["silenced"] = {"*": 1772359200} if sometimes() else {}
    for name, value in (("locked", False), ("avalanche_window", 20), ("an_injected_option", {"a": 1})):
        if sometimes():
            options.setdefault(name, value)
    names = sorted(options, key=lambda _: chance.random())
    return {name: options[name] for name in names}
