"""docs/areas/ says what monitors/ says."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.catalog.area_pages import pages

PROJECT = Path(__file__).resolve().parents[2]
AREAS = PROJECT / "docs" / "areas"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    found = pages(PROJECT / "monitors")
    if os.environ.get("CASES") == "write":
        AREAS.mkdir(exist_ok=True)
        for path in AREAS.iterdir():
            path.unlink()
        for name, text in found.items():
            (AREAS / name).write_text(text, "utf-8")
    return found


def test_the_pages_of_the_areas_are_what_the_catalog_declares(made: dict[str, str]) -> None:
    stale = [name for name, text in made.items() if _there(name) != text]
    assert stale == [], "CASES=write python -m pytest tests/catalog/test_area_pages.py writes them anew"
    assert sorted(path.name for path in AREAS.iterdir()) == sorted(made)


def _there(name: str) -> str | None:
    path = AREAS / name
    return path.read_text("utf-8") if path.exists() else None


def test_every_picture_shows_an_alert_and_stands_by_itself(made: dict[str, str]) -> None:
    pictures = {name: text for name, text in made.items() if name.endswith(".svg")}
    assert len(pictures) == 32
    for name, text in pictures.items():
        classes = {one.get("class", "") for one in ET.fromstring(text).iter()}
        wanted = "state nodata" if name == "worker-silent.svg" else "state alert"
        assert wanted in classes, name
        assert "<script" not in text
