from __future__ import annotations

import pytest

from tests.plan.memory import MemoryMonitors, Naps


@pytest.fixture
def datadog() -> MemoryMonitors:
    return MemoryMonitors()


@pytest.fixture
def naps() -> Naps:
    return Naps()
