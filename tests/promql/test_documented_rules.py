"""The alert rules that docs/guards.md shows are the ones the guards mean, and promtool accepts them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dd_sync.promql.writer import write
from dd_sync.query.parser import parse

GUIDE = Path(__file__).parents[2] / "docs" / "guards.md"
SETTLE = "sum:settle.attempts{env:prod} by {tenant}.as_count()"


def rules_text() -> str:
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    (text,) = [block for block in blocks if block.startswith("groups:")]
    return text


def expressions() -> dict[str, str]:
    groups: dict[str, Any] = yaml.safe_load(rules_text())
    return {rule["alert"]: "".join(rule["expr"].split()) for rule in groups["groups"][0]["rules"]}


def test_the_documented_rules_are_what_the_documented_guards_mean() -> None:
    spike = f"{SETTLE} - 3 * (day_before({SETTLE}) + week_before({SETTLE})) / 2"
    queries = {
        "SettleSpike": f"sum(last_1h):{spike} > 100",
        "StreamRate": "sum(last_1h):sum:streams.created{env:prod} by {tenant}.as_count() > 500",
    }
    assert expressions() == {name: "".join(write(parse(query)).split()) for name, query in queries.items()}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_accepts_the_documented_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(rules_text(), "utf-8")
    checked = subprocess.run(
        ["promtool", "check", "rules", "rules.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
