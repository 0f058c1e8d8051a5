"""The same unit test for dd-sync and for promtool: many tenants, one day of minutes, one of them floods."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

MINUTES = 1440
ABOVE = 2000
SETTINGS = "catalog: bench\ntenant_tag: tenant\n"
MONITOR = """\
monitors:
  - key: rate
    name: Rate is high
    type: query alert
    query: sum(last_1h):sum:bench.created{{env:prod}} by {{tenant}}.as_count() > {above}
    message: "{{{{tenant.name}}}} created {{{{value}}}}"
    tags: [team:bench]
    options: {{thresholds: {{critical: {above}}}, new_group_delay: 0}}
"""
RULE = """\
groups:
  - name: bench
    rules:
      - alert: rate
        expr: sum by (tenant) (sum_over_time(bench_created{{env="prod"}}[1h])) > {above}
"""


def write_scenario(folder: Path, tenants: int, scenarios: int = 1) -> Path:
    """A catalog with one monitor and that many scenarios of a day; the first tenant floods for two hours."""
    (folder / "scenarios").mkdir(parents=True)
    (folder / "catalog.yaml").write_text(SETTINGS)
    (folder / "monitors.yaml").write_text(MONITOR.format(above=ABOVE))
    lines = ["scenarios:"]
    for number in range(scenarios):
        lines += [f"  - name: day {number}", "    monitor: rate", "    for: 1d", "    series:"]
        for tenant in range(tenants):
            tags = f"[env:prod, tenant:t{tenant}]"
            values = _samples(tenant + 1000 * number)
            lines.append(f'      - {{metric: bench.created, type: count, tags: {tags}, values: "{values}"}}')
        lines += [
            "    expect:",
            "      - {group: tenant:t0, at: 11h, state: Alert}",
            *(["      - {group: tenant:t1, never: Alert}"] if tenants > 1 else []),
        ]
    (folder / "scenarios/day.yaml").write_text("\n".join(lines) + "\n")
    return folder


def write_promtool(folder: Path, tenants: int) -> Path:
    """The same as a promtool unit test."""
    folder.mkdir(parents=True)
    (folder / "rules.yml").write_text(RULE.format(above=ABOVE))
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f'bench_created{{env="prod",tenant="t{tenant}"}}', "values": _samples(tenant)}
            for tenant in range(tenants)
        ],
        "alert_rule_test": [
            {"eval_time": "11h", "alertname": "rate", "exp_alerts": [{"exp_labels": {"tenant": "t0"}}]},
            {"eval_time": "23h59m", "alertname": "rate", "exp_alerts": []},
        ],
    }
    content = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    path = folder / "test.yml"
    path.write_text(json.dumps(content))
    return path


def _samples(seed: int) -> str:
    random = Random(seed)
    numbers = [random.randint(0, 16) for _ in range(MINUTES)]
    if seed % 1000 == 0:
        numbers[600:720] = [100] * 120
    return " ".join(map(str, numbers))
