"""What docs/catalog.md shows of downtimes, dashboards and webhooks is what the catalog takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.catalog.conftest import Read, told

PAGE = Path(__file__).parents[2] / "docs" / "catalog.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.S)
SECTIONS = [one for one in BLOCKS if one.startswith(("downtimes", "dashboards", "webhooks"))]
MONITORS = "monitors:\n" + "".join(
    f"  - {{key: {key}, name: {key}, guard: {{rate: {{metric: a, by: [tenant], window: 1h, above: 3}}}}}}\n"
    for key in ("settle-spike", "escrow-lag", "revenue-hourly-off-peak", "stream-rate")
)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.partition(":")[0])
def test_the_example_is_sound(read: Read, section: str) -> None:
    loading = read(MONITORS + section)
    assert told(loading) == []
    assert loading.catalog is not None
    assert loading.catalog.resources


def test_each_section_has_an_example() -> None:
    assert len(SECTIONS) == 3
