"""A monitor and scenario files in few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dd_sync.catalog.source import Source, parse
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.model.ownership import SNOOZABLE

MakeDeclared = Callable[..., Declared]


@pytest.fixture
def declared() -> MakeDeclared:
    def make(
        query: str = "sum(last_1h):sum:streams.created{env:prod} by {tenant}.as_count() > 500",
        *,
        key: str = "stream-rate",
        snoozable: bool = True,
        message: str = "{{tenant.name}} made {{value}} {{#is_alert}}@slack-risk{{/is_alert}}",
        **options: Any,
    ) -> Declared:
        monitor = Monitor(
            type="query alert",
            name="Rate",
            query=query,
            message=message,
            tags=(SNOOZABLE,) if snoozable else (),
            options={"on_missing_data": "default", "new_group_delay": 0, **options},
        )
        return Declared(key=key, monitor=monitor, file="streams.yaml", path=("monitors", 0))

    return make


@pytest.fixture
def source() -> Callable[[str], Source]:
    return lambda text: parse("scenarios/streams.yaml", text)
