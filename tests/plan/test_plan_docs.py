"""docs/plan.md shows the JSON that programs get."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.show import as_json, report_json
from tests.plan.memory import CATALOG, MemoryMonitors, Naps, declare

PAGE = Path(__file__).parents[2] / "docs/plan.md"


def keys(value: Any) -> Any:
    """The shape of a document: its keys in order, bodies left out."""
    if isinstance(value, dict):
        return {name: keys(item) for name, item in value.items() if name != "body"}
    if isinstance(value, list):
        return [keys(item) for item in value[:1]]
    return type(value) in (int, float) or type(value).__name__


def test_the_documented_json_is_what_is_printed(datadog: MemoryMonitors, naps: Naps) -> None:
    datadog.put(declare("a").monitor.body())
    plan = build_plan([declare("a", name="other", limit=800)], datadog.list(), CATALOG, target="x")
    one = build_plan([declare("a", options={"thresholds": {"critical": 800}})], datadog.list(), CATALOG)
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.S)]
    assert keys(shown[0]) == keys(as_json(one))
    assert keys(shown[1]) == keys(report_json(apply(plan, datadog, sleep=naps)))
