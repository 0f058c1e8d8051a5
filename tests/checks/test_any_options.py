"""Whatever a raw monitor's options hold, rules find something or nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dd_sync.catalog.load import load
from dd_sync.checks import run

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 3000)
    | st.sampled_from(["", "last_5m", "default", "warn", "@a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["trigger_window", "recovery_window", "custom_schedule", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
OPTIONS = st.dictionaries(
    st.sampled_from(
        [
            "escalation_message",
            "evaluation_delay",
            "no_data_timeframe",
            "notify_no_data",
            "on_missing_data",
            "renotify_interval",
            "renotify_occurrences",
            "renotify_statuses",
            "scheduling_options",
            "threshold_windows",
            "timeout_h",
        ]
    ),
    JSON,
)
THRESHOLDS = st.dictionaries(
    st.sampled_from(["critical", "warning", "critical_recovery", "warning_recovery"]), st.integers(-5, 5)
)
MESSAGE = "{{#is_warning}}a{{/is_warning}}{{#is_no_data}}b{{/is_no_data}}{{#is_renotify}}c{{/is_renotify}}"
QUERIES = (
    ("query alert", "avg(last_5m):avg:a{*}.rollup(avg, 60) / avg:b{*} > 1"),
    ("query alert", "avg(last_4h):anomalies(avg:a{*}, 'basic', 2, alert_window='last_15m') >= 0.5"),
    ("log alert", 'logs("x").index("*").rollup("count").last("5m") > 1'),
    ("service check", '"a".over("*").by("host").last(2).count_by_status()'),
    ("composite", "1 && 2"),
    ("slo alert", 'error_budget("x").over("7d") > 75'),
)


@pytest.mark.parametrize(("kind", "query"), QUERIES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options=OPTIONS, thresholds=THRESHOLDS)
def test_no_rule_stumbles_over_options(
    tmp_path: Path, kind: str, query: str, options: dict[str, Any], thresholds: dict[str, int]
) -> None:
    body = {"key": "k", "name": "n", "type": kind, "query": query, "message": MESSAGE}
    monitor = {**body, "options": {**options, "thresholds": thresholds}}
    (tmp_path / "catalog.yaml").write_text("catalog: x\npolicy: {handles: []}\n")
    (tmp_path / "m.yaml").write_text(json.dumps({"monitors": [monitor]}))
    loading = load(tmp_path, environ={}, env=None, today=date(2026, 11, 21))
    if loading.catalog is not None:
        for problem in run(loading.catalog, tested=()):
            assert problem.where is not None
            assert problem.hint
