"""Scenarios and `why` see the gauges that the worker would have sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.model.derivation import EWMA_DEVIATION, ZSCORE
from dd_sync.worker.series import derive_series
from tests.cli.support import Run, write_catalog
from tests.worker.conftest import GUARDS
from tests.worker.memory import START, Memory, derivation, worker

BOTH = """
  - key: either
    name: Transactions are unusual
    type: composite
    query: ${monitor:tx-z} || ${monitor:tx-ewma}
    message: either
"""
# Half an hour with a mean of 63 and a deviation of 40.8, the last ten minutes of it quiet.
VALUES = " ".join(["13 113"] * 10) + " 63x9 223 63x19"
NAME = "the document's example fires by its level alone"
SCENARIOS = """
scenarios:
  - name: {name}
    monitor: {monitor}
    for: 20m
    series:
      - metric: tx.count
        type: count
        tags: [env:prod, tenant:acme]
        from: -30m
        values: "{values}"
    expect:
      - {{at: 0m, group: tenant:acme, state: OK}}
      - {{at: 1m, group: tenant:acme, state: {state}}}
"""


def example(folder: Path, monitor: str, state: str) -> None:
    write_catalog(folder, "chain", GUARDS + BOTH)
    (folder / "monitors/scenarios").mkdir(exist_ok=True)
    text = SCENARIOS.format(name=NAME, monitor=monitor, state=state, values=VALUES)
    (folder / f"monitors/scenarios/{monitor}.yaml").write_text(text, "utf-8")


def test_a_spike_just_under_the_zscore_fires_by_the_level(dd_sync: Run, tmp_path: Path) -> None:
    example(tmp_path, "tx-z", "OK")
    example(tmp_path, "tx-ewma", "Alert")
    done = dd_sync("test")
    assert done.code == 0, done.out + done.err
    why = dd_sync("why", "tx-z", "tenant:acme", "--at", "1m", "--scenario", NAME)
    assert "3.91" in why.out, why.err


def test_a_composite_of_both_alerts_when_one_does(dd_sync: Run, tmp_path: Path) -> None:
    example(tmp_path, "either", "Alert")
    done = dd_sync("test")
    assert done.code == 0, done.out + done.err


def counts(values: list[float], first: int, **tags: str) -> Series:
    return Series.of(
        "tx.count",
        MetricType.COUNT,
        [f"{key}:{value}" for key, value in tags.items()],
        interval=60,
        times=[first + 60 * at for at in range(len(values))],
        values=values,
    )


def test_a_scenario_and_the_worker_come_to_the_same_points() -> None:
    values = np.random.default_rng(3).poisson(0.3, 200).astype(float)
    memory = Memory(now=START)
    memory.raw("acme", [value or None for value in values], START - 200 * 60)
    found = worker(memory)
    found.begin()
    found.round()
    source = SeriesSet([counts(values.tolist(), START - 200 * 60, tenant="acme")])
    # In the scenario the zeros are there; in Datadog nothing was reported.
    (one,) = derive_series([derivation()], source).select(ZSCORE, START - 55 * 60, START - 60)
    by_scenario = dict(zip((one.times - START) // 60, one.values, strict=True))
    assert {at: round(value, 9) for at, value in memory.gauge().items()} == {
        int(at): round(float(value), 9) for at, value in by_scenario.items()
    }


def test_the_source_keeps_its_own_series_and_its_own_gauges_go_first() -> None:
    own = Series.of(
        ZSCORE,
        MetricType.GAUGE,
        ["tenant:acme", "dd_sync_key:tx-z", "dd_sync_catalog:chain"],
        interval=60,
        times=[START],
        values=[9.0],
    )
    raw = [counts([1.0, 2.0] * 40, START - 60 * 60, tenant=tenant) for tenant in ("acme", "birch")]
    source = derive_series([derivation()], SeriesSet([own, *raw]))
    assert len(source.select("tx.count", START - 3600, START)) == 2
    found = source.select(ZSCORE, START, START + 60)
    assert found[0].values.tolist() == [9.0]
    assert len(found) == 2
    assert source.select(EWMA_DEVIATION, START, START + 60) == []


def test_all_of_time_can_be_selected_and_nothing_comes_of_nothing() -> None:
    raw = counts([1.0, 2.0] * 40, START, tenant="acme")
    (one,) = derive_series([derivation()], SeriesSet([raw])).select(ZSCORE, 0, 2**40)
    assert one.times[0] >= START
    assert one.times[-1] < START + 60 * 150
    assert derive_series([derivation()], SeriesSet([])).select(ZSCORE, 0, 2**40) == []
    assert derive_series([derivation()], SeriesSet([raw])).select(ZSCORE, START, START) == []
    other = counts([1.0, 2.0] * 40, START, host="a")
    assert derive_series([derivation()], SeriesSet([other])).select(ZSCORE, 0, 2**40) == []


def test_no_point_can_be_seen_before_its_bucket_is_over() -> None:
    one = derivation(bucket=timedelta(minutes=5), window=timedelta(minutes=50))
    raw = counts([float(at % 7) for at in range(200)], START, tenant="acme")
    for now in range(START + 6000, START + 6600, 60):
        for found in derive_series([one], SeriesSet([raw])).select(ZSCORE, 0, now):
            # The last one is of a bucket that ended by then.
            assert int(found.times[-1]) + 60 <= now
            assert (int(found.times[-1]) + 60) % 300 == 0


def test_a_gauge_with_long_buckets_is_not_gone_between_two_of_its_points(
    dd_sync: Run, tmp_path: Path
) -> None:
    longer = GUARDS.replace("window: 30m", "bucket: 10m, window: 2h")
    write_catalog(tmp_path, "chain", longer)
    (tmp_path / "monitors/scenarios").mkdir()
    expected = "".join(
        f"      - {{at: {minute}m, group: tenant:acme, state: OK}}\n" for minute in range(30, 60)
    )
    (tmp_path / "monitors/scenarios/long.yaml").write_text(
        "scenarios:\n  - name: long\n    monitor: tx-z\n    for: 1h\n    seed: 1\n    series:\n"
        "      - {metric: tx.count, type: count, tags: [env:prod, tenant:acme], from: -3h, "
        f'values: "poisson(60)x240"}}\n    expect:\n{expected}',
        "utf-8",
    )
    done = dd_sync("test")
    assert done.code == 0, done.out + done.err
