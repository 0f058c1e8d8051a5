"""A create is done once, whatever becomes of its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from dd_sync.errors import DatadogError
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.create import Creator
from dd_sync.plan.report import Report
from tests.plan.memory import CATALOG, MemoryMonitors, Naps, declare

LOST = DatadogError("the connection was lost")
GATEWAY = DatadogError("answered 504", status=504)
GARBLED = DatadogError("not JSON", status=200)


def run(datadog: MemoryMonitors, naps: Naps, *keys: str) -> Report:
    return apply(build_plan([declare(key) for key in keys], datadog.list(), CATALOG), datadog, sleep=naps)


def once(error: DatadogError) -> Callable[[str, Any], None]:
    """A fault that happens the first time only."""
    left = [error]

    def fault(what: str, detail: Any) -> None:
        if left:
            raise left.pop()

    return fault


@pytest.mark.parametrize("error", [LOST, GATEWAY, GARBLED])
def test_a_create_whose_answer_was_lost_is_found_and_not_sent_again(
    datadog: MemoryMonitors, naps: Naps, error: DatadogError
) -> None:
    datadog.after = once(error)
    report = run(datadog, naps, "a")
    assert [outcome.did for outcome in report.outcomes] == ["adopted"]
    assert report.is_complete
    assert len(datadog.live) == 1
    assert [what for what, _ in datadog.writes] == ["create"]


def test_a_list_that_lags_behind_is_waited_for(datadog: MemoryMonitors, naps: Naps) -> None:
    datadog.after = once(LOST)
    datadog.lag = 4
    assert run(datadog, naps, "a").is_complete
    assert len(datadog.live) == 1
    assert 0 < sum(naps.slept) <= 10


@pytest.mark.parametrize("error", [LOST, GATEWAY, GARBLED])
def test_a_create_that_did_not_happen_is_sent_again_after_looking(
    datadog: MemoryMonitors, naps: Naps, error: DatadogError
) -> None:
    datadog.before = once(error)
    report = run(datadog, naps, "a")
    assert [outcome.did for outcome in report.outcomes] == ["created"]
    assert len(datadog.live) == 1
    assert sum(naps.slept) == 5.0


def test_a_second_lost_answer_is_looked_for_too(datadog: MemoryMonitors, naps: Naps) -> None:
    datadog.before = once(LOST)
    datadog.after = once(LOST)
    assert [outcome.did for outcome in run(datadog, naps, "a").outcomes] == ["adopted"]
    assert len(datadog.live) == 1


def test_a_create_that_never_succeeds_is_a_failure_with_its_reason(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    def always(what: str, detail: Any) -> None:
        raise GATEWAY

    datadog.before = always
    report = run(datadog, naps, "a")
    assert [(outcome.did, outcome.why) for outcome in report.outcomes] == [("failed", "answered 504")]
    assert datadog.live == {}


def test_a_clear_no_is_not_looked_for(datadog: MemoryMonitors, naps: Naps) -> None:
    datadog.before = once(DatadogError("answered 400", status=400))
    assert [outcome.did for outcome in run(datadog, naps, "a").outcomes] == ["failed"]
    assert naps.slept == []


def duplicate(number: int) -> DatadogError:
    return DatadogError(
        "answered 400", status=400, details=(f"Duplicate of an existing monitor_id:{number} org_id:1",)
    )


def test_a_duplicate_that_is_ours_is_adopted(datadog: MemoryMonitors, naps: Naps) -> None:
    def exists(what: str, detail: Any) -> None:
        datadog.before = lambda what, detail: None
        raise duplicate(datadog.put(detail)["id"])

    datadog.before = exists
    report = run(datadog, naps, "a")
    assert [(outcome.did, outcome.monitor_id) for outcome in report.outcomes] == [("adopted", 1001)]
    assert len(datadog.live) == 1


def test_a_duplicate_that_answers_the_second_attempt_is_adopted(datadog: MemoryMonitors, naps: Naps) -> None:
    datadog.lag = 100

    def lost(what: str, detail: Any) -> None:
        datadog.after = lambda what, detail: None
        datadog.before = exists
        raise LOST

    def exists(what: str, detail: Any) -> None:
        datadog.lag = 0
        raise duplicate(1001)

    datadog.after = lost
    assert [outcome.did for outcome in run(datadog, naps, "a").outcomes] == ["adopted"]
    assert len(datadog.live) == 1


def test_a_duplicate_that_is_somebody_elses_is_left_alone(datadog: MemoryMonitors, naps: Naps) -> None:
    foreign = datadog.put({"type": "query alert", "query": "q", "tags": ["team:x"]}, 77)
    datadog.before = once(duplicate(77))
    report = run(datadog, naps, "a")
    assert report.failed[0].why == "a is not created: monitor 77 has the same definition and is not ours"
    assert datadog.live == {77: foreign}


@pytest.mark.parametrize(
    ("change", "did"),
    [
        ({"tags": ["team:risk"]}, "adopted"),
        ({"tags": []}, "adopted"),
        ({"tags": ["team:risk", "team:other"]}, "failed"),
        ({"tags": ["managed_by:dd-sync", "dd_sync_catalog:other", "dd_sync_key:a"]}, "failed"),
        ({"tags": [], "message": "another"}, "failed"),
    ],
)
def test_a_duplicate_that_lacks_nothing_but_tags_is_adopted(
    datadog: MemoryMonitors, naps: Naps, change: dict[str, Any], did: str
) -> None:
    twin = datadog.put({**declare("a").monitor.body(), **change}, 77)
    datadog.before = once(duplicate(77))
    report = run(datadog, naps, "a")
    assert [outcome.did for outcome in report.outcomes] == [did]
    if did == "adopted":
        assert datadog.by_key["a"]["id"] == 77
        assert report.is_complete
    else:
        assert datadog.live == {77: twin}


def test_an_adopted_monitor_that_differs_is_updated(datadog: MemoryMonitors, naps: Naps) -> None:
    def other_version(what: str, detail: Any) -> None:
        datadog.before = lambda what, detail: None
        datadog.put({**detail, "message": "an older text"})
        raise LOST

    datadog.before = other_version
    assert run(datadog, naps, "a").is_complete
    assert datadog.by_key["a"]["message"] == declare("a").monitor.message
    assert len(datadog.live) == 1


@pytest.mark.parametrize("counts", [True, False])
def test_with_an_empty_list_that_search_does_not_confirm_each_create_is_searched_for_first(
    datadog: MemoryMonitors, naps: Naps, counts: bool
) -> None:
    made = build_plan([declare("a")], [], CATALOG)
    datadog.put(declare("a").monitor.body())
    datadog.stale, datadog.lag, datadog.counts = [], 1, counts
    report = apply(made, datadog, sleep=naps)
    assert [outcome.did for outcome in report.outcomes] == ["adopted"]
    assert datadog.writes == []


def test_with_a_list_that_search_says_is_short_each_create_is_searched_for_first(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    known = datadog.put(declare("known").monitor.body())
    datadog.put(declare("a").monitor.body())
    made = build_plan([declare("known"), declare("a")], [known], CATALOG)
    datadog.stale, datadog.lag = [known], 1
    report = apply(made, datadog, sleep=naps)
    assert [(outcome.key, outcome.did) for outcome in report.outcomes] == [("a", "adopted")]
    assert datadog.writes == []


def test_where_search_knows_of_none_either_no_create_is_searched_for(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    made = build_plan([declare(f"a-{number}") for number in range(20)], [], CATALOG)
    assert apply(made, datadog, sleep=naps).is_complete
    assert len(datadog.live) == 20
    assert datadog.lists == 2


def test_of_two_applies_at_once_the_lowest_id_stays_and_a_run_deletes_only_its_own(
    datadog: MemoryMonitors, naps: Naps
) -> None:
    def other_run(what: str, detail: Any) -> None:
        datadog.before = lambda what, detail: None
        datadog.put(detail)

    datadog.before = other_run
    report = run(datadog, naps, "a")
    assert list(datadog.live) == [1001]
    [outcome] = report.outcomes
    assert (outcome.did, outcome.monitor_id) == ("adopted", 1001)
    assert "monitor 1002 of this run is deleted again" in outcome.why
    assert report.is_complete


def test_a_higher_id_of_another_run_is_not_ours_to_delete(datadog: MemoryMonitors, naps: Naps) -> None:
    def other_run(what: str, detail: Any) -> None:
        datadog.after = lambda what, detail: None
        datadog.put(detail)

    datadog.after = other_run
    report = run(datadog, naps, "a")
    assert list(datadog.live) == [1001, 1002]
    assert report.differing == ("a",)
    assert not report.is_complete


def test_a_list_that_fails_at_the_end_does_not_lose_the_report(
    datadog: MemoryMonitors, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build_plan([declare("a")], [], CATALOG)
    answers: Iterator[list[Any]] = iter([[], []])

    def lists(tags: Any, **_: int) -> list[Any]:
        try:
            return next(answers)
        except StopIteration:
            raise GATEWAY from None

    monkeypatch.setattr(datadog, "list", lists)
    report = apply(made, datadog, sleep=naps)
    assert [outcome.did for outcome in report.outcomes] == ["created"]
    assert report.unread == "answered 504"
    assert not report.is_complete


def test_a_write_that_somebody_undoes_at_once_is_told(datadog: MemoryMonitors, naps: Naps) -> None:
    def undo(what: str, detail: Any) -> None:
        if what == "create":
            datadog.live[1001]["message"] = "edited"
        if what == "delete":
            datadog.put(declare("b").monitor.body(), detail)

    datadog.after = undo
    assert run(datadog, naps, "a").differing == ("a",)
    assert sum(naps.slept) == 5.0
    datadog.put(declare("b").monitor.body())
    assert run(datadog, naps, "a").differing == ("b",)


def limited(datadog: MemoryMonitors, reads: int) -> Callable[..., list[Any]]:
    """The list of `datadog`, refused for its pace after one read, and so many times."""
    whole, left = datadog.list, [reads]

    def lists(tags: Sequence[str] = (), *, expected: int = 0) -> list[Any]:
        if datadog.lists and left[0]:
            left[0] -= 1
            raise DatadogError("answered 429", status=429)
        return whole(tags)

    return lists


def test_a_look_that_is_refused_for_its_pace_is_waited_for(
    datadog: MemoryMonitors, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    datadog.counts = False
    made = build_plan([declare("a")], [], CATALOG)
    monkeypatch.setattr(datadog, "list", limited(datadog, 3))
    report = apply(made, datadog, sleep=naps, workers=1)
    assert report.is_complete
    assert naps.slept == [5.0] * 3


def test_a_look_that_is_always_refused_for_its_pace_fails_after_a_minute(
    datadog: MemoryMonitors, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    datadog.counts = False
    made = build_plan([declare("a")], [], CATALOG)
    monkeypatch.setattr(datadog, "list", limited(datadog, 1_000))
    report = apply(made, datadog, sleep=naps, workers=1)
    assert [outcome.did for outcome in report.outcomes] == ["failed"]
    assert report.unread == "answered 429"
    assert sum(naps.slept) == 120
    assert datadog.live == {}


def test_nothing_is_waited_for_once_the_run_is_stopped(
    datadog: MemoryMonitors, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    datadog.lists = 1
    monkeypatch.setattr(datadog, "list", limited(datadog, 1_000))
    creator = Creator(datadog, CATALOG, naps, lambda: True)
    with pytest.raises(DatadogError, match="answered 429"):
        creator.create("a", declare("a").monitor.body(), search_first=True)
    assert naps.slept == []
