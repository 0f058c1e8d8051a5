"""Series and rules in few words, for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from dd_sync.evaluate.notation import read_samples
from dd_sync.evaluate.replay import Replay, Silence, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.evaluate.sources import Sources
from dd_sync.model.monitor import Monitor

START = 1772409600  # a Monday, 00:00 UTC

MakeSeries = Callable[..., Series]
Play = Callable[..., Replay]


@pytest.fixture
def series() -> MakeSeries:
    """`series("m.n", "1 2 _ 3", "tenant:a")`: a count each minute from START on, unless told otherwise."""

    def make(
        metric: str,
        values: str,
        *tags: str,
        type: MetricType = MetricType.COUNT,
        interval: int = 60,
        since: int = 0,
    ) -> Series:
        numbers = read_samples(values).values()
        times = START + since + interval * np.arange(numbers.size)
        return Series.of(metric, type, tags, interval=interval, times=times, values=numbers)

    return make


@pytest.fixture
def play() -> Play:
    """`play(query, series, minutes)`: a replay from START on; options are the monitor's, but for these."""

    def run(
        query: str,
        found: Iterable[Series],
        minutes: int,
        *,
        name: str = "Rule",
        message: str = "",
        priority: int | None = None,
        draft: bool = False,
        downtimes: tuple[Silence, ...] = (),
        **options: Any,
    ) -> Replay:
        monitor = Monitor(
            type="query alert",
            query=query,
            name=name,
            message=message,
            priority=priority,
            draft_status="draft" if draft else None,
            options={"new_group_delay": 0, **options},
        )
        rule = compile_rule("key", monitor, 7)
        times = evaluation_times(rule, START, START + 60 * minutes + 1)
        return replay(rule, Sources(series=SeriesSet(found)), times, downtimes=downtimes)

    return run
