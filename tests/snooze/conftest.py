from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dd_sync.local.clock import SimulatedClock
from dd_sync.local.limits import RateLimit
from dd_sync.local.serve import serving
from tests.proof.proxy import Proxy, between


@pytest.fixture(scope="session")
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture(scope="session")
def proxy(clock: SimulatedClock) -> Iterator[Proxy]:
    """A proxy before a local Datadog on a simulated clock, which refuses nothing for its pace."""
    with serving(clock=clock, limit=RateLimit(10_000_000, 10)) as url, between(url) as proxy:
        yield proxy
