"""What docs/scenarios.md shows is what works."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from dd_sync.catalog.load import load
from dd_sync.catalog.source import parse
from dd_sync.scenarios.load import load_scenarios
from dd_sync.scenarios.run import run
from dd_sync.scenarios.schema import ExpectForm, ScenarioForm
from dd_sync.scenarios.suite import suite_of

PROJECT = Path(__file__).resolve().parents[2]
DOCS = (PROJECT / "docs/scenarios.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


def test_the_scenarios_shown_pass_on_this_projects_monitors() -> None:
    suite = suite_of(load(PROJECT / "monitors", environ={}, env=None, today=date(2026, 3, 2)))
    monitors = suite.declare({}, date(2026, 3, 2))
    whole = [block if block.startswith("scenarios:") else f"scenarios:\n{block}" for block in BLOCKS]
    shown = [text for text in whole if "expect:" in text]
    assert len(shown) == 3
    sources = [parse(f"{index}.yaml", text) for index, text in enumerate(shown)]
    loaded = load_scenarios(sources, monitors, downtimes={"peak-has-its-own-cap"})
    assert loaded.problems == ()
    assert len(loaded.scenarios) == 5
    for scenario in loaded.scenarios:
        assert run(scenario, monitors, suite.tenant_tag, monitors.catalog).failures == ()


def test_the_inputs_shown_are_read() -> None:
    inputs = [block for block in BLOCKS if "expect:" not in block]
    assert len(inputs) == 3
    head = "scenarios:\n  - name: a\n    monitor: m\n    for: 3h\n    expect: [{never: Alert}]\n"
    for block in inputs:
        text = head + "".join(f"    {line}\n" for line in block.splitlines())
        assert load_scenarios([parse("a.yaml", text)]).problems == ()


def test_every_key_is_described() -> None:
    for form in (ScenarioForm, ExpectForm):
        for name, field in form.model_fields.items():
            assert re.search(rf"\b{field.alias or name}\b", DOCS), name
