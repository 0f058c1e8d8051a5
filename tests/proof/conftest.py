from __future__ import annotations

from collections.abc import Iterator

import pytest

from dd_sync.local.limits import RateLimit
from dd_sync.local.serve import serving
from tests.proof.proxy import Proxy, between


@pytest.fixture(scope="session")
def proxy() -> Iterator[Proxy]:
    """A proxy before a local Datadog, which refuses nothing for its pace: the proxy does that."""
    with serving(limit=RateLimit(10_000_000, 10)) as url, between(url) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def _calm(proxy: Proxy) -> Iterator[None]:
    yield
    proxy.calm()
    proxy.passed.clear()
