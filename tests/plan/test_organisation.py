"""Two organisations of one site have the same host: what is live tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dd_sync.errors import UnsafePlan
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.saved import load, save
from tests.plan.memory import CATALOG, MemoryMonitors, Naps, declare


def in_organisation(datadog: MemoryMonitors, *numbers: Any) -> None:
    for body, number in zip(datadog.live.values(), numbers, strict=True):
        body["org_id"] = number


@pytest.fixture
def datadog() -> MemoryMonitors:
    memory = MemoryMonitors()
    for key in ("a", "b"):
        memory.put(declare(key).monitor.body())
    return memory


def test_a_saved_plan_is_refused_with_the_keys_of_another_organisation(
    datadog: MemoryMonitors, naps: Naps, tmp_path: Path
) -> None:
    in_organisation(datadog, 11, 11)
    save(build_plan([declare("a"), declare("b", limit=9)], datadog.list(), CATALOG), tmp_path / "plan.json")
    plan = load(tmp_path / "plan.json")
    in_organisation(datadog, 22, 22)
    with pytest.raises(UnsafePlan, match="for the organisation 11, and these keys are of 22") as caught:
        apply(plan, datadog, sleep=naps)
    assert "DD_API_KEY" in caught.value.hint
    assert datadog.writes == []
    in_organisation(datadog, 11, 11)
    assert apply(plan, datadog, sleep=naps).is_complete


@pytest.mark.parametrize(
    ("before", "after"),
    [((None, None), (22, 22)), ((11, 11), (None, None)), ((11, 12), (22, 22)), (("x", "x"), (22, 22))],
)
def test_where_nothing_tells_the_organisation_nothing_is_refused_by_it(
    datadog: MemoryMonitors, naps: Naps, before: Sequence[Any], after: Sequence[Any]
) -> None:
    in_organisation(datadog, *before)
    plan = build_plan([declare("a"), declare("b", limit=9)], datadog.list(), CATALOG)
    in_organisation(datadog, *after)
    assert apply(plan, datadog, sleep=naps).is_complete
