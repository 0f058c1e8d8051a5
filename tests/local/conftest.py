from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dd_sync.local.clock import SimulatedClock
from dd_sync.local.limits import RateLimit
from dd_sync.local.serve import serving
from tests.local.client import START, Client, Start


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts local Datadogs, on a simulated clock each; stops them all at the end."""
    with ExitStack() as stack:

        def begin(**arguments: Any) -> Client:
            clock = arguments.pop("clock", None) or SimulatedClock(START)
            return Client(stack.enter_context(serving(clock=clock, **arguments)), clock)

        yield begin


@pytest.fixture
def datadog(start: Start) -> Client:
    return start()


@pytest.fixture(scope="session")
def shared() -> Iterator[Client]:
    """One for all tests that leave nothing in it; asked as often as they like."""
    clock = SimulatedClock(START)
    with serving(clock=clock, limit=RateLimit(1_000_000, 10)) as url:
        yield Client(url, clock)
