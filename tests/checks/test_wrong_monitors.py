"""A monitor with a mistake is told at once what else is wrong with its texts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dd_sync.catalog.load import load
from dd_sync.checks import run

POLICY = 'catalog: risk\npolicy: {handles: ["@slack-risk"], personal_tags: [email]}\n'
RAW = """\
monitors:
  - key: raw
    name: Raw
    type: query alert
    query: sum(last_1h):sum:a.b{env:prod} by {email}.as_count() > 20
    message: "{{#is_alert}} @slack-other {{/is_alert}}"
"""


def told(folder: Path, text: str) -> list[str]:
    (folder / "catalog.yaml").write_text(POLICY)
    (folder / "m.yaml").write_text(text)
    loading = load(folder, environ={}, env=None, today=date(2026, 11, 21))
    assert loading.catalog is not None
    assert loading.catalog.monitors == ()
    assert any(problem.is_error for problem in loading.problems)
    return [problem.rule for problem in run(loading.catalog)]


@pytest.mark.parametrize(
    "mistake",
    [
        "    priority: 9\n",
        "    tags: team\n",
        "    level: 4\n",
        "    options: {renotify_interval: soon}\n",
        "    options: []\n",
        "    nothing_known: 1\n",
        "    exempt: []\n",
        "    draft_status: maybe\n",
    ],
)
def test_beside_a_mistake_in_a_raw_monitor_its_texts_are_judged(tmp_path: Path, mistake: str) -> None:
    assert sorted(set(told(tmp_path, RAW + mistake))) == ["handles", "personal-data"]


def test_so_are_those_of_a_composite_that_refers_to_nothing(tmp_path: Path) -> None:
    text = RAW.replace("query alert", "composite").replace(
        "sum(last_1h):sum:a.b{env:prod} by {email}.as_count() > 20", "${monitor:gone} && 5"
    )
    assert sorted(set(told(tmp_path, text))) == ["handles"]


@pytest.mark.parametrize(
    "text",
    [
        RAW.replace("sum:a.b{", "som:a.b{"),
        RAW.replace("query alert", "no such type"),
        RAW.replace("@slack-other", "@slack-${gone}"),
        RAW.replace("name: Raw", "name: Raw ${gone}"),
        RAW + RAW.removeprefix("monitors:\n"),
    ],
)
def test_what_cannot_be_read_is_not_guessed_at(tmp_path: Path, text: str) -> None:
    (tmp_path / "catalog.yaml").write_text(POLICY)
    (tmp_path / "m.yaml").write_text(text)
    loading = load(tmp_path, environ={}, env=None, today=date(2026, 11, 21))
    assert loading.catalog is not None
    assert loading.catalog.monitors == ()
    assert run(loading.catalog) == ()
