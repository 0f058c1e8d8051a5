"""Two applies at once end with one monitor per key, whatever they are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dd_sync.errors import DatadogError
from dd_sync.model.monitor import Declared
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.report import Report
from tests.plan.memory import CATALOG, MemoryMonitors, Naps, declare

LOG = 'logs("x").index("*").rollup("count").last("5m") > 1'


def at_the(number: int, of: str, act: Callable[[], Any]) -> Callable[[str, Any], None]:
    """Calls once, with the write of this number from 1 and of this kind."""
    left = [number]

    def hook(what: str, detail: Any) -> None:
        if what == of and left[0]:
            left[0] -= 1
            if not left[0]:
                act()

    return hook


def together(
    datadog: MemoryMonitors, naps: Naps, ours: Sequence[Declared], theirs: Sequence[Declared], meet: str
) -> tuple[Report, Report]:
    """Both plan, then the other one is carried out as a whole within our first write of this kind."""
    our, their = (build_plan(declared, datadog.list(), CATALOG) for declared in (ours, theirs))
    reports: list[Report] = []

    def carry_out() -> Report:
        # In this thread: the memory takes one write at a time.
        reports.append(apply(their, datadog, sleep=naps, workers=1))
        return reports[0]

    datadog.before = at_the(1, meet, carry_out)
    return apply(our, datadog, sleep=naps, workers=1), reports[0]


def composites(limit: float) -> list[Declared]:
    return [declare("a", limit=limit), declare("b", limit=limit), declare("c-both", references=("a", "b"))]


def test_parts_that_were_made_twice_are_taken_back_after_their_composite(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    report, other = together(datadog, naps, composites(500), composites(500), "create")
    assert (report.is_complete, other.is_complete) == (True, True)
    assert list(datadog.live) == [1001, 1002, 1003]
    assert datadog.live[1003]["query"] == "1001 && 1002"
    assert {one.did for one in report.outcomes} == {"adopted"}


def test_a_composite_that_stays_names_the_parts_that_stay(datadog: MemoryMonitors, naps: Naps) -> None:
    """The other run is as far as its parts; the composite of this one is the only one."""
    parts = composites(500)[:2]
    report, _ = together(datadog, naps, composites(500), parts, "create")
    assert report.is_complete
    assert list(datadog.live) == [1001, 1002, 1005]
    assert datadog.live[1005]["query"] == "1001 && 1002"
    assert build_plan(composites(500), datadog.list(), CATALOG).changes == ()


def test_a_monitor_that_both_replaced_is_there_once(datadog: MemoryMonitors, naps: Naps) -> None:
    datadog.put(declare("a").monitor.body())
    log = [declare("a", type="log alert", query=LOG)]
    report, other = together(datadog, naps, log, log, "create")
    assert (report.is_complete, other.is_complete) == (True, True)
    assert list(datadog.live) == [1002]
    assert "monitor 1003 of this run is deleted again" in report.outcomes[0].why


def test_a_second_one_that_cannot_be_taken_back_is_told_with_the_way_out(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    def refuse(what: str, detail: Any) -> None:
        if what == "delete":
            raise DatadogError("answered 403: Forbidden", status=403)

    datadog.before = at_the(1, "create", lambda: datadog.put(declare("a").monitor.body()))
    datadog.after = lambda what, detail: setattr(datadog, "before", refuse)
    report = apply(build_plan([declare("a")], [], CATALOG), datadog, sleep=naps)
    [outcome] = report.outcomes
    assert outcome.did == "failed"
    assert outcome.why == (
        "another apply had created monitor 1001, and monitor 1002 of this run is still there: "
        "answered 403: Forbidden"
    )
    assert "dd-sync detach 1002" in outcome.hint
    assert report.unread == ""
    assert set(datadog.live) == {1001, 1002}


def test_a_second_one_that_somebody_took_away_meanwhile_is_gone(datadog: MemoryMonitors, naps: Naps) -> None:
    def race(what: str, detail: Any) -> None:
        if what == "create":
            datadog.put(declare("a").monitor.body())
        else:
            del datadog.live[detail]
            raise DatadogError("Monitor not found", status=404)

    datadog.before = race
    report = apply(build_plan([declare("a")], [], CATALOG), datadog, sleep=naps)
    assert report.is_complete
    assert list(datadog.live) == [1001]


@pytest.mark.parametrize("status", [403, 500])
def test_where_the_composite_cannot_be_changed_its_part_stays_and_why_is_told(
    datadog: MemoryMonitors, naps: Naps, status: int
) -> None:
    meet = at_the(1, "create", lambda: datadog.put(declare("a").monitor.body()))

    def race(what: str, detail: Any) -> None:
        meet(what, detail)
        if what == "update":
            raise DatadogError(f"answered {status}", status=status)

    datadog.before = race
    declared = [declare("a"), declare("z-one", references=("a",))]
    report = apply(build_plan(declared, [], CATALOG), datadog, sleep=naps, workers=1)
    assert [one.did for one in report.outcomes] == ["failed", "created"]
    assert "monitor 1002 is referenced" in report.outcomes[0].why
    assert report.differing == ("z-one",)
