"""Datadog's evaluation and Prometheus' agree, by promtool as the judge."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from dd_sync.evaluate.replay import compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.evaluate.sources import Sources
from dd_sync.model.monitor import Monitor
from dd_sync.model.state import State
from dd_sync.promql.writer import write
from dd_sync.query.parser import parse

PROMTOOL = shutil.which("promtool")
# What promtool calls the beginning of a test, so that both sides count from the same moment.
EPOCH = 0
DAY = 1440
# Minutes between two comparisons; promtool evaluates as often from the beginning on.
EVERY = 15
Q = "sum:settle.attempts{env:prod,!tenant:load-test} by {tenant}.as_count()"
RATE = f"sum(last_1h):{Q} > 300"
SPIKE = f"sum(last_1h):{Q} - 3 * (day_before({Q}) + week_before({Q})) / 2 > 100"

Line = list[int]


def busy(seed: int, minutes: int, usual: int) -> Line:
    """Counts a minute around `usual`, with some bursts."""
    chance = random.Random(seed)
    line = [chance.randint(0, 2 * usual) for _ in range(minutes)]
    for _ in range(minutes // 400):
        start = chance.randrange(minutes)
        line[start : start + 50] = [count * chance.randint(2, 9) for count in line[start : start + 50]]
    return line


def lines(days: int) -> dict[str, tuple[int, Line]]:
    """Per tenant when it begins, in minutes, and its counts: with a week of history, with less, with none."""
    whole = days * DAY
    some = min(whole, 3 * DAY)
    return {
        "acme": (0, busy(1, whole, 3)),
        "beta": (0, busy(2, whole, 1)),
        "birch": (whole - some, busy(3, some, 3)),
        "fresh": (whole - 400, busy(4, 400, 3)),
        "idle": (0, [0] * whole),
        "load-test": (0, [500] * whole),
    }


def datadog(query: str, tenants: dict[str, tuple[int, Line]], minutes: list[int]) -> list[set[str]]:
    series = [
        Series.of(
            "settle.attempts",
            MetricType.COUNT,
            ["env:prod", f"tenant:{tenant}"],
            interval=60,
            times=EPOCH + 60 * (begin + np.arange(len(counts))),
            values=np.array(counts, dtype=float),
        )
        for tenant, (begin, counts) in tenants.items()
    ]
    options = {"on_missing_data": "default", "new_group_delay": 0}
    rule = compile_rule("k", Monitor(type="query alert", query=query, options=options))
    times = evaluation_times(rule, EPOCH + 60 * minutes[0], EPOCH + 60 * minutes[-1] + 1)
    done = replay(rule, Sources(series=SeriesSet(series)), times)
    return [
        {group for group in done.groups if done.state_at(group, EPOCH + 60 * minute) is State.ALERT}
        for minute in minutes
    ]


def prometheus(
    query: str,
    tenants: dict[str, tuple[int, Line]],
    minutes: list[int],
    expected: list[set[str]],
    folder: Path,
) -> str:
    """promtool's verdict on `expected`: nothing where it agrees. A count is a counter that begins at 0."""
    rules = {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": write(parse(query))}]}]}
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    inputs = []
    for tenant, (begin, counts) in tenants.items():
        total = np.concatenate([[0], np.cumsum(counts)])
        gap = f"_x{begin} " if begin else ""
        name = f'settle_attempts_total{{env="prod",tenant="{tenant}"}}'
        inputs.append({"series": name, "values": gap + " ".join(map(str, total))})
    checks = [
        {
            "eval_time": f"{minute}m",
            "alertname": "A",
            "exp_alerts": [{"exp_labels": {"tenant": group.partition(":")[2]}} for group in sorted(groups)],
        }
        for minute, groups in zip(minutes, expected, strict=True)
    ]
    test = {"interval": "1m", "input_series": inputs, "alert_rule_test": checks}
    tests = {"rule_files": ["rules.yml"], "evaluation_interval": f"{EVERY}m", "tests": [test]}
    (folder / "tests.yml").write_text(yaml.safe_dump(tests))
    done = subprocess.run(
        [str(PROMTOOL), "test", "rules", "tests.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize(("query", "days"), [(RATE, 1), (SPIKE, 8)])
def test_both_alert_for_the_same_tenants_at_the_same_times(query: str, days: int, tmp_path: Path) -> None:
    tenants = lines(days)
    minutes = list(range(days * DAY - 600, days * DAY, EVERY))
    expected = datadog(query, tenants, minutes)
    assert len({frozenset(groups) for groups in expected}) > 2
    assert prometheus(query, tenants, minutes, expected, tmp_path) == ""
    if query == SPIKE:
        assert any("tenant:fresh" in groups for groups in expected)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_notices_a_wrong_expectation(tmp_path: Path) -> None:
    tenants = lines(1)
    assert "FAILED" in prometheus(RATE, tenants, [720], [{"tenant:nobody"}], tmp_path)
