"""A list is complete, or an error: half a list would plan deletes and duplicates."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import pytest

from dd_sync.datadog.later import Later
from dd_sync.errors import DatadogError
from dd_sync.model.downtime import Downtime
from tests.datadog.wild import client, reply, wild


def monitors(first: int, number: int, tags: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [
        {"id": first + n, "query": "q", "type": "metric alert", "tags": list(tags)} for n in range(number)
    ]


def downtime(number: int) -> dict[str, Any]:
    return {
        "type": "downtime",
        "id": f"id-{number}",
        "attributes": {"scope": "tenant:a", "monitor_identifier": {"monitor_id": 1}, "status": "active"},
    }


def page_of(items: list[Any], query: dict[str, str]) -> list[Any]:
    offset = int(query["page[offset]"])
    return items[offset : offset + int(query["page[limit]"])]


class Pages:
    """A list as Datadog serves it: pages by number or by the last id seen, and a search that counts.

    shown: the ids that the numbered pages hold, all there are unless said otherwise; counted: what the search
    answers with.
    """

    def __init__(self, number: int, *, shown: Sequence[int] | None = None, counted: Any = ...) -> None:
        self.all: Sequence[int] = range(1, number + 1)
        self.shown = self.all if shown is None else shown
        self.counted = number if counted is ... else counted
        self.cursors: list[int] = []
        self.pages: list[int] = []
        self.searched: list[str] = []

    def __call__(self, number: int, line: str) -> bytes:
        path, _, text = line.split(" ")[1].partition("?")
        query = dict(parse_qsl(text))
        if path.endswith("/search"):
            self.searched.append(query.get("query", ""))
            if isinstance(self.counted, bytes):
                return self.counted
            return reply(200, {"metadata": {"total_count": self.counted}})
        assert query["page_size"] == "1000"
        if "id_offset" in query:
            self.cursors.append(int(query["id_offset"]))
            found = [one for one in self.all if one > self.cursors[-1]][:1000]
        else:
            page = int(query["page"])
            self.pages.append(page)
            found = list(self.shown[page * 1000 :][:1000])
        return reply(
            200, [{"id": one, "type": "metric alert", "query": "q", "tags": ["a:1", "b:2"]} for one in found]
        )


def ids(pages: Pages, tags: tuple[str, ...] = ()) -> list[int]:
    with wild(pages) as server:
        return [one["id"] for one in client(server.url).monitors.list(tags)]


def test_one_page_needs_no_count() -> None:
    pages = Pages(999)
    assert ids(pages) == list(range(1, 1000))
    assert (pages.pages, pages.searched) == ([0], [])


@pytest.mark.parametrize("number", [1000, 1001, 2003, 7000])
def test_more_are_read_with_one_count_and_no_page_too_many(number: int) -> None:
    pages = Pages(number)
    assert ids(pages, ("a:1", "b:2")) == list(range(1, number + 1))
    assert sorted(pages.pages) == list(range(number // 1000 + 1))
    assert (pages.searched, pages.cursors) == (['tag:"a:1" tag:"b:2"'], [])


def test_pages_are_fetched_at_the_same_time() -> None:
    """The count with the second page, which there is in any case; then what the count says there is more."""
    meetings = {name: threading.Barrier(parties, timeout=5) for name, parties in (("two", 2), ("four", 4))}
    pages = Pages(5500)

    def answer(number: int, line: str) -> bytes:
        if "/search" in line or "page=0" not in line:
            meetings["two" if "/search" in line or "page=1" in line else "four"].wait()
        return pages(number, line)

    with wild(answer, at_once=True) as server:
        assert len(client(server.url).monitors.list()) == 5500


@pytest.mark.parametrize(("number", "read"), [(2500, [0, 1, 2]), (1500, [0, 1, 2]), (900, [0, 1, 2])])
def test_as_many_pages_as_are_expected_are_asked_for_at_once(number: int, read: list[int]) -> None:
    meeting = threading.Barrier(4, timeout=5)
    pages = Pages(number)

    def answer(number: int, line: str) -> bytes:
        meeting.wait()
        return pages(number, line)

    with wild(answer, at_once=True) as server:
        assert len(client(server.url).monitors.list(expected=2500)) == number
    assert (sorted(pages.pages), pages.cursors) == (read, [])


@pytest.mark.parametrize(
    "pages",
    [
        Pages(2500, shown=[*range(1, 1001), *range(1002, 2501)]),
        Pages(2500, shown=[*range(1, 1001), *range(1000, 2500)]),
        Pages(2500, counted=2499),
        Pages(2500, counted=9_999_999),
        Pages(2500, counted=900),
    ],
    ids=["one skipped", "one repeated", "index behind", "index ahead", "index far behind"],
)
def test_pages_that_do_not_add_up_are_read_again_by_id(pages: Pages) -> None:
    assert ids(pages) == list(range(1, 2501))
    assert pages.cursors == [0, 1000, 2000, 2500]
    assert len(pages.pages) <= 6


@pytest.mark.parametrize(
    "counted", [None, "many", True, reply(500), reply(403), reply(200, []), reply(200, {"metadata": 1})]
)
def test_a_search_that_cannot_count_is_done_without(counted: Any) -> None:
    pages = Pages(1500, counted=counted)
    assert ids(pages) == list(range(1, 1501))
    assert pages.cursors == [0, 1000, 1500]


@pytest.mark.parametrize("number", [7, 2500])
@pytest.mark.parametrize(("counted", "told"), [(0, 0), (7, 7), (None, None), (reply(500), None)])
def test_what_the_search_counts_is_told_beside_the_list_and_asked_once(
    number: int, counted: Any, told: int | None
) -> None:
    pages = Pages(number, counted=counted)
    with wild(pages) as server:
        found, count = client(server.url).monitors.list_and_count(("a:1",))
    assert ([one["id"] for one in found], count) == (list(range(1, number + 1)), told)
    assert len(set(pages.searched)) == 1
    assert len(pages.searched) == (4 if isinstance(counted, bytes) else 1)


def test_the_list_and_the_count_are_asked_for_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=5)
    pages = Pages(7)

    def answer(number: int, line: str) -> bytes:
        meeting.wait()
        return pages(number, line)

    with wild(answer, at_once=True) as server:
        assert client(server.url).monitors.list_and_count(("a:1",))[1] == 7


def test_one_that_is_skipped_since_another_was_deleted_meanwhile_is_missed() -> None:
    """The pages add up to what is left, and hold one that is gone instead of one that is there."""
    before, begun, after = Pages(2500), threading.Barrier(2, timeout=5), Pages(2500)
    after.all = after.shown = [one for one in range(1, 2501) if one != 5]
    deleted = threading.Event()

    def answer(number: int, line: str) -> bytes:
        if "/search" in line or "page=0" in line:
            answered = before(number, line)
            begun.wait()
            deleted.set()
            return answered
        assert deleted.wait(5)
        return after(number, line)

    with wild(answer, at_once=True) as server:
        found = client(server.url).monitors.list(expected=2500)
    assert [one["id"] for one in found] == after.all


def test_a_list_that_fails_does_not_wait_for_its_count() -> None:
    asked, released, counted = threading.Event(), threading.Event(), threading.Event()

    def answer(number: int, line: str) -> bytes:
        if "/search" not in line:
            assert asked.wait(5)
            return reply(403, {"errors": ["Forbidden"]})
        asked.set()
        released.wait(5)
        counted.set()
        return reply(200, {"metadata": {"total_count": 7}})

    with wild(answer, at_once=True) as server:
        with pytest.raises(DatadogError, match="answered 403"):
            client(server.url).monitors.list_and_count(("a:1",))
        assert not counted.is_set()
        released.set()


@pytest.mark.parametrize("error", [DatadogError("answered 500"), ZeroDivisionError()])
def test_what_is_asked_for_beside_fails_where_it_is_needed(error: Exception) -> None:
    def fail() -> None:
        raise error

    later = Later(fail).begun().begun()
    with pytest.raises(type(error)) as caught:
        later.result()
    assert caught.value is error


def test_pages_by_id_that_go_backwards_are_refused() -> None:
    answers = {"search": {}, "page=0": monitors(1, 1000), "page=1": []}
    answers |= {"id_offset=0": monitors(500, 2), "id_offset": monitors(400, 1)}
    with (
        wild(
            lambda number, line: reply(200, next(body for name, body in answers.items() if name in line)),
            at_once=True,
        ) as server,
        pytest.raises(DatadogError, match="not ordered by id"),
    ):
        client(server.url).monitors.list()


@pytest.mark.parametrize(
    "page",
    [
        {"monitors": []},
        None,
        "text",
        [1],
        [{"id": "7", "query": "q"}],
        [{"id": True, "query": "q"}],
        [{"id": 7, "query": "q", "type": None}],
        [{"id": 7, "query": "q", "type": "metric alert", "tags": 5}],
        [{"id": 7, "query": "q", "type": "metric alert", "tags": [{"a": 1}]}],
        [{"id": 7, "query": "q", "type": "metric alert", "tags": "team:a"}],
        [{"id": 7, "query": "q", "type": "metric alert", "options": [1]}],
        [{"id": 7, "query": "q", "type": "metric alert", "message": 3}],
        [{"id": 7, "query": "q", "type": "metric alert", "restricted_roles": 5}],
        [{"id": 7}],
        [{"id": 7, "query": "q", "type": "metric alert", "modified": ["2027"]}],
        [*monitors(7, 1), *monitors(7, 1)],
        monitors(0, 1001),
    ],
)
def test_a_page_that_is_not_a_list_of_monitors_is_no_list(page: Any) -> None:
    with wild(lambda number, line: reply(200, page)) as server:
        with pytest.raises(DatadogError, match="GET /api/v1/monitor") as caught:
            client(server.url).monitors.list()
        assert len(server.requests) == 1
    assert "nothing was planned from it" in caught.value.hint


def test_a_list_that_breaks_off_in_the_middle_is_an_error() -> None:
    with (
        wild(lambda number, line: reply(200, monitors(0, 1000)) if number == 0 else reply(500)) as server,
        pytest.raises(DatadogError, match="answered 500"),
    ):
        client(server.url).monitors.list()


def test_monitors_of_others_that_the_filter_let_through_are_left_out() -> None:
    found = (
        monitors(1, 1, ("a:1", "b:2"))
        + monitors(2, 1, ("a:1",))
        + [{"id": 3, "type": "metric alert", "query": "q", "tags": None}]
    )
    with wild(lambda number, line: reply(200, found)) as server:
        assert [one["id"] for one in client(server.url).monitors.list(("b:2", "a:1"))] == [1]


@pytest.mark.parametrize(
    "answer",
    [None, [], {"id": None, "query": "q"}, {"id": 7, "query": "q", "type": "metric alert", "tags": [None]}],
)
def test_a_monitor_that_is_none_is_an_error(answer: Any) -> None:
    with (
        wild(lambda number, line: reply(200, answer)) as server,
        pytest.raises(DatadogError, match="not a monitor"),
    ):
        client(server.url).monitors.get(7)


@pytest.mark.parametrize("answer", [[], {"errors": ["x"]}, {"errors": {"seven": ["x"]}}])
def test_an_answer_about_deletion_that_names_no_ids_is_an_error(answer: Any) -> None:
    with (
        wild(lambda number, line: reply(409, answer)) as server,
        pytest.raises(DatadogError, match="can_delete"),
    ):
        client(server.url).monitors.can_delete([7])


def test_many_ids_are_asked_about_in_parts_and_no_ids_not_at_all() -> None:
    with wild(lambda number, line: reply(409, {"errors": {str(number): "used by an SLO\n"}})) as server:
        port = client(server.url).monitors
        assert port.can_delete([]) == {}
        assert port.can_delete(range(250)) == dict.fromkeys(range(3), ("used by an SLO",))
        assert [query["monitor_ids"].count(",") for query in server.queries] == [99, 99, 49]


def test_downtimes_are_read_until_the_count_is_reached() -> None:
    items = [downtime(n) for n in range(230)]

    def answer(number: int, line: str) -> bytes:
        # Smaller pages than asked for, as a server with a limit of its own gives.
        page = page_of(items, server.queries[-1])[:90]
        return reply(200, {"data": page, "meta": {"page": {"total_filtered_count": 230}}})

    with wild(answer) as server:
        assert [one.id for one in client(server.url).downtimes.list()] == [one["id"] for one in items]
        assert len(server.requests) == 3


def test_downtimes_that_stop_before_their_count_are_an_error() -> None:
    with (
        wild(
            lambda number, line: reply(200, {"data": [], "meta": {"page": {"total_filtered_count": 2}}})
        ) as server,
        pytest.raises(DatadogError, match="0 of the 2 downtimes"),
    ):
        client(server.url).downtimes.list()


@pytest.mark.parametrize("meta", [None, {}, {"page": None}, {"page": {"total_filtered_count": "many"}}])
def test_without_a_count_the_first_page_is_all(meta: Any) -> None:
    with wild(lambda number, line: reply(200, {"data": [downtime(1)], "meta": meta})) as server:
        assert len(client(server.url).downtimes.list(current_only=False)) == 1
        assert server.queries[0]["current_only"] == "false"


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"data": None},
        {"data": [None]},
        {"data": [{"id": "", "attributes": {}}]},
        {"data": [{"id": "x", "attributes": [1]}]},
        {"data": [{"id": "x", "attributes": {"schedule": {"start": "yesterday"}}}]},
        {"data": [{"id": "x", "attributes": {"schedule": {"start": 5}}}]},
        {"data": [{"id": "x", "attributes": {"monitor_identifier": {"monitor_tags": 5}}}]},
    ],
)
def test_what_is_not_a_list_of_downtimes_is_an_error(answer: Any) -> None:
    with (
        wild(lambda number, line: reply(200, answer)) as server,
        pytest.raises(DatadogError, match="GET /api/v2/downtime"),
    ):
        client(server.url).downtimes.list()


def test_a_created_downtime_without_an_id_is_an_unclear_answer() -> None:
    with (
        wild(lambda number, line: reply(200, {"data": {}})) as server,
        pytest.raises(DatadogError, match="not a downtime") as caught,
    ):
        client(server.url).downtimes.create(Downtime(scope="tenant:a", monitor_id=1))
    assert caught.value.is_unclear
