"""docs/adopt.md shows the JSON that programs get, and names every field that is remembered."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dd_sync.adopt.show import as_json
from dd_sync.kinds.applied import FIELDS
from tests.adopt.test_write_back import Story
from tests.plan.test_plan_docs import keys

PAGE = (Path(__file__).parents[2] / "docs/adopt.md").read_text("utf-8")


def test_the_documented_json_is_what_is_printed() -> None:
    story = Story()
    story.edit("raw", options={"thresholds": {"critical": 800.0}})
    story.datadog.by_key["raw"]["modified"] = "2026-03-01T10:00:00+00:00"
    story.edit("raw", query="avg(last_5m):avg:x.raw{*} > 4")
    written = story.written()
    shown = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.S)[0])
    assert keys({**as_json(story.drift, written), "left": []}) == keys(shown)


def test_every_field_that_is_remembered_is_named() -> None:
    assert [name for name in FIELDS if f"`{name.removeprefix('options.')}`" not in PAGE] == ["options"]
