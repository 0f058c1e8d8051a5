"""A list is complete, or an error: half a list would plan deletes and duplicates."""

from __future__ import annotations

from typing import Any

import pytest

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


def test_full_pages_are_followed_by_the_next_until_one_is_short() -> None:
    pages = [monitors(0, 1000), monitors(1000, 1000), monitors(2000, 3)]
    with wild(lambda number, line: reply(200, pages[number])) as server:
        assert [one["id"] for one in client(server.url).monitors.list()] == list(range(2003))
        assert [query["page"] for query in server.queries] == ["0", "1", "2"]


def test_an_empty_page_after_a_full_one_ends_the_list() -> None:
    pages = [monitors(0, 1000), []]
    with wild(lambda number, line: reply(200, pages[number])) as server:
        assert len(client(server.url).monitors.list()) == 1000


def test_pages_that_overlap_are_read_again_and_then_refused() -> None:
    pages = [monitors(0, 1000), monitors(999, 2)]
    with wild(lambda number, line: reply(200, pages[number % 2])) as server:
        with pytest.raises(DatadogError, match="changes while it is read"):
            client(server.url).monitors.list()
        assert len(server.requests) == 4
    better = [*pages, monitors(0, 1000), monitors(1000, 1)]
    with wild(lambda number, line: reply(200, better[number])) as server:
        assert len(client(server.url).monitors.list()) == 1001


@pytest.mark.parametrize(
    "page",
    [
        {"monitors": []},
        None,
        "text",
        [1],
        [{"id": "7", "query": "q"}],
        [{"id": True, "query": "q"}],
        [{"id": 7}],
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
        monitors(1, 1, ("a:1", "b:2")) + monitors(2, 1, ("a:1",)) + [{"id": 3, "query": "q", "tags": None}]
    )
    with wild(lambda number, line: reply(200, found)) as server:
        assert [one["id"] for one in client(server.url).monitors.list(("b:2", "a:1"))] == [1]


@pytest.mark.parametrize("answer", [None, [], {"id": None, "query": "q"}])
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
