"""The project's own files, as the tests about its order read them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def pyproject(root: Path) -> Mapping[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
